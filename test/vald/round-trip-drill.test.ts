/**
 * Plays the pod of a restore drill on what a played agent has backed up.
 *
 *   VALD_AGENT_NGT=/path/to/ngt npx vitest run test/vald/round-trip-drill.test.ts
 *
 * Needs root, for namespaces and mounts.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chart, Testing } from 'cdk8s';
import { afterAll, beforeAll, describe, expect, type TestContext, test, vi } from 'vitest';
import type { ValdManifest } from '../../src/repository/index.js';
import { Uploader, ValdAgentWithBackup, ValdRestoreDrillCronJob } from '../../src/vald/index.js';
import { describeWith } from '../programs/find.js';
import { programImage, rcloneImage } from '../programs/pod-image.js';
import { PodLink } from '../programs/pod-link.js';
import { canPlayPods, PodPlayer, podPlayerPrograms } from '../programs/pod-player.js';
import type { PlayedObject, PodSpec } from '../programs/pod-spec.js';
import { changeTo, generation } from './round-trip-index.js';
import { combinationProps, type Settings, storeSecret } from './round-trip-manifests.js';
import { PlayedAgent } from './round-trip-pod.js';
import { BackupStore } from './round-trip-store.js';

vi.setConfig({ testTimeout: 240_000 });

const uploader = Uploader.repository({ retention: { keepLast: 100, keepDaily: 1 }, uploadTimeout: '3m' });

/** The pod that the CronJob of a drill makes, as one of a StatefulSet, with folders for its volumes. */
function drillObjects(store: BackupStore, settings: Settings): PlayedObject[] {
  const chart = new Chart(Testing.app(), 'drill');
  const props = combinationProps({ method: 'both', copyOnWrite: false }, store.server, { uploader, ...settings });
  const agent = new ValdAgentWithBackup(chart, 'agent', props);
  new ValdRestoreDrillCronJob(chart, 'drill', { agent, schedule: '41 4 * * *', replica: 0 });
  const objects = chart.toJson() as PlayedObject[];
  const cronJob = objects.find(({ kind }) => kind === 'CronJob')!;
  type Template = { metadata: object; spec: PodSpec };
  const { template } = (cronJob.spec as { jobTemplate: { spec: { template: Template } } }).jobTemplate.spec;
  const volumes = template.spec.volumes!.map((volume) =>
    'ephemeral' in volume ? { name: volume.name, emptyDir: {} } : volume,
  );
  return [
    ...objects.filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.includes('drill')),
    {
      kind: 'StatefulSet',
      metadata: cronJob.metadata,
      spec: { template: { ...template, spec: { ...template.spec, volumes } } },
    },
    storeSecret(store.server),
  ];
}

