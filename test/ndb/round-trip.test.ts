import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readOwner } from '../../src/repository/index.js';
import { describeWith } from '../programs/find.js';
import type { NdbCluster } from '../programs/ndb-cluster.js';
import { isNdbTurn, ndbNeeds } from '../programs/ndb-programs.js';
import { type Contents, contents, fill } from './contents.js';
import { clusterId, type Installation } from './installation.js';
import { backupsOnNodes, storedSets } from './stored-sets.js';
import { ndbPrograms, TestBed } from './test-bed.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

describeWith(
  ndbPrograms,
  'a cluster of two data nodes that is lost and restored',
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
    });
    afterAll(() => bed?.close());

    test('the CronJob commits a backup that is whole and leaves nothing on the nodes', async () => {
      const { code, log, stdout } = await north.backup();
      expect({ code, log }).toMatchObject({ code: 0 });
      const sets = storedSets(north.storeFolder);
      expect(sets).toEqual([{ id: expect.any(Number), manifest: expect.anything(), wrong: [] }]);
      id = sets[0]!.id;
      expect(sets[0]!.manifest).toMatchObject({
        clusterId,
        rondb: {
          topology: {
            nodeGroups: 1,
            replicas: 2,
            nodes: [
              { nodeId: 1, parts: 2 },
              { nodeId: 2, parts: 2 },
            ],
          },
        },
      });
      expect(await backupsOnNodes(cluster)).toEqual([]);
      expect(JSON.parse(stdout)).toMatchObject({ state: 'committed', backupId: id, warnings: [] });
      expect(await north.status('backup')).toEqual(JSON.parse(stdout));
      expect(readOwner(readFileSync(join(north.storeFolder, 'owner.json'), 'utf8'))).toMatchObject({ clusterId });
    });

    test('a dry run says what stands in the way and touches nothing', async () => {
      const { code, stdout } = await north.restore({ backupId: 'latest', mode: 'plan' });
      const plan = JSON.parse(stdout);
      expect({ code, plan }).toMatchObject({ code: 0, plan: { mode: 'plan', backupId: id, verified: true } });
      expect(plan.refusals).toMatchObject([{ code: 21 }]);
      expect(await contents(cluster)).toEqual(before);
      expect((await north.restore({ backupId: 'latest' })).code).toBe(21);
      expect(await contents(cluster)).toEqual(before);
    });

    // This one is five backups, and the one with rclone's encryption needs a cluster more: one of them each day.
    test.runIf(isNdbTurn(1))('the Role allows nothing that the backup does not need', async () => {
      const { rules } = await north.namespace.get('role', 'rondb-backup');
      const outcomes = await north.withoutEachRule(rules);
      const resources = rules.map(
        (rule: { resources: string[]; verbs: string[] }) => `${rule.verbs} ${rule.resources}`,
      );
      expect(Object.fromEntries(outcomes.map((outcome, index) => [resources[index], outcome]))).toEqual({
        'get pods': 'refused',
        'get,create pods/exec': 'refused',
        'create leases': 'refused',
        'get,update leases': 'refused',
        'get,patch configmaps': 'warns',
      });
    });

    test('the verification reads everything, and finds one byte that was changed; then a restore refuses', async () => {
      expect(await north.verify({ shares: 1 })).toMatchObject({ code: 0 });
      const file = join(setFolder(), `rondb/2/BACKUP-${id}-PART-2-OF-2/BACKUP-${id}-0.2.Data`);
      const whole = readFileSync(file);
      const changed = Buffer.from(whole);
      changed[whole.length >> 1]! ^= 1;
      writeFileSync(file, changed);
      try {
        expect(await north.verify({ shares: 1 })).toMatchObject({ code: 20, log: expect.stringContaining('0.2.Data') });
      } finally {
        writeFileSync(file, whole);
      }
    });

    test('everything is back in a new cluster: rows, keys, views, routines, triggers, events, users, grants', async () => {
      await cluster.startOver();
      const { code, log, stdout } = await north.restore({ backupId: 'latest' });
      expect({ code, log }).toMatchObject({ code: 0 });
      expect(await contents(cluster)).toEqual(before);
      const rows = JSON.parse(stdout).rows;
      expect(rows.counted).toBe(rows.restored);
      expect(await backupsOnNodes(cluster)).toEqual([]);
      expect(await north.status('restore')).toMatchObject({ exitCode: 0 });
    });

    test('what was restored works: keys hold, numbers go on, procedures and triggers run', async () => {
      await expect(cluster.sql('DELETE FROM shop.customers WHERE id = 1')).rejects.toThrow(/foreign key constraint/);
      await expect(
        cluster.sql(`INSERT INTO shop.customers VALUES (0, 'c1@example.com', '', '', '', NOW())`),
      ).rejects.toThrow(/Duplicate entry/);
      const last = await cluster.sql(
        `SET @old = (SELECT MAX(id) FROM shop.customers); INSERT INTO shop.customers VALUES (NULL, 'new', '', '', '', NOW());
         SELECT LAST_INSERT_ID() > @old; CALL shop.transfer(1, 5); SELECT balance FROM shop.account_b WHERE id = 1;
         UPDATE shop.orders SET state = 'sent' WHERE id = 3; SELECT what FROM shop.audit; SELECT n > 0 FROM shop.paid_count`,
      );
      expect(last).toBe('1\n1005\nsent 3\n1\n');
    });

    test.runIf(isNdbTurn(0))('a set that rclone encrypts comes back, and is verified', async () => {
      const secret = await bed.install({ cluster, name: 'secret', encrypted: true });
      const now = await contents(cluster);
      const backup = await secret.backup();
      expect(backup).toMatchObject({ code: 0 });
      expect(existsSync(secret.storeFolder), 'the folder’s name can be read in the store').toBe(false);
      await cluster.startOver();
      const { code, log } = await secret.restore({ backupId: 'latest' });
      expect({ code, log }).toMatchObject({ code: 0 });
      expect(await contents(cluster)).toEqual(now);
      expect(await secret.verify({ shares: 1 })).toMatchObject({ code: 0 });
    });
  },
  ndbNeeds(),
);
