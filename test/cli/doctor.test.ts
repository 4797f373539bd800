import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ApiProxy } from '../cluster/api-proxy.js';
import { create, healthyObjects } from '../cluster/healthy-cluster.js';
import { TestBed } from '../cluster/test-bed.js';
import { describeWith, findProgram, programPath } from '../programs/find.js';

interface Entry {
  readonly check: string;
  readonly verdict: string;
  readonly subject: string;
  readonly seen: string;
}

describeWith(['etcd', 'kube-apiserver', 'kubectl', 'versitygw', 'rclone'], 'chartwright doctor', () => {
  let bed: TestBed;
  let proxy: ApiProxy;
  let at: string[];
  const namespace = 'well';
  beforeAll(async () => {
    bed = await TestBed.start();
    proxy = await ApiProxy.start(bed.kube);
    await create(bed.kube, healthyObjects(namespace));
    await create(
      bed.kube,
      healthyObjects('ill').filter(({ kind, metadata }) => kind !== 'Secret' || metadata.name !== 'backup-store'),
    );
    at = ['--kubeconfig', bed.kubeconfig()];
  });
  afterAll(async () => {
    await proxy?.stop();
    await bed?.stop();
  });

  const doctor = (...words: string[]) => bed.run(['doctor', ...words, ...at]);
  const findings = (stdout: string) =>
    (JSON.parse(stdout) as Entry[])
      .filter(({ verdict }) => verdict === 'error' || verdict === 'warning')
      .map(({ check, verdict, subject }) => [check, verdict, subject]);

  test('finds nothing where all is well, and ends with 0', async () => {
    const { exitCode, stdout, stderr } = await doctor('-n', namespace);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ok {7}DOC001 {2}cluster: Kubernetes v1\.\d+\.\d+\n/);
    expect(stdout).toMatch(/\n0 errors, \d+ ok, \d+ skipped\n$/);
  });

  test('tells what is wrong in every form, and ends with 1', async () => {
    const text = await doctor('-n', 'ill');
    expect([text.exitCode, text.stdout]).toEqual([
      1,
      expect.stringMatching(/^error {4}DOC020 {2}Secret ill\/backup-store: is not there\n {17}do: Make it as/),
    ]);
    const json = await doctor('-n', 'ill', '-o', 'json');
    expect([json.exitCode, findings(json.stdout)]).toEqual([1, [['DOC020', 'error', 'Secret ill/backup-store']]]);
    const sarif = JSON.parse((await doctor('-n', 'ill', '-o', 'sarif')).stdout);
    expect(sarif.runs[0].results).toMatchObject([{ ruleId: 'DOC020', ruleIndex: 0, level: 'error' }]);
    const junit = await doctor('-n', 'ill', '-o', 'junit', '--fail-on', 'never');
    expect(junit.exitCode).toBe(0);
    expect(junit.stdout).toMatch(/<testsuites name="chartwright doctor" tests="\d+" failures="0"/);
    expect(junit.stdout).toContain('<system-out>error: is not there');
    const github = await doctor('-n', 'ill', '-o', 'github');
    expect(github.stdout).toBe(
      '::error title=DOC020::Secret ill/backup-store: is not there. Make it as the runbook beside the manifests says.\n',
    );
  });

  test('looks at manifests before they are applied, and changes nothing', async () => {
    const objects = healthyObjects('fresh').filter(({ kind }) => !['Namespace', 'Pod', 'Secret'].includes(kind));
    writeFileSync(join(bed.folder, 'fresh.yaml'), objects.map((object) => stringify(object)).join('---\n'));
    const { exitCode, stdout } = await doctor(join(bed.folder, 'fresh.yaml'), '-n', 'fresh', '-o', 'json');
    expect(exitCode).toBe(1);
    expect(findings(stdout)).toContainEqual(['DOC040', 'error', 'Namespace fresh']);
    expect(findings(stdout)).toContainEqual(['DOC003', 'error', 'CronJob fresh/rondb-backup']);
    expect(await bed.kube.request('GET', '/api/v1/namespaces/fresh')).toMatchObject({ status: 404 });
  });

  test.runIf(findProgram('helm3') && findProgram('helm4')).each(['helm3', 'helm4'])(
    'looks at what %s renders of a chart with values',
    async (program) => {
      const folder = join(bed.folder, program);
      mkdirSync(join(folder, 'chart/templates'), { recursive: true });
      symlinkSync(programPath(program), join(folder, 'helm'));
      writeFileSync(join(folder, 'chart/Chart.yaml'), 'apiVersion: v2\nname: claims\nversion: 0.1.0\n');
      writeFileSync(
        join(folder, 'chart/templates/pod.yaml'),
        `apiVersion: v1
kind: Pod
metadata: { name: '{{ .Release.Name }}' }
spec:
  containers: [{ name: a, image: a, envFrom: [{ secretRef: { name: '{{ .Values.secret }}' } }] }]
`,
      );
      writeFileSync(join(folder, 'values.yaml'), 'secret: not-there\n');
      const words = [
        '--chart',
        join(folder, 'chart'),
        '-f',
        join(folder, 'values.yaml'),
        '-n',
        namespace,
        '-o',
        'json',
      ];
      const path = { PATH: `${folder}:${process.env['PATH']}` };
      const { exitCode, stdout } = await bed.run(['doctor', ...words, ...at], path);
      expect([exitCode, findings(stdout)]).toEqual([1, [['DOC020', 'error', `Secret ${namespace}/not-there`]]]);
      const broken = ['--chart', folder, '-n', namespace];
      expect(await bed.run(['doctor', ...broken, ...at], path)).toMatchObject({
        exitCode: 3,
        stderr: expect.stringContaining('helm cannot render this chart'),
      });
    },
  );

  test('looks at what a Helm release has put there', async () => {
    const manifest = stringify(
      healthyObjects('ill').find(({ kind, metadata }) => kind === 'CronJob' && metadata.name === 'rondb-verify'),
    );
    const release = Buffer.from(gzipSync(JSON.stringify({ manifest })).toString('base64')).toString('base64');
    const labels = { owner: 'helm', name: 'backups', version: '1', status: 'deployed' };
    await bed.apply([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'sh.helm.release.v1.backups.v1', namespace: 'ill', labels },
        data: { release },
      },
    ]);
    const { exitCode, stdout } = await doctor('--release', 'backups', '-n', 'ill', '-o', 'json');
    expect([exitCode, findings(stdout)]).toEqual([1, [['DOC020', 'error', 'Secret ill/backup-store']]]);
  });

  test('skips what a person may not look at, and says so', async () => {
    const name = 'reader';
    const rules = [
      { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: ['list'] },
      { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['list'] },
    ];
    await bed.apply([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace }, rules },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name, namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    ]);
    const { body } = await bed.kube.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
      spec: {},
    });
    const kubeconfig = bed.kubeconfig({ token: body.status.token });
    const { exitCode, stdout } = await bed.run(['doctor', '-n', namespace, '--kubeconfig', kubeconfig, '-o', 'json']);
    expect(exitCode).toBe(0);
    const entries = JSON.parse(stdout) as Entry[];
    expect(entries.find(({ check }) => check === 'DOC020')).toMatchObject({
      verdict: 'skipped',
      seen: expect.stringContaining('you may not get the'),
    });
    expect(entries.find(({ check, subject }) => check === 'DOC011' && /^create jobs/.test(subject))).toMatchObject({
      verdict: 'warning',
    });
    expect(entries.some(({ check, verdict }) => /^DOC08[0-4]$/.test(check) && verdict === 'ok')).toBe(false);
    const [job] = healthyObjects(namespace).filter(({ kind }) => kind === 'CronJob');
    writeFileSync(join(bed.folder, 'job.yaml'), stringify(job));
    const apply = await bed.run([
      'doctor',
      join(bed.folder, 'job.yaml'),
      '-n',
      namespace,
      '--kubeconfig',
      kubeconfig,
      '-o',
      'json',
    ]);
    expect(findings(apply.stdout)).toContainEqual(['DOC010', 'error', `cronjobs in ${namespace}`]);
  });

  test.each<[string, number, RegExp, string[]]>([
    ['a file that is not there', 3, /error: none\.yaml: there is no such file or folder/, ['none.yaml']],
    ['a namespace with nothing in it', 3, /there is nothing here that backs up with chartwright/, ['-n', 'default']],
    ['a release that is not there', 3, /there is no Helm release called web/, ['--release', 'web', '-n', 'ill']],
    ['a chart and manifests', 2, /--chart and manifests exclude each other/, ['a.yaml', '--chart', 'b']],
    ['an unknown check', 2, /there is no check of this name/, ['--explain', 'DOC999']],
  ])('says one line about %s', async (_, exitCode, line, words) => {
    const result = await doctor(...words);
    expect([result.exitCode, result.stdout, result.stderr]).toEqual([exitCode, '', expect.stringMatching(line)]);
  });

  test('asks the management server by exec how many slots are free, and says so where it may not', async () => {
    let words: readonly string[] = [];
    const free = 'id=67 (not connected, accepting connect from any host)\n'.repeat(5);
    const stdout = `[ndbd(NDB)]\t1 node(s)\nid=1\t@a  (mysql-8 ndb-24.10.18, Nodegroup: 0)\n[mysqld(API)]\n${free}`;
    proxy.program = (asked) => {
      words = asked;
      return { stdout, exitCode: 0 };
    };
    const at = ['-n', namespace, '--kubeconfig', bed.kubeconfig({ server: proxy.url }), '-o', 'json'];
    const looked = async () => {
      const entries = JSON.parse((await bed.run(['doctor', ...at])).stdout) as Entry[];
      return entries.filter(({ check }) => /^DOC06[34]$/.test(check)).map(({ seen }) => seen);
    };
    expect(await looked()).toEqual([
      '5 API slots are free now, says the management server',
      'runs 24.10.18 (as the management server says)',
    ]);
    expect(words.join(' ')).toMatch(/^ndb_mgm -c mgmds-0\.\S+:1186 --connect-retries=1 -e show$/);
    proxy.program = () => ({ stdout: '', stderr: 'Unable to connect\n', exitCode: 255 });
    expect((await looked())[1]).toMatch(/: ndb_mgm in the container ndbmtd ended with 255\)$/);
    proxy.program = undefined;
    expect((await looked())[1]).toMatch(/: you may not run ndb_mgm in the pod node-group-0-0\)$/);
    expect(proxy.requests.filter((request) => request.startsWith('EXEC '))).toHaveLength(6);
  });

  test('explains a check', async () => {
    expect(await doctor('--explain', 'doc020')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^DOC020: Secrets and ConfigMaps are there/),
    });
  });
});
