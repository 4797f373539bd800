import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as cdk8s from 'cdk8s';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { App, addOutputFile, ProblemsError } from '../../src/index.js';
import { reportProblems, type SynthReport } from '../../src/kube/index.js';
import type { Problem } from '../../src/problem/index.js';
import { ValdAgentWithBackup } from '../../src/vald/index.js';
import { combinations } from '../vald/sets.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-app-'));
  vi.stubEnv('CDK8S_OUTDIR', join(folder, 'manifests'));
  vi.stubEnv('CHARTWRIGHT_VALUES_OUTDIR', join(folder, 'values'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const written = () =>
  existsSync(join(folder, 'manifests'))
    ? readdirSync(join(folder, 'manifests'), { recursive: true, encoding: 'utf8' }).sort()
    : [];

const problem = (construct: string, severity: Problem['severity'] = 'error'): Problem => ({
  code: 'invalid-property',
  severity,
  where: { construct, property: 'size' },
  message: 'not well formed',
  hint: 'Correct "size".',
});

const configMap = (chart: cdk8s.Chart, id: string, more: object = {}) =>
  new cdk8s.ApiObject(chart, id, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id }, ...more });

/** What a synthesis throws. */
function errorOf(app: cdk8s.App): Error | undefined {
  try {
    app.synth();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

describe('App', () => {
  test('writes one file for each object, in a folder for each chart', () => {
    const app = new App();
    configMap(new cdk8s.Chart(app, 'one'), 'a');
    configMap(new cdk8s.Chart(app, 'two'), 'b');
    app.synth();
    expect(written()).toEqual(['one', 'one/ConfigMap.a.k8s.yaml', 'two', 'two/ConfigMap.b.k8s.yaml']);
  });

  test('refuses two objects that would be written to one file, and takes them in two charts', () => {
    const inNamespace = (namespace: string) => ({ metadata: { name: 'settings', namespace } });
    const app = new App();
    const chart = new cdk8s.Chart(app, 'both');
    configMap(chart, 'a', inNamespace('one'));
    configMap(chart, 'b', inNamespace('two'));
    const error = errorOf(app);
    expect(error).toBeInstanceOf(ProblemsError);
    expect(error?.message).toContain('both/b: would be written over both/a: both are ConfigMap.settings.k8s.yaml');
    expect(error?.message).toContain('namespace two, and one of the other');
    expect(written()).toEqual([]);
    const apart = new App();
    configMap(new cdk8s.Chart(apart, 'one'), 'a', inNamespace('one'));
    configMap(new cdk8s.Chart(apart, 'two'), 'b', inNamespace('two'));
    apart.synth();
    expect(written()).toContain('two/ConfigMap.settings.k8s.yaml');
  });

  test('writes the same files as cdk8s’s App', () => {
    const text = [
      '',
      'yes',
      '0o17',
      '1e3',
      'a: b',
      '# a',
      'a\nb\n',
      ' a\n',
      'a\n\n',
      "it's",
      '"',
      '\t',
      'é',
      '12:30',
      '|',
    ];
    const build = (app: cdk8s.App): void => {
      const chart = new cdk8s.Chart(app, 'One_chart', { namespace: 'vald', labels: { team: 'search' } });
      configMap(chart, 'a', { data: Object.fromEntries(text.map((value, index) => [`key.${index}`, value])) });
      configMap(chart, 'b', { immutable: true, data: {}, binaryData: undefined });
      new ValdAgentWithBackup(chart, 'agent', combinations['pv-and-s3-cow']!);
      new cdk8s.Chart(app, 'empty');
    };
    const files = (outdir: string) =>
      readdirSync(outdir, { recursive: true, encoding: 'utf8' })
        .filter((file) => !file.endsWith('.md'))
        .sort()
        .map((file) => [file, file.endsWith('.yaml') ? readFileSync(join(outdir, file), 'utf8') : 'a folder']);
    const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')];
    const yamlOutputType = cdk8s.YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE;
    for (const app of [new App({ outdir: ours }), new cdk8s.App({ outdir: theirs, yamlOutputType })]) {
      build(app);
      app.synth();
    }
    expect(files(ours)).toEqual(files(theirs));
    expect(files(ours).length).toBeGreaterThan(8);
  });

  test('keeps the order of charts that depend on each other, as cdk8s does', () => {
    const app = new App();
    const one = new cdk8s.Chart(app, 'one');
    const two = new cdk8s.Chart(app, 'two');
    configMap(one, 'a');
    configMap(two, 'b');
    one.addDependency(two);
    app.synth();
    expect(written().filter((file) => !file.includes('/'))).toEqual(['0000-two', '0001-one']);
  });

  test('tells what validations of other constructs find', () => {
    const app = new App();
    const chart = new cdk8s.Chart(app, 'one');
    configMap(chart, 'a');
    chart.node.addValidation({ validate: () => ['not on a Friday'] });
    expect(errorOf(app)?.message).toContain('not on a Friday');
    expect(written()).toEqual([]);
  });

  test('takes the props of cdk8s’s App', () => {
    const outdir = join(folder, 'manifests', 'elsewhere');
    const app = new App({ outdir, yamlOutputType: cdk8s.YamlOutputType.FILE_PER_APP });
    configMap(new cdk8s.Chart(app, 'one'), 'a');
    app.synth();
    expect(written()).toEqual(['elsewhere', 'elsewhere/app.k8s.yaml']);
  });

  test('says everything that is wrong in the tree at once, and writes nothing', () => {
    const app = new App();
    const chart = new cdk8s.Chart(app, 'one');
    configMap(chart, 'a');
    reportProblems(chart, [problem('one/a')]);
    reportProblems(new cdk8s.Chart(app, 'two'), [problem('two/a'), problem('two/b')]);
    const error = errorOf(app);
    expect(error).toBeInstanceOf(ProblemsError);
    expect((error as ProblemsError).problems).toEqual([problem('one/a'), problem('two/a'), problem('two/b')]);
    expect(written()).toEqual([]);
  });

  test('checks every object, also of constructs that are not ours', () => {
    const app = new App();
    const chart = new cdk8s.Chart(app, 'one');
    configMap(chart, 'a', { dta: { a: 'b' } });
    configMap(chart, 'b', { data: { a: 3 } });
    const error = errorOf(app) as ProblemsError;
    expect(error.problems.map(({ code, where }) => [code, where])).toEqual([
      ['unknown-field', { object: 'ConfigMap a', field: 'dta' }],
      ['invalid-field', { object: 'ConfigMap b', field: 'data.a' }],
    ]);
    expect(written()).toEqual([]);
  });

  test('goes on after a warning', () => {
    const app = new App();
    const chart = new cdk8s.Chart(app, 'one');
    configMap(chart, 'a');
    reportProblems(chart, [problem('one/a', 'warning')]);
    app.synth();
    expect(written()).toEqual(['one', 'one/ConfigMap.a.k8s.yaml']);
  });

  test('says the same again when it is synthesized again', () => {
    const app = new App();
    reportProblems(new cdk8s.Chart(app, 'one'), [problem('one/a')]);
    expect(errorOf(app)?.message).toBe(errorOf(app)?.message);
    expect((errorOf(app) as ProblemsError).problems).toHaveLength(1);
  });

  test('writes files beside the manifests, and puts texts for one path together', () => {
    const app = new App();
    const chart = new cdk8s.Chart(app, 'one');
    configMap(chart, 'a');
    addOutputFile(chart, { output: 'manifests', path: 'one/README.md', content: '# One\n' });
    addOutputFile(chart, { output: 'manifests', path: 'one/README.md', content: '# Two\n' });
    addOutputFile(chart, { output: 'values', path: 'vald/one.yaml', content: 'a: 1\n' });
    app.synth();
    expect(readFileSync(join(folder, 'manifests/one/README.md'), 'utf8')).toBe('# One\n\n# Two\n');
    expect(readFileSync(join(folder, 'values/vald/one.yaml'), 'utf8')).toBe('a: 1\n');
  });

  test('writes no file beside the manifests either when something is wrong', () => {
    const app = new App();
    const chart = new cdk8s.Chart(app, 'one');
    addOutputFile(chart, { output: 'values', path: 'vald/one.yaml', content: 'a: 1\n' });
    reportProblems(chart, [problem('one/a')]);
    expect(errorOf(app)).toBeDefined();
    expect(existsSync(join(folder, 'values'))).toBe(false);
  });

  test('prints nothing and leaves the exit code alone', () => {
    const spies = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
    const app = new App();
    reportProblems(new cdk8s.Chart(app, 'one'), [problem('one/a')]);
    errorOf(app);
    expect(spies.map((spy) => spy.mock.calls.length)).toEqual([0, 0]);
    expect(process.exitCode).toBeUndefined();
    for (const spy of spies) spy.mockRestore();
  });
});

describe('cdk8s’s own App', () => {
  test('says everything that is wrong at once, and writes nothing', () => {
    const app = new cdk8s.App();
    reportProblems(new cdk8s.Chart(app, 'one'), [problem('one/a')]);
    reportProblems(new cdk8s.Chart(app, 'two'), [problem('two/a')]);
    const message = errorOf(app)?.message ?? '';
    expect(message.match(/^.*error: .*$/gm)).toEqual([
      'error: one/a: size: not well formed [invalid-property]',
      'error: two/a: size: not well formed [invalid-property]',
    ]);
    expect(written()).toEqual([]);
  });

  test('checks the objects of a tree in which a construct of ours is', () => {
    const app = new cdk8s.App();
    const chart = new cdk8s.Chart(app, 'one');
    reportProblems(chart, []);
    configMap(chart, 'a', { dta: {} });
    expect(errorOf(app)?.message).toContain('error: ConfigMap a: dta: ');
    expect(written()).toEqual([]);
  });
});

test('the report for the command tells of all apps of a process, warnings too', () => {
  vi.stubEnv('CHARTWRIGHT_REPORT', join(folder, 'report.json'));
  for (const name of ['one', 'two']) {
    const app = new App();
    const chart = new cdk8s.Chart(app, name);
    configMap(chart, 'a');
    reportProblems(chart, [problem(`${name}/a`, 'warning')]);
    app.synth();
  }
  expect(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))).toEqual({
    problems: [problem('one/a', 'warning'), problem('two/a', 'warning')],
    checked: 2,
  } satisfies SynthReport);
});
