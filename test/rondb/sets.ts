import { Chart, Testing } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { BackupAlerts, Credentials, ObjectStore } from '../../src/index.js';
import {
  RonDBBackupCronJob,
  type RonDBBackupCronJobProps,
  RonDBCluster,
  type RonDBRepository,
  RonDBRestoreJob,
  type RonDBRestoreJobProps,
  RonDBVerifyCronJob,
} from '../../src/rondb/index.js';

/** An identity for tests. */
export const clusterId = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';

/** A repository in a store of S3, for two node groups of two replicas. */
export const repository = {
  cluster: RonDBCluster.fromUpstream({ namespace: 'rondb', numNodeGroups: 2 }),
  store: ObjectStore.s3({
    bucket: 'rondb-backups',
    region: 'eu-north-1',
    credentials: Credentials.secret({ name: 'backup-store' }),
  }),
  clusterId,
} satisfies RonDBRepository;

/** What makes the jobs of a set: one repository, and how the pods run. */
export interface SetProps extends Omit<RonDBBackupCronJobProps, 'schedule' | 'timeZone'> {
  readonly restore?: Omit<RonDBRestoreJobProps, 'repository'>;
}

/** Sets of backup, verification, restore and alerts in one chart, by name. */
export const sets: Readonly<Record<string, SetProps>> = {
  stream: { repository },
  sidecar: { repository: { ...repository, way: 'sidecar' } },
  minio: {
    repository: {
      ...repository,
      store: ObjectStore.minio({
        bucket: 'rondb-backups',
        region: 'us-east-1',
        endpoint: 'https://minio.minio.svc:9000',
        prefix: 'production',
        certificateAuthority: { type: 'configMap', name: 'minio-ca' },
        credentials: Credentials.secret({
          name: 'minio-secret',
          keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' },
        }),
        encryption: { type: 'crypt', secret: { name: 'backup-key' }, keyFingerprint: '0123456789abcdef' },
      }),
    },
  },
  gcs: {
    repository: {
      ...repository,
      store: ObjectStore.gcs({ bucket: 'rondb-backups', credentials: Credentials.secret({ name: 'gcs-key' }) }),
    },
  },
  everything: {
    repository: {
      ...repository,
      name: 'north',
      clusterName: 'north',
      adoptFolder: true,
      store: ObjectStore.s3({
        bucket: 'rondb-backups',
        region: 'eu-north-1',
        credentials: Credentials.workloadIdentity({
          'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/rondb-backup',
        }),
      }),
      transfers: 8,
      transferRetries: 5,
    },
    suspend: true,
    startingDeadline: '30m',
    activeDeadline: '12h',
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 5,
    ttlAfterFinished: '168h',
    retention: { keepLast: 7, keepWithin: '72h', keepDaily: 14, keepWeekly: 8, keepMonthly: 12, keepYearly: 3 },
    nativeBackupTimeout: '30m',
    retentionTimeout: '10m',
    schemaAttempts: 2,
    minimumFreePercent: 30,
    pushgateway: 'pushgateway.monitoring.svc:9091',
    image: { repository: 'registry.example.com/hwutils', tag: '1.1', pullPolicy: 'Always' },
    imagePullSecrets: ['registry'],
    resources: { requests: { cpu: k8s.Quantity.fromString('1') } },
    nodeSelector: { disk: 'fast' },
    tolerations: [{ key: 'backup', operator: 'Exists' }],
    affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
    priorityClassName: 'rondb-high-priority',
    podLabels: { team: 'data', rondbService: 'wrong' },
    podAnnotations: { note: 'text' },
    runAsId: 1001,
    restore: {
      backupId: 217000000,
      mode: 'apply',
      run: true,
      source: 'production/south',
      includeDatabases: ['shop'],
      excludeTables: ['shop.sessions', 'shop.carts'],
      restoreUsers: false,
      intoNonEmpty: true,
      apiSlots: 4,
    },
  },
};

/** A Kubernetes object as plain data. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: the fields differ by kind; tests look at them field by field
  [field: string]: any;
}

/** Everything of a set in one chart of an app of its own. */
export function synthesize({ restore, ...props }: SetProps): Manifest[] {
  const chart = new Chart(Testing.app(), 'test');
  const { suspend, startingDeadline, activeDeadline, successfulJobsHistoryLimit, ...rest } = props;
  const { failedJobsHistoryLimit, ttlAfterFinished, retention, pushgateway, ...pod } = rest;
  const { nativeBackupTimeout, retentionTimeout, schemaAttempts, minimumFreePercent, ...shared } = pod;
  const backup = new RonDBBackupCronJob(chart, 'backup', { ...props, schedule: '17 2 * * *' });
  const verify = new RonDBVerifyCronJob(chart, 'verify', {
    ...shared,
    schedule: '47 6 * * *',
    timeZone: 'Europe/Stockholm',
    pushgateway,
  });
  new RonDBRestoreJob(chart, 'restore', { ...shared, backupId: 'latest', ...restore });
  new BackupAlerts(chart, 'alerts', { watches: [backup, verify], labels: { release: 'prometheus' } });
  return chart.toJson() as Manifest[];
}

/** The object of a kind, and of a name where there are several. */
export function find(objects: readonly Manifest[], kind: string, name?: string | RegExp): Manifest {
  const found = objects.filter(
    (object) =>
      object.kind === kind &&
      (name === undefined ||
        (typeof name === 'string' ? object.metadata.name === name : name.test(object.metadata.name))),
  );
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind} ${name ?? ''}`);
  return found[0]!;
}

/** The spec of the Job that a CronJob or Job makes. */
export function jobOf(object: Manifest) {
  return object.kind === 'CronJob' ? object['spec'].jobTemplate.spec : object['spec'];
}

/** The variables of the only container of a CronJob or Job, those from Secrets and fields as text. */
export function environmentOf(object: Manifest): Record<string, string> {
  const [container] = jobOf(object).template.spec.containers;
  return Object.fromEntries(
    // biome-ignore lint/suspicious/noExplicitAny: an EnvVar as data
    container.env.map(({ name, value, valueFrom }: any) => [
      name,
      // An API server leaves an empty value out.
      value ?? (valueFrom ? referenceText(valueFrom) : ''),
    ]),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: an EnvVarSource as data
function referenceText({ secretKeyRef, fieldRef }: any): string {
  return secretKeyRef ? `<${secretKeyRef.name}/${secretKeyRef.key}>` : `<${fieldRef.fieldPath}>`;
}
