// A Vald agent whose index survives a lost pod (volume) and a lost volume or cluster (object store).
import { Chart } from 'cdk8s';
import { App, Credentials, ObjectStore } from 'chartwright';
import { BackupMethod, ValdAgentWithBackup } from 'chartwright/vald';

const app = new App();
const chart = new Chart(app, 'vald');

new ValdAgentWithBackup(chart, 'agent', {
  namespace: 'vald',
  ngt: { dimension: 784 },
  backup: BackupMethod.both({
    volume: { size: '100Gi' },
    store: ObjectStore.s3({
      bucket: 'my-vald-backups',
      region: 'eu-north-1',
      credentials: Credentials.secret({ name: 'aws-secret' }),
    }),
    // Made once with uuidgen; it keeps another cluster from writing over these backups.
    clusterId: '8c1d5b0e-7f0b-4f6e-9a53-5d2c1e6b7a90',
  }),
});

app.synth();
