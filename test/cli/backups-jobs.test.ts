import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Job } from '../../src/cluster/index.js';
import { ApiProxy } from '../cluster/api-proxy.js';
import { JobPlayer, type Play } from '../cluster/job-player.js';
import { TestBed } from '../cluster/test-bed.js';
import { describeWith, findProgram, programPath } from '../programs/find.js';
import type { Result } from './project.js';

// A run of the command takes half a second, and many times that on a machine with much else to do.
vi.setConfig({ testTimeout: 180_000 });

const backupLog = [
  'rondb-backup 02:17:05: native backup 217000009 of the nodes 1 2 4 5',
  'rondb-backup 02:17:09: node 1: BACKUP-217000009-0.1.Data, 1.5 MiB in 1 s, 1.5 MiB/s, read back; 3 of 14 files',
  'rondb-backup 02:17:10: node 2: BACKUP-217000009-0.2.Data, 1.5 MiB in 1 s, 1.5 MiB/s, read back; 14 of 14 files',
  'rondb-backup 02:17:11: committed backup 217000009: 14 files, 3.0 MiB, transfer 2 s',
  '{"state":"committed","backupId":217000009,"bytes":562,"exitCode":0,"warnings":[]}',
];
const plan = {
  mode: 'plan',
  backupId: 217_000_001,
  source: 'store:backups/rondb',
  clusterName: 'rondb',
  finished: '2026-11-15T02:17:00Z',
  verified: true,
  bytes: 562,
  records: 20_000,
  restoresUsers: true,
  nodes: [{ sourceNode: 1, targetNode: 1, pod: 'node-group-0-0', files: 3, bytes: 140 }],
  tables: { in: ['shop.orders'], empty: [], out: ['shop.carts'] },
  refusals: [] as object[],
};
const report = {
  ...plan,
  outcome: 'restored',
  seconds: 75,
  steps: [{ name: 'restoring the data', seconds: 60 }],
  rows: { counted: 20_000 },
  warnings: ['a view is left out'],
};
const lines = (content: object) => JSON.stringify(content, undefined, 2).split('\n');

