/**
 * Plays the pods that the construct makes, with the real agent and sidecar, a real S3 server and a kubelet of our own
 * (test/programs/pod-player.ts), and looks at what is served afterwards: ids, vectors and search results.
 *
 *   VALD_AGENT_NGT=/path/to/ngt VALD_AGENT_SIDECAR=/path/to/sidecar npx vitest run test/vald/round-trip.test.ts
 *
 * Both are programs of Vald v1.8.0, as its images have them in /usr/bin. Needs root, for namespaces and mounts, and
 * strace for the kills inside a save.
 */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
import { describeWith } from '../programs/find.js';
import { canPlayPods, podPlayerPrograms } from '../programs/pod-player.js';
import { changeTo, generation } from './round-trip-index.js';
import { type Combination, combinations, type Settings, withStore } from './round-trip-manifests.js';
import { PlayedAgent } from './round-trip-pod.js';
import { BackupStore } from './round-trip-store.js';

// These tests mostly wait, and all together they make a small machine slow.
vi.setConfig({ maxConcurrency: 10, testTimeout: 180_000 });

const needs = {
  VALD_AGENT_NGT: process.env['VALD_AGENT_NGT'],
  VALD_AGENT_SIDECAR: process.env['VALD_AGENT_SIDECAR'],
  'root and namespaces': canPlayPods(),
};
const strange = '5c1cf5b0-6f0e-4f7e-8f5b-4f2b8d0a9f11';
const second = generation(2);

