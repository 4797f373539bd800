import { printTime } from '../../../src/repository/index.js';
import { type AnyObject, goodStatus } from '../healthy-cluster.js';
import { added, type Case, type Change, find, without } from './case.js';
import { claims } from './storage-cases.js';

const status =
  (key: 'backup' | 'verify' | 'restore', changes: object): Change =>
  (objects) => {
    const { data } = find(objects, 'ConfigMap', 'rondb-backup-status');
    data[key] = JSON.stringify({ ...goodStatus()[key], ...changes });
    return undefined;
  };

const ago = (hours: number) => printTime(Math.floor(Date.now() / 1000) - hours * 3_600);

/** Vald’s verification, which writes nothing down: what its CronJob knows of its runs. */
const valdVerify = (status: object) => (namespace: string) => {
  const labels = { 'app.kubernetes.io/managed-by': 'chartwright', 'app.kubernetes.io/component': 'verify' };
  const [{ name, image, env }] = claims('kept')(namespace).spec.template.spec.containers as [AnyObject];
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'vald-agent-verify', namespace, labels },
    spec: {
      schedule: '23 * * * *',
      jobTemplate: {
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name, image, env }] } } },
      },
    },
    status,
  };
};

/** How the last runs ended. */
export const backupCases: readonly Case[] = [
  [
    'a backup that is too old',
    status('backup', { lastCommitted: { time: '2026-01-01T00:00:00Z' } }),
    ['DOC080', 'error', /the last backup is of 2026-01-01T00:00:00Z, .* a run is due every 24 hours/],
  ],
  ['no backup yet', status('backup', { lastCommitted: null }), ['DOC080', 'error', /has not committed a backup yet/]],
  [
    'a schedule that is suspended',
    (objects) => {
      find(objects, 'CronJob', 'rondb-backup').spec.suspend = true;
      return undefined;
    },
    ['DOC080', 'warning', /is suspended/],
  ],
  [
    'a last attempt that failed',
    status('backup', { state: 'failed', exitCode: 12 }),
    ['DOC081', 'error', /ended with 12: the store cannot be listed, read, written or deleted/],
  ],
  [
    'a restore that has not ended',
    status('restore', { unfinished: { backupId: 7 } }),
    ['DOC082', 'error', /a restore of backup 7 has not come to its end/],
  ],
  [
    'damaged files',
    status('verify', { state: 'damaged', damaged: [{}, {}] }),
    ['DOC083', 'error', /2 files are damaged/],
  ],
  [
    'backups that were never verified',
    status('verify', { lastRight: null }),
    ['DOC083', 'warning', /were not verified yet/],
  ],
  [
    'no CronJob that verifies',
    (objects) => without(objects, 'CronJob', 'rondb-verify'),
    ['DOC083', 'warning', /nothing verifies its backups/],
  ],
  [
    'a lease of a pod that is gone',
    added((namespace) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'rondb-backup', namespace, annotations: { 'holder-pod': 'gone' } },
      spec: {
        holderIdentity: 'uid',
        acquireTime: `${new Date().toISOString().slice(0, 19)}.000000Z`,
        leaseDurationSeconds: 9000,
      },
    })),
    ['DOC084', 'warning', /is held by a pod that is gone, until /],
  ],
  ['a verification of Vald that succeeded', added(claims('kept'), valdVerify({ lastSuccessfulTime: ago(1) }))],
  [
    'no verification of Vald yet',
    added(claims('kept'), valdVerify({})),
    ['DOC083', 'warning', /vald-agent-verify the backups were not verified yet$/],
  ],
  [
    'a verification of Vald that is too old',
    added(claims('kept'), valdVerify({ lastSuccessfulTime: ago(5) })),
    ['DOC083', 'error', /all was right at \S+Z, 5 hours ago; a run is due every 1 hours$/],
  ],
  [
    'a verification of Vald that did not succeed',
    added(claims('kept'), valdVerify({ lastScheduleTime: ago(0), lastSuccessfulTime: ago(1) })),
    ['DOC083', 'error', /vald-agent-verify its run of \S+Z did not succeed$/],
  ],
];
