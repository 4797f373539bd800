import type { KubeObject } from '../../src/cluster/index.js';
import { printTime } from '../../src/repository/index.js';
import type { KubeApiServer } from '../programs/kube-api-server.js';
import { repository, type SetProps, synthesize } from '../rondb/sets.js';

/** Any object, to be changed by a test. */
// biome-ignore lint/suspicious/noExplicitAny: tests change objects field by field
export type AnyObject = any;

const hour = 3_600;
const ago = (seconds: number) => printTime(Math.floor(Date.now() / 1000) - seconds);

/** What the last runs wrote down where all is well. */
export const goodStatus = () => ({
  backup: {
    state: 'committed',
    exitCode: 0,
    lastCommitted: { backupId: 7, time: ago(2 * hour), bytes: 1000, seconds: 60 },
  },
  verify: { state: 'right', exitCode: 0, damaged: [], lastRight: ago(hour), lastWholePass: ago(hour) },
  restore: { state: 'restored' },
});

/** Every object of a namespace in which the doctor finds nothing wrong, in the order in which they are made. */
export function healthyObjects(namespace: string, props: SetProps = { repository }): AnyObject[] {
  const { cluster } = repository;
  const jobs = synthesize({
    ...props,
    repository: { ...props.repository, cluster: { ...cluster, namespace } },
  }).filter(({ kind }) => kind !== 'PrometheusRule') as AnyObject[];
  const status = jobs.find(({ kind, metadata }) => kind === 'ConfigMap' && /status$/.test(metadata.name));
  status.data = Object.fromEntries(Object.entries(goodStatus()).map(([key, value]) => [key, JSON.stringify(value)]));
  const named = (name: string) => ({ name, namespace });
  const pod = (name: string, container: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: named(name),
    spec: { containers: [{ name: container, image: 'none' }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const secret = (name: string, ...keys: string[]) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: named(name),
    stringData: Object.fromEntries(keys.map((key) => [key, 'secret-value-1f7a'])),
  });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named('default') },
    secret('backup-store', 'access-key', 'secret-access-key'),
    secret('mysql-passwords', 'root'),
    ...cluster.dataNodes.map((node) => pod(node.pod, 'ndbmtd')),
    pod('mysqlds-0', 'mysqld'),
    ...jobs,
  ];
}

const collections: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  StorageClass: '/apis/storage.k8s.io/v1/storageclasses',
  PriorityClass: '/apis/scheduling.k8s.io/v1/priorityclasses',
};

function collectionOf({ apiVersion, kind, metadata }: KubeObject): string {
  const cluster = collections[kind];
  if (cluster) return cluster;
  const plural = `${kind.toLowerCase().replace(/y$/, 'ie')}s`;
  return `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}/namespaces/${metadata.namespace}/${plural}`;
}

/** Makes objects with their status, as if controllers had run. */
export async function create(kube: KubeApiServer, objects: readonly AnyObject[]): Promise<void> {
  for (const object of objects) {
    const path = collectionOf(object);
    const { status, ...rest } = object;
    const made = await kube.request('POST', path, rest);
    if (made.status >= 300) throw new Error(`${object.kind} ${object.metadata.name}: ${JSON.stringify(made.body)}`);
    if (status === undefined) continue;
    const type = 'application/merge-patch+json';
    const patched = await kube.request('PATCH', `${path}/${object.metadata.name}/status`, { status }, type);
    if (patched.status >= 300) throw new Error(JSON.stringify(patched.body));
  }
}
