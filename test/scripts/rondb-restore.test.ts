import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { printOwner } from '../../src/repository/index.js';
import { rondbRestore } from '../../src/scripts/index.js';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { clusterId, JobRun, otherClusterId, type RunOptions, restored } from './rondb-job-run.js';

// A run takes three seconds, and many times that on a machine with much else to do.
vi.setConfig({ testTimeout: 300_000 });

describeWith(['bash', 'jq', 'rclone', 'versitygw'], 'rondb-restore.sh with recorded NDB programs', () => {
  let server: S3Server;
  let job: JobRun;
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('backups');
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    job = new JobRun(server, rondbRestore).putSet(700);
  });
  afterEach(() => job.remove());

  const file = (path: string) => join(job.storeFolder, '700', path);
  const flip = (path: string) => {
    const content = readFileSync(file(path));
    content[content.length >> 1]! ^= 1;
    writeFileSync(file(path), content);
  };
  const cut = (path: string) => writeFileSync(file(path), readFileSync(file(path)).subarray(0, -3));
  const edit = (from: string | RegExp, to: string) =>
    writeFileSync(file('manifest.json'), readFileSync(file('manifest.json'), 'utf8').replace(from, to));
  const fail = (name: string, text = '') => writeFileSync(join(job.folder, name), text);

  test.each(['stream', 'sidecar'])('restores the newest set by %s and leaves nothing behind', async (WAY) => {
    job.putSet(699);
    const { code, log, report } = await job.run({ environment: { WAY }, rclone: {} });
    expect(code, log).toBe(0);
    expect(job.database.state()).toEqual(restored);
    expect(report).toMatchObject({ backupId: 700, outcome: 'restored', exitCode: 0, verified: true });
    expect(report.rows).toMatchObject({ restored: 4, counted: 4, tables: { 'shop.orders': 2, 'shop.customers': 2 } });
    expect(report.steps.map(({ name }: { name: string }) => name)).toEqual([
      'copying the files to the nodes',
      'reading the metadata of the native backup',
      'making the databases',
      'restoring the metadata, without indexes',
      'restoring the data of 2 nodes, 1 at once',
      'counting the rows',
      'rebuilding indexes and foreign keys',
      'restoring the epoch',
      'making the tables known to the server',
      'restoring users, views, routines, triggers and events',
      'removing the files from the nodes',
    ]);
    expect(job.status('restore')).toMatchObject({
      state: 'restored',
      unfinished: null,
      lastRestored: { backupId: 700 },
    });
    expect(job.cluster.object('lease').spec.holderIdentity).toBeUndefined();
    expect(job.copies()).toEqual([]);
    expect(job.leftovers()).toEqual([]);
  });

  test('a plan shows what goes where, needs no lease and changes nothing', async () => {
    job.database.add('shop.orders');
    const { code, log, report } = await job.run({ environment: { MODE: 'plan' } });
    expect(code, log).toBe(0);
    expect(report).toMatchObject({
      mode: 'plan',
      tables: { in: ['shop.customers', 'shop.orders'], out: [] },
      views: { in: ['shop.totals'], out: [] },
      nodes: [
        { sourceNode: 1, targetNode: 1, pod: 'node-1', files: 3 },
        { sourceNode: 2, targetNode: 2, pod: 'node-2', files: 3 },
      ],
      refusals: [{ code: 21, message: expect.stringContaining('shop.orders') }],
    });
    expect(job.database.state()).toEqual({ 'table/shop/orders': 'before\n' });
    expect(job.copies()).toEqual([]);
    expect(job.cluster.object('lease')).toBeUndefined();
    expect(job.cluster.object('configmap').data).toEqual({});
  });

  type Refusal = [string, number, (() => void) | undefined, RunOptions['environment']?];
  const refusals: Refusal[] = [
    ['a byte flipped in a data file', 20, () => flip('rondb/2/BACKUP-700-0.2.Data')],
    ['a byte flipped in a metadata file', 20, () => flip('rondb/1/BACKUP-700.1.ctl')],
    ['a byte flipped in databases.sql', 20, () => flip('databases.sql')],
    ['a byte flipped in users.sql', 20, () => flip('users.sql')],
    ['a file cut short', 20, () => cut('rondb/2/BACKUP-700-0.2.Data')],
    ['an object that is gone', 20, () => rmSync(file('rondb/1/BACKUP-700.1.log'))],
    ['a node’s files that are gone', 20, () => rmSync(file('rondb/2'), { recursive: true })],
    ['a manifest cut short', 19, () => cut('manifest.json')],
    ['a manifest of another version', 19, () => edit(/"version": 1\b/, '"version": 2')],
    ['a manifest of another backup', 19, () => edit('"backupId": 700', '"backupId": 701')],
    ['a manifest whose sizes do not add up', 19, () => edit(/"bytes": \d+/, '"bytes": 7')],
    ['a manifest without a node’s log', 19, () => edit('rondb/1/BACKUP-700.1.log', 'rondb/1/BACKUP-700.1.lag')],
    ['a path that leads out of the set', 19, () => edit('rondb/1/BACKUP-700.1.log', '../../BACKUP-700.1.log')],
    ['another cluster’s set', 11, () => edit(clusterId, otherClusterId)],
    [
      'another cluster’s folder',
      11,
      () => job.put('owner.json', printOwner({ cluster: 'x', clusterId: otherClusterId })),
    ],
    ['a folder without owner', 10, () => rmSync(join(job.storeFolder, 'owner.json'))],
    [
      'a set that another key encrypted',
      24,
      () => edit('"type": "none"', '"keyFingerprint": "0123456789abcdef", "type": "rclone-crypt"'),
    ],
    ['a bucket that is not there', 12, undefined, { STORE_ROOT: 'store:nowhere' }],
    ['a set without manifest', 19, () => rmSync(file('manifest.json')), { BACKUP_ID: '700' }],
    ['a folder without committed set', 19, () => rmSync(file('manifest.json'))],
    ['a set that is not there', 19, undefined, { BACKUP_ID: '701' }],
    ['a database that is not in the set', 19, undefined, { INCLUDE_DATABASES: 'shoop' }],
    ['a table that is not in the set', 19, undefined, { EXCLUDE_TABLES: 'shop.order' }],
    ['a selection of nothing', 19, undefined, { EXCLUDE_DATABASES: 'shop' }],
    ['a child without its parent', 2, undefined, { EXCLUDE_TABLES: 'shop.customers' }],
    ['a name that separates names', 2, undefined, { EXCLUDE_TABLES: 'shop.a,shop.b' }],
    ['a table without database', 2, undefined, { INCLUDE_TABLES: 'orders' }],
    ['an id with a leading zero', 2, undefined, { BACKUP_ID: '0700' }],
    ['an id that ndb_restore cannot take', 2, undefined, { BACKUP_ID: '2147483648' }],
    ['a cluster with a table', 21, () => job.database.add('live.t')],
    ['a cluster with a table of the selection', 21, () => job.database.add('shop.orders'), { INTO_NON_EMPTY: 'true' }],
    ['a cluster in which a backup runs', 15, () => job.cluster.setRunning(5)],
    ['a cluster in an upgrade', 15, () => job.cluster.setNode(2, 'upgraded')],
    ['a cluster whose server does not let in', 15, undefined, { SQL_PASSWORD: 'wrong' }],
    ['a ConfigMap that is not there', 1, () => rmSync(join(job.folder, 'objects/configmap'))],
  ];
  test.each<Refusal>(refusals)(
    'refuses %s with %i, and nothing reaches the database',
    async (_, code, damage, environment) => {
      damage?.();
      const before = job.database.state();
      const run = await job.run({ ...(environment ? { environment } : {}) });
      expect(run.code, run.log).toBe(code);
      expect(run.log).toContain('hint: ');
      expect(job.database.state()).toEqual(before);
      expect(job.leftovers()).toEqual([]);
    },
  );

  test('a lease that another run holds is respected', async () => {
    const spec = { holderIdentity: 'x', leaseDurationSeconds: 600, acquireTime: new Date().toISOString() };
    job.cluster.writeObject('lease', { metadata: { name: 'backup', resourceVersion: '1' }, spec });
    expect(await job.run()).toMatchObject({ code: 13 });
    expect(job.database.state()).toEqual({});
  });

  test('a set of a folder that was taken over, and one of another cluster’s folder, can be asked for', async () => {
    edit(clusterId, otherClusterId);
    expect(await job.run({ environment: { ALLOW_UNVERIFIED: 'true', MODE: 'plan' } })).toMatchObject({ code: 0 });
    job.put('owner.json', printOwner({ cluster: 'x', clusterId: otherClusterId }));
    const environment = { STORE_PATH: 'store:backups/prefix/mine' };
    const run = await job.run({ environment });
    expect(run.code, run.log).toBe(0);
    expect(job.database.state()).toEqual(restored);
  });

  test('a set without manifest is taken only if told to, is checked for being whole, and warned about', async () => {
    rmSync(file('manifest.json'));
    rmSync(file('started.json'));
    const environment = { BACKUP_ID: '700', ALLOW_UNVERIFIED: 'true' };
    const { code, log, report } = await job.run({ environment });
    expect(code, log).toBe(0);
    expect(job.database.state()).toEqual(restored);
    expect(report).toMatchObject({ verified: false, warnings: [expect.stringContaining('nothing proves')] });
    rmSync(file('rondb/1/BACKUP-700.1.log'));
    expect(await job.run({ environment })).toMatchObject({ code: 20 });
  });

  test('restores a part beside live tables, and no epoch', async () => {
    job.database.add('live.t');
    const environment = {
      INCLUDE_DATABASES: 'shop',
      EXCLUDE_TABLES: 'shop.orders',
      INTO_NON_EMPTY: 'true',
      RESTORE_USERS: 'false',
    };
    const { code, log } = await job.run({ environment });
    expect(code, log).toBe(0);
    expect(job.database.state()).toEqual({
      'database/shop': '',
      'indexed/shop/customers': restored['indexed/shop/customers'],
      'procedure/shop/count_orders': '',
      'table/live/t': 'before\n',
      'table/shop/customers': restored['table/shop/customers'],
      'view/shop/totals': '',
    });
  });

  describe('after a step that failed', () => {
    test.each([
      ['the metadata', 'fail-native', '--restore-meta'],
      ['the data of a node', 'fail-native', '--nodeid=2'],
      ['the indexes', 'fail-native', '--rebuild-indexes'],
      ['the epoch', 'fail-native', '--restore-epoch'],
      ['a view', 'fail-sql', 'VIEW'],
      ['a grant', 'fail-sql', 'GRANT'],
    ])('%s: no later one is begun, and the next run drops and begins again', async (_, name, text) => {
      fail(name, text);
      const failed = await job.run();
      expect(failed, failed.log).toMatchObject({ code: 22, report: { outcome: 'failed', exitCode: 22 } });
      expect(job.database.state()).not.toEqual(restored);
      expect(job.status('restore')).toMatchObject({ state: 'failed', unfinished: { backupId: 700 } });
      rmSync(join(job.folder, name));
      // A newer set may have been made of half of the tables.
      job.putSet(701);
      expect(await job.run({ environment: { BACKUP_ID: '701' } })).toMatchObject({ code: 21 });
      expect(await job.run({ environment: { EXCLUDE_TABLES: 'shop.orders' } })).toMatchObject({ code: 21 });
      const { code, log, report } = await job.run();
      expect(code, log).toBe(0);
      expect(report).toMatchObject({ backupId: 700, beginsAgain: true });
      expect(log).toContain('files of an earlier run are on the nodes and right');
      expect(job.database.state()).toEqual(restored);
      expect(job.copies()).toEqual([]);
    });

    test('a temporary error counts, although ndb_restore ends with 0', async () => {
      fail('temporary-error');
      expect(await job.run()).toMatchObject({ code: 22, log: expect.stringContaining('410 REDO log overload') });
    });

    test.each([
      [
        'fewer rows than the manifest has are no reason, as system tables are not restored',
        0,
        /"records": 4/,
        '"records": 9',
      ],
      ['more rows than the manifest has', 23, /"records": 4/, '"records": 3'],
    ])('%s: %i', async (_, code, from, to) => {
      edit(from, to);
      expect(await job.run()).toMatchObject({ code });
    });

    test('rows that somebody else has written are noticed', async () => {
      const before = `if [[ "$*" == *' --rebuild-indexes '* ]]; then exit 1; fi
        if [[ "$*" == *'--nodeid=2'*'--restore-data'* ]]; then echo more >>'${job.folder}/database/table%shop%orders'; fi`;
      expect(await job.run({ before })).toMatchObject({
        code: 23,
        log: expect.stringContaining('4 rows and 0 changes, and 5'),
      });
    });
  });

  test('stops at a signal, and frees the lease', async () => {
    let stopped = false;
    const run = await job.run({
      before: 'if [[ "$*" == *--rebuild-indexes* ]]; then echo in the middle of it >&2; exec /usr/bin/sleep 600; fi',
      onLog: (log, stop) => {
        if (!stopped && log.includes('in the middle of it')) {
          stopped = true;
          stop();
        }
      },
    });
    expect(run, run.log).toMatchObject({ code: 143 });
    expect(job.cluster.object('lease').spec.holderIdentity).toBeUndefined();
    expect((await job.run()).code).toBe(0);
    expect(job.database.state()).toEqual(restored);
  });

  test('the password is in no argument, log or status', async () => {
    const { log, report } = await job.run();
    const everything = [
      log,
      JSON.stringify(report),
      ...job.calls(),
      JSON.stringify(job.cluster.object('configmap')),
    ].join('\n');
    expect(everything).not.toContain('w#ord');
    expect(everything).not.toContain('test-secret-key');
  });
});
