import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { configMapChart, imports, linkPackages } from './chart-module.js';
import { BuiltCommandLine, Project, until } from './project.js';

let commandLine: BuiltCommandLine;
let project: Project;
beforeAll(() => {
  commandLine = new BuiltCommandLine();
});
afterAll(() => commandLine.remove());
beforeEach(() => {
  project = new Project(commandLine);
  linkPackages(project);
});
afterEach(() => project.remove());

const one = `${imports}export default ${configMapChart('web')};\n`;
const chart = (...words: string[]) => project.run(['chart', 'chart.ts', '--checks', '20', ...words]);
const files = () => Object.keys(project.files()).filter((path) => !path.endsWith('.ts'));

describe('chart', () => {
  test('writes the chart of a TypeScript module and says how sure it is', () => {
    project.write({ 'chart.ts': one });
    const { exitCode, stdout, stderr } = chart();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^chart {2}charts\/web +\d/m);
    expect(stdout).toMatch(
      /^web 1\.0\.0: exhaustive \(all structures seen\) in \d+ runs, equal to its source on \d+ values(, \d+ of them refused)?$/m,
    );
    expect(files()).toEqual(expect.arrayContaining(['charts/web/Chart.yaml', 'charts/web/values.schema.json']));
    expect(chart().stdout).toMatch(/^chart {2}charts\/web .* 0 +0 +\d+ +0$/m);
  });

  test('takes --out for the chart’s own folder where it is called as the chart', () => {
    project.write({ 'chart.ts': one });
    chart('--out', 'deploy/web');
    expect(files()).toContain('deploy/web/Chart.yaml');
    chart('--out', 'deploy/others');
    expect(files()).toContain('deploy/others/web/Chart.yaml');
  });

  test('writes every chart that a module exports: by name, in a list, one in two ways once', () => {
    project.write({
      'chart.ts': `${imports}const web = ${configMapChart('web')};
export default [web, ${configMapChart('api')}];
export const named = ${configMapChart('worker')};
export { web };
export const other = 1;
`,
    });
    const { exitCode, stdout } = chart('--output', 'json');
    const { ok, outputs } = JSON.parse(stdout);
    expect({ exitCode, ok }).toEqual({ exitCode: 0, ok: true });
    expect(outputs).toMatchObject(
      ['web', 'api', 'worker'].map((name) => ({
        set: 'chart',
        folder: `charts/${name}`,
        state: 'written',
        chart: { name, version: '1.0.0', mode: 'exhaustive', checks: expect.any(Number) },
      })),
    );
    expect(outputs[0].chart.runs).toBeGreaterThan(0);
  });

  test('replaces the folder, but not what helm dependency build put there, and adds the licence', () => {
    project.write({
      'chart.ts': one,
      LICENSE: 'my licence\n',
      'charts/web/Chart.yaml': 'name: old\n',
      'charts/web/Chart.lock': 'lock\n',
      'charts/web/charts/redis-1.0.0.tgz': 'archive',
      'charts/web/templates/stale.yaml': 'kind: Stale\n',
    });
    expect(chart().exitCode).toBe(0);
    expect(project.files()).toMatchObject({
      'charts/web/Chart.lock': 'lock\n',
      'charts/web/charts/redis-1.0.0.tgz': 'archive',
      'charts/web/LICENSE': 'my licence\n',
      'charts/web/Chart.yaml': expect.stringContaining('web'),
    });
    expect(files()).not.toContain('charts/web/templates/stale.yaml');
  });

  test('tries what the modules that it imports compare with', () => {
    project.write({
      'chart.ts': `${imports}import { size } from './size.js';
export default ${configMapChart('web', 'size(values.text)')};
`,
      'size.ts': `export const size = (text: string): string => (text === 'enormous' ? 'xxl' : 'm');\n`,
    });
    const { exitCode, stderr } = project.run(['chart', 'chart.ts', '--checks', '500']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('enormous') });
    expect(files()).toEqual([]);
  });

  test('says what the chart refuses, for an exception that nobody meant is a refusal too', () => {
    project.write({
      'chart.ts': `${imports}export default ${configMapChart('web', `values.more ? fail() : 'a'`)};
function fail(): never {
  throw new Error('no more');
}
`,
    });
    expect(chart().stdout).toContain('web refuses some values: "no more"\n');
    expect(JSON.parse(chart('-o', 'json').stdout)).toMatchObject({ outputs: [{ chart: { refusals: ['"no more"'] } }] });
  });

  test('passes on what the module prints, to stderr', () => {
    project.write({ 'chart.ts': `${one}console.log('hello');\n` });
    const { stdout, stderr } = chart('--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    expect(stderr).toBe('hello\n');
  });

  test('a .js module needs no loader', () => {
    project.write({
      'chart.js': `exports.default = { definition: { name: 'web', version: '1.0.0' }, generate: () => ({
  files: new Map([['Chart.yaml', 'name: web\\n']]), mode: 'sampled', runs: 3, checks: 4,
  template: { failure: { kind: 'absent' } },
}) };\n`,
    });
    expect(project.run(['chart', 'chart.js'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('web 1.0.0: sampled (sampled until no further structure was found) in 3 runs'),
    });
    expect(project.files()).toMatchObject({ 'charts/web/Chart.yaml': 'name: web\n' });
  });
});

