/**
 * Kills the agent, alone or with its whole node, at chosen moments inside a save, and looks at what is served
 * afterwards. Prints what came of each. Started as test/vald/round-trip.test.ts is.
 */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
import { describeWith, findProgram } from '../programs/find.js';
import { canPlayPods, podPlayerPrograms } from '../programs/pod-player.js';
import { changeTo, type Generation, generation } from './round-trip-index.js';
import { type KillPoint, killAt, killPoints } from './round-trip-kill.js';
import { type Combination, combinations, withStore } from './round-trip-manifests.js';
import { PlayedAgent } from './round-trip-pod.js';
import { BackupStore } from './round-trip-store.js';

// All together they make a small machine slow.
vi.setConfig({ testTimeout: 300_000 });

const needs = {
  VALD_AGENT_NGT: process.env['VALD_AGENT_NGT'],
  VALD_AGENT_SIDECAR: process.env['VALD_AGENT_SIDECAR'],
  'root and namespaces': canPlayPods(),
  strace: findProgram('strace'),
};
const second = generation(2);
const outcomes = { before: 'generation 1', after: 'generation 2' };

/** What a pod must do after its start. Where no index is left, the store helps, and without one only a person. */
function expected({ method, copyOnWrite }: Combination, point: KillPoint): string {
  if (copyOnWrite) return outcomes[point.copied ?? 'before'];
  if (point.inPlace !== 'none') return outcomes[point.inPlace ?? 'before'];
  return method === 'persistentVolume' ? 'refused 14' : outcomes.before;
}

const pointsOf = ({ copyOnWrite }: Combination): readonly KillPoint[] =>
  killPoints.filter((point) => copyOnWrite || point.inPlace);

describeWith(
  [...podPlayerPrograms, 'versitygw'],
  'a save that is killed',
  () => {
    let store: BackupStore;
    const outcomesSeen = new Map<string, string[]>();
    beforeAll(async () => {
      store = await BackupStore.start();
    });
    afterAll(async () => {
      await store.server.stop();
      const lines = [...outcomesSeen].map(([line, methods]) => `${line} (${methods.sort().join(', ')})\n`).sort();
      process.stdout.write(`Served after a save that was killed:\n${lines.join('')}`);
    });

    function note({ method, copyOnWrite }: Combination, killed: string, { name }: KillPoint, outcome: string): void {
      const line = `copy-on-write ${copyOnWrite ? 'on ' : 'off'}  ${killed} killed ${name}: ${outcome}`;
      outcomesSeen.set(line, [...(outcomesSeen.get(line) ?? []), method]);
    }

    /** A pod that stands still with the first generation on its disk and in its store, ready to be played from there. */
    async function deployed({ onTestFinished }: TestContext, combination: Combination) {
      const played = new PlayedAgent(combination, store);
      onTestFinished(() => played.pod.dispose());
      const first = await played.deploy();
      await played.pod.crash();
      // No upload by the timer: what is in the store during a save is the generation before.
      played.apply({ backupInterval: '1h' });
      played.pod.volumes.keep();
      // The restore compares times in seconds (busybox), and real saves are further apart than ours would be.
      await setTimeout(1100);
      return { played, first };
    }

    /** Plays from there into a save of the second generation, and kills the agent in it. */
    async function killSave(
      played: PlayedAgent,
      first: Generation,
      point: KillPoint,
      killed: () => unknown,
      pause?: number,
    ) {
      await played.pod.crash();
      played.pod.volumes.putBack();
      await played.start();
      await changeTo(played.agent, second, first);
      await played.agent.createIndex();
      const { pid } = played.pod.container('vald-agent').process!;
      const seen = await killAt(point, pid, () => played.agent.saveIndex(), killed, pause);
      expect(seen, `a save has no moment ${point.name}`).toBe(true);
    }

    describe.concurrent('with its node', () => {
      test.for(combinations)(
        'leaves a whole generation, or a pod that refuses to start: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const { played, first } = await deployed(context, combination);
          for (const point of pointsOf(combination)) {
            let crash: Promise<void> | undefined;
            await killSave(played, first, point, () => {
              crash = played.pod.crash();
            });
            await crash;
            const outcome = await played.outcome(first, second);
            note(combination, 'node', point, outcome);
            expect(outcome, point.name).toBe(expected(combination, point));
          }
        },
      );
    });

    // The kubelet starts a killed container again without init containers. With copy-on-write the agent finds a whole
    // generation by itself; without, the start gate has the restore run before it.
    describe.concurrent('with its container', () => {
      test.for(combinations)(
        'leaves a whole generation in the same pod, or an agent that does not start: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const { played, first } = await deployed(context, combination);
          for (const point of pointsOf(combination)) {
            await killSave(played, first, point, () => {});
            const outcome = await played.outcomeInPlace(first, second);
            note(combination, 'container', point, outcome);
            expect(outcome, point.name).toBe(expected(combination, point));
            await played.pod.crash();
            expect(await played.outcome(first, second), point.name).toBe(expected(combination, point));
          }
        },
      );
    });

    // Without copy-on-write there is no timer (sidecar-config.ts): it would upload files while they are written over.
    describe.concurrent('with its node and its disk while the timer uploads', () => {
      test.for(withStore)(
        'leaves the generation before: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const { played, first } = await deployed(context, combination);
          played.apply({ backupInterval: '1s' });
          const point = killPoints.find(({ name }) => name === 'as the metadata is opened')!;
          await killSave(played, first, point, () => {}, 300);
          await played.pod.loseDisk();
          const outcome = await played.outcome(first, second);
          note(combination, 'node and disk', point, outcome);
          expect(outcome).toBe('generation 1');
        },
      );
    });
  },
  needs,
);
