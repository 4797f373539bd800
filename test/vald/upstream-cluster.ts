import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { programPath } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';

/** A real Kubernetes API with a shell that has `kubectl` and `helm`, as somebody has who follows our commands. */
export interface Cluster {
  readonly server: KubeApiServer;
  /** An empty folder; commands run there. */
  readonly folder: string;
  /** Runs commands one by one and stops at the first that fails. */
  run(script: string, environment?: Record<string, string>): Promise<{ status: number; output: string }>;
  /** Runs commands that must succeed. @throws Error with all they printed */
  succeed(script: string, environment?: Record<string, string>): Promise<string>;
  /** One object of the namespace `vald`, or undefined. */
  get(list: keyof typeof listPaths, name: string): Promise<Record<string, unknown> | undefined>;
}

/** Where the API has the objects of the namespace `vald`. */
export const listPaths = {
  configmaps: '/api/v1/namespaces/vald/configmaps',
  persistentvolumeclaims: '/api/v1/namespaces/vald/persistentvolumeclaims',
  secrets: '/api/v1/namespaces/vald/secrets',
  statefulsets: '/apis/apps/v1/namespaces/vald/statefulsets',
} as const;

/** Starts a cluster for one test, which ends it. */
export async function startCluster(helm: 'helm3' | 'helm4'): Promise<Cluster> {
  const server = await startKubeApiServer();
  const folder = mkdtempSync(join(tmpdir(), 'chartwright-cluster-'));
  onTestFinished(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  const programs = join(folder, '.programs');
  mkdirSync(programs);
  symlinkSync(programPath('kubectl'), join(programs, 'kubectl'));
  symlinkSync(programPath(helm), join(programs, 'helm'));
  symlinkSync(programPath('rclone'), join(programs, 'rclone'));
  writeFileSync(join(folder, '.kubeconfig'), JSON.stringify(kubeconfig(server)), { mode: 0o600 });
  const variables = {
    PATH: `${programs}:/usr/bin:/bin`,
    HOME: folder,
    KUBECONFIG: join(folder, '.kubeconfig'),
  };
  const run: Cluster['run'] = (script, environment = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn('sh', ['-eu', '-c', script], { cwd: folder, env: { ...variables, ...environment } });
      const chunks: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      child.on('error', reject);
      child.on('close', (status) => resolve({ status: status ?? 1, output: Buffer.concat(chunks).toString() }));
    });
  return {
    server,
    folder,
    run,
    succeed: async (script, environment) => {
      const { status, output } = await run(script, environment);
      if (status !== 0) throw new Error(`exit ${status} of\n${script}\n${output}`);
      return output;
    },
    get: async (list, name) => {
      const { status, body } = await server.request('GET', `${listPaths[list]}/${name}`);
      return status === 200 ? body : undefined;
    },
  };
}

function kubeconfig({ url, token }: KubeApiServer): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
}
