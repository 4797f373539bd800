import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Job, StatefulSet } from '../../src/cluster/index.js';
import { printOwner, printTime } from '../../src/repository/index.js';
import { Uploader } from '../../src/vald/index.js';
import { ApiProxy } from '../cluster/api-proxy.js';
import { JobPlayer, type Play } from '../cluster/job-player.js';
import { type Start, StatefulSetPlayer } from '../cluster/stateful-set-player.js';
import { TestBed } from '../cluster/test-bed.js';
import { StoredGenerations, valdObjects } from '../cluster/vald-namespace.js';
import { describeWith } from '../programs/find.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const ago = (seconds: number) => printTime(Math.floor(Date.now() / 1000) - seconds);
const hour = 3_600;
const [older, newer] = [ago(5 * hour), ago(2 * hour)];
describeWith(['etcd', 'kube-apiserver', 'kubectl', 'versitygw', 'rclone'], 'chartwright backups of Vald', () => {
  let bed: TestBed;
  let proxy: ApiProxy;
  let namespace: string;
  let bare: string;
  let store: StoredGenerations;
  let player: JobPlayer | undefined;
  let at: string[];

  beforeAll(async () => {
    bed = await TestBed.start();
    proxy = await ApiProxy.start(bed.kube);
    [namespace, bare] = [await bed.namespace(), await bed.namespace()];
    await bed.apply([bed.secret(namespace), ...valdObjects(bed, namespace)]);
    await bed.apply(valdObjects(bed, bare, { jobs: false, uploader: Uploader.valdSidecar() }));
    store = new StoredGenerations(bed, namespace);
    for (const pod of ['vald-agent-0', 'vald-agent-1']) store.commit(pod, 100, older, 3).commit(pod, 101, newer, 7);
    store
      .commit('vald-agent-0', 98, ago(50 * hour), 1)
      .start('vald-agent-1', 99, older)
      .status('vald-agent-0', ago(60), newer)
      .status('vald-agent-1', ago(5 * hour), newer)
      .status('vald-agent-7', ago(50 * hour), newer);
    at = ['-n', namespace, '--kubeconfig', bed.kubeconfig({ server: proxy.url })];
  });
  afterEach(async () => {
    await player?.stop();
    player = undefined;
    proxy.reset();
  });
  afterAll(async () => {
    await proxy?.stop();
    await bed?.stop();
  });

  const run = (...words: string[]) => bed.run(['backups', ...words, ...at]);
  const playing = (play: (job: Job) => Play) => {
    player = new JobPlayer(bed.kube, proxy, namespace, bed.kubeconfig(), play);
    return player;
  };

  test('list shows generations by pod, until when each pod is backed up, and which is behind', async () => {
    const text = await run('list');
    expect([text.exitCode, text.stderr]).toEqual([1, '']);
    expect(text.stdout).toMatch(/vald-agent-0 +101 .* 2h .* 7 +committed +not yet\n/);
    expect(text.stdout).toMatch(/vald-agent-1 +99 .* incomplete/);
    expect(text.stdout).toMatch(/\nvald-agent-0 +\S+Z +1m( \d+s)? +10m +101 +7 +current\n/);
    expect(text.stdout).toMatch(/\nvald-agent-1 +\S+Z +5h( \d+s)? +10m +101 +7 +behind\n/);
    expect(text.stdout).toMatch(
      /\nvald-agent-1 is not backed up as often as asked for: look at the log of its uploader\.\n$/,
    );
    const json = await run('list', '-o', 'json');
    const [{ pods }] = JSON.parse(json.stdout).repositories;
    expect(pods.map(({ pod, state }: Record<string, string>) => [pod, state])).toEqual([
      ['vald-agent-0', 'current'],
      ['vald-agent-1', 'behind'],
      ['vald-agent-7', 'gone'],
    ]);
  });

  test('a pod in the cluster reads the same', async () => {
    playing(() => 'run');
    const [here, inside] = [await run('list', '-o', 'json'), await run('list', '-o', 'json', '--via', 'pod')];
    expect(inside.stderr).toBe('');
    const withoutAges = (text: string) => text.replaceAll(/"age": \d+/g, '"age": 0');
    expect(withoutAges(inside.stdout)).toBe(withoutAges(here.stdout));
  });

  test('show wants the pod, and says until when it is backed up', async () => {
    expect(await run('show', 'latest')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('several pods have backups'),
    });
    const { exitCode, stdout } = await run('show', 'latest', '--pod', 'vald-agent-0');
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(/\n {2}vectors {5}7\n {2}saved .*\n\nPOD .* current\n$/s),
    ]);
  });

  test('verify ends with what is wrong, as its log names it', async () => {
    playing(() => ({
      log: [
        'vald-verify: not current: vald-agent-1 was last at 2026-11-20 01:00:00, 90000 s ago',
        'vald-verify: error: pods are not current, see above',
        'vald-verify: hint: Look at the log of their uploader.',
      ],
      exitCode: 25,
    }));
    const { exitCode, stdout, stderr } = await run('verify');
    expect([exitCode, stdout]).toEqual([
      1,
      '  not current: vald-agent-1 was last at 2026-11-20 01:00:00, 90000 s ago\n',
    ]);
    expect(stderr).toContain('pods are not current, see above [failed-job]\n  got:     exit code 25\n');
    const json = await run('verify', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ report: { faults: [{ fault: 'not current' }] } });
  });

  test('drill makes the Job from the CronJob and ends with what was restored', async () => {
    const line =
      'restored vald-agent-0 generation 101 of 2026-11-21T00:00:00Z: 10 bytes, 7 vectors, in 3 s; 7 of 7 searches right';
    const { played } = playing(() => ({ log: [`vald-drill: ${line}`], exitCode: 0 }));
    const { exitCode, stdout } = await run('drill');
    expect([exitCode, stdout]).toEqual([0, `${line}\n`]);
    expect(played[0]!.metadata.ownerReferences).toMatchObject([{ kind: 'CronJob', name: 'vald-agent-drill' }]);
    const none = await bed.run(['backups', 'drill', '-n', bare, '--kubeconfig', bed.kubeconfig()]);
    expect([none.exitCode, none.stderr]).toEqual([
      3,
      expect.stringMatching(/has no CronJob to drill restores .*\n {2}do: {6}Add ValdRestoreDrillCronJob to the app/),
    ]);
  });

  test('prune shows the plan by the uploader’s rules, and leaves deleting to it', async () => {
    const shown = await run('prune');
    expect([shown.exitCode, shown.stdout]).toEqual([0, expect.stringMatching(/keep +vald-agent-0 +101 .*newest/)]);
    const applied = await run('prune', '--apply', '--yes');
    expect(shown.stdout).toMatch(/\ndelete +vald-agent-0 +98 .* expired\n/);
    expect([applied.exitCode, applied.stderr]).toEqual([
      1,
      expect.stringContaining('only a pod’s own uploader deletes its generations'),
    ]);
  });

  test('the doctor’s probe puts, reads, lists and deletes one object, and knows another cluster’s folder', async () => {
    playing(() => 'run');
    const probe = async () => {
      const { stdout } = await bed.run(['doctor', '--probe', ...at, '-o', 'json']);
      return (JSON.parse(stdout) as { check: string }[]).find(({ check }) => check === 'DOC090');
    };
    expect(await probe()).toMatchObject({ verdict: 'ok', seen: 'the store takes, gives back, lists and deletes' });
    expect(existsSync(join(store.folder, 'probe.txt'))).toBe(false);
    const owner = readFileSync(join(store.folder, 'owner.json'), 'utf8');
    store.put('owner.json', printOwner({ cluster: 'vald', clusterId: 'ffffffff-0000-4000-8000-000000000000' }));
    expect(await probe()).toMatchObject({
      verdict: 'error',
      seen: expect.stringContaining('belongs to another cluster'),
      todo: expect.stringContaining('Give this cluster a prefix of its own'),
    });
    store.put('owner.json', owner);
    await bed.apply([
      { ...bed.secret(namespace), stringData: { 'access-key': 'wrong', 'secret-access-key': 'wrong' } },
    ]);
    expect(await probe()).toMatchObject({
      seen: expect.stringMatching(/ (cannot be listed|does not take an object)$/),
    });
    await bed.apply([bed.secret(namespace)]);
  });

  describe('restore', () => {
    let place: string;
    let path: string;
    let pods: StatefulSetPlayer | undefined;
    let generations: StoredGenerations;
    let release = () => {};
    const asOf = ago(3 * hour);
    const good: Start = { log: ['vald-restore: restored generation 100: 3 vectors'] };
    beforeEach(async () => {
      place = await bed.namespace();
      path = `/apis/apps/v1/namespaces/${place}/statefulsets/vald-agent`;
      await bed.apply([bed.secret(place), ...valdObjects(bed, place, { jobs: false })]);
      generations = new StoredGenerations(bed, place);
      for (const pod of ['vald-agent-0', 'vald-agent-1'])
        generations.commit(pod, 100, older, 3).commit(pod, 101, newer, 7);
    });
    afterEach(async () => {
      release();
      await pods?.stop();
      pods = undefined;
    });

    const restore = (...words: string[]) =>
      bed.run(['backups', 'restore', ...words, '-n', place, '--kubeconfig', bed.kubeconfig({ server: proxy.url })]);
    const agents = async (): Promise<StatefulSet> => (await bed.kube.request('GET', path)).body;
    const change = (content: object) => bed.kube.request('PATCH', path, content, 'application/merge-patch+json');
    const times = ({ spec }: StatefulSet) =>
      [...spec.template.spec.initContainers!, ...spec.template.spec.containers].flatMap(({ env }) =>
        (env ?? []).filter(({ name }) => name === 'RESTORE_AS_OF').map(({ value = '' }) => value),
      );
    const playPods = async (play: (pod: string, time: string, restarts: number) => Start | Promise<Start>) => {
      pods = new StatefulSetPlayer(bed.kube, proxy, place, 'vald-agent', play);
      return pods;
    };

    test('shows what each pod goes back to and what that costs, has the server try it, and changes nothing', async () => {
      const before = await agents();
      const { exitCode, stdout, stderr } = await restore(asOf, '--dry-run');
      expect([exitCode, stderr]).toEqual([0, 'the server accepts the change; nothing was changed\n']);
      expect(stdout).toMatch(
        /^plan: vald \S+\/vald-agent goes back to \S+Z\nPOD +GENERATION +SAVED +AGE +SIZE +VECTORS +NEWEST +LOST/,
      );
      expect(stdout).toMatch(
        /\nvald-agent-1 +100 +\S+Z +5h.* 3 +7 +what came since, with 1 newer generation +not yet\n/,
      );
      expect(stdout).toContain(
        `The same time belongs into the app: restoreAsOf in the BackupMethod of ValdAgentWithBackup: '${asOf}'.\n`,
      );
      const byId = await restore('100', '--pod', 'vald-agent-1', '-o', 'json', '--plan');
      expect(JSON.parse(byId.stdout).plan).toMatchObject({ asOf: older, pods: [{ backup: { id: '100' } }, {}] });
      expect((await restore('latest', '-o', 'yaml', '--plan')).stdout).toContain(`asOf: ${newer}\n`);
      expect(await agents()).toEqual(before);
    });

    test('changes one variable, follows pod after pod to its end, and says what each took', async () => {
      let lost = 0;
      proxy.trouble = (request) =>
        /^PATCH /.test(request) && !/dryRun/.test(request) && ++lost === 1 ? { loseAnswer: true } : undefined;
      const before = await agents();
      const { started } = await (
        await playPods((pod) => ({ log: [`vald-restore: looking at ${pod}`, ...good.log] }))
      ).start();
      const { exitCode, stdout, stderr } = await restore(asOf, '--yes');
      expect([exitCode, stdout.split('\n').slice(-5)]).toEqual([
        0,
        [
          'POD           STATE     GENERATION  VECTORS  SAID',
          ...['vald-agent-0', 'vald-agent-1'].map(
            (pod) => `${pod}  restored  100               3  restored generation 100: 3 vectors`,
          ),
          `vald ${place}/vald-agent has gone back to ${asOf}`,
          '',
        ],
      ]);
      expect(started).toEqual(['vald-agent-1', 'vald-agent-0']);
      expect(stderr).toMatch(/vald-agent-1 starts again\nvald-agent-1: vald-restore: looking at vald-agent-1\n/);
      const after = await agents();
      // The gate restores too, and has the same time: the app renders it so.
      expect(times(after)).toEqual([asOf, asOf]);
      const text = (set: StatefulSet) => JSON.stringify(set.spec).replaceAll(asOf, '');
      expect(text(after)).toBe(
        text(before).replaceAll('{"name":"RESTORE_AS_OF"}', '{"name":"RESTORE_AS_OF","value":""}'),
      );
    });

    test('ends with 1 where a pod is refused, and leaves those before it as they are', async () => {
      await (
        await playPods((pod) =>
          pod === 'vald-agent-1'
            ? { log: ['vald-restore: error: the store is away', 'vald-restore: hint: Check it.'], exitCode: 12 }
            : good,
        )
      ).start();
      const { exitCode, stdout, stderr } = await restore(asOf, '--yes', '-o', 'json');
      expect([exitCode, stderr]).toEqual([1, '']);
      expect(JSON.parse(stdout).pods).toEqual([
        { pod: 'vald-agent-1', state: 'refused', said: 'the store is away. Check it.' },
      ]);
      expect(pods!.started).toEqual(['vald-agent-1']);
    });

    test('goes on after a refusal that does not last, and removes a pod that the controller would wait for', async () => {
      const { started } = await (
        await playPods((_, __, restarts) =>
          restarts === 0 ? { log: ['vald-restore: error: busy'], exitCode: 12 } : good,
        )
      ).start('vald-agent-0');
      const { exitCode, stderr } = await restore('100', '--pod', 'vald-agent-0', '--yes');
      expect(exitCode).toBe(0);
      expect(stderr).toContain('vald-agent-0 is not ready, and is removed to start again\n');
      expect(stderr).toContain('waiting: CrashLoopBackOff');
      expect(started).toEqual(['vald-agent-0', 'vald-agent-1']);
    });

    test('removes pod after pod where nobody else does (OnDelete), and keeps those that went back before', async () => {
      await change({ spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } } });
      generations.put('vald-agent-1/restored-as-of', `${asOf}\n`);
      const valid = { log: ['vald-restore: the index on the disk is valid: 3 vectors'] };
      const { started } = await (await playPods((pod) => (pod === 'vald-agent-1' ? valid : good))).start();
      const { exitCode, stdout } = await restore(asOf, '--yes');
      expect([exitCode, started]).toEqual([0, ['vald-agent-1', 'vald-agent-0']]);
      expect(stdout).toMatch(/\nvald-agent-1 +stays as it is .* nothing: it went back to this time before/);
      expect(stdout).toMatch(/\nvald-agent-1 +kept +the index on the disk is valid: 3 vectors\n/);
      generations.put('vald-agent-0/restored-as-of', `${asOf}\n`);
      const again = await restore(asOf, '--yes');
      expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining('went back to this time before')]);
      for (const pod of ['vald-agent-0', 'vald-agent-1']) generations.put(`${pod}/restored-as-of`, `${older}\n`);
      const { plan } = JSON.parse((await restore('100', '--pod', 'vald-agent-0', '--plan', '-o', 'json')).stdout);
      expect(Date.parse(plan.asOf) - Date.parse(older)).toBe(1_000);
    });

    test('Ctrl-C leaves the cluster at work and says so; the same command goes on', async () => {
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      await (
        await playPods(async (pod) => {
          if (pod === 'vald-agent-0') await held;
          return good;
        })
      ).start();
      const words = [
        'backups',
        'restore',
        asOf,
        '--yes',
        '-n',
        place,
        '--kubeconfig',
        bed.kubeconfig({ server: proxy.url }),
      ];
      const { child, ended } = bed.start(words);
      let said = '';
      child.stderr!.on('data', (text) => (said += text));
      while (!said.includes('vald-agent-1 is ready')) await sleep(20);
      child.kill('SIGINT');
      const { signal, stderr } = await ended;
      expect([signal, stderr]).toEqual([
        'SIGINT',
        expect.stringContaining(
          `StatefulSet ${place}/vald-agent goes back to ${asOf} in the cluster, one pod after another.`,
        ),
      ]);
      const command = /kubectl .* set env .*(?=\n)/.exec(stderr)![0].split(' ').slice(1);
      const stop = await bed.kube.kubectl([...command, '--dry-run=server', '-o', 'json']);
      expect(times(JSON.parse(stop.stdout))).toEqual(['', asOf]);
      release();
      expect((await restore(asOf, '--yes')).exitCode).toBe(0);
      expect(pods!.started).toEqual(['vald-agent-1', 'vald-agent-0']);
    });

    test('warns of who would undo it, and stops when somebody has', async () => {
      await change({ metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'vald' } } });
      const undo = async () => {
        const template = (await agents()).spec.template.spec.initContainers!.map(({ name }) => ({
          name,
          env: [{ name: 'RESTORE_AS_OF', value: '' }],
        }));
        const body = { spec: { template: { spec: { initContainers: template } } } };
        await bed.kube.request('PATCH', path, body, 'application/strategic-merge-patch+json');
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return good;
      };
      await (await playPods(undo)).start();
      const { exitCode, stderr } = await restore(asOf, '--yes');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^warning: Argo CD applies this StatefulSet and may undo the change/);
      expect(stderr).toMatch(/error: StatefulSet \S+: has another RESTORE_AS_OF now: somebody has applied it again/);
    });

    test.each<[string, number, string, string[], (() => Promise<unknown>)?]>([
      ['tables', 2, 'an index is restored as a whole', ['latest', '--only', 'shop']],
      ['nobody who can be asked', 2, 'nobody can be asked here', ['latest']],
      ['a generation that several pods have', 2, 'several pods have this backup', ['100']],
      ['a generation that did not end', 1, 'is incomplete: no pod would take it', ['99', '--plan']],
      ['one that is not there', 1, 'there is no backup 5', ['5', '--yes']],
      ['a pod that is not there', 2, 'there is no such pod', ['100', '--pod', 'vald-agent-9', '--yes']],
      ['a time to come', 2, 'this time is still to come', ['2099-01-01T00:00:00Z', '--yes']],
      [
        'a time before there was anything',
        1,
        'has nothing of vald-agent-0, vald-agent-1 that was saved by 2021-01-01T00:00:00Z: nothing was changed',
        ['2021-01-01T00:00:00Z', '--yes'],
      ],
      [
        'a partition',
        1,
        'changes only its pods from 1 on',
        ['latest', '--yes'],
        () => change({ spec: { updateStrategy: { rollingUpdate: { partition: 1 } } } }),
      ],
    ])('says one line about %s, and changes nothing', async (_, exitCode, line, words, prepare) => {
      generations.start('vald-agent-1', 99, older);
      await prepare?.();
      const before = await agents();
      const result = await restore(
        ...words.flatMap((word) => (word === '100' && words.length === 1 ? ['100', '--yes'] : [word])),
      );
      expect([result.exitCode, result.stderr]).toEqual([exitCode, expect.stringContaining(line)]);
      expect(result.stderr.match(/^error: /gm)).toHaveLength(1);
      expect(await agents()).toEqual(before);
    });

    test('says that Vald’s own sidecar keeps no earlier state', async () => {
      const words = ['backups', 'restore', 'latest', '--yes', '-n', bare, '--kubeconfig', bed.kubeconfig()];
      const { exitCode, stderr } = await bed.run(words);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('there is no earlier state to go back to')]);
    });
  });
});