describeWith(['etcd', 'kube-apiserver', 'kubectl', 'versitygw', 'rclone', 'bash', 'jq'], 'chartwright backups', () => {
  let bed: TestBed;
  let proxy: ApiProxy;
  let namespace: string;
  let player: JobPlayer;
  let play: (job: Job) => Play | Promise<Play>;
  let at: string[];
  beforeAll(async () => {
    bed = await TestBed.start();
    proxy = await ApiProxy.start(bed.kube);
  });
  beforeEach(async () => {
    namespace = await bed.namespace();
    await bed.install(namespace);
    bed.repository(namespace).commit(217_000_001, '2026-11-15T02:17:00Z');
    play = () => ({ log: [], exitCode: 0 });
    player = new JobPlayer(bed.kube, proxy, namespace, bed.kubeconfig(), (job) => play(job));
    at = ['-n', namespace, '--kubeconfig', bed.kubeconfig({ server: proxy.url })];
  });
  afterEach(async () => {
    await player.stop();
    proxy.reset();
  });
  afterAll(async () => {
    await proxy?.stop();
    await bed?.stop();
  });

  const run = (...words: string[]): Promise<Result> => bed.run(['backups', ...words, ...at]);
  const jobs = async (): Promise<Job[]> =>
    (await bed.kube.request('GET', `/apis/batch/v1/namespaces/${namespace}/jobs`)).body.items;
  const made = async () => (await jobs()).filter(({ metadata }) => metadata.annotations?.['chartwright.dev/run']);
  const patchStatus = (key: string, value: object) =>
    bed.kube.kubectl([
      '-n',
      namespace,
      'patch',
      'configmap',
      'rondb-backup-status',
      '--type=merge',
      '-p',
      JSON.stringify({ data: { [key]: JSON.stringify(value) } }),
    ]);

  test('run makes the Job that kubectl would make, follows it and shows the manifest', async () => {
    let watched = false;
    proxy.trouble = (request) => {
      watched ||= /\/pods\?.*watch=true/.test(request);
      return undefined;
    };
    play = async () => {
      // Nobody can tell why a pod waited who came after it.
      while (!watched) await sleep(20);
      bed.repository(namespace).commit(217_000_009, '2026-11-21T02:17:11Z');
      return { log: backupLog, exitCode: 0 };
    };
    const { exitCode, stdout, stderr } = await run('run');
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(/^backup 217000009 of rondb .* is committed\n.*finished {4}2026-11-21T02:17:11Z/s),
    ]);
    expect(stderr).toContain('waiting: ImagePullBackOff: back-off\n');
    expect(stderr).toContain(`${backupLog[1]}\n`);
    const [job] = await made();
    const { stdout: text } = await bed.kube.kubectl([
      '-n',
      namespace,
      'create',
      'job',
      job!.metadata.name,
      '--from=cronjob/rondb-backup',
      '--dry-run=client',
      '-o',
      'json',
    ]);
    const theirs = JSON.parse(text) as Job;
    expect(job!.metadata).toMatchObject({
      labels: theirs.metadata.labels,
      ownerReferences: theirs.metadata.ownerReferences,
    });
    const { template } = job!.spec;
    expect(template.spec).toEqual(theirs.spec.template.spec);
    expect(template.metadata?.labels).toMatchObject(theirs.spec.template.metadata!.labels!);
  });

  test.runIf(findProgram('script'))('run draws one line on a terminal, and takes it away at the end', async () => {
    play = () => ({ log: backupLog, exitCode: 0 });
    const words = [process.execPath, bed.commandLine.main, 'backups', 'run', ...at];
    const typescript = join(bed.folder, 'typescript');
    const path = [dirname(programPath('rclone')), process.env['PATH']].join(':');
    const env = { ...process.env, PATH: path, HOME: bed.folder, TERM: 'xterm', NO_COLOR: '1' };
    await promisify(execFile)('script', ['-qec', words.map((word) => `'${word}'`).join(' '), typescript], { env });
    const shown = readFileSync(typescript, 'utf8');
    expect(shown).toMatch(/\r\S+\[#{20}\] 14\/14 files {2}node 1 1\.5 MiB {2}node 2 1\.5 MiB {2}\d+s/);
    expect(shown).toMatch(/\[2Kbackup 217000009 of rondb \S+ is committed\r\n/);
    expect(shown).not.toContain(backupLog[1]!.slice(0, 40));
  });

  test('a log and a watch that break lose nothing and tell nothing twice', async () => {
    const long = [
      ...backupLog.slice(0, 1),
      ...Array.from({ length: 40 }, (_, index) => `line ${index}`),
      ...backupLog.slice(1),
    ];
    proxy.logCuts.push(1, 7, 20);
    let watches = 0;
    proxy.trouble = (request) =>
      /[?&]watch=true/.test(request) && ++watches <= 6 ? { cutAfter: watches % 3 } : undefined;
    play = () => ({ log: long, exitCode: 0 });
    const { exitCode, stderr } = await run('run');
    expect(exitCode).toBe(0);
    expect(stderr.split('\n').filter((line) => long.includes(line))).toEqual(long);
    expect(watches).toBeGreaterThan(2);
  });

  test('a Job whose answer got lost is made once', async () => {
    let lost = 0;
    proxy.trouble = (request) => (/^POST .*\/jobs$/.test(request) && ++lost === 1 ? { loseAnswer: true } : undefined);
    play = () => ({ log: backupLog, exitCode: 0 });
    expect(await run('run')).toMatchObject({ exitCode: 0 });
    expect(await made()).toHaveLength(1);
  });

  test('a backup that fails ends with the script’s own words', async () => {
    play = () => ({
      log: [
        'rondb-backup 02:17:01: error: store:backups is out of reach',
        'rondb-backup 02:17:01: hint: Check endpoint.',
        '{"state":"failed","exitCode":12}',
      ],
      exitCode: 12,
    });
    const { exitCode, stdout, stderr } = await run('run');
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /error: Job .*: store:backups is out of reach \[.*\n {2}got: {5}exit code 12\n {2}do: {6}Check endpoint\.\n$/,
    );
  });

  test('a Job without a pod ends with what Kubernetes says', async () => {
    play = () => ({ log: [], exitCode: 1, reason: 'DeadlineExceeded' });
    expect(await run('run')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('ended without success (DeadlineExceeded)'),
    });
  });

  test.each<[string, RegExp, () => Promise<unknown>]>([
    [
      'a run that is at work',
      /error: Job .*\/x: is at work on rondb since /,
      () => bed.kube.kubectl(['-n', namespace, 'create', 'job', 'x', '--from=cronjob/rondb-backup']),
    ],
    [
      'a lease that is held',
      /error: Lease .*: is held by the pod other-pod /,
      () => {
        const acquireTime = `${new Date().toISOString().slice(0, 19)}.000000Z`;
        const spec = { holderIdentity: 'uid', acquireTime, leaseDurationSeconds: 900 };
        const metadata = { name: 'rondb-backup', namespace, annotations: { 'holder-pod': 'other-pod' } };
        return bed.apply([{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }]);
      },
    ],
    [
      'a restore that has not ended',
      /a restore of backup 7 has not come to its end/,
      () => patchStatus('restore', { unfinished: { backupId: 7 } }),
    ],
  ])('run refuses beside %s, and makes nothing', async (_, line, prepare) => {
    await prepare();
    const { exitCode, stderr } = await run('run');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(line)]);
    expect(await made()).toEqual([]);
  });

  test('Ctrl-C says what goes on, and leaves it alone', async () => {
    let release = () => {};
    play = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { log: backupLog, exitCode: 0 };
    };
    const { child, ended } = bed.start(['backups', 'run', ...at]);
    while ((await made()).length === 0) await sleep(50);
    let said = '';
    child.stderr!.on('data', (text) => (said += text));
    while (!said.includes('is made') && !said.includes('waiting')) await sleep(50);
    child.kill('SIGINT');
    const { signal, stderr } = await ended;
    release();
    const [job] = await made();
    expect(signal).toBe('SIGINT');
    expect(stderr).toContain(
      `Job ${namespace}/${job!.metadata.name} goes on in the cluster. Nothing is half done by this`,
    );
    expect(stderr).toContain(`stop it:    kubectl -n ${namespace} delete job ${job!.metadata.name}`);
  });

  test('--detach only starts it', async () => {
    const { exitCode, stdout } = await run('run', '--detach');
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(/^follow it: kubectl -n \S+ logs -f job\/rondb-backup-manual-\w{5}\n$/),
    ]);
  });

  test('verify ends with what was read, and fails where something is damaged', async () => {
    const right = {
      state: 'right',
      exitCode: 0,
      share: 0,
      count: 1,
      sets: [{}],
      read: { files: 14, bytes: 562 },
      damaged: [],
      lastWholePass: '2026-11-21T02:17:11Z',
    };
    play = () => ({ log: ['rondb-verify 02:17:01: all is right', ...lines(right)], exitCode: 0 });
    const good = await run('verify', '--all');
    expect([good.exitCode, good.stdout]).toEqual([
      0,
      'the backups are right: 1 sets listed, all bytes read: 14 files, 562 B\n  every byte was last read by 2026-11-21T02:17:11Z\n',
    ]);
    expect(player.played[0]!.spec.template.spec.containers[0]!.env).toContainEqual({
      name: 'VERIFY_SHARE',
      value: '1',
    });
    const damaged = [{ backupId: 217_000_001, path: 'users.sql', fact: 'is missing' }];
    play = () => ({
      log: [
        'rondb-verify 02:17:01: error: files are damaged in the store, see above',
        ...lines({ ...right, state: 'damaged', damaged }),
      ],
      exitCode: 20,
    });
    const bad = await run('verify');
    expect([bad.exitCode, bad.stdout]).toEqual([
      1,
      expect.stringContaining('damaged: backup 217000001, users.sql is missing\n'),
    ]);
    const json = await run('verify', '-o', 'json');
    expect([json.exitCode, json.stderr]).toEqual([1, '']);
    expect(JSON.parse(json.stdout)).toMatchObject({ report: { state: 'damaged', damaged } });
    // As Vald's, which logs and has no report.
    play = () => ({ log: ['vald-verify: all is right'], exitCode: 0 });
    expect(await run('verify')).toMatchObject({ exitCode: 0, stdout: 'the backups are right\n' });
  });

  test('restore shows the plan, and with --yes carries out that very backup', async () => {
    play = ({ metadata }) => ({ log: lines(/-plan-/.test(metadata.name) ? plan : report), exitCode: 0 });
    const { exitCode, stdout, stderr } = await run(
      'restore',
      'latest',
      '--yes',
      '--only',
      'shop,crm.orders',
      '--no-users',
    );
    expect(stdout).toBe(`plan: backup 217000001 of rondb into ${namespace}/rondb
  from      store:backups/rondb, finished 2026-11-15T02:17:00Z
  size      562 B, 20000 rows
  tables    shop.orders
  left out  shop.carts
  node 1    to node 1 (node-group-0-0): 3 files, 140 B
  users     those that are not there, with their grants
backup 217000001 is restored in 1m 15s: 20000 rows counted
        1m  restoring the data
`);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('warning: a view is left out\n')]);
    const settings = player.played.map((job) => {
      const env = job.spec.template.spec.containers[0]!.env!;
      return ['MODE', 'BACKUP_ID', 'INCLUDE_DATABASES', 'INCLUDE_TABLES', 'RESTORE_USERS'].map(
        (name) => env.find((entry) => entry.name === name)?.value,
      );
    });
    expect(settings).toEqual([
      ['plan', 'latest', 'shop', 'crm.orders', 'false'],
      ['apply', '217000001', 'shop', 'crm.orders', 'false'],
    ]);
    expect(player.played.every(({ spec }) => spec.suspend !== true)).toBe(true);
  });

  test('restore stops at a plan that would be refused, at --plan, and where nobody can be asked', async () => {
    const refusals = [{ code: 21, message: 'the cluster is not empty', hint: 'Add --into-non-empty.' }];
    play = () => ({ log: lines({ ...plan, refusals }), exitCode: 0 });
    const refused = await run('restore', '217000001', '--yes');
    expect([refused.exitCode, refused.stdout]).toEqual([
      1,
      expect.stringContaining('  REFUSED   the cluster is not empty\n            Add --into-non-empty.\n'),
    ]);
    play = () => ({ log: lines(plan), exitCode: 0 });
    expect(await run('restore', '217000001', '--plan')).toMatchObject({ exitCode: 0 });
    expect(player.played.map(({ metadata }) => /-(plan|apply)-/.exec(metadata.name)?.[1])).toEqual(['plan', 'plan']);
    const asked = await run('restore', '217000001');
    expect([asked.exitCode, asked.stderr]).toEqual([2, expect.stringContaining('nobody can be asked here')]);
    expect(await run('restore', 'newest', '--yes')).toMatchObject({ exitCode: 2 });
    expect(player.played).toHaveLength(2);
  });

  test('prune shows what would go, and with --apply has the real script delete it under the lease', async () => {
    const repository = bed.repository(namespace);
    for (let day = 2; day <= 6; day++) repository.commit(217_000_000 + day, `2026-11-${14 + day}T02:17:00Z`);
    const folder = (id: number) => join(repository.folder, String(id));
    const shown = await run('prune');
    expect(shown).toMatchObject({ exitCode: 0, stderr: 'nothing was deleted; --apply deletes\n' });
    expect(shown.stdout).toMatch(/\nkeep +217000004 .* last \(3 of 3\)\ndelete +217000003 .* expired\n/);
    expect(player.played).toEqual([]);
    play = () => 'run';
    const applied = await run('prune', '--apply', '--yes', '-o', 'json');
    expect(applied).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(applied.stdout)).toMatchObject({ applied: true });
    expect([1, 2, 3, 4, 5, 6].map((day) => existsSync(join(folder(217_000_000 + day), 'manifest.json')))).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
    const { body } = await bed.kube.request(
      'GET',
      `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/rondb-backup`,
    );
    expect(body.spec.holderIdentity).toBeUndefined();
    expect(body.metadata.annotations['holder-pod']).toMatch(/^rondb-backup-prune-/);
  });

  test('the doctor’s probe puts, reads, lists and deletes one object', async () => {
    play = () => 'run';
    const good = await bed.run(['doctor', '--probe', ...at, '-o', 'json']);
    const probes = (stdout: string) =>
      (JSON.parse(stdout) as { check: string; verdict: string; seen: string }[]).filter(
        ({ check }) => check === 'DOC090',
      );
    expect(probes(good.stdout)).toMatchObject([
      { verdict: 'ok', seen: 'the store takes, gives back, lists and deletes' },
    ]);
    expect(existsSync(join(bed.repository(namespace).folder, 'probe.txt'))).toBe(false);
    await bed.apply([
      { ...bed.secret(namespace), stringData: { 'access-key': 'wrong', 'secret-access-key': 'wrong' } },
    ]);
    const bad = await bed.run(['doctor', '--probe', ...at, '-o', 'json']);
    expect(probes(bad.stdout)).toMatchObject([{ verdict: 'error', seen: expect.stringContaining('is out of reach') }]);
  });
});
