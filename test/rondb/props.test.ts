import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chart } from 'cdk8s';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { App, ProblemsError, printProblem } from '../../src/index.js';
import { checkJob } from '../../src/rondb/checks.js';
import { RonDBBackupCronJob, RonDBCluster, RonDBRestoreJob, RonDBVerifyCronJob } from '../../src/rondb/index.js';
import { backupSchema } from '../../src/rondb/props-schema.js';
import { backupTiming } from '../../src/rondb/timing.js';
import { clusterId, repository } from './sets.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-props-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const constructs = { backup: RonDBBackupCronJob, verify: RonDBVerifyCronJob, restore: RonDBRestoreJob };
type Kind = keyof typeof constructs;
const required = {
  backup: { schedule: '17 2 * * *' },
  verify: { schedule: '47 6 * * *' },
  restore: { backupId: 'latest' },
};

/** What a synthesis of one job says, each problem without its construct; an error comes without any object and file. */
function problemsOf(kind: Kind, change: object): string[] {
  const outdir = mkdtempSync(join(folder, 'out-'));
  const app = new App({ outdir });
  const chart = new Chart(app, 'test');
  const job = new constructs[kind](chart, 'job', { repository, ...required[kind], ...change } as never);
  try {
    app.synth();
    return app.node.validate();
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    expect(chart.node.findAll().map(({ node }) => node.path)).toEqual(['test', 'test/job']);
    expect(job.settings).toBeUndefined();
    expect(existsSync(outdir) ? readdirSync(outdir) : []).toEqual([]);
    return error.problems.map((problem) => printProblem(problem).replace('error: test/job: ', ''));
  }
}

const inRepository = (change: object) => ({ repository: { ...repository, ...change } });
const inCluster = (change: object) => inRepository({ cluster: { ...repository.cluster, ...change } });

