import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { standInPaths } from '../programs/kubectl-stand-in.js';
import { NdbCluster } from '../programs/ndb-cluster.js';
import { wholeNdbNeeds } from '../programs/ndb-programs.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { RestoreWorld } from './rondb-restore-world.js';
import { checksums, empty, fill, nativeTables } from './rondb-sample.js';

// A restore takes ten seconds, and several times that on a machine with much else to do.
vi.setConfig({ testTimeout: 300_000 });

const needs = ['kube-apiserver', 'etcd', 'kubectl', 'rclone', 'jq', 'versitygw'];
const part = 'rondb/2/BACKUP-700-PART-2-OF-2';

/** The whole container is killed when a command with this text in its arguments is to start. */
const killedBefore = (text: string) => ({
  before: `if [[ "$*" == *'${text}'* ]]; then : >${standInPaths.state}/kill; exec /usr/bin/sleep 600; fi`,
});
const failingAt = (text: string) => ({ before: `if [[ "$*" == *'${text}'* ]]; then exit 1; fi` });

describeWith(
  needs,
  'rondb-restore.sh with a real NDB cluster',
  () => {
    let kube: KubeApiServer;
    let server: S3Server;
    let cluster: NdbCluster;
    let world: RestoreWorld;
    let before: string;
    beforeAll(async () => {
      [kube, server, cluster] = await Promise.all([startKubeApiServer(), startS3Server(), NdbCluster.start()]);
      server.createBucket('backups');
      world = await RestoreWorld.open(cluster, kube, server);
      await fill(cluster);
      before = await checksums(cluster);
      await world.takeSet(700);
    }, 300_000);
    afterAll(async () => {
      world?.close();
      await Promise.all([cluster?.destroy(), kube?.stop(), server?.stop()]);
    });

    test('a cluster with tables refuses, and a plan says so and changes nothing', async () => {
      const plan = await world.restore({ MODE: 'plan' });
      expect(plan).toMatchObject({ code: 0, report: { backupId: 700, refusals: [{ code: 21 }] } });
      const run = await world.restore();
      expect(run).toMatchObject({
        code: 21,
        log: expect.stringContaining('10 tables of the selection are there already'),
      });
      expect(await checksums(cluster)).toBe(before);
      expect(await world.status()).toMatchObject({ state: 'failed', exitCode: 21, unfinished: null });
    });

    test('a restore beside a running backup refuses by the lease', async () => {
      const spec = {
        holderIdentity: 'somebody',
        leaseDurationSeconds: 900,
        acquireTime: new Date().toISOString().replace('Z', '000Z'),
      };
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'rondb-backup' }, spec };
      await world.namespace.apply(lease);
      expect(await world.restore()).toMatchObject({ code: 13 });
      await world.namespace.kubectl('delete', 'lease', 'rondb-backup');
    });

    describe('into an empty cluster', () => {
      beforeEach(() => empty(cluster));

      const file = (path: string) => join(world.storeFolder, '700', path);
      const flip = (path: string) => {
        const content = readFileSync(file(path));
        content[content.length >> 1]! ^= 1;
        writeFileSync(file(path), content);
      };
      test.each<[string, () => void]>([
        ['a byte flipped in a data file', () => flip(`${part}/BACKUP-700-0.2.Data`)],
        ['a part gone', () => rmSync(file(part), { recursive: true })],
      ])('refuses %s before a byte reaches the database', async (_, damage) => {
        const whole = join(world.storeFolder, '..', `${world.folderName}-whole`);
        cpSync(join(world.storeFolder, '700'), whole, { recursive: true });
        try {
          damage();
          const run = await world.restore({ TRANSFER_RETRIES: '0' });
          expect(run.code, run.log).toBe(20);
          expect(await nativeTables(cluster)).toEqual([]);
          expect(await cluster.sql(`SHOW DATABASES LIKE 'shop'`)).toBe('');
        } finally {
          rmSync(join(world.storeFolder, '700'), { recursive: true, force: true });
          cpSync(whole, join(world.storeFolder, '700'), { recursive: true });
          rmSync(whole, { recursive: true });
        }
      });

      test('restores everything, reports it and leaves no files', async () => {
        const run = await world.restore();
        expect(run.code, run.log).toBe(0);
        expect(await checksums(cluster)).toBe(before);
        const { rows, outcome, warnings } = run.report;
        expect({ outcome, warnings }).toEqual({
          outcome: 'restored',
          warnings: ['shop.notes is no NDB table: it has no rows in a backup and is made empty'],
        });
        expect(rows).toMatchObject({
          counted: rows.restored,
          changes: 0,
          tables: { 'shop.orders': 400, 'odd-name.täble': 2 },
        });
        expect(world.copies()).toEqual([]);
        expect(await world.status()).toMatchObject({
          state: 'restored',
          unfinished: null,
          lastRestored: { backupId: 700 },
        });
        expect(await world.restore()).toMatchObject({ code: 21 });
      });

      test('restores some tables, with their triggers, and what belongs to nothing else', async () => {
        const selection = {
          INCLUDE_DATABASES: 'shop',
          INCLUDE_TABLES: 'logs.entries',
          EXCLUDE_TABLES: 'shop.nopk\nshop.notes',
        };
        const run = await world.restore(selection);
        expect(run.code, run.log).toBe(0);
        expect(await nativeTables(cluster)).toEqual(['logs/def/entries', 'shop/def/customers', 'shop/def/orders']);
        const kept = before
          .split('\n')
          .filter((line) =>
            /^shop\.(customers|orders)\t|^logs\.entries\t|^shop\t(totals|count_orders|total_given|tidy)\t/.test(line),
          );
        expect((await checksums(cluster)).split('\n')).toEqual(expect.arrayContaining(kept));
        expect(await cluster.sql('SHOW TABLES FROM logs; SHOW TABLES FROM shop')).toBe(
          'entries\ncustomers\norders\ntotals\n',
        );
        expect(await cluster.sql('SHOW GRANTS FOR app@"%"')).not.toContain('logs');
      });

      test('restores a database beside others, and a view whose tables are not there is left out with a warning', async () => {
        await cluster.sql(
          'CREATE DATABASE live; CREATE TABLE live.t (a INT PRIMARY KEY) ENGINE=NDB; INSERT INTO live.t VALUES (5)',
        );
        const selection = {
          INCLUDE_DATABASES: 'logs',
          EXCLUDE_TABLES: 'logs.order_entries',
          INTO_NON_EMPTY: 'true',
          RESTORE_USERS: 'false',
        };
        expect(await world.restore({ ...selection, INTO_NON_EMPTY: 'false' })).toMatchObject({ code: 21 });
        const run = await world.restore(selection);
        expect(run.code, run.log).toBe(0);
        expect(run.report.warnings).toEqual([expect.stringContaining(`Unknown database 'shop'`)]);
        expect(await cluster.sql('SELECT a FROM live.t; SELECT COUNT(*) FROM logs.short; SHOW TABLES FROM logs')).toBe(
          '5\n400\nentries\nshort\n',
        );
        expect(await cluster.sql('SELECT COUNT(*) FROM mysql.user WHERE user = "app"')).toBe('0\n');
      });

      test.each([
        ['restoring the metadata', '--restore-meta'],
        ['the data of the second node', '--nodeid=2'],
        ['rebuilding the indexes', '--rebuild-indexes'],
        ['the SQL files', 'SELECT 1, COUNT(*)'],
        ['removing the files', '-- rm -rf'],
      ])('killed before %s, the next run ends right', async (step, text) => {
        const at = text.startsWith('SELECT')
          ? 'mysql --batch --skip-column-names --default-character-set=utf8mb4 --force'
          : text;
        const killed = await world.restore({}, killedBefore(at));
        expect(killed.code, killed.log).toBe(null);
        await world.namespace.kubectl('delete', 'lease', 'rondb-backup');
        if (text === '-- rm -rf') {
          expect(await world.status()).toMatchObject({ unfinished: null, state: 'restored' });
        } else {
          expect(await world.status()).toMatchObject({ unfinished: { backupId: 700 } });
          expect(await world.restore({ INCLUDE_DATABASES: 'shop' }), step).toMatchObject({ code: 21 });
          const again = await world.restore();
          expect(again.code, again.log).toBe(0);
        }
        expect(await checksums(cluster), step).toBe(before);
      });

      test('a node’s data that fails ends the run, and the next run begins again', async () => {
        const failed = await world.restore({}, failingAt('--nodeid=2'));
        expect(failed, failed.log).toMatchObject({ code: 22, report: { outcome: 'failed', exitCode: 22 } });
        expect(failed.log).not.toContain('rebuilding');
        expect((await world.restore()).code).toBe(0);
        expect(await checksums(cluster)).toBe(before);
      });
    });
  },
  wholeNdbNeeds(),
);
