/**
 * The app of this repository: manifests for each way a Vald index can survive, and for each way RonDB’s backups can take,
 * and values files for upstream’s charts, as `npm run synth` writes them. Each set is one that a cluster would have, so
 * each is an app of its own: their objects carry the same names.
 */
import { Chart } from 'cdk8s';
import { App, BackupAlerts, Credentials, ObjectStore, type ObjectStoreInput } from './index.js';
import {
  RonDBBackupCronJob,
  RonDBCluster,
  type RonDBRepository,
  RonDBRestoreJob,
  RonDBUpstreamValues,
  RonDBVerifyCronJob,
} from './rondb/index.js';
import {
  BackupMethod,
  type BackupMethodInput,
  Uploader,
  type UpstreamChartVersions,
  ValdAgentWithBackup,
  ValdUpstreamValues,
} from './vald/index.js';

// An example’s identity. Make your own with uuidgen: two clusters must never share one.
const clusterId = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';
const volume = { size: '100Gi' };
const s3 = ObjectStore.s3({
  bucket: 'vald-backups',
  region: 'eu-north-1',
  credentials: Credentials.secret({ name: 'aws-secret' }),
});
const minio = ObjectStore.minio({
  bucket: 'vald-backups',
  region: 'us-east-1',
  endpoint: 'http://minio.minio.svc:9000',
  credentials: Credentials.secret({
    name: 'minio-secret',
    keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' },
  }),
});

function set(name: string, backup: BackupMethodInput, copyOnWrite: boolean): void {
  const app = new App();
  const chart = new Chart(app, name);
  new ValdAgentWithBackup(chart, 'agent', { namespace: 'vald', backup, copyOnWrite, ngt: { dimension: 784 } });
  app.synth();
}

const inStore = <Store extends ObjectStoreInput>(store: Store) => ({ store, clusterId });

const methods: Record<string, BackupMethodInput> = {
  pv: BackupMethod.persistentVolume({ volume }),
  s3: BackupMethod.objectStorage(inStore(s3)),
  'pv-and-s3': BackupMethod.both({ volume, ...inStore(s3) }),
  'pv-and-s3-repository': BackupMethod.both({ volume, ...inStore(s3), uploader: Uploader.repository() }),
};
const chartVersions: UpstreamChartVersions[] = ['v1.7.7-to-v1.7.10', 'v1.7.11-to-v1.8.0'];

const values = new App();
for (const [name, backup] of Object.entries(methods))
  for (const copyOnWrite of [false, true]) {
    set(`vald-${name}${copyOnWrite ? '-cow' : ''}`, backup, copyOnWrite);
    for (const versions of chartVersions)
      new ValdUpstreamValues(values, `${name}-${copyOnWrite}-${versions}`, {
        chartVersions: versions,
        namespace: 'vald',
        backup,
        copyOnWrite,
        ngt: { dimension: 784 },
        note: 'Bucket, cluster id, sizes and dimension are examples: put yours into an app (README.md) and run synth.',
      });
  }
set('vald-minio', BackupMethod.both({ volume, ...inStore(minio) }), true);

const rondbStore = ObjectStore.s3({
  bucket: 'rondb-backups',
  region: 'eu-north-1',
  credentials: Credentials.secret({ name: 'backup-store' }),
});

/** Backup, verification, alerts, and a restore that waits to be started, all of one repository. */
function rondbSet(name: string, repository: Omit<RonDBRepository, 'cluster' | 'clusterId'>): void {
  const app = new App();
  const chart = new Chart(app, name);
  const whole = {
    cluster: RonDBCluster.fromUpstream({ namespace: 'rondb', numNodeGroups: 2 }),
    clusterId,
    ...repository,
  };
  const backup = new RonDBBackupCronJob(chart, 'backup', {
    repository: whole,
    schedule: '17 2 * * *',
    retention: { keepLast: 3, keepDaily: 14, keepWeekly: 8, keepMonthly: 12 },
  });
  const verify = new RonDBVerifyCronJob(chart, 'verify', { repository: whole, schedule: '47 12 * * *' });
  new RonDBRestoreJob(chart, 'restore', { repository: whole, backupId: 'latest' });
  new BackupAlerts(chart, 'alerts', { name: 'rondb-backup', watches: [backup, verify] });
  app.synth();
}

rondbSet('rondb-stream', { store: rondbStore });
rondbSet('rondb-sidecar', { store: rondbStore, way: 'sidecar' });
rondbSet('rondb-minio', {
  store: ObjectStore.minio({
    bucket: 'rondb-backups',
    region: 'us-east-1',
    endpoint: 'http://minio.minio.svc:9000',
    credentials: Credentials.secret({
      name: 'minio-secret',
      keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' },
    }),
  }),
});
for (const purpose of ['stream', 'sidecar', 'upstream'] as const)
  new RonDBUpstreamValues(values, `rondb-${purpose}`, {
    purpose,
    namespace: 'rondb',
    numNodeGroups: 2,
    store: rondbStore,
    clusterId,
  });
values.synth();