describeWith(
  [...podPlayerPrograms, 'versitygw'],
  'the pod of the construct',
  () => {
    let store: BackupStore;
    beforeAll(async () => {
      store = await BackupStore.start();
    });
    afterAll(() => store.server.stop());
    const play = ({ onTestFinished }: TestContext, combination: Combination, settings?: Partial<Settings>) => {
      const played = new PlayedAgent(combination, store, settings);
      onTestFinished(() => played.pod.dispose());
      return played;
    };

    describe.concurrent('serves what was saved', () => {
      test.for(combinations)(
        'after a deleted pod: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination);
          const first = await played.deploy();
          await played.pod.delete();
          expect(await played.outcome(first)).toBe('generation 1');
        },
      );

      test.for(withStore)('after a lost disk: $method, copy-on-write $copyOnWrite', async (combination, context) => {
        const played = play(context, combination);
        const first = await played.deploy();
        await played.pod.loseDisk();
        expect(await played.outcome(first)).toBe('generation 1');
        expect(played.pod.container('vald-agent-restore').log).toContain('restored 400 vectors');
        // What was restored is a full generation: it can be changed, saved, backed up and restored again.
        await played.save(second, first);
        await played.pod.loseDisk();
        expect(await played.outcome(first, second)).toBe('generation 2');
      });

      test.for(combinations.filter(({ method }) => method === 'persistentVolume'))(
        'not after a lost disk without a store, and says so: copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination);
          await played.deploy();
          await played.pod.loseDisk();
          expect(await played.outcome()).toBe('nothing');
          expect(played.pod.container('vald-agent-restore').log).toContain('no index on the volume: starting empty');
        },
      );

      // Below Kubernetes 1.29 the sidecar is an ordinary container: it is told to end together with the agent, which then
      // still has to save. Without copy-on-write the sidecar may take the emptied metadata.json for the saved one, and
      // end without an upload: then the generation before is what the store has.
      test.for(withStore.filter(({ copyOnWrite }) => copyOnWrite))(
        'when it was not even indexed before the shutdown on Kubernetes 1.28: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination);
          const first = await played.deploy();
          await played.pod.crash();
          const props = { kubernetesVersion: '1.28', drainDuration: '8s', expectedSaveDuration: '1s' };
          played.apply({ backupInterval: '1h', props });
          await played.start();
          await changeTo(played.agent, second, first);
          await played.pod.delete();
          await played.pod.loseDisk();
          const outcome = await played.outcome(first, second);
          expect(outcome).toBe('generation 2');
        },
      );

      // An hour's interval: what is in the store was uploaded at shutdown or not at all.
      test.for(withStore)(
        'when it was saved right before the shutdown, and the disk lost: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination);
          const first = await played.deploy();
          await played.pod.crash();
          played.apply({ backupInterval: '1h' });
          await played.start();
          await played.save(second, first);
          await played.pod.delete();
          await played.pod.loseDisk();
          expect(await played.outcome(first, second)).toBe('generation 2');
        },
      );

      test.for(combinations)(
        'when it was not even indexed before the shutdown: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination, { backupInterval: '1h' });
          await played.start();
          played.apply({ allowEmptyStart: false });
          await changeTo(played.agent, second);
          await played.pod.delete();
          if (combination.method !== 'persistentVolume') await played.pod.loseDisk();
          expect(await played.outcome(second)).toBe('generation 2');
        },
      );

      test.for(combinations)(
        'from the disk at once when the node comes back, with a store that does not answer: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination);
          const first = await played.deploy();
          played.link.hangAfter(0);
          played.apply({ backupInterval: '1h' });
          await changeTo(played.agent, second, first);
          await played.agent.createIndex();
          await played.agent.saveIndex();
          await played.pod.crash();
          expect(await played.outcome(first, second)).toBe('generation 2');
          expect(played.pod.container('vald-agent-restore').log).toContain('the index on the disk is valid');
          if (combination.method !== 'persistentVolume') expect(played.backedUp()).toBe(first.vectors.size);
        },
      );
    });

    describe.concurrent('does not start empty over a good backup', () => {
      const wrong = [
        { what: 'a bucket that is not there', bucket: () => 'vald-backups-none', says: 'refused 10' },
        { what: 'an empty bucket', bucket: () => store.makeBucket(), says: 'refused 10' },
      ];
      test.for(withStore.flatMap((combination) => wrong.map((one) => ({ ...combination, ...one }))))(
        'with $what: $method, copy-on-write $copyOnWrite',
        async ({ bucket, says, ...combination }, context) => {
          const played = play(context, combination);
          const first = await played.deploy();
          await played.pod.loseDisk();
          const before = store.objects(played.bucket);
          const other = bucket();
          played.apply({ bucket: other });
          expect(await played.refused()).toContain(says);
          expect(store.objects(other)).toEqual({});
          expect(store.objects(played.bucket)).toEqual(before);
          await played.pod.crash();
          played.apply({ bucket: played.bucket });
          expect(await played.outcome(first)).toBe('generation 1');
        },
      );

      test.for(withStore)(
        'with another cluster of the same name in its bucket: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const owner = play(context, combination, { clusterName: 'production' });
          const first = await owner.deploy();
          await owner.pod.crash();
          const before = store.objects(owner.bucket);
          const { bucket } = owner;
          // Its folder is its own, whatever the name: it starts as a cluster of its own beside the other.
          const stranger = play(context, combination, { bucket, clusterId: strange, clusterName: 'production' });
          await stranger.start();
          await setTimeout(3000);
          expect(store.objects(owner.bucket)).toMatchObject(before);
          await stranger.pod.crash();
          await owner.pod.loseDisk();
          expect(await owner.outcome(first)).toBe('generation 1');
        },
      );

      // The disk is valid, so the restore does not ask the store: the upload must not go there all the same.
      test.for(withStore)(
        'with another cluster’s bucket and a valid disk: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const owner = play(context, combination);
          await owner.deploy();
          await owner.pod.crash();
          const before = store.objects(owner.bucket);
          const stranger = play(context, combination, { clusterId: strange });
          const first = await stranger.deploy();
          await stranger.pod.crash();
          stranger.apply({ bucket: owner.bucket });
          const outcome = await stranger.outcome(first);
          expect(['generation 1', 'refused 11']).toContain(outcome);
          await setTimeout(3000);
          expect(store.objects(owner.bucket)).toMatchObject(before);
        },
      );

      test.for(withStore)('with access denied: $method, copy-on-write $copyOnWrite', async (combination, context) => {
        const played = play(context, combination);
        const first = await played.deploy();
        await played.pod.loseDisk();
        const before = store.objects(played.bucket);
        played.apply({}, 'not-the-key');
        expect(await played.refused()).toContain('refused 12');
        expect(store.objects(played.bucket)).toEqual(before);
        await played.pod.crash();
        played.apply({});
        expect(await played.outcome(first)).toBe('generation 1');
      });

      test.for(withStore)(
        'with an object that is gone: $method, copy-on-write $copyOnWrite',
        async (combination, context) => {
          const played = play(context, combination);
          await played.deploy();
          await played.pod.loseDisk();
          store.remove(played.bucket, played.key ?? '');
          expect(await played.refused()).toContain('refused 15');
        },
      );
    });

    describe.concurrent('restores in spite of being ended in the middle of the download', () => {
      const ends = ['its node crashes', 'the container is killed', 'the pod is deleted'] as const;
      test.for(withStore.flatMap((combination) => ends.map((end) => ({ ...combination, end }))))(
        'when $end: $method, copy-on-write $copyOnWrite',
        async ({ end, ...combination }, context) => {
          const played = play(context, combination);
          const first = await played.deploy();
          await played.pod.loseDisk();
          // So that the object stays the one it is.
          played.apply({ backupInterval: '1h' });
          const object = store.objects(played.bucket)[played.key ?? ''];
          for (const bytes of [20_000, 200_000]) {
            played.link.hangAfter(bytes);
            await played.pod.start();
            await played.pod.until(() => played.link.hangs, 'has not begun');
            if (end === 'its node crashes') await played.pod.crash();
            if (end === 'the pod is deleted') expect(await played.pod.delete()).toBeLessThan(10);
            if (end === 'the container is killed') {
              played.link.mend();
              played.pod.container('vald-agent-restore').process?.kill('SIGKILL');
              await played.pod.ready();
              expect(await played.serves(first)).toBe('generation 1');
              await played.pod.loseDisk();
            }
          }
          expect(store.objects(played.bucket)[played.key ?? '']).toBe(object);
          played.link.mend();
          expect(await played.outcome(first)).toBe('generation 1');
        },
      );
    });
  },
  needs,
);
