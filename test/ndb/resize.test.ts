import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeWith } from '../programs/find.js';
import type { NdbCluster } from '../programs/ndb-cluster.js';
import { ndbNeedsOfTurn } from '../programs/ndb-programs.js';
import { type Contents, contents, fill } from './contents.js';
import type { Installation } from './installation.js';
import { newestCommitted, storedSets } from './stored-sets.js';
import { ndbPrograms, TestBed } from './test-bed.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

describeWith(
  ndbPrograms,
  'a cluster of four data nodes and one of two',
  () => {
    let bed: TestBed;
    let four: NdbCluster;
    let two: NdbCluster;
    let large: Installation;
    let small: Installation;

    beforeAll(async () => {
      bed = await TestBed.open();
      four = await bed.cluster({ dataNodes: 4, sidecar: true });
      two = await bed.cluster({ parts: 1 });
      large = await bed.install({ cluster: four, name: 'large', repository: { way: 'sidecar' } });
      small = await bed.install({ cluster: two, name: 'small' });
      await fill(four);
    });
    afterAll(() => bed?.close());

    test('a backup while rows change, by way of the sidecar, is one point in time', async () => {
      let running = true;
      // Each call moves money from one table to the other in one transaction: together they always have the same.
      const changes = (async () => {
        for (let round = 0; running; round++)
          await four.sql(
            Array.from({ length: 100 }, (_, i) => `CALL transfer(${1 + i}, ${1 + (round % 7)});`).join(' '),
            'shop',
          );
      })();
      const { code, log } = await large.backup().finally(() => {
        running = false;
      });
      await changes;
      expect({ code, log }).toMatchObject({ code: 0 });
      const { manifest, wrong } = newestCommitted(large.storeFolder)!;
      expect(wrong).toEqual([]);
      expect(manifest).toMatchObject({ rondb: { topology: { nodeGroups: 2, replicas: 2 } } });
      expect(manifest!.rondb!.logRecords).toBeGreaterThan(0);
      expect(manifest!.rondb!.topology.nodes.map(({ nodeId }) => nodeId)).toEqual([1, 2, 4, 5]);
    });

    test('the set of four nodes is restored into two', async () => {
      const { code, log } = await small.restore({ backupId: 'latest', source: 'rondb/large' });
      expect({ code, log }).toMatchObject({ code: 0 });
      const balances = `SELECT COUNT(*), MIN(a.balance + b.balance), MAX(a.balance + b.balance)
        FROM shop.account_a a JOIN shop.account_b b ON a.id = b.id`;
      expect(await two.sql(balances)).toBe('100\t2000\t2000\n');
      expect(withoutAccounts(await contents(two))).toEqual(withoutAccounts(await contents(four)));
    });

    test('a set of two nodes without parts is restored into four', async () => {
      const before = await contents(two);
      const backup = await small.backup();
      expect(backup).toMatchObject({ code: 0 });
      expect(storedSets(small.storeFolder)).toMatchObject([{ wrong: [] }]);
      await four.startOver();
      const { code, log } = await large.restore({ backupId: 'latest', source: 'rondb/small' });
      expect({ code, log }).toMatchObject({ code: 0 });
      expect(await contents(four)).toEqual(before);
    });

    test('a set in the folder of another cluster is only read', async () => {
      const before = storedSets(large.storeFolder);
      const other = await bed.install({
        cluster: two,
        name: 'large',
        repository: { clusterId: '00000000-0000-4000-8000-000000000002' },
      });
      expect((await other.backup()).code).toBe(11);
      expect(storedSets(large.storeFolder)).toEqual(before);
    });
  },
  ndbNeedsOfTurn(1),
);

/** The rows that changed while the backup was taken left out. */
function withoutAccounts({ databases, users }: Contents): Contents {
  const lines = databases.split('\n').filter((line) => !/^INSERT INTO `account_[ab]`/.test(line));
  return { databases: lines.join('\n'), users };
}
