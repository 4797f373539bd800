import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeWith } from '../programs/find.js';
import type { NdbCluster } from '../programs/ndb-cluster.js';
import { ndbNeedsOfTurn } from '../programs/ndb-programs.js';
import { type Contents, contents, fill } from './contents.js';
import type { Installation } from './installation.js';
import { newestCommitted, storedSets } from './stored-sets.js';
import { ndbPrograms, TestBed } from './test-bed.js';
import { restoreAsUpstream } from './upstream-restore.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

describeWith(
  ndbPrograms,
  'a set of which a part is wanted, and one that is not ours',
  () => {
    let bed: TestBed;
    let cluster: NdbCluster;
    let north: Installation;
    let before: Contents;
    let id: number;
    const setFolder = () => join(north.storeFolder, `${id}`);

    beforeAll(async () => {
      bed = await TestBed.open();
      cluster = await bed.cluster();
      north = await bed.install({ cluster, name: 'north' });
      await fill(cluster);
      before = await contents(cluster);
      expect(await north.backup()).toMatchObject({ code: 0 });
      id = newestCommitted(north.storeFolder)!.id;
    });
    afterAll(() => bed?.close());

    test('a part of a backup comes back beside what is there', async () => {
      await cluster.sql(
        'DROP DATABASE `stock-room`; DROP TABLE shop.nothing, shop.wide; UPDATE shop.account_a SET balance = 7',
      );
      const refused = await north.restore({ backupId: id, includeDatabases: ['stock-room'] });
      expect(refused.code).toBe(21);
      const { code, log } = await north.restore({
        backupId: id,
        includeDatabases: ['stock-room'],
        includeTables: ['shop.nothing', 'shop.wide'],
        intoNonEmpty: true,
      });
      expect({ code, log }).toMatchObject({ code: 0 });
      expect(await contents(cluster, ['stock-room'])).toEqual(expect.objectContaining({ users: before.users }));
      const answer = await cluster.sql(
        'SELECT COUNT(*) FROM shop.wide; SELECT COUNT(*) FROM shop.nothing; SELECT DISTINCT balance FROM shop.account_a; ' +
          'SELECT COUNT(*) FROM `stock-room`.`items on shelf`',
      );
      expect(answer).toBe('50\n0\n7\n3\n');
    });

    test('a set in upstream’s layout is read only when that is asked for, and with a warning', async () => {
      const upstream = join(north.storeFolder, '../../rondb_backup');
      mkdirSync(upstream, { recursive: true });
      cpSync(setFolder(), join(upstream, `${id}`), { recursive: true });
      for (const name of ['manifest.json', 'started.json']) rmSync(join(upstream, `${id}`, name));
      await cluster.sql('DROP DATABASE `stock-room`');
      const props = {
        backupId: id,
        source: 'rondb_backup',
        includeDatabases: ['stock-room'],
        intoNonEmpty: true,
      };
      expect((await north.restore(props)).code).not.toBe(0);
      const { code, log, stdout } = await north.restore({ ...props, allowUnverified: true });
      expect({ code, log }).toMatchObject({ code: 0 });
      expect(JSON.parse(stdout)).toMatchObject({ verified: false, warnings: [expect.any(String)] });
      expect(await cluster.sql('SELECT COUNT(*) FROM `stock-room`.`items on shelf`')).toBe('3\n');
      rmSync(join(upstream, `${id}`, 'rondb/2'), { recursive: true });
      await cluster.sql('DROP DATABASE `stock-room`');
      expect((await north.restore({ ...props, allowUnverified: true })).code).not.toBe(0);
    });

    test('upstream’s own steps restore a set of ours', async () => {
      await cluster.startOver();
      await restoreAsUpstream(cluster, setFolder(), id);
      expect(await contents(cluster)).toEqual(before);
    });

    test('a second backup has a higher id, and retention leaves the sets that it should', async () => {
      // The last restore, of a set without its second node, began and was found wrong: no backup until it is given up.
      const refused = await north.backup();
      expect(refused).toMatchObject({ code: 15, log: expect.stringContaining('has not come to its end') });
      const giveUp = JSON.stringify([{ op: 'remove', path: '/data/restore' }]);
      await north.namespace.kubectl('patch', 'configmap', 'rondb-backup-status', '--type', 'json', '-p', giveUp);
      const { code, log } = await north.backup({ retention: { keepLast: 1 } });
      expect({ code, log }).toMatchObject({ code: 0 });
      const newest = newestCommitted(north.storeFolder)!;
      expect(newest.id).toBeGreaterThan(id);
      expect(storedSets(north.storeFolder)).toEqual([newest]);
    });
  },
  ndbNeedsOfTurn(0),
);
