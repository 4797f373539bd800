/**
 * Plays the pods of the construct with the repository's uploader, as round-trip.test.ts plays those with Vald's sidecar.
 *
 *   VALD_AGENT_NGT=/path/to/ngt npx vitest run test/vald/round-trip-repository.test.ts
 *
 * Needs root, for namespaces and mounts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
import { Uploader } from '../../src/vald/index.js';
import { describeWith } from '../programs/find.js';
import { canPlayPods, podPlayerPrograms } from '../programs/pod-player.js';
import { changeTo, generation } from './round-trip-index.js';
import { type Combination, type Settings, withStore } from './round-trip-manifests.js';
import { PlayedAgent } from './round-trip-pod.js';
import { BackupStore } from './round-trip-store.js';

vi.setConfig({ maxConcurrency: 8, testTimeout: 240_000 });

const second = generation(2);
// Days count for the check against the interval, which is a second here.
const uploader = Uploader.repository({ retention: { keepLast: 100, keepDaily: 1 }, uploadTimeout: '3m' });

describeWith(
  [...podPlayerPrograms, 'versitygw'],
  'the pod with the repository’s uploader',
  () => {
    let store: BackupStore;
    const figures: Record<string, unknown>[] = [];
    beforeAll(async () => {
      store = await BackupStore.start();
    });
    afterAll(async () => {
      await store.server.stop();
      if (figures.length > 0) console.table(figures);
    });

    const play = ({ onTestFinished, task }: TestContext, combination: Combination, settings?: Partial<Settings>) => {
      const played = new PlayedAgent(combination, store, { uploader, ...settings });
      const began = performance.now();
      onTestFinished(async ({ task: { result } }) => {
        figures.push({
          scenario: task.name,
          generations: store.generations(played.bucket, played.pod.pod.name).length,
          seconds: Math.round((performance.now() - began) / 100) / 10,
          lost: result?.state === 'pass' ? 0 : '?',
        });
        await played.pod.dispose();
      });
      return played;
    };

    describe.concurrent('serves what was saved', () => {
      test.for(withStore)('after a lost disk: $method, copy-on-write $copyOnWrite', async (combination, context) => {
        const played = play(context, combination);
        const first = await played.deploy();
        await played.pod.loseDisk();
        expect(await played.outcome(first)).toBe('generation 1');
        expect(played.pod.container('vald-agent-restore').log).toContain('restored generation');
        await played.save(second, first);
        await played.pod.loseDisk();
        expect(await played.outcome(first, second)).toBe('generation 2');
      });

      test.for(withStore)(
        'saved right before the shutdown, and the disk lost: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination, { backupInterval: '1h' });
          await played.start();
          const first = generation(1);
          await played.save(first);
          played.apply({ allowEmptyStart: false });
          await changeTo(played.agent, second, first);
          await played.pod.delete();
          expect(played.backedUp()).toBe(second.vectors.size);
          await played.pod.loseDisk();
          expect(await played.outcome(first, second)).toBe('generation 2');
        },
      );

      test.for(withStore.filter(({ method }) => method === 'both'))(
        'when the store was away at the shutdown: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination);
          const first = await played.deploy();
          played.link.cut();
          await changeTo(played.agent, second, first);
          await played.agent.createIndex();
          await played.agent.saveIndex();
          await sleep(1500);
          await played.pod.crash();
          played.link.mend();
          expect(await played.outcome(first, second)).toBe('generation 2');
          await played.pod.until(() => played.backedUp() === second.vectors.size, 'does not upload what was left');
          await played.pod.loseDisk();
          expect(await played.outcome(first, second)).toBe('generation 2');
        },
      );

      test.for(withStore)(
        'saved again and again while it uploads: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination);
          let last = await played.deploy();
          for (let n = 2; n <= 6; n++) {
            const next = generation(n);
            await changeTo(played.agent, next, last);
            await played.agent.createIndex();
            await played.agent.saveIndex();
            last = next;
          }
          await played.pod.until(() => played.backedUp() === last.vectors.size, 'does not upload the last save');
          await played.pod.loseDisk();
          expect(await played.outcome(last)).toBe(last.name);
        },
      );
    });

    test('after moving over from Vald’s sidecar and its object', async (context) => {
      const combination = { method: 'both', copyOnWrite: true } as const;
      const played = play(context, combination, { uploader: Uploader.valdSidecar() });
      const first = await played.deploy();
      await played.pod.delete();
      played.apply({ uploader });
      await played.pod.loseDisk();
      expect(await played.outcome(first)).toBe('generation 1');
      await played.save(second, first);
      await played.pod.loseDisk();
      expect(await played.outcome(first, second)).toBe('generation 2');
    });
  },
  {
    VALD_AGENT_NGT: process.env['VALD_AGENT_NGT'],
    VALD_AGENT_SIDECAR: process.env['VALD_AGENT_SIDECAR'],
    'root and namespaces': canPlayPods(),
  },
);
