import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { configMapChart, imports, linkPackages } from './chart-module.js';
import { BuiltCommandLine, Project } from './project.js';

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

const module = (environments: string): string =>
  `${imports}export const chart = ${configMapChart('web')};\nexport const values = defineValues(chart, ${environments});\n`;
const two = module(`{ prod: { text: 'on', more: true }, staging: {} }`);
const prod = `# Values of chart web 1.0.0 for prod.
# Made by "chartwright values". Change its source, not this file.

# What is in it.
text: "on"
# Whether there is
# more in it.
more: true
`;
const staging = `# Values of chart web 1.0.0 for staging.
# Made by "chartwright values". Change its source, not this file.

{}
`;
const values = (...words: string[]) => project.run(['values', 'values.ts', ...words]);
const written = () => project.files('values.ts');

describe('values', () => {
  test('prints one environment, so that it can be piped', () => {
    project.write({ 'values.ts': two });
    expect(values('--env', 'prod')).toMatchObject({ exitCode: 0, stdout: prod, stderr: '' });
    expect(JSON.parse(values('--env', 'prod', '-o', 'json').stdout)).toMatchObject({
      ok: true,
      outputs: [{ text: prod }],
    });
    expect(written()).toEqual({});
  });

  test('writes one environment to a file, and leaves it alone where it would stay the same', () => {
    project.write({ 'values.ts': two });
    expect(values('--env', 'prod', '--out', 'deploy/prod.yaml').stdout).toBe('deploy/prod.yaml  new\n');
    expect(values('--env', 'prod', '--out', 'deploy/prod.yaml').stdout).toBe('deploy/prod.yaml  unchanged\n');
    expect(written()).toEqual({ 'deploy/prod.yaml': prod });
  });

  test('writes all of them and removes those of environments that are gone, but nothing of somebody else', () => {
    const gone = prod.replace('for prod', 'for gone');
    project.write({ 'values.ts': two, 'values/web/gone.yaml': gone, 'values/web/mine.yaml': 'a: 1\n', 'values/x': '' });
    expect(values('--all')).toMatchObject({
      exitCode: 0,
      stdout: 'values/web/prod.yaml  new\nvalues/web/staging.yaml  new\nvalues/web/gone.yaml  removed\n',
    });
    expect(written()).toEqual({
      'values/web/mine.yaml': 'a: 1\n',
      'values/web/prod.yaml': prod,
      'values/web/staging.yaml': staging,
      'values/x': '',
    });
  });

  test('does not write over a file of somebody else', () => {
    project.write({ 'values.ts': two, 'values/web/prod.yaml': 'mine: 1\n' });
    expect(values('--all')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('values/web/prod.yaml: there is'),
    });
    expect(written()).toEqual({ 'values/web/prod.yaml': 'mine: 1\n' });
  });

  test('--check exits 0 where nothing would change, and 1 with a diff where something would', () => {
    project.write({ 'values.ts': two });
    values('--all');
    expect(values('--all', '--check')).toMatchObject({ exitCode: 0, stderr: '' });
    project.write({ 'values/web/prod.yaml': prod.replace('"on"', '"off"') });
    const before = written();
    expect(values('--all', '--check')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('-text: "off"\n+text: "on"\n'),
      stderr: `error: values/web/prod.yaml: this file is out of date [output-differs]
  do:      Run "chartwright values values.ts --all --out values" and commit what it writes.
`,
    });
    expect(written()).toEqual(before);
    const checked = JSON.parse(
      values('--env', 'prod', '--out', 'values/web/prod.yaml', '--check', '-o', 'json').stdout,
    );
    expect(checked).toMatchObject({
      ok: false,
      outputs: [{ state: 'differs', diff: expect.stringContaining('+text') }],
    });
  });

  test.each([
    [
      'a value that the chart does not have',
      `{ prod: { tex: 'a' } }`,
      'values.tex: environment prod: there is no such value',
    ],
    ['a value of another type', `{ prod: { text: 1 } as never }`, 'values.text: environment prod: '],
    ['a name that leads to another folder', `{ '../prod': {} }`, 'cannot be a file’s name'],
  ])('refuses %s, and writes nothing', (_, environments, text) => {
    project.write({ 'values.ts': module(environments) });
    const { exitCode, stderr } = values('--all');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(text) });
    expect(written()).toEqual({});
  });

  test('does not look at the environments that are not wanted', () => {
    project.write({ 'values.ts': module(`{ prod: { text: 'on', more: true }, broken: { text: 1 } as never }`) });
    expect(values('--env', 'prod')).toMatchObject({ exitCode: 0, stdout: prod });
  });

  test.each([
    ['an environment that there is not', ['--env', 'pord'], 2, 'Did you mean "prod"?'],
    ['neither one nor all', [], 2, 'either --env with a name, or --all'],
    ['one and all', ['--all', '--env', 'prod'], 2, 'either --env with a name, or --all'],
    ['a check against nothing', ['--env', 'prod', '--check'], 2, '--check needs --out'],
  ])('refuses %s', (_, words, expected, text) => {
    project.write({ 'values.ts': two });
    const { exitCode, stderr } = values(...words);
    expect({ exitCode, stderr }).toEqual({ exitCode: expected, stderr: expect.stringContaining(text) });
  });

  test('refuses an environment that is there twice', () => {
    project.write({ 'values.ts': `${two}export const again = defineValues(chart, { prod: {} });\n` });
    expect(values('--all')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('web/prod.yaml: the module defines'),
    });
    expect(values('--env', 'prod')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--all') });
  });

  test('refuses a module without values', () => {
    project.write({ 'values.ts': 'export default 1;\n' });
    expect(values('--all')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('exports no values') });
  });
});
