import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { Credentials, ObjectStore } from '../../src/index.js';
import { BuiltCommandLine, Project, type Result } from '../cli/project.js';
import { programPath } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { repository, type SetProps, synthesize } from '../rondb/sets.js';
import { StoredRepository } from './stored-repository.js';

/** Who and where a kubeconfig says. */
export interface KubeConfigChanges {
  readonly server?: string;
  readonly token?: string;
  /** Text of the certificate authority. */
  readonly authority?: string;
  readonly namespace?: string;
}

/** A real API server, a real S3 server and the command line, for one test file. */
export class TestBed {
  readonly folder = mkdtempSync(join(tmpdir(), 'chartwright-bed-'));
  readonly commandLine = new BuiltCommandLine();
  readonly project = new Project(this.commandLine);
  #namespaces = 0;

  private constructor(
    readonly kube: KubeApiServer,
    readonly s3: S3Server,
  ) {}

  static async start(): Promise<TestBed> {
    const s3 = await startS3Server();
    s3.createBucket('backups');
    return new TestBed(await startKubeApiServer(), s3);
  }

  async stop(): Promise<void> {
    this.project.remove();
    this.commandLine.remove();
    rmSync(this.folder, { recursive: true, force: true });
    await Promise.all([this.kube.stop(), this.s3.stop()]);
  }

  /** Text of the API server’s certificate, which it has signed itself. */
  get authority(): string {
    return readFileSync(join(this.kube.folder, 'certificates/apiserver.crt'), 'utf8');
  }

  /** Writes a kubeconfig and gives its path. */
  kubeconfig(changes: KubeConfigChanges = {}): string {
    const { server = this.kube.url, token = this.kube.token, authority = this.authority, namespace } = changes;
    const path = join(this.folder, `kubeconfig-${Math.random().toString(36).slice(2)}`);
    const data = Buffer.from(authority).toString('base64');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: server.startsWith('http:')
            ? { server, 'insecure-skip-tls-verify': true }
            : { server, 'certificate-authority-data': data },
        },
      ],
      users: [{ name: 'tester', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester', ...(namespace ? { namespace } : {}) } }],
      'current-context': 'test',
    };
    writeFileSync(path, stringify(config));
    return path;
  }

  /** A new namespace with the ServiceAccount that the API server’s admission asks for. */
  async namespace(): Promise<string> {
    const name = `test-${++this.#namespaces}`;
    await this.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } },
    ]);
    return name;
  }

  async apply(objects: readonly object[]): Promise<void> {
    const { status, stderr } = await this.kube.kubectl(
      ['apply', '-f', '-'],
      objects.map((object) => stringify(object)).join('---\n'),
    );
    if (status !== 0) throw new Error(stderr);
  }

  /** The props of a set of jobs in a namespace, whose store is the S3 server. */
  props(namespace: string): SetProps {
    return {
      repository: {
        ...repository,
        cluster: { ...repository.cluster, namespace },
        clusterName: 'rondb',
        store: ObjectStore.minio({
          bucket: 'backups',
          region: this.s3.region,
          endpoint: this.s3.endpoint,
          prefix: namespace,
          credentials: Credentials.secret({ name: 'backup-store' }),
        }),
      },
    };
  }

  /** The objects of jobs in a namespace and the Secret with the store’s credentials, but what a cluster does not know. */
  async install(namespace: string, props: SetProps = this.props(namespace)): Promise<void> {
    const known = synthesize(props).filter(({ kind }) => kind !== 'PrometheusRule');
    await this.apply([this.secret(namespace), ...known]);
  }

  secret(namespace: string): object {
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'backup-store', namespace },
      stringData: { 'access-key': this.s3.accessKey, 'secret-access-key': this.s3.secretKey },
    };
  }

  /** The repository of the jobs of a namespace, as files. */
  repository(namespace: string): StoredRepository {
    return new StoredRepository(join(this.s3.folder, 'backups', namespace, 'rondb'));
  }

  /** Starts the command line without waiting for its end; the caller stops it. */
  start(
    words: readonly string[],
    environment: Record<string, string> = {},
  ): { child: ChildProcess; ended: Promise<Result> } {
    const path = [dirname(programPath('rclone')), process.env['PATH']].join(':');
    const env = { ...process.env, NO_COLOR: '1', PATH: path, KUBECONFIG: '', HOME: this.folder, ...environment };
    const child = spawn(process.execPath, [this.commandLine.main, ...words], { cwd: this.project.folder, env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    const ended = new Promise<Result>((resolve) =>
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr })),
    );
    return { child, ended };
  }

  /** Runs the command line to its end; the environment has no kubeconfig. */
  run(words: readonly string[], environment: Record<string, string> = {}): Promise<Result> {
    return this.start(words, environment).ended;
  }
}
