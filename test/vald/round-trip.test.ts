/**
 * Plays the pods that the construct makes, with the real agent and sidecar, a real S3 server and a kubelet of our own
 * (test/programs/pod-player.ts), and looks at what is served afterwards: ids, vectors and search results.
 *
 *   VALD_AGENT_NGT=/path/to/ngt VALD_AGENT_SIDECAR=/path/to/sidecar npx vitest run test/vald/round-trip.test.ts
 *
 * Both are programs of Vald v1.8.0, as its images have them in /usr/bin. Needs root, for namespaces and mounts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { canPlayPods, podPlayerPrograms } from '../programs/pod-player.js';
import { changeTo, generation } from './round-trip-index.js';
import { combinations, PlayedAgent, withStore } from './round-trip-pod.js';
import { BackupStore } from './round-trip-store.js';

const needs = {
  VALD_AGENT_NGT: process.env['VALD_AGENT_NGT'],
  VALD_AGENT_SIDECAR: process.env['VALD_AGENT_SIDECAR'],
  'root and namespaces': canPlayPods(),
};

describeWith(
  [...podPlayerPrograms, 'versitygw'],
  'the pod of the construct',
  () => {
    let store: BackupStore;
    beforeAll(async () => {
      store = await BackupStore.start();
    });
    afterAll(() => store.stop());
    const play = (combination: (typeof combinations)[number], changes = {}) =>
      new PlayedAgent(combination, store, changes);

    describe.concurrent('serves what was saved', () => {
      test.each(combinations)('after a deleted pod: $method, copy-on-write $copyOnWrite', async (combination) => {
        const played = play(combination);
        const first = await played.deploy();
        await played.pod.delete();
        await played.start();
        expect(await played.serves(first)).toBe('generation 1');
      });
    });
  },
  needs,
);
