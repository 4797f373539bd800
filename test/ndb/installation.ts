import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chart, Testing } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  RonDBBackupCronJob,
  type RonDBBackupCronJobProps,
  RonDBCluster,
  RonDBRestoreJob,
  type RonDBRestoreJobProps,
  RonDBVerifyCronJob,
  type RonDBVerifyCronJobProps,
} from '../../src/rondb/index.js';
import { type ClusterScript, rondbBackup, rondbRestore, rondbVerify } from '../../src/scripts/index.js';
import { Credentials, ObjectStore } from '../../src/store/index.js';
import { programPath } from '../programs/find.js';
import type { KubeApiServer } from '../programs/kube-api-server.js';
import { type NdbCluster, rootPassword } from '../programs/ndb-cluster.js';
import { containerEnvironment, findObject, objectData } from '../programs/pod-environment.js';
import type { PlayedObject, PlayedPod, PodSpec } from '../programs/pod-spec.js';
import type { S3Server } from '../programs/s3-server.js';
import { Toolbox, type ToolboxRun, type ToolboxRunOptions } from '../programs/toolbox.js';
import { ToolboxNamespace } from '../programs/toolbox-namespace.js';

type Repository = RonDBBackupCronJobProps['repository'];
type Restore = Omit<RonDBRestoreJobProps, 'repository'>;

export const clusterId = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';

export interface InstallationOptions {
  readonly kube: KubeApiServer;
  readonly cluster: NdbCluster;
  readonly server: S3Server;
  /** Name of the cluster and of its folder in the store. */
  readonly name: string;
  /** Whether everything in the store is encrypted by rclone. */
  readonly encrypted?: boolean;
  /** Changes to the repository that all jobs share. */
  readonly repository?: Partial<Repository>;
}

const bucket = 'backups';
const prefix = 'rondb';

/**
 * A RonDB cluster with our jobs beside it, as their user has them: each job is synthesized from its construct, applied to
 * a real API server, and its container played with its own command, variables, files and service account.
 */
export class Installation {
  /** The cluster's folder in the store, as files. */
  readonly storeFolder: string;
  readonly #toolboxes = new Map<string, Toolbox>();
  #change = (object: PlayedObject): PlayedObject => object;
  readonly #files = mkdtempSync(join(tmpdir(), 'installation-'));

  private constructor(
    readonly namespace: ToolboxNamespace,
    readonly cluster: NdbCluster,
    readonly repository: Repository,
    server: S3Server,
    name: string,
  ) {
    this.storeFolder = join(server.folder, bucket, prefix, name);
  }

  static async open({ encrypted, ...options }: InstallationOptions): Promise<Installation> {
    const { kube, cluster, server, name, repository } = options;
    mkdirSync(join(server.folder, bucket), { recursive: true });
    const namespace = await ToolboxNamespace.open(kube, cluster);
    const [managementHost = '', managementPort] = cluster.managementServer.split(':');
    const shared: Repository = {
      cluster: RonDBCluster.fromUpstream({
        namespace: namespace.name,
        numNodeGroups: cluster.nodes.length / 2,
        managementHost,
        managementPort: Number(managementPort),
      }),
      store: ObjectStore.minio({
        bucket,
        prefix,
        endpoint: server.endpoint,
        region: server.region,
        credentials: Credentials.secret({ name: 'store' }),
        ...(encrypted ? { encryption: { type: 'crypt', secret: { name: 'store' } } } : {}),
      }),
      clusterId,
      clusterName: name,
      ...repository,
    };
    await namespace.apply(
      secret('mysql-passwords', { root: rootPassword }),
      secret('store', {
        'access-key': server.accessKey,
        'secret-access-key': server.secretKey,
        'crypt-password': execFileSync(programPath('rclone'), ['obscure', '-'], {
          input: 'a long one',
          encoding: 'utf8',
        }).trim(),
      }),
    );
    return new Installation(namespace, cluster, shared, server, name);
  }

  backup(props: Partial<RonDBBackupCronJobProps> = {}, options?: ToolboxRunOptions): Promise<ToolboxRun> {
    const all: RonDBBackupCronJobProps = { repository: this.repository, schedule: '17 2 * * *', ...props };
    return this.#play(rondbBackup, (chart) => new RonDBBackupCronJob(chart, 'backup', all), options);
  }

  restore(props: Restore, options?: ToolboxRunOptions): Promise<ToolboxRun> {
    const all = { repository: this.repository, run: true, mode: 'apply', ...props } as const;
    return this.#play(rondbRestore, (chart) => new RonDBRestoreJob(chart, 'restore', all), options);
  }

  verify(props: Partial<RonDBVerifyCronJobProps> = {}, options?: ToolboxRunOptions): Promise<ToolboxRun> {
    const all: RonDBVerifyCronJobProps = { repository: this.repository, schedule: '17 4 * * *', ...props };
    return this.#play(rondbVerify, (chart) => new RonDBVerifyCronJob(chart, 'verify', all), options);
  }

