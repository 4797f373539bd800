import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { compareInventory, printManifest, printOwner, printStarted, rondbFiles } from '../../src/repository/index.js';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { recordedPassword } from './recorded-cluster.js';
import { BackupRun, clusterId } from './rondb-backup-run.js';

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');
// A run takes three seconds, and many times that on a machine with much else to do.
vi.setConfig({ testTimeout: 300_000 });

const otherId = '00000000-0000-4000-8000-000000000000';

describeWith(['bash', 'jq', 'rclone', 'versitygw'], 'rondb-backup.sh with recorded NDB programs', () => {
  let server: S3Server;
  let run: BackupRun;
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('backups');
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    run = new BackupRun(server);
  });
  afterEach(() => run.remove());

  /** Writes an object of the cluster's folder. */
  const put = (path: string, text: string) => {
    mkdirSync(join(run.storeFolder, path, '..'), { recursive: true });
    writeFileSync(join(run.storeFolder, path), text);
  };
  const started = (id: number, cluster = clusterId) =>
    printStarted({ clusterId: cluster, backupId: id, started: '2026-01-01T00:00:00Z' });
  /** Files of a native backup on a node, as a run that was killed leaves them. */
  const lay = (node: number, id: number) => {
    mkdirSync(join(run.cluster.nativeFolder(node), `BACKUP-${id}`), { recursive: true });
    writeFileSync(join(run.cluster.nativeFolder(node), `BACKUP-${id}/BACKUP-${id}.${node}.ctl`), 'tables');
  };

  test('a run commits a set with every file in it, and leaves nothing else anywhere', async () => {
    const { code, log, result } = await run.run({ rclone: {} });
    expect(code, log).toBe(0);
    const [id] = run.committed();
    const stored = run.stored();
    const manifest = run.manifest(id!);
    expect(printManifest(manifest)).toBe(stored[`${id}/manifest.json`]);
    expect(printStarted({ clusterId, backupId: id!, started: JSON.parse(stored[`${id}/started.json`]!).started })).toBe(
      stored[`${id}/started.json`],
    );
    expect(stored['owner.json']).toBe(printOwner({ cluster: 'shop', clusterId }));
    const paths = manifest.files.map(({ path }) => path);
    expect(compareInventory(rondbFiles(id!, manifest.rondb.topology.nodes), paths)).toEqual([]);
    for (const { path, size, sha256: sum } of manifest.files) {
      expect(stored[`${id}/${path}`]).toHaveLength(size);
      expect(sha256(stored[`${id}/${path}`]!)).toBe(sum);
    }
    expect(Object.keys(stored)).toHaveLength(manifest.files.length + 3);
    expect(manifest).toMatchObject({
      clusterId,
      clusterName: 'shop',
      tools: { ndb: '9.7.2', mysql: '9.7.2-cluster' },
      rondb: { startGcp: 17, stopGcp: 20, records: 6016, logRecords: 0, dataBytes: 1539672, logBytes: 0 },
    });
    expect(manifest.rondb.topology).toEqual({
      nodeGroups: 1,
      replicas: 2,
      nodes: [1, 2].map((nodeId) => ({ nodeId, nodeGroup: 0, parts: 1 })),
    });
    expect([run.cluster.native(1), run.cluster.native(2), run.leftovers()]).toEqual([{}, {}, []]);
    expect(run.cluster.object('lease').spec.holderIdentity).toBeUndefined();
    expect(result).toMatchObject({
      state: 'committed',
      backupId: id,
      exitCode: 0,
      bytes: manifest.bytes,
      warnings: [],
    });
    expect(JSON.parse(run.cluster.object('configmap').data.backup)).toEqual(result);
    expect(log).toContain(`committed backup ${id}: 8 files`);
  });

  test('a restore that has not come to its end stops the backup, until it has or is given up', async () => {
    const status = run.cluster.object('configmap');
    const restore = (value: object) =>
      run.cluster.writeObject('configmap', { ...status, data: { restore: JSON.stringify(value) } });
    restore({ state: 'failed', backupId: 700, unfinished: { backupId: 700 } });
    const { code, log } = await run.run();
    expect(code, log).toBe(15);
    expect(log).toContain('a restore of backup 700 has not come to its end');
    expect(log).toContain('"path":"/data/restore"');
    expect([run.committed(), run.cluster.native(1)]).toEqual([[], {}]);
    restore({ state: 'restored', backupId: 700, unfinished: null });
    expect((await run.run()).code).toBe(0);
  });

  test('the SQL files hold users with their roles, and every database by its real name', async () => {
    expect(await run.run()).toMatchObject({ code: 0 });
    const [id] = run.committed();
    expect(run.stored()[`${id}/users.sql`]).toBe(
      [
        '-- Users, roles and grants',
        'SET NAMES utf8mb4;',
        "CREATE USER `alice`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x2441 REQUIRE NONE;",
        "CREATE USER `reader`@`%` IDENTIFIED WITH 'caching_sha2_password' REQUIRE NONE PASSWORD EXPIRE ACCOUNT LOCK;",
        'GRANT `reader`@`%` TO `alice`@`%`;',
        "ALTER USER 'alice'@'%' DEFAULT ROLE 'reader'@'%';",
        '',
      ].join('\n'),
    );
    expect(run.stored()[`${id}/databases.sql`]).toMatch(
      /^-- Current Database: shop\n-- Current Database: we ird\n-- Current Database: back\\slash\nCREATE TABLE/,
    );
  });

  test('a view that does not work is left out with a warning, and does not end all backups', async () => {
    writeFileSync(join(run.folder, 'broken'), '');
    const { code, log, result } = await run.run();
    expect(code, log).toBe(0);
    expect(result.warnings).toEqual(['the view shop.broken does not work and is not in databases.sql']);
  });

  test('secrets are in no argument, log, state or object', async () => {
    const { log, result } = await run.run();
    const seen = [...run.calls(), log, JSON.stringify(result), ...Object.values(run.stored())];
    seen.push(JSON.stringify([run.cluster.object('configmap'), run.cluster.object('lease')]));
    for (const secret of [recordedPassword, 'w#ord', server.secretKey])
      expect(seen.filter((text) => text.includes(secret))).toEqual([]);
  });

  describe('ids', () => {
    /** Lets `date +%s` say this. */
    const clock = (time: string) => ({
      before: `if [[ $name == date ]]; then echo ${Date.parse(time) / 1000}; exit 0; fi`,
    });
    const seconds = (time: string) => (Date.parse(time) - Date.UTC(2020, 0, 1)) / 1000;

    test('follow the clock over the ends of years, where upstream goes backwards and meets itself', async () => {
      const times = ['2027-12-31T23:59:59Z', '2028-01-01T00:00:00Z', '2028-01-03T00:00:00Z'];
      for (const time of times) {
        run.cluster.removeLease();
        expect(await run.run(clock(time))).toMatchObject({ code: 0, result: { backupId: seconds(time) } });
      }
      expect(run.committed()).toEqual(times.map(seconds));
    }, 120_000);

    test.each([
      ['an object of somebody in the store', () => put('300000000/users.sql', ''), 300000001],
      ['what NDB reports', () => writeFileSync(join(run.folder, 'backup-id'), '300000005'), 300000006],
      ['files on a node', () => lay(2, 300000007), 300000008],
      ['2147483647, above which ndb_restore reads none', () => put('2147483646/users.sql', ''), 2147483647],
    ])('are above %s', async (_, prepare, id) => {
      prepare();
      expect(await run.run()).toMatchObject({ code: 0, result: { backupId: id } });
    });

    test('end at 2147483647', async () => {
      put('2147483647/users.sql', '');
      expect(await run.run()).toMatchObject({ code: 17 });
    });
  });

  describe('the folder in the store', () => {
    test.each([
      ['names another cluster', { 'owner.json': printOwner({ cluster: 'x', clusterId: otherId }) }, 'false', 11],
      [
        'names another cluster and is taken over',
        { 'owner.json': printOwner({ cluster: 'x', clusterId: otherId }) },
        'true',
        0,
      ],
      ['has an owner.json that is no JSON', { 'owner.json': 'x' }, 'false', 11],
      ['has a set and no owner.json', { '5/started.json': started(5) }, 'false', 10],
      ['has a set and no owner.json and is taken over', { '5/started.json': started(5) }, 'true', 0],
      ['has a backup of upstream only', { '264531200/users.sql': 'x' }, 'false', 0],
    ])('%s', async (_, objects, adopt, code) => {
      for (const [path, text] of Object.entries(objects)) put(path, text);
      const before = run.stored();
      const outcome = await run.run({ environment: { ADOPT_FOLDER: adopt } });
      expect(outcome.code, outcome.log).toBe(code);
      if (code === 0) expect(run.stored()['owner.json']).toBe(printOwner({ cluster: 'shop', clusterId }));
      else expect(run.stored()).toEqual(before);
    });
  });

  describe('the lease', () => {
    const lease = (holder: string, acquireTime: string) => ({
      metadata: { name: 'backup', resourceVersion: '5' },
      spec: { holderIdentity: holder, leaseDurationSeconds: 3600, acquireTime },
    });
    const now = () => new Date().toISOString().replace('Z', '000Z');

    test('of another run ends this one with 13, which has touched nothing', async () => {
      run.cluster.writeObject('lease', lease('another', now()));
      const before = [run.cluster.object('lease'), run.cluster.object('configmap')];
      expect(await run.run()).toMatchObject({ code: 13 });
      expect([run.cluster.object('lease'), run.cluster.object('configmap')]).toEqual(before);
      expect(run.stored()).toEqual({});
    });

    test('that has expired is taken over', async () => {
      run.cluster.writeObject('lease', lease('another', '2026-01-01T00:00:00.000000Z'));
      const { code, log } = await run.run();
      expect([code, log]).toEqual([0, expect.stringContaining('taking over the lease of another, which has expired')]);
    });

    test('lost before the commit: 13, no manifest, the files stay on the nodes, the status is left alone', async () => {
      const taken = JSON.stringify(lease('another', now()));
      const { code } = await run.run({
        before: `if [[ $name == rclone && $* == *' rcat '*rondb/1/*.log ]]; then
          printf '%s' '${taken}' >'${run.folder}/objects/lease'; fi`,
      });
      expect(code).toBe(13);
      expect(run.committed()).toEqual([]);
      expect(Object.keys({ ...run.cluster.native(1), ...run.cluster.native(2) })).toHaveLength(6);
      expect(JSON.parse(run.cluster.object('configmap').data.backup).state).toBe('running');
      expect(run.cluster.object('lease').spec.holderIdentity).toBe('another');
    });

    test('lets one of two runs through that begin at the same time', async () => {
      const outcomes = await Promise.all([run.run(), run.run()]);
      expect(outcomes.map(({ code }) => code).sort()).toEqual([0, 13]);
      expect(run.committed()).toHaveLength(1);
    });
  });

  describe('the cluster', () => {
    test('one node of a group down: the other has its rows, and the log says so', async () => {
      run.cluster.setNode(2, 'not connected');
      const { code, log, result } = await run.run();
      expect(code, log).toBe(0);
      expect(run.manifest(result.backupId).rondb.topology.nodes.map(({ nodeId }) => nodeId)).toEqual([1]);
      expect(result.warnings).toEqual([expect.stringContaining('node 2 (node-2)')]);
    });

    test.each([
      ['a node of another version', () => run.cluster.setNode(2, 'upgraded'), {}, 'different versions'],
      [
        'no node of a group',
        () => run.cluster.setNode(2, 'not connected'),
        { DATA_NODES: '1=node-1 2=node-2 4=node-4 5=node-5' },
        'only 1 of 2 node groups',
      ],
      [
        'no node at all',
        () => {
          run.cluster.setNode(1, 'not connected');
          run.cluster.setNode(2, 'starting');
        },
        {},
        'no data node is started',
      ],
      ['a node that nobody named', () => {}, { DATA_NODES: '1=node-1' }, 'node 2 is started and not in DATA_NODES'],
      ['no management server', () => {}, { MANAGEMENT_SERVER: 'other:1186' }, "no data node's pod answers"],
      ['another password', () => {}, { SQL_PASSWORD: 'wrong' }, 'does not answer'],
      ['a native backup of somebody', () => run.cluster.setRunning(77), {}, 'it is not ours'],
    ])('%s: 15', async (_, prepare, environment, message) => {
      prepare();
      const { code, log } = await run.run({ environment });
      expect([code, log]).toEqual([15, expect.stringContaining(message)]);
      expect(run.started()).toEqual([]);
    });

    test('a node that dies after its part: 17, and the next run carries on without it', async () => {
      writeFileSync(join(run.folder, 'die'), '2');
      expect(await run.run()).toMatchObject({ code: 17 });
      expect(run.committed()).toEqual([]);
      expect(Object.keys(run.cluster.native(1))).toHaveLength(3);
      expect(await run.run()).toMatchObject({ code: 0 });
      expect(run.cluster.native(1)).toEqual({});
    });

    test('a native backup that NDB refuses: 17 with its words', async () => {
      writeFileSync(join(run.folder, 'next-failure'), '');
      const { code, log } = await run.run();
      expect([code, log]).toEqual([17, expect.stringContaining('3001: Could not start backup')]);
      expect(await run.run()).toMatchObject({ code: 0 });
    });

    test('a native backup of ours that still runs is aborted', async () => {
      put('owner.json', printOwner({ cluster: 'shop', clusterId }));
      put('100000000/started.json', started(100000000));
      run.cluster.setRunning(100000000);
      const { code, log } = await run.run();
      expect([code, log]).toEqual([0, expect.stringContaining('native backup 100000000 of a run that was killed')]);
    });

    test('not enough space on a node: 16', async () => {
      const { code, log } = await run.run({ environment: { MINIMUM_FREE_PERCENT: '99' } });
      expect([code, log]).toEqual([16, expect.stringContaining('a backup needs')]);
    });

    test('no view of the definitions without its last row: a stream that was cut is no answer', async () => {
      writeFileSync(join(run.folder, 'cut-rows'), '');
      expect(await run.run()).toMatchObject({ code: 15 });
    });
  });

  describe('what lies on the nodes', () => {
    test('of runs that failed goes after the commit, of committed sets at once, of others never', async () => {
      put('owner.json', printOwner({ cluster: 'shop', clusterId }));
      put('100000001/started.json', started(100000001));
      put('100000002/started.json', started(100000002));
      put('100000002/manifest.json', '{"files":[]}');
      put('100000003/started.json', started(100000003, otherId));
      for (const id of [100000001, 100000002, 100000003, 100000004]) lay(1, id);
      const { code, log, result } = await run.run();
      expect(code, log).toBe(0);
      expect(Object.keys(run.cluster.native(1)).map((path) => path.split('/')[0])).toEqual(
        expect.arrayContaining(['BACKUP-100000003', 'BACKUP-100000004']),
      );
      expect(Object.keys(run.cluster.native(1))).toHaveLength(2);
      const lines = [
        '100000002 is committed',
        `committed backup ${result.backupId}`,
        'removing native backup 100000001',
      ];
      expect(lines.map((line) => log.indexOf(line))).toEqual(
        [...lines.map((line) => log.indexOf(line))].sort((a, b) => a - b),
      );
      expect(result.warnings).toHaveLength(2);
    });
  });

  describe('a schema that changes meanwhile', () => {
    const changed =
      'CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `a` int\n) ENGINE=ndbcluster AUTO_INCREMENT=9;\n-- Dump completed\n';
    const counted =
      'CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT\n) ENGINE=ndbcluster AUTO_INCREMENT=99;\n-- Dump completed\n';

    test('takes another native backup under a new id', async () => {
      writeFileSync(join(run.folder, 'schema-after'), changed);
      const { code, log, result } = await run.run();
      expect(code, log).toBe(0);
      expect(run.started()).toHaveLength(2);
      expect(run.committed()).toEqual([result.backupId]);
      expect(result.warnings).toEqual([]);
      expect([run.cluster.native(1), run.cluster.native(2)]).toEqual([{}, {}]);
    });

    test('is committed with a warning and two hashes when no attempt is left', async () => {
      writeFileSync(join(run.folder, 'schema-after'), changed);
      const { code, result } = await run.run({ environment: { SCHEMA_ATTEMPTS: '1' } });
      expect([code, result.warnings]).toEqual([0, [expect.stringContaining('schema changed')]]);
      const { before, after } = run.manifest(result.backupId).rondb.schemaHash;
      expect(before).not.toBe(after);
    });

    test('is not what a counter does', async () => {
      writeFileSync(join(run.folder, 'schema-after'), counted);
      expect(await run.run()).toMatchObject({ code: 0, result: { warnings: [] } });
      expect(run.started()).toHaveLength(1);
    });
  });

  test('stopped while files are sent: 143, the status says so, and the next run goes well', async () => {
    let stopped = false;
    const { code, log } = await run.run({
      before: `if [[ $name == rclone && $* == *' rcat '* ]]; then echo sending >&2; exec /usr/bin/sleep 1000; fi`,
      onLog: (log, stop) => {
        if (stopped || !log.includes('native backup') || !log.includes('ended')) return;
        stopped = true;
        stop();
      },
    });
    expect(code, log).toBe(143);
    expect(JSON.parse(run.cluster.object('configmap').data.backup)).toMatchObject({ state: 'failed', exitCode: 143 });
    expect(run.leftovers()).toEqual([]);
    expect(await run.run()).toMatchObject({ code: 0 });
    expect([run.cluster.native(1), run.cluster.native(2)]).toEqual([{}, {}]);
  });

  test('an image that lacks a program: 14 with its name, before anything is done', async () => {
    const { code, log } = await run.run({ without: 'kubectl' });
    expect([code, log]).toEqual([14, expect.stringContaining('the image lacks kubectl')]);
    expect(run.stored()).toEqual({});
  });

  test.each([
    ['SQL_PASSWORD', 'two\nlines'],
    ['DATA_NODES', '1=node-1 1=node-2'],
    ['BACKUP_FOLDER', 'relative'],
    ['STORE_PATH', 'store:bucket'],
    ['WAY', 'carrier pigeon'],
    ['TRANSFERS', '0'],
    ['MINIMUM_FREE_PERCENT', '100'],
    ['KEEP_LAST', undefined],
  ] as const)('%s = %j: it begins nothing', async (name, value) => {
    const { code, log } = await run.run({ environment: { [name]: value } });
    expect([code === 0, log]).toEqual([false, expect.stringContaining(name)]);
    if (value !== undefined) expect(code).toBe(2);
    expect(run.calls().filter((call) => !call.startsWith('rm '))).toEqual([]);
  });
});
