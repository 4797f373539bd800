import { Chart, Testing } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Credentials, ObjectStore } from '../../src/index.js';
import { BackupMethod, Uploader, ValdAgentWithBackup, type ValdAgentWithBackupProps } from '../../src/vald/index.js';

/** An identity for tests. */
export const clusterId = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';

const volume = { size: '100Gi', storageClass: 'gp3' };
const store = ObjectStore.s3({
  bucket: 'vald-backups',
  region: 'eu-north-1',
  credentials: Credentials.secret({ name: 'aws-secret' }),
});

const requests = { requests: { cpu: k8s.Quantity.fromString('2'), memory: k8s.Quantity.fromString('8Gi') } };

/** The three methods with the settings of the golden values. */
export const methods = {
  pv: BackupMethod.persistentVolume({ volume }),
  s3: BackupMethod.objectStorage({ store, clusterId }),
  'pv-and-s3': BackupMethod.both({ volume, store, clusterId }),
} as const;

/** Props of the six combinations of method and copy-on-write, by the names of the golden cases. */
export const combinations: Readonly<Record<string, ValdAgentWithBackupProps>> = Object.fromEntries(
  Object.entries(methods).flatMap(([name, backup]) =>
    [false, true].map((copyOnWrite) => [
      copyOnWrite ? `${name}-cow` : name,
      {
        namespace: 'vald',
        backup,
        copyOnWrite,
        replicas: 3,
        podManagementPolicy: 'Parallel',
        terminationGracePeriod: '1h',
        resources: requests,
        ngt: { dimension: 784 },
      } satisfies ValdAgentWithBackupProps,
    ]),
  ),
);

/** A Kubernetes object as plain data. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

/** A construct in an app of its own, with its objects. */
export function synthesize(props: ValdAgentWithBackupProps): { agent: ValdAgentWithBackup; objects: Manifest[] } {
  const chart = new Chart(Testing.app(), 'test');
  const agent = new ValdAgentWithBackup(chart, 'agent', props);
  return { agent, objects: chart.toJson() as Manifest[] };
}

/** The object of a kind, and of a name where there are several. */
export function find(objects: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = objects.filter((object) => object.kind === kind && (!name || object.metadata.name === name));
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind} ${name ?? ''}`);
  return found[0]!;
}

/** More sets: other stores, an old cluster, everything that is off by default. */
export const variants: Readonly<Record<string, ValdAgentWithBackupProps>> = {
  minio: {
    namespace: 'vald',
    backup: BackupMethod.both({
      volume,
      store: ObjectStore.minio({
        bucket: 'vald-backups',
        region: 'us-east-1',
        endpoint: 'https://minio.minio.svc:9000',
        prefix: 'production',
        certificateAuthority: { type: 'configMap', name: 'minio-ca' },
        credentials: Credentials.secret({
          name: 'minio-secret',
          keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' },
        }),
      }),
      clusterId,
      clusterName: 'north',
    }),
    ngt: { dimension: 784 },
  },
  gcs: {
    namespace: 'vald',
    backup: BackupMethod.objectStorage({
      store: ObjectStore.gcs({ bucket: 'vald-backups', credentials: Credentials.secret({ name: 'gcs-key' }) }),
      clusterId,
    }),
    ngt: { dimension: 784 },
  },
  'kubernetes-1.28': {
    namespace: 'vald',
    kubernetesVersion: '1.28',
    backup: methods['pv-and-s3'],
    ngt: { dimension: 784 },
  },
  everything: {
    namespace: 'vald',
    name: 'second-agent',
    release: 'second',
    backup: BackupMethod.both({
      volume: { size: '100Gi', bind: { type: 'names', volumeNames: ['disk-a', 'disk-b'] } },
      store: ObjectStore.s3({
        bucket: 'vald-backups',
        region: 'eu-north-1',
        credentials: Credentials.workloadIdentity({
          'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/vald-backup',
        }),
      }),
      clusterId,
    }),
    ngt: { dimension: 784 },
    replicas: 2,
    exportIndexInfo: true,
    networkPolicy: {},
    collectorEndpoint: 'otel-collector.monitoring.svc:4317',
    nodeSelector: { disk: 'fast' },
    tolerations: [{ key: 'vald', operator: 'Exists' }],
    priority: { type: 'existing', name: 'databases' },
    env: [{ name: 'GOMEMLIMIT', value: '6GiB' }],
    imagePullSecrets: ['registry'],
  },
  repository: {
    namespace: 'vald',
    backup: BackupMethod.both({ volume, store, clusterId, uploader: Uploader.repository() }),
    copyOnWrite: false,
    ngt: { dimension: 784 },
  },
  'repository-cow': {
    namespace: 'vald',
    backup: BackupMethod.objectStorage({
      store,
      clusterId,
      backupInterval: '30m',
      uploader: Uploader.repository({ retention: { keepLast: 12, keepWithin: '24h', keepWeekly: 4 }, transfers: 2 }),
      restoreAsOf: '2026-11-21T03:00:00Z',
    }),
    ngt: { dimension: 784 },
  },
  autoscaled: {
    namespace: 'vald',
    backup: methods['pv-and-s3'],
    ngt: { dimension: 784 },
    autoscaling: { maxReplicas: 10 },
  },
};
