import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BuiltCommandLine, Project } from './project.js';

let commandLine: BuiltCommandLine;
let project: Project;
beforeAll(() => {
  commandLine = new BuiltCommandLine();
});
afterAll(() => commandLine.remove());
beforeEach(() => {
  project = new Project(commandLine).write(chart);
});
afterEach(() => project.remove());

const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  properties: { replicas: { type: 'integer', minimum: 1 }, image: { properties: { tag: { type: 'string' } } } },
};
const chart = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.2.3\ndependencies: [{name: redis}]\n',
  'chart/values.yaml':
    'replicas: 1\nimage:\n  tag: ""\nbackup:\n  enabled: false\n  # schedule: "@daily"\nlabels: {}\n',
  'chart/values.schema.json': JSON.stringify(schema),
};

interface Case {
  readonly files?: Record<string, string>;
  readonly words: string[];
  readonly exitCode: number;
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
}

const forChart = ['--chart', 'chart'];
const good = { 'a.yaml': 'replicas: 2\n' };
const bad = { 'a.yaml': '# ours\nreplicas: "three"\n' };
const badText = `a.yaml:2:11: error: replicas is the text "three"; allowed: a whole number [SCHEMA001]
  2 | replicas: "three"
    |           ^^^^^^^
  why: Helm refuses to install or upgrade with it, and names neither file nor line.
  do:  Write what the schema allows.

1 error in 1 file for chart demo 1.2.3
Values of redis: skipped: charts/ does not hold it (helm dependency build).
`;