describe('chart --policy', () => {
  const policies = `type Pods = { kind: string; data: { text: string } }[];
export const short = (objects: Pods) => objects.filter(({ data }) => data.text.length > 3).map((object) => ({ object, message: 'is long' }));
export default () => [{ severity: 'warning', message: 'mind the gap' }];
export const others = { quiet: () => [] };
`;

  test('refuses what a policy calls an error, and writes nothing', () => {
    project.write({ 'chart.ts': one, 'policies.ts': policies });
    const { exitCode, stderr } = chart('--policy', 'policies.ts');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^error: ConfigMap release-name: short: is long \[policy-violated\]\n {2}got: +with \{"text":/m,
    );
    expect(stderr).toContain('warning: chart web: policies: mind the gap');
    expect(files()).toEqual([]);
  });

  test('prints warnings, and writes the chart', () => {
    project.write({
      'chart.ts': one,
      'policies.js': `exports.careful = () => [{ severity: 'warning', message: 'mind the gap' }];\n`,
    });
    expect(chart('--policy', 'policies.js')).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('warning: chart web: careful: mind the gap'),
    });
    expect(files()).toContain('charts/web/Chart.yaml');
    const { ok, problems } = JSON.parse(chart('--policy', 'policies.js', '--output', 'json').stdout);
    expect({ ok, problems }).toMatchObject({ ok: true, problems: [{ code: 'policy-violated', severity: 'warning' }] });
  });

  test.each([
    ['there is not', 'none.ts', 3, 'there is no such TypeScript or JavaScript file'],
    ['exports none', 'empty.ts', 1, 'exports no policy'],
  ])('refuses a module that %s', (_, module, exitCode, text) => {
    project.write({ 'chart.ts': one, 'empty.ts': 'export const a = 1;\n' });
    expect(chart('--policy', module)).toMatchObject({ exitCode, stderr: expect.stringContaining(text) });
  });
});

describe('chart over an older version', () => {
  const set = (storage: string, version = '1.0.0') => `${imports}export default defineChart(
  { name: 'web', version: '${version}', values: z.object({}) },
  (scope, _, release) => {
    new ApiObject(scope, 'set', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: release.name },
      spec: { volumeClaimTemplates: [{ spec: { resources: { requests: { storage: '${storage}' } } } }] },
    });
  },
);
`;

  test('refuses what no release can be upgraded over, but for a new major version or --breaking', () => {
    project.write({ 'chart.ts': set('1Gi') });
    expect(chart()).toMatchObject({ exitCode: 0, stderr: '' });
    const before = project.files('chart.ts');
    project.write({ 'chart.ts': set('2Gi') });
    const { exitCode, stderr } = chart();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('error: StatefulSet release-name: spec.volumeClaimTemplates: is another one');
    expect(project.files('chart.ts')).toEqual(before);
    expect(chart('--breaking')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('warning: StatefulSet') });
    expect(chart()).toMatchObject({ exitCode: 0, stderr: '' });
    project.write({ 'chart.ts': set('3Gi', '2.0.0') });
    expect(chart()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('warning: StatefulSet') });
  });
});