  /** What the status ConfigMap says under a key. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read it field by field
  async status(key: 'backup' | 'restore' | 'verify'): Promise<any> {
    const map = await this.namespace.get('configmap', 'rondb-backup-status');
    return JSON.parse(map.data[key]);
  }

  /** Runs a backup without each rule of its Role: whether it is refused, warns, or misses nothing. */
  async withoutEachRule(rules: readonly object[]): Promise<('refused' | 'warns' | 'misses nothing')[]> {
    const outcomes: ('refused' | 'warns' | 'misses nothing')[] = [];
    for (const left of rules.keys()) {
      await this.namespace.kubectl('delete', 'lease', 'rondb-backup', '--ignore-not-found');
      this.#forgetToolboxes(); // it remembers what is allowed
      this.#change = (object) =>
        object.kind === 'Role' ? { ...object, rules: rules.filter((_, index) => index !== left) } : object;
      const { code, stdout } = await this.backup();
      outcomes.push(code !== 0 ? 'refused' : JSON.parse(stdout).warnings.length > 0 ? 'warns' : 'misses nothing');
    }
    this.#change = (object) => object;
    this.#forgetToolboxes();
    return outcomes;
  }

  #forgetToolboxes(): void {
    for (const toolbox of this.#toolboxes.values()) toolbox.remove();
    this.#toolboxes.clear();
  }

  /** Removes what lies on this machine. */
  remove(): void {
    this.#forgetToolboxes();
    this.namespace.remove();
    rmSync(this.#files, { recursive: true, force: true });
  }

  async #play(script: ClusterScript, make: (chart: Chart) => Construct, options?: ToolboxRunOptions) {
    const chart = new Chart(Testing.app(), 'rondb');
    make(chart);
    const objects = (Testing.synth(chart) as PlayedObject[]).map(this.#change);
    await this.namespace.apply(...objects);
    const pod = podOfJob(objects, this.namespace.name);
    const [container, ...others] = pod.spec.containers;
    if (!container || others.length > 0) throw new Error('a job has one container');
    const secrets = await Promise.all(['mysql-passwords', 'store'].map((name) => this.namespace.get('secret', name)));
    const account = (pod.spec as { serviceAccountName?: string }).serviceAccountName ?? 'default';
    const toolbox = this.#toolboxes.get(account) ?? new Toolbox(this.cluster, this.namespace, account);
    this.#toolboxes.set(account, toolbox);
    return toolbox.play(
      {
        image: script.image,
        command: container.command ?? [],
        environment: containerEnvironment(withUid(container), pod, [...objects, ...secrets]),
        mounts: this.#mounts(pod, objects),
      },
      options,
    );
  }

  /** Writes the ConfigMaps that are mounted; the only emptyDir is the toolbox's /tmp. */
  #mounts(pod: PlayedPod, objects: readonly PlayedObject[]): Record<string, string> {
    return Object.fromEntries(
      (pod.spec.containers[0]?.volumeMounts ?? []).flatMap(({ name, mountPath }) => {
        const volume = pod.spec.volumes?.find((one) => one.name === name);
        if (volume?.emptyDir && mountPath === '/tmp') return [];
        const map = findObject(objects, 'ConfigMap', volume?.configMap?.name);
        if (!map) throw new Error(`${mountPath}: only ConfigMaps are played`);
        const folder = join(this.#files, randomUUID());
        mkdirSync(folder);
        for (const [file, text] of Object.entries(objectData(map))) writeFileSync(join(folder, file), text);
        return [[mountPath, folder]];
      }),
    );
  }
}

function secret(name: string, stringData: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

/** Every pod has a UID of its own: the lease tells its holders apart by it. */
function withUid(container: PodSpec['containers'][number]): PodSpec['containers'][number] {
  const env = (container.env ?? []).map((variable) =>
    variable.valueFrom?.fieldRef?.fieldPath === 'metadata.uid'
      ? { name: variable.name, value: randomUUID() }
      : variable,
  );
  return { ...container, env };
}

/** The pod that the Job, or the CronJob's next Job, makes. */
function podOfJob(objects: readonly PlayedObject[], namespace: string): PlayedPod {
  const job = objects.find(({ kind }) => kind === 'Job' || kind === 'CronJob');
  if (!job) throw new Error('the props were refused');
  type Spec = { template: { metadata?: { labels?: Record<string, string> }; spec: PodSpec } };
  const spec = job.kind === 'Job' ? (job.spec as Spec) : (job.spec as { jobTemplate: { spec: Spec } }).jobTemplate.spec;
  const { metadata, spec: podSpec } = spec.template;
  const security = { ...podSpec.securityContext, ...podSpec.containers[0]?.securityContext };
  // What the toolbox plays.
  if (security.readOnlyRootFilesystem !== true || security.runAsUser !== 1000) throw new Error('not restricted');
  return {
    name: `${job.metadata.name}-${randomUUID().slice(0, 5)}`,
    namespace,
    labels: metadata?.labels ?? {},
    annotations: {},
    spec: podSpec,
  };
}
