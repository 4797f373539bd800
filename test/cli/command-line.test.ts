import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BuiltCommandLine, configMap, Project } from './project.js';

let commandLine: BuiltCommandLine;
let project: Project;
beforeAll(() => {
  commandLine = new BuiltCommandLine();
});
afterAll(() => commandLine.remove());
beforeEach(() => {
  project = new Project(commandLine).writeApp({ 'manifests/a.yaml': configMap('a') });
});
afterEach(() => project.remove());

interface Case {
  readonly words: string[];
  readonly exitCode: number;
  /** What stdout has to be (text) or match. */
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
  readonly files?: Record<string, string>;
}

/** With an exit code, what goes to stdout and what to stderr; neither is expected to hold anything where it is left out. */
const table: [name: string, Case][] = [
  ['the version', { words: ['--version'], exitCode: 0, stdout: /^\d+\.\d+\.\d+\n$/ }],
  [
    'help',
    { words: ['--help'], exitCode: 0, stdout: /^Usage: chartwright[\s\S]*synth[\s\S]*Exit codes:[\s\S]* 3 {2}a file/ },
  ],
  [
    'help of a command, with examples and exit codes',
    {
      words: ['synth', '--help'],
      exitCode: 0,
      stdout: /Examples:\n {2}\$ chartwright synth [\s\S]*Exit codes:\n {2}0 {2}done/,
    },
  ],
  ['no command: the help, as an error', { words: [], exitCode: 2, stderr: /^Usage: chartwright/ }],
  [
    'an unknown command',
    {
      words: ['sinth'],
      exitCode: 2,
      stderr:
        'error: command line: unknown command \'sinth\' [invalid-command-line]\n  do:      Did you mean synth? See "chartwright --help".\n',
    },
  ],
  [
    'an unknown option',
    {
      words: ['synth', '--chek'],
      exitCode: 2,
      stderr: /unknown option '--chek' \[invalid-command-line\]\n {2}do: {6}Did you mean --check\?/,
    },
  ],
  [
    'an option without its value',
    { words: ['synth', '--app'], exitCode: 2, stderr: /'-a, --app <file\|command>' argument missing/ },
  ],
  ['a word too many', { words: ['synth', 'production'], exitCode: 2, stderr: /too many arguments/ }],
  ['a wrong value', { words: ['synth', '--output', 'yaml'], exitCode: 2, stderr: /Allowed choices are text, json/ }],
  [
    'a wrong command line in JSON',
    {
      words: ['synth', '--output', 'json', '--chek'],
      exitCode: 2,
      stdout: /^\{\n {2}"ok": false,\n {2}"problems": \[[\s\S]*"invalid-command-line"[\s\S]*\}\n$/,
    },
  ],
  [
    'a synthesis',
    {
      words: ['synth'],
      exitCode: 0,
      stdout:
        '                files  objects  size  new  changed  unchanged  removed\n' +
        'manifests  out      1        1  66 B    1        0          0        0\n',
      files: { 'out/a.yaml': configMap('a') },
    },
  ],
  ['a quiet one', { words: ['synth', '--quiet'], exitCode: 0, files: { 'out/a.yaml': configMap('a') } }],
  [
    'another folder',
    {
      words: ['synth', '--out', 'else where/x'],
      exitCode: 0,
      stdout: /manifests {2}else where\/x/,
      files: { 'else where/x/a.yaml': configMap('a') },
    },
  ],
  [
    'the project as the folder',
    {
      words: ['synth', '--out', '.'],
      exitCode: 2,
      stderr: /^error: --out: this folder cannot be an output: it is the folder of the project \[unwritable-output\]/,
      files: {},
    },
  ],
  [
    'an app file that is not there',
    {
      words: ['synth', '--app', 'nowhere.ts'],
      exitCode: 3,
      stderr: /^error: nowhere\.ts: there is no such file \[unreadable-file\]/,
      files: {},
    },
  ],
  [
    'an app command that is not there',
    {
      words: ['synth', '--app', 'no-such-program --x'],
      exitCode: 3,
      stderr: /"no-such-program --x" ended with exit code 127 \[app-failed\]\n {2}got: .*not found/,
      files: {},
    },
  ],
  [
    'an app that fails',
    {
      words: ['synth', '--app', 'echo broken >&2; exit 4'],
      exitCode: 1,
      stderr: /^error: --app: "echo broken >&2; exit 4" ended with exit code 4 \[app-failed\]\n {2}got: {5}broken\n/,
      files: {},
    },
  ],
  [
    'an app that writes nothing',
    {
      words: ['synth', '--app', 'true'],
      exitCode: 1,
      stderr:
        /^error: --app: "true" ended well but wrote no file[^\n]*\[app-wrote-nothing\]\n {2}do: {6}Call app\.synth\(\)[^\n]*"outdir"/,
      files: {},
    },
  ],
  [
    'an entry that the app does not write',
    {
      words: ['synth', '--only', 'b.yaml'],
      exitCode: 2,
      stderr:
        /^error: --only: [^\n]*\[invalid-command-line\]\n {2}got: {5}b\.yaml\n {2}allowed: a\.yaml\n {2}do: {6}Did you mean "a\.yaml"\?\n$/,
      files: {},
    },
  ],
];

describe('command lines', () => {
  test.each(table)('%s', (_, { words, exitCode, stdout = '', stderr = '', files }) => {
    const result = project.run(words);
    expect(result.exitCode, result.stderr).toBe(exitCode);
    if (typeof stdout === 'string') expect(result.stdout).toBe(stdout);
    else expect(result.stdout).toMatch(stdout);
    if (typeof stderr === 'string') expect(result.stderr).toBe(stderr);
    else expect(result.stderr).toMatch(stderr);
    if (files) expect(project.outputs()).toEqual(files);
  });
});

test('outside of a project the error says where to run the command', () => {
  const empty = new Project(commandLine);
  const { exitCode, stderr } = empty.run(['synth']);
  empty.remove();
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: `error: cdk8s.yaml: there is no such file in this folder [invalid-configuration]
  do:      Run the command in the folder of your project, or name the app: chartwright synth --app main.ts
`,
  });
});
