import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfiguration } from '../../src/cli/configuration.js';
import { Failure } from '../../src/cli/failure.js';
import { printProblem } from '../../src/problem/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string, appGiven = false) {
  writeFileSync(join(folder, 'cdk8s.yaml'), text);
  return readConfiguration(folder, appGiven);
}

/** The first line of each problem and the exit code. */
function faults(text: string, appGiven = false): (string | number)[] {
  try {
    read(text, appGiven);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [...error.problems.map((problem) => printProblem(problem).split('\n')[0]!), error.exitCode];
  }
}

test('all settings are read with their places', () => {
  expect(read('app: npx tsx main.ts\noutput: dist/manifests\nvalues:   values\n')).toEqual({
    configuration: {
      app: { value: 'npx tsx main.ts', where: { file: 'cdk8s.yaml', line: 1, column: 6 } },
      output: { value: 'dist/manifests', where: { file: 'cdk8s.yaml', line: 2, column: 9 } },
      values: { value: 'values', where: { file: 'cdk8s.yaml', line: 3, column: 11 } },
    },
    warnings: [],
  });
});

test('output is dist by default, and the settings of cdk8s-cli are left to it', () => {
  const text = `language: typescript
app: npx tsx main.ts
imports: [k8s]
importDirectory: imports
pluginsDirectory: plugins
validations: []
synthConfig: { format: plain }
anything: { of: [ours, or, not] }
`;
  const { configuration, warnings } = read(text);
  expect(configuration.output.value).toBe('dist');
  expect(configuration.values).toBeUndefined();
  expect(warnings).toEqual([]);
});

describe('a file that cannot be used is an error with its line and column', () => {
  const table: [name: string, text: string, faults: (string | number)[]][] = [
    ['empty', '', ['error: cdk8s.yaml: no "app" is set [invalid-configuration]', 2]],
    ['no app', 'output: dist\n', ['error: cdk8s.yaml: no "app" is set [invalid-configuration]', 2]],
    ['an app without a value', 'app:\n', ['error: cdk8s.yaml: no "app" is set [invalid-configuration]', 2]],
    ['a list', '- app\n', ['error: cdk8s.yaml:1:1: not a map of settings [invalid-configuration]', 2]],
    ['text', 'npx tsx', ['error: cdk8s.yaml:1:1: not a map of settings [invalid-configuration]', 2]],
    [
      'wrong types, all at once',
      'app: [npx, tsx]\noutput: 1\nvalues: true\n',
      [
        'error: cdk8s.yaml:1:6: "app" is not text [invalid-configuration]',
        'error: cdk8s.yaml:2:9: "output" is not text [invalid-configuration]',
        'error: cdk8s.yaml:3:9: "values" is not text [invalid-configuration]',
        2,
      ],
    ],
    [
      'empty text',
      'app: node app.js\noutput: ""\n',
      ['error: cdk8s.yaml:2:9: "output" is not text [invalid-configuration]', 2],
    ],
    [
      'a value of null',
      'app: node app.js\noutput:\n',
      ['error: cdk8s.yaml:2:8: "output" is not text [invalid-configuration]', 2],
    ],
    [
      'a key that is there twice',
      'app: a\napp: b\n',
      ['error: cdk8s.yaml:2:1: map keys must be unique [invalid-configuration]', 2],
    ],
    ['no YAML', 'app: "npx\n', ['error: cdk8s.yaml:2:1: missing closing "quote [invalid-configuration]', 2]],
    [
      'a misspelt app',
      'ap: node app.js\n',
      [
        'error: cdk8s.yaml: no "app" is set [invalid-configuration]',
        'warning: cdk8s.yaml:1:1: "ap" is not a setting of this command [invalid-configuration]',
        2,
      ],
    ],
  ];
  test.each(table)('%s', (_, text, expected) => {
    expect(faults(text)).toEqual(expected);
  });

  test('a folder in its place', () => {
    mkdirSync(join(folder, 'cdk8s.yaml'));
    expect(() => readConfiguration(folder, true)).toThrow('cdk8s.yaml: cannot be read (EISDIR) [unreadable-file]');
  });
});

test('a misspelt setting is a warning that names the right one', () => {
  const { configuration, warnings } = read('app: node app.js\noutptu: dist/manifests\n');
  expect(configuration.output.value).toBe('dist');
  expect(warnings.map(printProblem)).toEqual([
    'warning: cdk8s.yaml:2:1: "outptu" is not a setting of this command [invalid-configuration]\n  do:      Did you mean "output"?',
  ]);
});

test('with an app on the command line the file may have none or be missing', () => {
  expect(readConfiguration(folder, true).configuration).toEqual({
    output: { value: 'dist', where: { file: 'cdk8s.yaml' } },
  });
  expect(faults('output: out\n', true)).toEqual([]);
});

test('without one a missing file is an error that says what to do', () => {
  expect(() => readConfiguration(folder, false)).toThrow(
    /cdk8s\.yaml: there is no such file in this folder \[invalid-configuration\]\n {2}do: {6}Run the command in the folder of your project/,
  );
});