describeWith(
  [...podPlayerPrograms, 'versitygw'],
  'the pod of a restore drill',
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

    /** What a drill says and how its containers end: the restore’s exit code, then that of the questions. */
    const drill = async (
      { onTestFinished, task }: TestContext,
      settings: Settings,
      agent = process.env['VALD_AGENT_NGT'] ?? '',
    ) => {
      const pod = new PodPlayer({
        objects: drillObjects(store, settings),
        links: [new PodLink(store.port)],
        images: {
          'rclone/rclone': rcloneImage(),
          'vdaas/vald-agent-ngt': programImage('/usr/bin/ngt', agent),
        },
      });
      onTestFinished(() => pod.dispose());
      await pod.start();
      const [restore, search] = [pod.container('restore'), pod.container('search')];
      await pod.until(() => restore.exits.some((code) => code !== 0) || search.exits.length > 0, 'does not end', 120);
      const log = `${restore.log}${search.log}`;
      const codes = [restore.exits[0], ...search.exits.slice(0, 1)];
      figures.push({
        scenario: task.name,
        codes: codes.join(' '),
        last: log.split('\n').findLast((line) => / in \d+ s/.test(line)),
      });
      return { pod, codes, log };
    };

    /** A store with one generation of 400 vectors and one of 500, saved by the real agent. */
    const backedUp = async ({ onTestFinished }: TestContext, copyOnWrite: boolean) => {
      const played = new PlayedAgent({ method: 'both', copyOnWrite }, store, { uploader });
      onTestFinished(() => played.pod.dispose());
      const first = await played.deploy();
      await changeTo(played.agent, generation(2), first);
      await played.agent.createIndex();
      await played.agent.saveIndex();
      await played.pod.until(() => played.backedUp() === 500, 'has not been backed up');
      await played.pod.delete();
      return { bucket: played.bucket };
    };
    const newest = (bucket: string, ...path: string[]): string => {
      const { backupId } = store.generations(bucket, 'vald-agent-0').at(-1)!;
      const key = Object.keys(store.objects(bucket)).find((one) => one.includes(`/${backupId}/${path.join('/')}`))!;
      return join(store.server.folder, bucket, key);
    };

    describe.each([true, false])('of an agent with copy-on-write %s', (copyOnWrite) => {
      test('says what it has restored in which time, changes nothing in the store, and two are no more than one', async (context) => {
        const settings = await backedUp(context, copyOnWrite);
        const before = store.objects(settings.bucket);
        const [one, other] = await Promise.all([drill(context, settings), drill(context, settings)]);
        for (const { codes, log } of [one, other]) {
          expect(codes).toEqual([0, 0]);
          expect(log).toMatch(
            /restored vald-agent-0 generation \d+ of \S+Z: \d{5,} bytes, 500 vectors, in \d+ s; 20 of 20 searches right, 10 of 10 as at the backup/,
          );
        }
        expect(store.objects(settings.bucket)).toEqual(before);
      });
    });

    test('finds a damaged generation, and does not take the one before', async (context) => {
      const settings = await backedUp(context, false);
      const file = newest(settings.bucket, 'index/obj');
      const bytes = readFileSync(file);
      bytes[100] = bytes[100]! ^ 1;
      writeFileSync(file, bytes);
      const { codes, log } = await drill(context, settings);
      expect(codes).toEqual([20]);
      expect(log).toContain('has other content than its manifest says');
    });

    test('finds that the manifest says another number of vectors than the index has', async (context) => {
      const settings = await backedUp(context, true);
      const file = newest(settings.bucket, 'manifest.json');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/"vectors":\s*500/, '"vectors":501'));
      const { codes, log } = await drill(context, settings);
      expect(codes).toEqual([20]);
      expect(log).toContain('as many vectors as its manifest says');
    });

    test('finds that searches find others than they did', async (context) => {
      const settings = await backedUp(context, true);
      const file = newest(settings.bucket, 'manifest.json');
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as ValdManifest;
      const searches = manifest.vald.searches!;
      // What each of them found now stands at the one after it.
      const turned = searches.map(({ id }, n) => ({ id, nearest: searches.at(n - 1)!.nearest }));
      writeFileSync(file, JSON.stringify({ ...manifest, vald: { ...manifest.vald, searches: turned } }));
      const { codes, log } = await drill(context, settings);
      expect(codes).toEqual([0, 28]);
      expect(log).toMatch(/[0-2] of 10 searches find what they found when vald-agent-0 generation \d+ was made/);
    });

    test('finds that the agent cannot read the index with its settings', async (context) => {
      const settings = await backedUp(context, true);
      const { codes, log } = await drill(context, { ...settings, props: { ngt: { dimension: 8 } } });
      expect(codes).toEqual([0, 27]);
      expect(log).toContain('the agent has 0 vectors');
    });

    test('finds that there is nothing', async (context) => {
      const bucket = store.makeBucket();
      expect((await drill(context, { bucket })).codes).toEqual([10]);
      expect(readdirSync(join(store.server.folder, bucket))).toEqual([]);
    });
  },
  { VALD_AGENT_NGT: process.env['VALD_AGENT_NGT'], 'root and namespaces': canPlayPods() },
);
