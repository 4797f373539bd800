import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Cluster, findAttachments } from '../../src/cluster/index.js';
import { ApiProxy } from '../cluster/api-proxy.js';
import { JobPlayer } from '../cluster/job-player.js';
import { transportOf } from '../cluster/request-transport.js';
import { TestBed } from '../cluster/test-bed.js';
import { describeWith, programPath } from '../programs/find.js';
import { clusterId } from '../rondb/sets.js';

describeWith(['etcd', 'kube-apiserver', 'kubectl', 'versitygw', 'rclone', 'bash', 'jq'], 'chartwright backups', () => {
  let bed: TestBed;
  let proxy: ApiProxy;
  let namespace: string;
  const players: JobPlayer[] = [];
  beforeAll(async () => {
    bed = await TestBed.start();
    proxy = await ApiProxy.start(bed.kube);
    namespace = await bed.namespace();
    await bed.install(namespace);
    const status = {
      verify: {
        lastRight: '2026-11-18T06:47:00Z',
        damaged: [{ backupId: 217_000_003, path: 'users.sql', fact: 'has another content' }],
      },
    };
    const data = Object.fromEntries(Object.entries(status).map(([key, value]) => [key, JSON.stringify(value)]));
    await bed.kube.kubectl([
      '-n',
      namespace,
      'patch',
      'configmap',
      'rondb-backup-status',
      '--type=merge',
      '-p',
      JSON.stringify({ data }),
    ]);
    bed
      .repository(namespace)
      .commit(217_000_001, '2026-11-15T02:17:00Z')
      .commit(217_000_002, '2026-11-19T02:17:00Z')
      .put('217000002/pinned', '')
      .commit(217_000_003, '2026-11-16T02:17:00Z')
      .commit(217_000_004, '2026-11-17T02:17:00Z')
      .put('217000004/users.sql', 'cut')
      .start(217_000_005)
      .start(217_000_006, '00000000-0000-4000-8000-000000000000')
      .put('1700/rondb/1/BACKUP-1700.1.ctl', 'tables')
      .put('notes/read.me', 'not ours');
  });
  afterEach(async () => {
    for (const player of players.splice(0)) await player.stop();
    proxy.reset();
  });
  afterAll(async () => {
    await proxy?.stop();
    await bed?.stop();
  });

  const expected = [
    ['217000005', 'incomplete', undefined],
    ['217000004', 'corrupt', 'users.sql is not as the manifest says'],
    ['217000003', 'corrupt', 'users.sql has another content'],
    ['217000002', 'committed', undefined],
    ['217000001', 'committed', undefined],
    ['1700', 'unverified', 'has no manifest'],
    ['217000006/', 'foreign', 'another cluster started it'],
    ['notes/', 'foreign', 'is no backup'],
  ];
  interface Listed {
    readonly repositories: readonly [
      { readonly clusterId: string; readonly owner: string; readonly backups: readonly Record<string, unknown>[] },
    ];
  }
  const states = ({ repositories: [{ backups }] }: Listed) => backups.map(({ id, state, note }) => [id, state, note]);
  const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('chartwright-store-'));

  test('list shows each state, in the text, in JSON and in YAML, and leaves no secret anywhere', async () => {
    const at = ['-n', namespace, '--kubeconfig', bed.kubeconfig()];
    const text = await bed.run(['backups', 'list', ...at]);
    const json = await bed.run(['backups', 'list', ...at, '-o', 'json']);
    const yaml = await bed.run(['backups', 'list', ...at, '-o', 'yaml']);
    expect([text, json, yaml].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
    expect(text.stdout).toMatch(/217000002 +2026-11-19T02:17:00Z .* 4\.1 KiB +4 +committed, pinned +not yet\n/);
    expect(text.stdout).toMatch(/217000001 .* committed +2026-11-18T06:47:00Z\n/);
    expect(text.stdout).toMatch(/\n2 backups are corrupt and cannot be restored\.\n$/);
    const listed = JSON.parse(json.stdout) as Listed;
    expect(states(listed)).toEqual(expected);
    expect(listed.repositories[0]).toMatchObject({ clusterId, owner: clusterId });
    expect(states(parse(yaml.stdout) as Listed)).toEqual(expected);
    expect(JSON.stringify([text, json, yaml])).not.toContain(bed.s3.secretKey);
    expect(leftovers()).toEqual([]);
  });

  test('secrets reach rclone in its environment only, and files that it needs are gone afterwards', async () => {
    const folder = join(bed.folder, 'bin');
    const seen = join(bed.folder, 'seen');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'rclone'),
      `#!/bin/sh\nprintf '%s\\n' "$@" >>'${seen}'\nexec '${programPath('rclone')}' "$@"\n`,
      { mode: 0o755 },
    );
    const words = ['backups', 'show', 'latest', '-n', namespace, '--kubeconfig', bed.kubeconfig()];
    const result = await bed.run(words, { PATH: `${folder}:${process.env['PATH']}` });
    expect(result).toMatchObject({ exitCode: 0 });
    const said = readFileSync(seen, 'utf8');
    expect(said).toContain('lsjson');
    expect(said).not.toContain(bed.s3.secretKey);
    expect(said).not.toContain(bed.s3.accessKey);
  });

  test('a pod in the cluster reads the same', async () => {
    players.push(new JobPlayer(bed.kube, proxy, namespace, bed.kubeconfig(), () => 'run'));
    const at = ['-n', namespace, '--kubeconfig', bed.kubeconfig({ server: proxy.url })];
    const { stdout, stderr } = await bed.run(['backups', 'list', '--via', 'pod', ...at, '-o', 'json']);
    expect(stderr).toBe('');
    expect(states(JSON.parse(stdout) as Listed)).toEqual(expected);
    const { body } = await bed.kube.request('GET', `/apis/batch/v1/namespaces/${namespace}/jobs`);
    // What is played away stays as long as nobody collects garbage; ours is on its way out.
    const ours = body.items.filter(({ metadata }: { metadata: { name: string; deletionTimestamp?: string } }) =>
      /-list-/.test(metadata.name),
    );
    expect(ours.every(({ metadata }: { metadata: { deletionTimestamp?: string } }) => metadata.deletionTimestamp)).toBe(
      true,
    );
  });

  test('a pod’s log that lost lines is not taken for a short list', async () => {
    const log = ['listing W10=', 'record owner.json', 'end 3'];
    players.push(new JobPlayer(bed.kube, proxy, namespace, bed.kubeconfig(), () => ({ log, exitCode: 0 })));
    const at = ['-n', namespace, '--kubeconfig', bed.kubeconfig({ server: proxy.url })];
    const { exitCode, stderr } = await bed.run(['backups', 'list', '--via', 'pod', ...at]);
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('the pod’s log did not arrive whole')]);
  });

  test('show ends with the state of the backup', async () => {
    const at = ['-n', namespace, '--kubeconfig', bed.kubeconfig()];
    const good = await bed.run(['backups', 'show', '217000001', ...at]);
    expect(good).toMatchObject({ exitCode: 0, stderr: '' });
    expect(good.stdout).toMatch(
      /^backup 217000001 of rondb .*\n {2}state {7}committed\n {2}finished {4}2026-11-15T02:17:00Z/,
    );
    const bad = await bed.run(['backups', 'show', '217000004', ...at, '-o', 'json']);
    expect(bad.exitCode).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({ backup: { state: 'corrupt' }, manifest: { backupId: 217_000_004 } });
    const none = await bed.run(['backups', 'show', '3', ...at]);
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('there is no backup 3')]);
  });

  test('finds what kubectl finds, however many pages that is', async () => {
    const cronJob = (index: number) => ({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: {
        name: `rondb-${index}-backup`,
        labels: {
          'app.kubernetes.io/managed-by': 'chartwright',
          'app.kubernetes.io/name': 'rondb',
          'app.kubernetes.io/component': 'backup',
        },
      },
      spec: {
        schedule: '0 0 * * *',
        jobTemplate: {
          spec: {
            template: {
              spec: {
                restartPolicy: 'Never',
                containers: [
                  {
                    name: 'backup',
                    image: 'none',
                    env: Object.entries({
                      STORE_PATH: `store:b/${index}`,
                      STORE_ROOT: 'store:b',
                      CLUSTER_ID: 'x',
                      STATUS_CONFIGMAP: `rondb-${index}-backup-status`,
                    }).map(([name, value]) => ({ name, value })),
                  },
                ],
              },
            },
          },
        },
      },
    });
    const many = await bed.namespace();
    const path = `/apis/batch/v1/namespaces/${many}/cronjobs`;
    for (let index = 0; index < 620; index += 20)
      await Promise.all(Array.from({ length: 20 }, (_, more) => bed.kube.request('POST', path, cronJob(index + more))));
    const { stdout } = await bed.kube.kubectl(['-n', many, 'get', 'cronjobs', '-o', 'name']);
    const found = await findAttachments(new Cluster(transportOf(bed.kube)), many);
    const names = found.map(({ backup }) => `cronjob.batch/${backup!.metadata.name}`);
    expect(names.sort()).toEqual(stdout.trim().split('\n').sort());
    expect(names).toHaveLength(620);
  });

  test('another cluster’s folder is listed with a warning, and pruning refuses it', async () => {
    const other = await bed.namespace();
    await bed.install(other);
    bed
      .repository(other)
      .commit(217_000_001, '2026-11-15T02:17:00Z')
      .put('owner.json', '{"clusterId":"another","cluster":"a"}\n');
    const at = ['-n', other, '--kubeconfig', bed.kubeconfig()];
    const listed = await bed.run(['backups', 'list', ...at]);
    expect(listed.exitCode).toBe(1);
    expect(listed.stdout).toContain(`It belongs to cluster another and not to ${clusterId}`);
    const pruned = await bed.run(['backups', 'prune', ...at]);
    expect([pruned.exitCode, pruned.stderr]).toEqual([1, expect.stringContaining('belongs to another cluster')]);
  });

  test('a store that cannot be read is no empty list', async () => {
    const other = await bed.namespace();
    await bed.install(other);
    const secret = {
      ...bed.secret(other),
      stringData: { 'access-key': 'wrong', 'secret-access-key': 'wrong-secret-4f1' },
    };
    await bed.apply([secret]);
    const at = ['-n', other, '--kubeconfig', bed.kubeconfig()];
    const { exitCode, stdout, stderr } = await bed.run(['backups', 'list', '--via', 'rclone', ...at]);
    expect([exitCode, stdout]).toEqual([3, '']);
    expect(stderr).toContain('the store cannot be listed');
    expect(stderr).not.toContain('wrong-secret-4f1');
  });

  test('without any repository, and with several, it says so', async () => {
    const empty = await bed.namespace();
    const nothing = await bed.run(['backups', 'list', '-n', empty, '--kubeconfig', bed.kubeconfig()]);
    expect([nothing.exitCode, nothing.stderr]).toEqual([
      3,
      expect.stringContaining('there is no CronJob, Job or StatefulSet here'),
    ]);
    const two = await bed.namespace();
    await bed.install(two);
    const props = bed.props(two);
    await bed.install(two, { ...props, repository: { ...props.repository, name: 'other' } });
    const both = await bed.run(['backups', 'show', 'latest', '-n', two, '--kubeconfig', bed.kubeconfig()]);
    expect([both.exitCode, both.stderr]).toEqual([2, expect.stringContaining('allowed: other (rondb), rondb (rondb)')]);
    bed.repository(two).commit(217_000_001, '2026-11-15T02:17:00Z');
    const one = await bed.run([
      'backups',
      'show',
      'latest',
      '--database',
      'other-backup',
      '-n',
      two,
      '--kubeconfig',
      bed.kubeconfig(),
    ]);
    expect(one.exitCode).toBe(0);
  });
});