const table: [name: string, Case][] = [
  [
    'good values',
    {
      files: good,
      words: ['a.yaml', ...forChart],
      exitCode: 0,
      stdout: /^no findings in 1 file for chart demo 1\.2\.3\n/,
    },
  ],
  ['a value that the schema refuses', { files: bad, words: ['a.yaml', ...forChart], exitCode: 1, stdout: badText }],
  ['the same with -f', { files: bad, words: ['-f', 'a.yaml', ...forChart], exitCode: 1, stdout: badText }],
  [
    'a misspelt key where the schema allows any',
    {
      files: { 'a.yaml': 'backup:\n  enabeld: true\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 1,
      stdout:
        /^a\.yaml:2:3: error: the chart has no value backup\.enabeld \[SCHEMA002\]\n[^\n]*\n[^\n]*\^{7}\n[\s\S]*do: {2}Did you mean "enabled"\?/,
    },
  ],
  [
    'keys in comments of the chart, of subcharts, of Helm and in free maps are known',
    {
      files: { 'a.yaml': 'backup: {schedule: "1 * * * *"}\nredis: {x: 1}\nglobal: {w: 1}\nlabels: {z: "1"}\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 0,
      stdout: /^no findings/,
    },
  ],
  [
    'an unknown key is a warning',
    {
      files: { 'a.yaml': 'nothing: 1\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 0,
      stdout: /warning: the chart has no value nothing \[SCHEMA003\]/,
    },
  ],
  [
    'a warning with --fail-on',
    {
      files: { 'a.yaml': 'nothing: 1\n' },
      words: ['a.yaml', ...forChart, '--fail-on', 'warning'],
      exitCode: 1,
      stdout: /SCHEMA003/,
    },
  ],
  [
    'an error with --fail-on never',
    { files: bad, words: ['a.yaml', ...forChart, '--fail-on', 'never'], exitCode: 0, stdout: badText },
  ],
  [
    'a file over another',
    {
      files: { ...bad, 'b.yaml': 'replicas: 3\n' },
      words: ['-f', 'a.yaml', '-f', 'b.yaml', ...forChart],
      exitCode: 0,
      stdout: /^no findings in 2 files/,
    },
  ],
  [
    'files with a comma, as Helm takes them',
    {
      files: { ...bad, 'b.yaml': 'replicas: 3\n' },
      words: ['-f', 'a.yaml,b.yaml', ...forChart],
      exitCode: 0,
      stdout: /^no findings in 2 files/,
    },
  ],
  [
    'each file for itself',
    {
      files: { ...bad, 'b.yaml': 'replicas: 3\n' },
      words: ['a.yaml', 'b.yaml', ...forChart],
      exitCode: 1,
      stdout: /1 error in 2 files/,
    },
  ],
  [
    'each file over a common one',
    {
      files: { 'base.yaml': 'replicas: "x"\n', 'e/1.yaml': 'replicas: 3\n', 'e/2.yml': 'image: {tag: a}\n' },
      words: ['-f', 'base.yaml', 'e', ...forChart],
      exitCode: 1,
      stdout: /^base\.yaml:1:11: error[\s\S]*1 error in 3 files/,
    },
  ],
  [
    'a glob',
    {
      files: { 'e/1.yaml': 'replicas: 3\n', 'e/2.yaml': 'replicas: 0\n' },
      words: ['e/*.yaml', ...forChart],
      exitCode: 1,
      stdout: /^e\/2\.yaml:1:11: error: replicas is 0; allowed: 1 or more/,
    },
  ],
  [
    'an option over a file',
    { files: bad, words: ['a.yaml', '--set', 'replicas=3', ...forChart], exitCode: 0, stdout: /^no findings/ },
  ],
  [
    'a wrong option',
    {
      words: ['--set', 'image.tag=a,replicas=x', ...forChart],
      exitCode: 1,
      stdout:
        /^--set:1:13: error: replicas is the text "x"; allowed: a whole number \[SCHEMA001\]\n {2}1 \| image\.tag=a,replicas=x\n {4}\| {13}\^+\n/,
    },
  ],
  [
    'an option that Helm cannot read',
    {
      words: ['--set', 'a[x]=1', ...forChart],
      exitCode: 1,
      stdout: /^--set:1:3: error: "x" is no position in a list \[VALUES005\]/,
    },
  ],
  [
    'a null that takes a default away',
    { files: { 'a.yaml': 'replicas: null\n' }, words: ['a.yaml', ...forChart], exitCode: 0, stdout: /^no findings/ },
  ],
  [
    'a secret',
    {
      files: { 'a.yaml': 'backup:\n  password: hunter2\n' },
      words: ['a.yaml'],
      exitCode: 0,
      stdout: /^(?![\s\S]*hunter2)a\.yaml:2:13: warning: backup\.password holds a secret in plain text \[VALUES003\]/,
    },
  ],
  [
    'no chart',
    {
      files: good,
      words: ['a.yaml'],
      exitCode: 0,
      stdout: 'no findings in 1 file\nNo chart was given: only what is wrong for any chart was looked for.\n',
    },
  ],
  [
    'a chart by name',
    {
      files: { 'a.yaml': 'agent: {sidecar: {enabled: true}}\n' },
      words: ['a.yaml', '--chart', 'vald'],
      exitCode: 1,
      stdout: /\[VALD001\][\s\S]*for chart vald v1\.8\.0\nSchema and unknown keys: skipped: give the chart’s path\./,
    },
  ],
  [
    'a chart by name and version',
    {
      files: { 'a.yaml': 'agent: {sidecar: {enabled: true}}\n' },
      words: ['a.yaml', '--chart', 'vald@1.7.10'],
      exitCode: 1,
      stdout: /^(?![\s\S]*VALD001)[\s\S]*for chart vald v1\.7\.10/,
    },
  ],
  [
    'a version that is not known',
    { files: good, words: ['a.yaml', '--chart', 'vald@0.1.0'], exitCode: 3, stderr: /allowed: .*v1\.8\.0/ },
  ],
  [
    'a chart that is not there',
    {
      files: good,
      words: ['a.yaml', '--chart', 'val'],
      exitCode: 3,
      stderr:
        /^error: --chart: there is no chart of this name and no such file \[unreadable-file\]\n[\s\S]*Did you mean "vald"\?/,
    },
  ],
  [
    'a folder that is no chart',
    {
      files: { 'x/a.yaml': '' },
      words: ['x/a.yaml', '--chart', 'x'],
      exitCode: 3,
      stderr: /x: this is no chart: it has no Chart\.yaml/,
    },
  ],
  [
    'a chart whose values Helm refuses',
    {
      files: { ...good, 'chart/values.yaml': 'a: [\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 3,
      stderr: /chart\/values\.yaml: Helm refuses this file of the chart/,
    },
  ],
  [
    'a schema that leads away',
    {
      files: {
        ...good,
        'chart/values.schema.json': '{"properties":{"replicas":{"$ref":"https://example.com/x.json"}}}',
      },
      words: ['a.yaml', ...forChart],
      exitCode: 1,
      stdout: /^a\.yaml:1:1: error: .*refers to "https:\/\/example\.com\/x\.json", outside of the file \[SCHEMA004\]/,
    },
  ],
  [
    'a schema that is none',
    {
      files: { ...good, 'chart/values.schema.json': '{' },
      words: ['a.yaml', ...forChart],
      exitCode: 1,
      stdout: /it is no JSON: .*\[SCHEMA005\]/,
    },
  ],
  [
    'a file that is not there, beside one that is',
    {
      files: bad,
      words: ['nowhere.yaml', 'a.yaml', ...forChart],
      exitCode: 3,
      stdout: /\[SCHEMA001\][\s\S]*\n\n1 error in 1 file for chart demo 1\.2\.3; 1 could not be read\n/,
      stderr: /^error: nowhere\.yaml: there is no such file \[unreadable-file\]/,
    },
  ],
  [
    'a file that is not there, alone',
    {
      files: {},
      words: ['nowhere.yaml'],
      exitCode: 3,
      stderr: /no such file/,
      stdout: /^no findings in 0 files; 1 could not be read\n/,
    },
  ],
  [
    'a file that is not there, which passes no case of a pipeline',
    {
      files: {},
      words: ['nowhere.yaml', '-o', 'junit'],
      exitCode: 3,
      stderr: /no such file/,
      stdout: /<testsuites [^>]* tests="0" [^>]*>\n<\/testsuites>/,
    },
  ],
  [
    'a folder without values',
    {
      files: { 'x/readme.md': '' },
      words: ['x', ...forChart],
      exitCode: 3,
      stderr: /^error: x: no YAML file is found there/,
    },
  ],
  ['nothing to check', { words: forChart, exitCode: 2, stderr: /^error: command line: no values are given/ }],
  [
    'a file that Helm refuses',
    {
      files: { 'a.yaml': 'a: [1\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 1,
      stdout: /^a\.yaml:1:5: error: .*\[YAML001\]/,
    },
  ],
  [
    'UTF-16',
    {
      files: { 'a.yaml': '' },
      words: ['utf16.yaml', ...forChart],
      exitCode: 1,
      stdout: /^utf16\.yaml:1:1: error: the text is UTF-16, .* \[YAML007\]\n {2}1 \| replicas: 2\n/,
    },
  ],
  [
    'several documents',
    {
      files: { 'a.yaml': 'replicas: 2\n---\nreplicas: "x"\n' },
      words: ['a.yaml', ...forChart, '--helm', '3'],
      exitCode: 1,
      stdout: /^(?![\s\S]*SCHEMA001)a\.yaml:2:1: error: several documents in one values file \[YAML004\]/,
    },
  ],
  [
    'a comment that takes a finding away',
    {
      files: { 'a.yaml': '# chartwright-ignore SCHEMA001: tested\nreplicas: "three"\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 0,
      stdout: /^no findings/,
    },
  ],
  [
    'a comment behind the value',
    {
      files: { 'a.yaml': 'replicas: "three" # chartwright-ignore SCHEMA001: tested\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 0,
      stdout: /^no findings/,
    },
  ],
  [
    'a comment without a reason',
    {
      files: { 'a.yaml': '# chartwright-ignore SCHEMA001\nreplicas: "three"\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 1,
      stdout: /^a\.yaml:1:1: error: no reason is given for ignoring SCHEMA001 \[IGNORE001\][\s\S]*SCHEMA001/,
    },
  ],
  [
    'a comment for nothing',
    {
      files: { 'a.yaml': '# chartwright-ignore SCHEMA001, YAML011: old\nreplicas: "three"\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 0,
      stdout: /^a\.yaml:1:1: warning: there is no finding of YAML011 here \[IGNORE002\]/,
    },
  ],
  [
    'a comment for a rule of another run, and for none',
    {
      files: { 'a.yaml': '# chartwright-ignore VALD011, VALD999: for production\nreplicas: 2\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 0,
      stdout: /^a\.yaml:1:1: warning: there is no finding of VALD999 here \[IGNORE002\]/,
    },
  ],
  [
    'the same words in a text',
    {
      files: { 'a.yaml': 'replicas: 2\nlabels:\n  x: |\n    # chartwright-ignore SCHEMA001\n' },
      words: ['a.yaml', ...forChart],
      exitCode: 0,
      stdout: /^no findings/,
    },
  ],
  [
    'an explanation',
    {
      words: ['--explain', 'vald002'],
      exitCode: 0,
      stdout: /^VALD002 \(error\): [^\n]+\n\nWhy\. [\s\S]*\n\nDo\. [\s\S]*Breaks it:\n\nagent:/,
    },
  ],
  ['an explanation of nothing', { words: ['--explain', 'VALD999'], exitCode: 2, stderr: /no rule of this name/ }],
];

describe('command lines', () => {
  test.each(table)('%s', (_, { files = {}, words, exitCode, stdout = '', stderr = '' }) => {
    writeFileSync(join(project.folder, 'utf16.yaml'), Buffer.from('\uFEFFreplicas: 2\n', 'utf16le'));
    const result = project.write(files).run(['validate', ...words]);
    expect(result.exitCode, result.stdout + result.stderr).toBe(exitCode);
    for (const [got, wanted] of [
      [result.stdout, stdout],
      [result.stderr, stderr],
    ] as const)
      if (typeof wanted === 'string') expect(got).toBe(wanted);
      else expect(got).toMatch(wanted);
  });
});

describe('files that are no values', () => {
  const endless = `a: &a [${'x, '.repeat(20)}x]\n${Array.from(
    { length: 12 },
    (_, index) =>
      `b${index}: &b${index} [${Array(9)
        .fill(index === 0 ? '*a' : `*b${index - 1}`)
        .join(', ')}]\n`,
  ).join('')}`;
  test.each<[name: string, content: Buffer | string, rule: RegExp]>([
    [
      'fifty megabytes',
      Buffer.alloc(50_000_000, 'a: 5\n'),
      /^a\.yaml:1:1: error: 50000000 bytes, at most .* \[YAML008\]/,
    ],
    ['six megabytes', Buffer.alloc(6_000_000, 'a: 5\n'), /\[YAML008\]/],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /^a\.yaml:1:1: error: .*\[YAML007\]/],
    ['zeros', Buffer.alloc(4_000), /\[YAML007\]/],
    ['aliases that explode', endless, /\[YAML005\]/],
    ['ten thousand levels', `a: ${'{a: '.repeat(10_000)}`, /\[YAML006\]/],
    ['four megabytes in one line', `a: "${'x'.repeat(4_000_000)}"\nb: yes\n`, /^a\.yaml:2:4: warning: .*\[YAML011\]/],
    ['one line of keys', `{${Array.from({ length: 50_000 }, (_, index) => `k${index}: 1`).join(', ')}}`, /no findings/],
  ])('%s: told within a few seconds and 400 MB', (_, content, rule) => {
    writeFileSync(join(project.folder, 'a.yaml'), content);
    const started = process.hrtime.bigint();
    const { exitCode, stdout, stderr } = project.run(['validate', 'a.yaml'], {
      environment: { NODE_OPTIONS: '--max-old-space-size=400' },
    });
    // A bound that holds on a machine with other work too: without limits these take minutes, or end for want of memory.
    expect(Number(process.hrtime.bigint() - started) / 1e9).toBeLessThan(40);
    expect({ exitCode: exitCode! <= 1, stderr }).toEqual({ exitCode: true, stderr: '' });
    expect(stdout).toMatch(rule);
  });

  test('a folder in the place of a file is one that cannot be read', () => {
    project.write({ 'd.yaml/readme.md': '' });
    const { exitCode, stderr } = project.run(['validate', '-f', 'd.yaml']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 3,
      stderr: expect.stringMatching(/^error: d\.yaml: it is a folder \[unreadable-file\]/),
    });
  });
});

describe('a fleet', () => {
  const backedUp = (name: string) =>
    `agent:
  name: ${name}
  ngt: {enable_in_memory_mode: false, index_path: /var/ngt}
  sidecar: {enabled: true, config: {blob_storage: {bucket: backups}}}
`;
  const indented = (text: string) => text.replaceAll(/^(?=.)/gm, '    ');
  const shared = /release (\w+): agent\S*: .*\[VALD027\]/g;
  const sharing = (stdout: string) => [...stdout.matchAll(shared)].map(([, release]) => release);
  const check = (files: Record<string, string>, ...words: string[]) =>
    project.write(files).run(['validate', ...words, '--chart', 'vald@v1.7.10']).stdout;

  test('of folders: releases that share a place in the store are told of', () => {
    const files = {
      'r/blue/values.yaml': backedUp('a'),
      'r/green/values.yaml': backedUp('a'),
      'r/red/values.yaml': backedUp('b'),
    };
    expect(sharing(check(files, 'r', '--fleet'))).toEqual(['blue', 'green']);
    expect(sharing(check({}, 'r'))).toEqual([]);
  });

  test('of folders: the files of one are layered', () => {
    const files = {
      'r/blue/1.yaml': backedUp('a'),
      'r/blue/2.yaml': 'agent: {name: c}\n',
      'r/green/values.yaml': backedUp('a'),
    };
    expect(sharing(check(files, 'r', '--fleet'))).toEqual([]);
  });

  test('of objects for Argo CD and Flux: places are those in the object’s file', () => {
    const files = {
      'o/flux.yaml': `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: one\nspec:\n  values:\n${indented(backedUp('a'))}`,
      'o/argo.yaml': `apiVersion: v1\nkind: Namespace\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: two\nspec:\n  source:\n    chart: vald\n    helm:\n      values: |\n        # ours\n${indented(indented(backedUp('a')))}`,
      'o/other.yaml': 'apiVersion: v1\nkind: ConfigMap\ndata:\n  password: secret\n',
    };
    const stdout = check(files, 'o', '--fleet');
    expect(sharing(stdout).sort()).toEqual(['one', 'two']);
    expect(stdout).toMatch(/^o\/argo\.yaml:17:11: error: .*\n {2}17 \| {11}sidecar: /m);
    expect(stdout).toMatch(/^o\/flux\.yaml:10:7: error: /m);
    expect(stdout).not.toMatch(/other\.yaml:/);
  });
});

describe('other commands about charts', () => {
  test('import writes types, again over its own file, and not over another one', () => {
    const first = project.run(['import', 'chart']);
    expect({ exitCode: first.exitCode, stdout: first.stdout }).toEqual({ exitCode: 0, stdout: 'imports/demo.ts\n' });
    const types = project.files()['imports/demo.ts'];
    expect(types).toMatch(
      /^\/\/ Generated by "chartwright import"\. Do not edit\.\n\n[\s\S]*export interface DemoValues \{/,
    );
    expect(project.run(['import', 'chart', '--out', 'imports']).exitCode).toBe(0);
    project.write({ 'imports/demo.ts': 'mine' });
    const { exitCode, stderr } = project.run(['import', 'chart']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/^error: imports\/demo\.ts: there is a file/),
    });
    expect(project.files()['imports/demo.ts']).toBe('mine');
  });

  test('schema prints or writes', () => {
    const { stdout } = project.run(['schema', 'chart']);
    expect(JSON.parse(stdout)).toMatchObject({ title: 'Values of the chart demo 1.2.3' });
    const { stderr } = project.run(['schema', 'chart', '--out', 'x/demo.json']);
    expect(stderr).toMatch(/\$schema=x\/demo\.json/);
    expect(project.files()['x/demo.json']).toBe(stdout);
  });
});

test('JSON is an array of findings', () => {
  const { stdout } = project.write(bad).run(['validate', 'a.yaml', ...forChart, '--output', 'json']);
  expect(JSON.parse(stdout)).toEqual([
    {
      rule: 'SCHEMA001',
      severity: 'error',
      file: 'a.yaml',
      line: 2,
      column: 11,
      endLine: 2,
      endColumn: 18,
      path: 'replicas',
      message: 'replicas is the text "three"; allowed: a whole number',
      why: 'Helm refuses to install or upgrade with it, and names neither file nor line.',
      fix: 'Write what the schema allows.',
    },
  ]);
});

test('what was not looked at is said beside the other formats', () => {
  const { stdout, stderr } = project.write(good).run(['validate', 'a.yaml', '--chart', 'vald', '--output', 'sarif']);
  expect(JSON.parse(stdout).version).toBe('2.1.0');
  expect(stderr).toBe('Schema and unknown keys: skipped: give the chart’s path.\n');
});

test('GitHub gets one annotation for each finding', () => {
  const { stdout } = project.write(bad).run(['validate', 'a.yaml', ...forChart, '--output', 'github']);
  expect(stdout).toBe(
    '::error file=a.yaml,line=2,endLine=2,col=11,endColumn=18,title=SCHEMA001::replicas is the text "three"; allowed: a whole number. Write what the schema allows.\n',
  );
});

describe('a packed chart', () => {
  const pack = async (entries: Record<string, string>) =>
    gzipSync(
      await packTar(
        Object.entries(entries).map(([name, body]) => ({ header: { name, size: Buffer.byteLength(body) }, body })),
      ),
    );
  const inDemo = Object.fromEntries(
    Object.entries(chart).map(([path, text]) => [path.replace('chart/', 'demo/'), text]),
  );

  test('is read as its folder is', async () => {
    writeFileSync(join(project.folder, 'demo.tgz'), await pack(inDemo));
    const { stdout } = project.write(bad).run(['validate', 'a.yaml', '--chart', 'demo.tgz']);
    expect(stdout).toBe(badText);
  });

  test.each([
    [
      'a path that leads out',
      { ...inDemo, 'demo/../../evil.yaml': 'x' },
      /"demo\/\.\.\/\.\.\/evil\.yaml", which leads out of the chart/,
    ],
    ['an absolute path', { ...inDemo, '/tmp/evil.yaml': 'x' }, /leads out of the chart/],
  ])('with %s is refused, and nothing is written', async (_, entries, message) => {
    writeFileSync(join(project.folder, 'demo.tgz'), await pack(entries));
    const before = Object.keys(project.write(good).files('demo.tgz'));
    const { exitCode, stderr } = project.run(['validate', 'a.yaml', '--chart', 'demo.tgz']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringMatching(message) });
    expect(Object.keys(project.files('demo.tgz'))).toEqual(before);
  });

  test.each([
    ['no archive', Buffer.from('text')],
    ['an archive of rubbish', gzipSync(Buffer.alloc(2_000, 'x'))],
    ['a bomb', gzipSync(Buffer.alloc(101 * 1024 * 1024))],
  ])('that is %s is told', (_, content) => {
    writeFileSync(join(project.folder, 'demo.tgz'), content);
    const { exitCode, stderr } = project.write(good).run(['validate', 'a.yaml', '--chart', 'demo.tgz']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 3,
      stderr: expect.stringMatching(/demo\.tgz: .*(no packed chart|100 MiB|no Chart\.yaml)/),
    });
  });
});
