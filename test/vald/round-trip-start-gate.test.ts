/**
 * An agent without copy-on-write whose container is restarted in its pod, where no init container runs: the start gate
 * has the restore look at the index first. Started as test/vald/round-trip.test.ts is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
import { describeWith, findProgram } from '../programs/find.js';
import { canPlayPods, podPlayerPrograms } from '../programs/pod-player.js';
import { changeTo, type Generation, generation } from './round-trip-index.js';
import { killAt, killPoints } from './round-trip-kill.js';
import { type Combination, combinations } from './round-trip-manifests.js';
import { PlayedAgent, startGate } from './round-trip-pod.js';
import { BackupStore } from './round-trip-store.js';

vi.setConfig({ maxConcurrency: 10, testTimeout: 300_000 });

const needs = {
  VALD_AGENT_NGT: process.env['VALD_AGENT_NGT'],
  VALD_AGENT_SIDECAR: process.env['VALD_AGENT_SIDECAR'],
  'root and namespaces': canPlayPods(),
};
const inPlace = combinations.filter(({ copyOnWrite }) => !copyOnWrite);
const withStore = inPlace.filter(({ method }) => method !== 'persistentVolume');
const second = generation(2);
const third = generation(3);

describeWith(
  [...podPlayerPrograms, 'versitygw'],
  'an agent that is restarted in its pod, without copy-on-write',
  () => {
    let store: BackupStore;
    beforeAll(async () => {
      store = await BackupStore.start();
    });
    afterAll(() => store.server.stop());

    async function deployed({ onTestFinished }: TestContext, combination: Combination, props = {}) {
      const played = new PlayedAgent(combination, store, { props });
      onTestFinished(() => played.pod.dispose());
      const first = await played.deploy();
      // The restore compares times in seconds (busybox), and real saves are further apart than ours would be.
      await sleep(1100);
      return { played, first, agent: played.pod.container('vald-agent') };
    }

    /** Kills the agent in the middle of a save of the second generation. */
    async function killSave(played: PlayedAgent, first: Generation): Promise<void> {
      const point = killPoints.find(({ name }) => name === 'after the graph')!;
      await changeTo(played.agent, second, first);
      await played.agent.createIndex();
      const { pid } = played.pod.container('vald-agent').process!;
      const seen = await killAt(
        point,
        pid,
        () => played.agent.saveIndex(),
        () => {},
      );
      expect(seen).toBe(true);
    }

    describe.concurrent('serves what it saved, a few seconds after it was killed outside a save', () => {
      test.for([
        ...inPlace.map((one) => ({ ...one, kubernetesVersion: '1.29' })),
        { method: 'persistentVolume' as const, copyOnWrite: false, kubernetesVersion: '1.28' },
      ])(
        '$method, Kubernetes $kubernetesVersion',
        async ({
          kubernetesVersion = '1.29',
          ...combination
        }: Combination & { kubernetesVersion?: string }, context) => {
          const { played, first, agent } = await deployed(context, combination, { kubernetesVersion });
          for (const kills of [1, 2]) {
            agent.process?.kill('SIGKILL');
            await played.pod.until(() => agent.exits.length === kills && agent.ready, 'does not come back', 20);
            expect(await played.serves(first)).toBe('generation 1');
          }
          expect(played.pod.container('vald-agent-restore').exits, 'no init container runs').toEqual([0]);
        },
      );
    });

    describe.concurrent('stays ready while it saves, and nobody looks at its files', () => {
      test.for(inPlace)('$method', async (combination, context) => {
        const { played, first, agent } = await deployed(context, combination);
        const asked = played.gateLog.length;
        let [ready, unready] = [0, 0];
        const watch = setInterval(() => (agent.ready ? ready++ : unready++), 5);
        let last = first;
        try {
          for (let n = 2; n <= 6; n++) {
            const next = generation(n);
            await changeTo(played.agent, next, last);
            await played.agent.createIndex();
            await played.agent.saveIndex();
            last = next;
          }
        } finally {
          clearInterval(watch);
        }
        expect(ready).toBeGreaterThan(10);
        expect(unready).toBe(0);
        expect(played.gateLog).toHaveLength(asked);
      });
    });

    describe.concurrent('comes back when the start gate is killed too', () => {
      test.for(inPlace)('$method', async (combination, context) => {
        const { played, first, agent } = await deployed(context, combination);
        const gate = played.pod.container(startGate);
        for (const kills of [1, 2, 3]) {
          agent.process?.kill('SIGKILL');
          if (kills === 2) await played.pod.until(() => agent.exits.length === kills, 'lives');
          gate.process?.kill('SIGKILL');
          await played.pod.until(() => agent.exits.length >= kills && agent.ready, 'does not come back');
          expect(await played.serves(first)).toBe('generation 1');
        }
      });
    });

    describeWith(
      [],
      'after a save that was killed',
      () => {
        describe.concurrent('is uploaded again once it was restored in its pod', () => {
          test.for(withStore)('$method', async (combination, context) => {
            const { played, first } = await deployed(context, combination);
            await killSave(played, first);
            expect(await played.outcomeInPlace(first, second)).toBe('generation 1');
            // The sidecar ran on and watches the same folder.
            await played.save(second, first);
            await sleep(1100);
            await played.save(third, second);
            await played.pod.loseDisk();
            expect(await played.outcome(third)).toBe('generation 3');
          });
        });

        describe.concurrent('does not start while the store is away, spoils no backup, and comes back with it', () => {
          test.for(withStore)('$method', async (combination, context) => {
            const { played, first, agent } = await deployed(context, combination);
            const object = store.objects(played.bucket)[played.key ?? ''];
            played.link.cut();
            await killSave(played, first);
            expect(await played.outcomeInPlace(first, second)).toBe('refused 12');
            expect(agent.ready).toBe(false);
            played.link.mend();
            // What an on-call does: the sidecar is told to stop, and uploads whatever looks whole.
            await played.pod.delete();
            expect(store.objects(played.bucket)[played.key ?? '']).toBe(object);
            expect(await played.outcome(first, second)).toBe('generation 1');
          });
        });

        describe.concurrent('which was the last of its pod, leaves the backup before', () => {
          test.for(withStore)('$method', async (combination, context) => {
            const { played, first, agent } = await deployed(context, combination);
            const object = store.objects(played.bucket)[played.key ?? ''];
            const point = killPoints.find(({ name }) => name === 'after the graph')!;
            await changeTo(played.agent, second, first);
            const seen = await killAt(
              point,
              agent.process!.pid,
              () => played.pod.delete(),
              () => {},
            );
            expect(seen).toBe(true);
            expect(store.objects(played.bucket)[played.key ?? '']).toBe(object);
            expect(await played.outcome(first, second)).toBe('generation 1');
          });
        });

        describe.concurrent('can be deleted while it waits for a restore that hangs', () => {
          test.for(withStore)('$method', async (combination, context) => {
            const { played, first, agent } = await deployed(context, combination);
            const object = store.objects(played.bucket)[played.key ?? ''];
            played.link.hangAfter(0);
            await killSave(played, first);
            const begun = () => agent.exits.length === 1 && agent.process !== undefined;
            await played.pod.until(begun, 'is not started again');
            // The sidecar alone takes its post_stop_timeout of 10 s; the store's own deadline would be a minute.
            expect(await played.pod.delete()).toBeLessThan(30);
            expect(agent.exits[1], 'ended by TERM and not by KILL').not.toBe(137);
            played.link.mend();
            expect(store.objects(played.bucket)[played.key ?? '']).toBe(object);
            expect(await played.outcome(first, second)).toBe('generation 1');
          });
        });

        describe.concurrent('starts in the same pod as soon as the store is back', () => {
          test.for(withStore)('$method', async (combination, context) => {
            const { played, first, agent } = await deployed(context, combination);
            played.link.cut();
            await killSave(played, first);
            expect(await played.outcomeInPlace(first, second)).toBe('refused 12');
            played.link.mend();
            await played.pod.until(() => agent.ready, 'does not come back');
            expect(await played.serves(first, second)).toBe('generation 1');
          });
        });
      },
      { strace: findProgram('strace') },
    );
  },
  needs,
);
