import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { describeWith } from './find.js';
import { rcloneImage } from './pod-image.js';
import { canPlayPods, PodPlayer, podPlayerPrograms } from './pod-player.js';
import type { PlayedObject, PodContainer } from './pod-spec.js';

/** Says its name into the pod's shared log when it starts and when it is told to end. */
const talker = (name: string, more: Partial<PodContainer> = {}): PodContainer => ({
  name,
  image: 'rclone/rclone:1.75.1',
  command: [
    'sh',
    '-c',
    'trap "echo -$0 >>/shared/log; exit 0" TERM; echo +$0 >>/shared/log; while :; do sleep 0.02; done',
    name,
  ],
  volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
  ...more,
});

const shell = (name: string, script: string, more: Partial<PodContainer> = {}): PodContainer =>
  talker(name, { command: ['sh', '-ec', script], ...more });

function pod(containers: PodContainer[], initContainers: PodContainer[] = [], objects: PlayedObject[] = []): PodPlayer {
  const spec = {
    containers,
    initContainers,
    securityContext: { runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, runAsNonRoot: true },
    terminationGracePeriodSeconds: 3,
    volumes: [
      { name: 'shared', emptyDir: {} },
      ...objects.map(({ metadata: { name } }) => ({ name, configMap: { name } })),
    ],
  };
  const statefulSet: PlayedObject = {
    kind: 'StatefulSet',
    metadata: { name: 'played' },
    spec: { template: { spec }, volumeClaimTemplates: [{ metadata: { name: 'disk' } }] },
  };
  player = new PodPlayer({ objects: [statefulSet, ...objects], images: { 'rclone/rclone': rcloneImage() } });
  return player;
}

let player: PodPlayer | undefined;
afterEach(() => player?.dispose());

const sharedLog = (one: PodPlayer): string[] => {
  const file = join(one.volumes.path('shared'), 'log');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};

describeWith(
  podPlayerPrograms,
  'the pod player',
  () => {
    test('starts init containers and native sidecars in order and ends them in the kubelet’s order', async () => {
      const one = pod(
        [talker('main'), talker('beside')],
        [
          shell('first', 'echo first >>/shared/log'),
          talker('sidecar', { restartPolicy: 'Always' }),
          shell('second', 'echo second >>/shared/log'),
          talker('later', { restartPolicy: 'Always' }),
        ],
      );
      await one.start();
      await one.until(() => sharedLog(one).length === 6, 'has not started');
      const started = sharedLog(one);
      expect(started.slice(0, 4)).toEqual(['first', '+sidecar', 'second', '+later']);
      expect(started.slice(4).sort()).toEqual(['+beside', '+main']);
      const log = join(one.volumes.path('shared'), 'log');
      writeFileSync(log, '');
      const copy: string[] = [];
      const ending = one.delete();
      const watch = setInterval(() => {
        if (existsSync(log)) copy.splice(0, copy.length, ...sharedLog(one));
      }, 1);
      await ending;
      clearInterval(watch);
      expect(copy.slice(0, 2).sort()).toEqual(['-beside', '-main']);
      expect(copy.slice(2)).toEqual(['-later', '-sidecar']);
    });

    test('restarts a failed init container until it succeeds, and a killed container in place', async () => {
      const one = pod([talker('main')], [shell('init', 'echo try >>/shared/log; [ $(wc -l </shared/log) = 3 ]')]);
      await one.start();
      await one.until(() => sharedLog(one).length === 4, 'has not started');
      expect(sharedLog(one)).toEqual(['try', 'try', 'try', '+main']);
      one.container('main').process?.kill('SIGKILL');
      await one.until(() => sharedLog(one).length === 5, 'has not restarted');
      expect(sharedLog(one)).toEqual(['try', 'try', 'try', '+main', '+main']);
      expect([one.container('init').exits, one.container('main').exits]).toEqual([[1, 1, 0], [137]]);
    });

    test('keeps an emptyDir through a crash of the node, a claim through a deleted pod, and nothing through a lost disk', async () => {
      const mounts = [
        { name: 'shared', mountPath: '/shared' },
        { name: 'disk', mountPath: '/disk' },
      ];
      const one = pod([
        shell('main', 'echo x >>/shared/log; echo x >>/disk/log; trap exit TERM; while :; do sleep 0.02; done', {
          volumeMounts: mounts,
        }),
      ]);
      const lines = (volume: string): number => {
        const file = join(one.volumes.path(volume), 'log');
        return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0;
      };
      const seen: [number, number][] = [];
      for (const end of [
        () => one.crash(),
        () => one.crash(),
        () => one.delete(),
        () => one.loseDisk(),
        () => one.crash(),
      ]) {
        const before = lines('disk');
        await one.start();
        await one.until(() => lines('disk') === before + 1 && lines('shared') > 0, 'has not written');
        seen.push([lines('shared'), lines('disk')]);
        await end();
      }
      expect(seen).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
        [1, 4],
        [1, 1],
      ]);
    });

    test('kills what does not end within the grace period, and leaves no process behind', async () => {
      const one = pod([shell('deaf', 'trap "" TERM; echo here >>/shared/log; while :; do sleep 1 & wait; done')]);
      await one.start();
      await one.until(() => existsSync(join(one.volumes.path('shared'), 'log')), 'has not started');
      const { pid } = one.container('deaf').process!;
      expect(existsSync(`/proc/${pid}`)).toBe(true);
      expect(await one.delete()).toBeGreaterThanOrEqual(2.9);
      expect(one.container('deaf').exits).toEqual([137]);
      expect(existsSync(`/proc/${pid}`)).toBe(false);
    });

    test('runs as the pod’s user in a root with the image’s files only, with the pod’s fields in the environment', async () => {
      const files: PlayedObject = { kind: 'ConfigMap', metadata: { name: 'files' }, data: { greeting: 'hello' } };
      const script = [
        'id -u; id -G; hostname; echo "$NAME in $SPACE"; cat /files/greeting; echo; ls /usr/local/bin',
        'touch /files/x /x 2>/dev/null && exit 1; touch /shared/x /tmp/x; command -v git node && exit 1; exec sleep 100',
      ].join('; ');
      const one = pod(
        [
          shell('main', script, {
            env: [
              { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'SPACE', value: 'ns-$(NAME)' },
            ],
            volumeMounts: [
              { name: 'shared', mountPath: '/shared' },
              { name: 'files', mountPath: '/files' },
            ],
          }),
        ],
        [],
        [files],
      );
      await one.start();
      await one.until(() => existsSync(join(one.volumes.path('shared'), 'x')), 'has not written');
      expect(one.container('main').log).toBe('65532\n65532\nplayed-0\nplayed-0 in ns-played-0\nhello\nrclone\n');
      expect(statSync(join(one.volumes.path('disk'))).gid).toBe(65532);
    });

    test('refuses a pod with something it does not play', () => {
      expect(() => pod([talker('main', { lifecycle: {} } as Partial<PodContainer>)])).toThrow(
        'the pod player does not play main.lifecycle',
      );
    });
  },
  { 'root and namespaces': canPlayPods() },
);
