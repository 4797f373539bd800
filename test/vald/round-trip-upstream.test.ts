/**
 * Plays the pods of upstream's own, unmodified chart, rendered by real Helm with our values files: as round-trip.test.ts
 * plays those of the construct, and with the same needs.
 *
 *   VALD_CHART=/path/to/charts/vald VALD_AGENT_NGT=/path/to/ngt VALD_AGENT_SIDECAR=/path/to/sidecar \
 *     npx vitest run test/vald/round-trip-upstream.test.ts
 *
 * The chart may be of any version that values files are for, or several separated like PATH; the programs are the same.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
import { describeWith, findProgram } from '../programs/find.js';
import { canPlayPods, podPlayerPrograms } from '../programs/pod-player.js';
import type { PlayedObject } from '../programs/pod-spec.js';
import { changeTo, generation } from './round-trip-index.js';
import { killAt, killPoints } from './round-trip-kill.js';
import { type Combination, combinationProps, combinations } from './round-trip-manifests.js';
import { PlayedAgent } from './round-trip-pod.js';
import { BackupStore } from './round-trip-store.js';
import { type ChartAtHand, chartsAtHand, renderUpstream, writeUpstream } from './upstream-render.js';

vi.setConfig({ maxConcurrency: 10, testTimeout: 180_000 });

const charts = chartsAtHand();
// Without a chart there is one all the same, so that the skipped tests are seen.
const missing: ChartAtHand = { path: '', version: 'missing', chartVersions: 'v1.7.11-to-v1.8.0' };
const cases = (charts.length > 0 ? charts : [missing]).flatMap((chart) =>
  combinations.map((combination) => ({ ...combination, chart, version: chart.version })),
);

const folder = mkdtempSync(join(tmpdir(), 'chartwright-upstream-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the chart renders for a combination, with what the values refer to. */
async function render(
  { chartVersions, path, version }: ChartAtHand,
  combination: Combination,
  store: BackupStore,
  settings: { bucket: string; allowEmptyStart: boolean },
): Promise<PlayedObject[]> {
  // The name that the construct gives by default: PlayedAgent looks for its containers.
  const name = 'vald-agent';
  const props = { ...combinationProps(combination, store.server, settings), name, version, chartVersions };
  const values = writeUpstream({ ...props, path: `${settings.bucket}-${settings.allowEmptyStart}` }, folder);
  return (await renderUpstream(values, path)) as PlayedObject[];
}

describeWith(
  [...podPlayerPrograms, 'versitygw'],
  'the pod of upstream’s chart with our values',
  () => {
    let store: BackupStore;
    beforeAll(async () => {
      store = await BackupStore.start();
    });
    afterAll(() => store.server.stop());

    const play = async ({ onTestFinished }: TestContext, chart: ChartAtHand, combination: Combination) => {
      const bucket = store.makeBucket();
      const first = await render(chart, combination, store, { bucket, allowEmptyStart: true });
      const later = await render(chart, combination, store, { bucket, allowEmptyStart: false });
      const manifests = (_: unknown, __: unknown, settings: { allowEmptyStart?: boolean }) =>
        settings.allowEmptyStart ? first : later;
      const played = new PlayedAgent(combination, store, {}, { bucket, manifests });
      onTestFinished(() => played.pod.dispose());
      return played;
    };

    describe.concurrent('serves what was saved', () => {
      test.for(cases)(
        'chart $version: $method, copy-on-write $copyOnWrite',
        async ({ chart, method, copyOnWrite }, context) => {
          const played = await play(context, chart, { method, copyOnWrite });
          const first = await played.deploy();
          await played.pod.delete();
          expect(await played.outcome(first)).toBe('generation 1');
          if (method === 'persistentVolume') return;
          await played.pod.loseDisk();
          expect(await played.outcome(first)).toBe('generation 1');
          expect(played.pod.container('vald-agent-restore').log).toContain('restored 400 vectors');
        },
      );
    });

    describeWith(
      [],
      'killed inside a save and restarted in place',
      () => {
        describe.concurrent('serves the generation before, or nothing', () => {
          test.for(cases.filter(({ copyOnWrite }) => !copyOnWrite))(
            'chart $version: $method',
            async ({ chart, method, copyOnWrite }, context) => {
              const played = await play(context, chart, { method, copyOnWrite });
              const first = await played.deploy();
              // The restore compares times in seconds (busybox), and real saves are further apart than ours would be.
              await sleep(1100);
              const second = generation(2);
              const point = killPoints.find(({ name }) => name === 'after the graph')!;
              await changeTo(played.agent, second, first);
              await played.agent.createIndex();
              const { pid } = played.pod.container('vald-agent').process!;
              const save = () => played.agent.saveIndex();
              expect(await killAt(point, pid, save, () => {})).toBe(true);
              const left = method === 'persistentVolume' ? 'refused 14' : 'generation 1';
              expect(await played.outcomeInPlace(first, second)).toBe(left);
            },
          );
        });
      },
      { strace: findProgram('strace') },
    );
  },
  {
    VALD_CHART: charts.length > 0,
    helm4: findProgram('helm4') ?? findProgram('helm3'),
    VALD_AGENT_NGT: process.env['VALD_AGENT_NGT'],
    VALD_AGENT_SIDECAR: process.env['VALD_AGENT_SIDECAR'],
    'root and namespaces': canPlayPods(),
  },
);