test('chart says when Helm has to fetch dependencies', () => {
  const write = (version: string) =>
    project.write({
      'chart.ts': `${imports}export default defineChart({
  name: 'web', version: '1.0.0', values: z.object({}), dependencies: { redis: { repository: 'https://charts.example.com', version: '${version}' } },
});
`,
    });
  write('1.0.0');
  const note = 'charts/web: run "helm dependency update charts/web"';
  expect(chart().stderr).toContain(note);
  project.write({ 'charts/web/charts/redis-1.0.0.tgz': 'archive' });
  expect(chart().stderr).toBe('');
  write('2.0.0');
  expect(chart().stderr).toContain(note);
});

describe('chart --check', () => {
  test('exits 0 where nothing would change, and 1 with a diff where something would', () => {
    project.write({ 'chart.ts': one });
    chart();
    expect(chart('--check')).toMatchObject({ exitCode: 0, stderr: '' });
    const path = 'charts/web/values.yaml';
    const right = readFileSync(join(project.folder, path), 'utf8');
    project.write({ [path]: `${right}mine: 1\n` });
    const before = project.files();
    const { exitCode, stdout, stderr } = chart('--check');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('-mine: 1\n');
    expect(stderr).toBe(`error: charts/web: generating it again would change 1 file [output-differs]
  do:      Run "chartwright chart chart.ts --out charts" and commit what it writes.
`);
    expect(project.files()).toEqual(before);
  });
});

describe('chart tells an error in the author’s lines', () => {
  test.each([
    ['a file that is not there', {}, 3, 'chart.ts: there is no such TypeScript or JavaScript file'],
    ['no chart', { 'chart.ts': 'export default {};\n' }, 1, 'chart.ts: exports no chart'],
    [
      'an exception',
      { 'chart.ts': `const a: string[] = [];\n\na[0]!.trim();\n` },
      1,
      'chart.ts:3:7: the module failed',
    ],
    [
      'an exception that no values avoid',
      { 'chart.ts': `${imports}export default ${configMapChart('web', '(values as never as string[][])[0]![1]')};\n` },
      1,
      'chart.ts:17',
    ],
    ['a syntax error', { 'chart.ts': 'const a = 1;\nconst b = ;\n' }, 1, 'chart.ts:2:11: the module failed'],
    ['a package that is missing', { 'chart.ts': `import 'no-such-package';\n` }, 1, 'no-such-package'],
    ['an early end', { 'chart.ts': 'process.exit(0);\n' }, 1, 'chart.ts: the module ended the process'],
    [
      'two charts of one name',
      { 'chart.ts': `${imports}export default [${configMapChart('web')}, ${configMapChart('web')}];\n` },
      1,
      'chart.ts: exports two charts called web',
    ],
    [
      'a value that is looked into',
      { 'chart.ts': `${imports}export default ${configMapChart('web', 'values.text.toUpperCase()')};\n` },
      1,
      'chart.ts:17',
    ],
  ])('%s', (_, written, expected, text) => {
    project.write(written);
    const { exitCode, stdout, stderr } = chart();
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: expected,
      stdout: '',
      stderr: expect.stringContaining(text),
    });
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(files()).toEqual([]);
  });
});

describe('chart refuses', () => {
  test.each([
    ['a folder of something else', ['--out', 'src'], { 'src/web/main.c': '' }, 'is no chart'],
    ['a folder that holds a project', ['--out', 'deploy'], { 'deploy/web/package.json': '{}' }, 'holds package.json'],
    ['no number of checks', ['--checks', 'many'], {}, 'whole number'],
  ])('%s', (_, words, written, text) => {
    project.write({ 'chart.ts': one, ...written });
    const before = project.files();
    expect(chart(...words)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(text) });
    expect(project.files()).toEqual(before);
  });
});

test('chart ends the module’s process with it after a signal, and leaves the old chart whole', async () => {
  project.write({
    'chart.mjs': `import { writeFileSync } from 'node:fs';
writeFileSync('started', String(process.pid));
await new Promise((resolve) => setInterval(() => resolve, 1_000));
`,
    'charts/web/Chart.yaml': 'name: web\n',
  });
  const { child, ended } = project.start(['chart', 'chart.mjs']);
  const started = join(project.folder, 'started');
  await until(() => existsSync(started) && readFileSync(started, 'utf8') !== '', 60);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ signal: 'SIGTERM', stdout: '' });
  expect(() => process.kill(Number(readFileSync(started, 'utf8')), 0)).toThrow('ESRCH');
  expect(project.files('chart.mjs', 'started')).toEqual({ 'charts/web/Chart.yaml': 'name: web\n' });
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`chartwright-check-${child.pid}-`))).toEqual([]);
});
