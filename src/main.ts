/**
 * The app of this repository: manifests for each way an index can survive, as `npm run synth` writes them. Each set is
 * one that a cluster would have, so each is an app of its own: their objects carry the same names.
 */
import { Chart } from 'cdk8s';
import { App, Credentials, ObjectStore, type ObjectStoreInput } from './index.js';
import { BackupMethod, type BackupMethodInput, ValdAgentWithBackup } from './vald/index.js';

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

for (const copyOnWrite of [false, true]) {
  const suffix = copyOnWrite ? '-cow' : '';
  set(`vald-pv${suffix}`, BackupMethod.persistentVolume({ volume }), copyOnWrite);
  set(`vald-s3${suffix}`, BackupMethod.objectStorage(inStore(s3)), copyOnWrite);
  set(`vald-pv-and-s3${suffix}`, BackupMethod.both({ volume, ...inStore(s3) }), copyOnWrite);
}
set('vald-minio', BackupMethod.both({ volume, ...inStore(minio) }), true);
