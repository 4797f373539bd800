import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import type { NdbCluster } from '../programs/ndb-cluster.js';
import { ndbNeeds } from '../programs/ndb-programs.js';
import { type Contents, contents, empty, fill, fillBytes } from './contents.js';
import type { FaultScenario } from './fault-scenarios.js';
import { type FaultObservation, faultsPage } from './faults-page.js';
import type { Installation } from './installation.js';
import { backupsOnNodes, newestCommitted, storedSets } from './stored-sets.js';
import { ndbPrograms, TestBed } from './test-bed.js';

/** `npm run test:faults` plays everything and writes the page. */
export const all = process.env['CHARTWRIGHT_FAULTS'] === 'all';
export const page = join(import.meta.dirname, '../../docs/faults.md');

/** Tests that play faults one after the other on one cluster; with all of them, what was seen becomes the page. */
export function playFaults(title: string, scenarios: readonly FaultScenario[]): void {
  describeWith(
    ndbPrograms,
    title,
    () => {
      let bed: TestBed;
      let cluster: NdbCluster;
      let north: Installation;
      const observations: FaultObservation[] = [];

      beforeAll(async () => {
        bed = await TestBed.open();
        cluster = await bed.cluster(all ? { dataMemory: 200 } : {});
        north = await bed.install({ cluster, name: 'north' });
        await fill(cluster);
        expect(await north.backup()).toMatchObject({ code: 0 });
      });
      afterAll(() => bed?.close());

      for (const scenario of scenarios)
        test(`${scenario.name}: nothing false is committed, and the next run is right`, async () => {
          observations.push(await observe(scenario));
        });

      test.runIf(!all)('the newest set gives everything back after all of it', async () => {
        await restoreNewest(await contents(cluster));
      });

      test.runIf(all)('the page is written', async () => {
        await empty(cluster);
        await fillBytes(cluster, 64);
        expect(await north.backup()).toMatchObject({ code: 0 });
        const { manifest } = newestCommitted(north.storeFolder)!;
        await empty(cluster);
        const { code, log, stdout } = await north.restore({ backupId: 'latest' });
        expect({ code, log }).toMatchObject({ code: 0 });
        const { seconds, steps } = JSON.parse(stdout);
        const date = new Date().toISOString().slice(0, 10);
        const time = { bytes: manifest!.bytes, seconds, steps };
        const before = readFileSync(page, 'utf8');
        writeFileSync(
          page,
          faultsPage(
            before,
            date,
            manifest!.tools,
            scenarios.map(({ name }) => name),
            observations,
            time,
          ),
        );
      });

      async function observe(scenario: FaultScenario): Promise<FaultObservation> {
        await cluster.sql(`INSERT INTO shop.audit (what) VALUES ('before: ${scenario.name}')`);
        const previous = newestCommitted(north.storeFolder)!;
        const run = await scenario.play({ bed, cluster, north });
        expect(scenario.codes, run.log).toContain(run.code);
        expectNothingFalse();
        const newest = newestCommitted(north.storeFolder)!;
        expect(newest.id > previous.id, run.log).toBe(scenario.commits);
        const lying = await backupsOnNodes(cluster);
        // A killed run's lease stays; that its time has passed is played by putting its beginning back.
        const blocked = run.code === null ? await north.backup() : undefined;
        if (blocked) expect(blocked).toMatchObject({ code: 13 });
        if (blocked) await expireLease();
        const state = await contents(cluster);
        const next = await north.backup();
        expect(next, next.log).toMatchObject({ code: 0 });
        expectNothingFalse();
        if (scenario.name.includes('data node dies')) await cluster.startNode(2);
        expect(await backupsOnNodes(cluster)).toEqual(await backupsOfLostNode(scenario));
        const committed = newestCommitted(north.storeFolder)!;
        return {
          name: scenario.name,
          code: run.code,
          said:
            / rondb-\w+: error: (.*)/
              .exec(run.log)?.[1]
              ?.replaceAll(/\d{9,}/g, '<id>')
              .slice(0, 120) ?? '',
          committed: scenario.commits,
          onNodes: lying.length > 0,
          waitsForLease: blocked !== undefined,
          exposure: (Date.parse(committed.manifest!.finished) - Date.parse(newest.manifest!.started)) / 1000,
          nextRun: { code: next.code, seconds: Math.round(next.milliseconds / 1000) },
          restored: all ? await restoreNewest(state) : 0,
        };
      }

      function expectNothingFalse(): void {
        for (const { id, wrong } of storedSets(north.storeFolder)) expect(wrong, `set ${id}`).toEqual([]);
      }

      /** What lies on a node that was down is swept by a later run, when the node is there again. */
      async function backupsOfLostNode({ name }: FaultScenario): Promise<string[]> {
        return name.includes('data node dies')
          ? (await backupsOnNodes(cluster)).filter((path) => path.startsWith('2/'))
          : [];
      }

      async function expireLease(): Promise<void> {
        const patch = {
          spec: { acquireTime: '2020-01-01T00:00:00.000000Z', renewTime: '2020-01-01T00:00:00.000000Z' },
        };
        await north.namespace.kubectl('patch', 'lease', 'rondb-backup', '--type=merge', '-p', JSON.stringify(patch));
      }

      /** Loses everything in the database, restores the newest set and compares. Seconds. */
      async function restoreNewest(state: Contents): Promise<number> {
        await empty(cluster);
        const { code, log, milliseconds } = await north.restore({ backupId: 'latest' });
        expect({ code, log }).toMatchObject({ code: 0 });
        expect(await contents(cluster)).toEqual(state);
        return Math.round(milliseconds / 1000);
      }
    },
    ndbNeeds(),
  );
}
