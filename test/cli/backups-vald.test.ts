import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Chart, Testing } from 'cdk8s';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Job } from '../../src/cluster/index.js';
import { Credentials, ObjectStore } from '../../src/index.js';
import { printOwner, printStarted, printTime } from '../../src/repository/index.js';
import {
  BackupMethod,
  Uploader,
  ValdAgentWithBackup,
  ValdRestoreDrillCronJob,
  ValdVerifyCronJob,
} from '../../src/vald/index.js';
import { ApiProxy } from '../cluster/api-proxy.js';
import { JobPlayer, type Play } from '../cluster/job-player.js';
import { TestBed } from '../cluster/test-bed.js';
import { describeWith } from '../programs/find.js';
import { clusterId } from '../rondb/sets.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const ago = (seconds: number) => printTime(Math.floor(Date.now() / 1000) - seconds);
const hour = 3_600;
const [older, newer] = [ago(5 * hour), ago(2 * hour)];

describeWith(['etcd', 'kube-apiserver', 'kubectl', 'versitygw', 'rclone'], 'chartwright backups of Vald', () => {
  let bed: TestBed;
  let proxy: ApiProxy;
  let namespace: string;
  let bare: string;
  let player: JobPlayer | undefined;
  let at: string[];

  /** The agents’ objects, and with `jobs` those that verify and drill. */
  function objects(place: string, jobs: boolean): object[] {
    const chart = new Chart(Testing.app(), 'test');
    const store = ObjectStore.minio({
      bucket: 'backups',
      region: bed.s3.region,
      endpoint: bed.s3.endpoint,
      prefix: place,
      credentials: Credentials.secret({ name: 'backup-store' }),
    });
    const agent = new ValdAgentWithBackup(chart, 'agent', {
      namespace: place,
      replicas: 2,
      ngt: { dimension: 8 },
      backup: BackupMethod.both({
        volume: { size: '1Gi' },
        store,
        clusterId,
        clusterName: 'vald',
        backupInterval: '10m',
        uploader: Uploader.repository({ retention: { keepLast: 1, keepWithin: '26h' } }),
      }),
    });
    if (jobs) {
      new ValdVerifyCronJob(chart, 'verify', { agent, schedule: '23 * * * *' });
      new ValdRestoreDrillCronJob(chart, 'drill', { agent, schedule: '41 4 * * *' });
    }
    return (chart.toJson() as { kind: string }[]).filter(({ kind }) =>
      ['StatefulSet', 'CronJob', 'ConfigMap'].includes(kind),
    );
  }

  function put(path: string, content: string): void {
    const file = join(bed.s3.folder, 'backups', namespace, `vald-${clusterId.slice(0, 8)}`, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  function commit(pod: string, backupId: number, saved: string, vectors: number): void {
    const content = `index ${backupId}\n`;
    const sha256 = createHash('sha256').update(content).digest('hex');
    put(`${pod}/${backupId}/index/grp`, content);
    put(`${pod}/${backupId}/started.json`, printStarted({ clusterId, backupId, started: saved }));
    const manifest = {
      version: 1,
      kind: 'vald',
      clusterId,
      clusterName: 'vald',
      backupId,
      started: saved,
      finished: saved,
      bytes: content.length,
      files: [{ path: 'index/grp', size: content.length, sha256 }],
      encryption: { type: 'none' },
      script: { name: 'vald-upload.sh', version: '0.1.0' },
      tools: { rclone: '1.75.1' },
      vald: { pod, vectors, saved, copyOnWrite: false },
    };
    put(`${pod}/${backupId}/manifest.json`, JSON.stringify(manifest));
  }

  const status = (pod: string, checked: string) =>
    put(
      `${pod}/status.json`,
      JSON.stringify({ backupId: 101, checked, clusterId, pod, podUid: 'u', saved: newer, vectors: 7, version: 1 }),
    );

  beforeAll(async () => {
    bed = await TestBed.start();
    proxy = await ApiProxy.start(bed.kube);
    [namespace, bare] = [await bed.namespace(), await bed.namespace()];
    await bed.apply([bed.secret(namespace), ...objects(namespace, true), ...objects(bare, false)]);
    put('owner.json', printOwner({ cluster: 'vald', clusterId }));
    for (const pod of ['vald-agent-0', 'vald-agent-1']) {
      commit(pod, 100, older, 3);
      commit(pod, 101, newer, 7);
    }
    commit('vald-agent-0', 98, ago(50 * hour), 1);
    put('vald-agent-1/99/started.json', printStarted({ clusterId, backupId: 99, started: older }));
    status('vald-agent-0', ago(60));
    status('vald-agent-1', ago(5 * hour));
    status('vald-agent-7', ago(50 * hour));
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

  test('restore plans what each pod comes back with, and says why it is not done from here', async () => {
    const latest = await run('restore', 'latest', '--plan');
    expect([latest.exitCode, latest.stderr]).toEqual([0, '']);
    expect(latest.stdout).toMatch(/\nvald-agent-1 +101 .* 7 +not yet\n/);
    expect(latest.stdout).toContain(
      `kubectl -n ${namespace} delete pvc vald-agent-pvc-vald-agent-0 --wait=false && kubectl -n ${namespace} delete pod vald-agent-0`,
    );
    const back = await run('restore', ago(3 * hour), '--plan', '-o', 'json');
    const { plan } = JSON.parse(back.stdout);
    expect(plan.pods.map(({ pod, backup }: { pod: string; backup: { id: string } }) => [pod, backup.id])).toEqual([
      ['vald-agent-0', '100'],
      ['vald-agent-1', '100'],
    ]);
    expect(plan.steps[0]).toMatch(/^Set restoreAsOf: '20\d\d-.*Z' in the backup of the app/);
    const byId = await run('restore', '100', '--pod', 'vald-agent-1', '-o', 'yaml', '--plan');
    expect(byId.stdout).toContain(`asOf: ${older}`);
    const done = await run('restore', 'latest');
    expect([done.exitCode, done.stderr]).toEqual([
      1,
      expect.stringContaining('nothing was changed: agents restore themselves'),
    ]);
    const tooEarly = await run('restore', '2021-01-01T00:00:00Z', '--plan');
    expect([tooEarly.exitCode, tooEarly.stdout]).toEqual([1, expect.stringContaining('none: the pod would not start')]);
  });

  test.each<[string, number, string, string[]]>([
    ['tables', 2, 'an index is restored as a whole', ['latest', '--only', 'shop']],
    ['a generation that several pods have', 2, 'several pods have this backup', ['100']],
    ['a generation that did not end', 1, 'is incomplete: no pod would take it', ['99']],
    ['one that is not there', 1, 'there is no backup 5', ['5']],
  ])('restore says one line about %s', async (_, exitCode, line, words) => {
    const result = await run('restore', ...words, '--plan');
    expect([result.exitCode, result.stderr]).toEqual([exitCode, expect.stringContaining(line)]);
  });
});