describe('a bad prop gives one error and no object', () => {
  test.each<[Kind, string, object, string]>([
    [
      'backup',
      'a name as identity',
      inRepository({ clusterId: 'production' }),
      'repository.clusterId: not well formed',
    ],
    ['backup', 'no identity', inRepository({ clusterId: undefined }), 'repository.clusterId: is required'],
    ['backup', 'no repository', { repository: undefined }, 'repository: is required'],
    ['backup', 'no schedule', { schedule: undefined }, 'schedule: is required'],
    [
      'backup',
      'a schedule of hours that are not',
      { schedule: '0 24 * * *' },
      'schedule: the hour is not from 0 to 23',
    ],
    ['backup', 'a macro', { schedule: '@weekly' }, 'schedule: a macro instead of five fields: write "0 0 * * 0"'],
    ['backup', 'a zone in the schedule', { schedule: 'TZ=UTC 0 2 * * *' }, 'schedule: a time zone has no place in it'],
    ['backup', 'a day that never comes', { schedule: '0 0 31 2 *' }, 'schedule: never runs'],
    ['verify', 'a zone that is none', { timeZone: 'Europe/Stokholm' }, 'timeZone: not a time zone'],
    ['verify', 'the zone of whoever runs it', { timeZone: 'Local' }, 'timeZone: not a time zone'],
    ['verify', 'no shares', { shares: 0 }, 'shares: too small'],
    ['verify', 'more shares than days', { shares: 367 }, 'shares: too big'],
    ['backup', 'a start that may be missed', { startingDeadline: '9s' }, 'startingDeadline: a run that is looked for'],
    ['backup', 'a deadline within the steps', { activeDeadline: '1h' }, 'activeDeadline: shorter than the steps'],
    ['restore', 'a deadline within the steps', { activeDeadline: '16h' }, 'activeDeadline: shorter than the steps'],
    ['backup', 'a duration in days', { nativeBackupTimeout: '1d' }, 'nativeBackupTimeout: not well formed'],
    ['backup', 'keeping nothing', { retention: { keepLast: 0 } }, 'retention.keepLast: too small'],
    ['backup', 'no room on the volume', { minimumFreePercent: 100 }, 'minimumFreePercent: too big'],
    [
      'backup',
      'an image with its tag',
      { image: { repository: 'hopsworks/hwutils:1.0' } },
      'image.repository: not well',
    ],
    ['backup', 'root', { runAsId: 0 }, 'runAsId: too small'],
    [
      'backup',
      'a name too long for its jobs',
      inRepository({ name: 'a'.repeat(33) }),
      'repository.name: not well formed',
    ],
    ['backup', 'a way that there is not', inRepository({ way: 'copy' }), 'repository.way: not one of the allowed'],
    ['backup', 'no data node', inCluster({ dataNodes: [] }), 'repository.cluster.dataNodes: too small'],
    ['backup', 'a user with a quote', inCluster({ sqlUser: "root'" }), 'repository.cluster.sqlUser: not well formed'],
    ['backup', 'a relative folder', inCluster({ backupFolder: 'BACKUP' }), 'repository.cluster.backupFolder: not well'],
    ['backup', 'a URL as host', inCluster({ managementHost: 'tcp://mgmd' }), 'repository.cluster.managementHost: not'],
    [
      'backup',
      'a node id that is there twice',
      inCluster({
        dataNodes: [
          { nodeId: 1, pod: 'a-0' },
          { nodeId: 1, pod: 'a-1' },
        ],
      }),
      'repository.cluster.dataNodes[1].nodeId: two data nodes have one node id',
    ],
    [
      'restore',
      'a pod that is there twice',
      inCluster({
        dataNodes: [
          { nodeId: 1, pod: 'a-0' },
          { nodeId: 2, pod: 'a-0' },
        ],
      }),
      'repository.cluster.dataNodes[1].pod: two data nodes have one pod',
    ],
    [
      'backup',
      'an identity that the sidecar has not',
      inRepository({
        way: 'sidecar',
        store: { ...repository.store, credentials: { type: 'workloadIdentity' } },
      }),
      'repository.store.credentials.type: the sidecar does not have the identity',
    ],
    [
      'backup',
      'an authority that the sidecar has not',
      inRepository({
        way: 'sidecar',
        store: { ...repository.store, certificateAuthority: { type: 'configMap', name: 'ca' } },
      }),
      'repository.store.certificateAuthority: the sidecar does not have a private',
    ],
    ['restore', 'no backup', { backupId: undefined }, 'backupId: is required'],
    ['restore', 'the id as text', { backupId: '12' }, 'backupId: not a backup id'],
    ['restore', 'an id that ndb_restore cuts off', { backupId: 2147483648 }, 'backupId: not a backup id'],
    ['restore', 'a half id', { backupId: 1.5 }, 'backupId: not a backup id'],
    ['restore', 'a mode that there is not', { mode: 'dry-run' }, 'mode: not one of the allowed values'],
    ['restore', 'a database with a dot', { includeDatabases: ['shop.orders'] }, 'includeDatabases[0]: not well formed'],
    ['restore', 'a table without database', { excludeTables: ['a.b', 'orders'] }, 'excludeTables[1]: not well formed'],
    ['restore', 'two databases in one', { includeDatabases: ['shop\nstock'] }, 'includeDatabases[0]: not well formed'],
    ['restore', 'a folder that goes up', { source: '../other' }, 'source: not well formed'],
    ['restore', 'a schedule', { schedule: '0 0 * * *' }, 'schedule: there is no such property'],
    ['backup', 'a misspelt prop', { retenton: {} }, 'retenton: there is no such property'],
  ])('%s: %s', (kind, _, change, message) => {
    const problems = problemsOf(kind, change);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.slice(0, message.length)).toBe(message);
    expect(problems[0]).toMatch(/\n {2}do: {6}\S/);
  });

  test.each<[object, string]>([
    [{ ttl: '30d' }, 'Age alone would remove the last good set when backups fail'],
    [{ backoffLimit: 3 }, 'A failed run is not repeated at once'],
    [inCluster({ password: 'geheim' }), 'A literal secret cannot be given'],
  ])('what is left out on purpose says why: %j', (change, hint) => {
    const [problem, ...more] = problemsOf('backup', change);
    expect(problem).toContain(`do:      ${hint}`);
    expect(problem).not.toContain('geheim');
    expect(more).toEqual([]);
  });

  test('everything that is wrong is said at once', () => {
    expect(problemsOf('backup', { schedule: '', runAsId: 0, ...inRepository({ clusterId: '' }) })).toHaveLength(3);
  });
});

describe('what is not wrong', () => {
  test('a schedule that may overtake its runs is a warning', () => {
    const { settings, problems } = checkJob(backupSchema, { repository, schedule: '0 * * * *' }, 'job', backupTiming);
    expect(settings).toBeDefined();
    expect(problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'warning: runs may follow each other faster than one may take (21900 s): a run that is killed holds the lease for 22110 s',
    ]);
  });

  test.each(['backup', 'verify', 'restore'] as const)('the fewest props of %s', (kind) => {
    expect(problemsOf(kind, {})).toEqual([]);
  });

  test('a cluster that rondb-helm did not make', () => {
    const cluster = RonDBCluster.of({
      namespace: 'ndb',
      dataNodes: [{ nodeId: 3, pod: 'data-0' }],
      managementHost: 'management',
      sqlPod: 'sql-0',
    });
    expect(problemsOf('backup', { repository: { cluster, store: repository.store, clusterId } })).toEqual([]);
  });
});
