import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BuiltCommandLine, configMap, Project } from './project.js';

const root = join(import.meta.dirname, '../..');
let commandLine: BuiltCommandLine;
let project: Project;
beforeAll(() => {
  commandLine = new BuiltCommandLine();
});
afterAll(() => commandLine.remove());
beforeEach(() => {
  project = new Project(commandLine);
});
afterEach(() => project.remove());

/** Runs the command, which has to succeed. */
function synth(...words: string[]): string {
  const { exitCode, stdout, stderr } = project.run(['synth', ...words]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

describe('what is replaced', () => {
  test('all of the manifests folder, so that stale files vanish', () => {
    project.write({ 'out/stale/old.yaml': configMap('old'), 'out/a.yaml': 'old' });
    project.writeApp({ 'manifests/a.yaml': configMap('a'), 'manifests/b/README.md': '# b' });
    expect(synth()).toMatch(/^manifests {2}out {6}2 {8}1 {2}69 B {4}1 {8}1 {10}0 {8}1$/m);
    expect(project.outputs()).toEqual({ 'out/a.yaml': configMap('a'), 'out/b/README.md': '# b' });
  });

  test('of the values folder only what the app writes', () => {
    project.write({ 'values/mine.yaml': 'mine: 1', 'values/vald/stale.yaml': 'stale: 1' });
    project.writeApp({ 'manifests/a.yaml': configMap('a'), 'values/vald/new.yaml': 'new: 1' });
    synth();
    expect(project.outputs()).toEqual({
      'out/a.yaml': configMap('a'),
      'values/mine.yaml': 'mine: 1',
      'values/vald/new.yaml': 'new: 1',
    });
  });

  test('no values folder is made for an app that writes none', () => {
    project.writeApp({ 'manifests/a.yaml': configMap('a') });
    expect(synth()).not.toContain('values');
    expect(readdirSync(project.folder).sort()).toEqual(['app.mjs', 'cdk8s.yaml', 'out']);
  });

  test('manifests stay where the app writes values only', () => {
    project.write({ 'out/a.yaml': 'old' }).writeApp({ 'values/vald/x.yaml': 'x: 1' });
    synth();
    expect(project.outputs()).toEqual({ 'out/a.yaml': 'old', 'values/vald/x.yaml': 'x: 1' });
  });

  test('with --only just the named entries, in either folder', () => {
    project.write({ 'out/a.yaml': 'old', 'out/b/b.yaml': 'old', 'out/stale.yaml': 'old', 'values/vald/x.yaml': 'old' });
    project.writeApp({
      'manifests/a.yaml': configMap('a'),
      'manifests/b/c.yaml': configMap('c'),
      'values/vald/x.yaml': 'x: 1',
    });
    synth('--only', 'b');
    expect(project.outputs()).toEqual({
      'out/a.yaml': 'old',
      'out/b/c.yaml': configMap('c'),
      'out/stale.yaml': 'old',
      'values/vald/x.yaml': 'old',
    });
    synth('--only', 'a.yaml', 'vald');
    expect(project.outputs()).toEqual({
      'out/a.yaml': configMap('a'),
      'out/b/c.yaml': configMap('c'),
      'out/stale.yaml': 'old',
      'values/vald/x.yaml': 'x: 1',
    });
  });

  test('with --only nothing else is made in a folder that is not there yet', () => {
    project.writeApp({ 'manifests/a.yaml': configMap('a'), 'manifests/b.yaml': configMap('b') });
    synth('--only', 'b.yaml');
    expect(project.outputs()).toEqual({ 'out/b.yaml': configMap('b') });
  });

  test('nothing where nothing changes: the files keep their times', () => {
    project.writeApp({ 'manifests/a.yaml': configMap('a'), 'values/vald/x.yaml': 'x: 1' });
    synth();
    const before = statSync(join(project.folder, 'out')).ino;
    expect(synth()).toMatch(/^manifests {2}out .* 0 {8}0 {10}1 {8}0$/m);
    expect(statSync(join(project.folder, 'out')).ino).toBe(before);
  });

  test('the folder behind a link, not the link, and its mode stays', () => {
    mkdirSync(join(project.folder, 'real'), { mode: 0o750 });
    symlinkSync('real', join(project.folder, 'out'));
    project.writeApp({ 'manifests/a.yaml': configMap('a') });
    synth();
    expect(existsSync(join(project.folder, 'real/a.yaml'))).toBe(true);
    expect(statSync(join(project.folder, 'real')).mode & 0o777).toBe(0o750);
  });

  test('not a folder full of files that no synthesis has written', () => {
    project.write({ 'src/index.ts': 'x', 'src/more.ts': 'y' }).writeApp({ 'manifests/a.yaml': configMap('a') });
    const before = project.files();
    const { exitCode, stderr } = project.run(['synth', '--out', 'src']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('this folder holds 2 files and no manifest, and all of them would be removed');
    expect(project.files()).toEqual(before);
  });
});

describe('the app', () => {
  test('gets absolute folders that exist, and its stdout goes to stderr', () => {
    project.writeApp(
      { 'manifests/a.yaml': configMap('a') },
      `console.log(process.env.CDK8S_OUTDIR.startsWith(process.cwd() + '/.out.chartwright-')); console.error('note');`,
    );
    const { exitCode, stdout, stderr } = project.run(['synth']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'true\nnote\n' });
    expect(stdout).toMatch(/^ +files/);
    expect(project.run(['synth', '--quiet'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('may be a TypeScript file in a project that has no tsx', () => {
    project.write({
      'main app.ts': `import { writeFileSync } from 'node:fs';
        enum Kind { ConfigMap = 'ConfigMap' }
        const folder: string = process.env['CDK8S_OUTDIR']!;
        writeFileSync(\`\${folder}/a.yaml\`, \`apiVersion: v1\\nkind: \${Kind.ConfigMap}\\nmetadata:\\n  name: a\\n\`);`,
    });
    synth('--app', 'main app.ts');
    expect(project.files('main app.ts')).toEqual({
      'dist/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n',
    });
  });

  test('"npx tsx <file>" runs with the tsx of the project, without npx', () => {
    symlinkSync(join(root, 'node_modules'), join(project.folder, 'node_modules'));
    project.write({
      'cdk8s.yaml': 'app: npx tsx main.ts\n',
      'main.ts': `import { App, Chart, ApiObject } from 'cdk8s';
        const app: App = new App();
        const chart = new Chart(app, 'main', { disableResourceNameHashes: true });
        new ApiObject(chart, 'map', { apiVersion: 'v1', kind: 'ConfigMap', data: { npm: String(process.env['npm_command']) } });
        app.synth();`,
    });
    // npx would set this to "exec".
    const { exitCode, stderr } = project.run(['synth'], { environment: { npm_command: 'outside' } });
    rmSync(join(project.folder, 'node_modules'));
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(project.outputs()).toEqual({
      'dist/main.k8s.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: main-map\ndata:\n  npm: outside\n',
    });
  });

  test('works in a folder with spaces, quotes and other letters', () => {
    project.remove();
    project = new Project(commandLine, `it's a "folder" $HOME ä`);
    project.writeApp({ 'manifests/a b.yaml': configMap('a') }, '', 'output: "my out"\n');
    synth();
    expect(project.outputs()).toEqual({ 'my out/a b.yaml': configMap('a') });
  });

  test('that throws is told with the place in the user’s file and without a stack trace', () => {
    project.writeApp({ 'manifests/a.yaml': 'half' }, `throw new Error('the bucket is missing');`);
    expect(project.run(['synth'])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: `error: app.mjs:12:7: "\\"${process.execPath}\\" app.mjs" ended with exit code 1 [app-failed]
  got:     throw new Error('the bucket is missing');
           Error: the bucket is missing
  do:      Correct the app; with CHARTWRIGHT_DEBUG=1 all that it wrote is shown.
`.replaceAll('\\"', '"'),
    });
    expect(project.outputs()).toEqual({});
    const debug = project.run(['synth'], { environment: { CHARTWRIGHT_DEBUG: '1' } });
    expect(debug.stderr).toMatch(/^ +at file:.*app\.mjs:12:7/m);
  });

  test('that reports problems is told with just these', () => {
    const problem = (severity: string) => ({
      code: 'invalid-property',
      severity,
      where: { construct: 'app/agent', property: 'size' },
      message: 'not a quantity',
      got: '"banana"',
      hint: 'Write 100Gi.',
    });
    project.writeApp({}, `report([${JSON.stringify(problem('error'))}]); throw new Error('1 problem');`);
    expect(project.run(['synth'])).toMatchObject({
      exitCode: 1,
      stderr:
        'error: app/agent: size: not a quantity [invalid-property]\n  got:     "banana"\n  do:      Write 100Gi.\n',
    });
    project.writeApp({ 'manifests/a.yaml': configMap('a') }, `report([${JSON.stringify(problem('warning'))}]);`);
    const { exitCode, stdout, stderr } = project.run(['synth']);
    expect({ exitCode, lines: stdout.split('\n').length }).toEqual({ exitCode: 0, lines: 3 });
    expect(stderr).toMatch(/^warning: app\/agent: size: not a quantity/);
  });

  test('that leaves a process behind does not hold the command up', () => {
    project.writeApp(
      { 'manifests/a.yaml': configMap('a') },
      `(await import('node:child_process')).spawn('sleep', ['20'], { stdio: 'inherit', detached: true }).unref();`,
    );
    const start = Date.now();
    synth();
    expect(Date.now() - start).toBeLessThan(10_000);
  });
});

test('objects that were checked in the app are not checked again', () => {
  project.writeApp({ 'manifests/a.yaml': 'kind: Anything\n' }, 'report([], 1);');
  synth();
});

describe('objects that were not checked in the app', () => {
  const unchecked = 'report([], 0);';

  test('are checked here, and an error leaves the old output', () => {
    project.write({ 'out/a.yaml': configMap('a') });
    project.writeApp(
      { 'manifests/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndatta: {}\n' },
      unchecked,
    );
    const { exitCode, stderr } = project.run(['synth']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: .*ConfigMap.*a.*: datta: .*\[unknown-field\]/);
    expect(project.outputs()).toEqual({ 'out/a.yaml': configMap('a') });
  });

  test('that are not YAML are told with line and column', () => {
    project.writeApp({ 'manifests/sub/a.yaml': `${configMap('a')}---\n"kind\n` }, unchecked);
    expect(project.run(['synth'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^error: out\/sub\/a\.yaml:9:1: not YAML: .*\[unreadable-file\]/),
    });
  });

  test('may be one set over several files, or one set for each cluster', () => {
    const role = 'apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: a\n';
    project.writeApp({ 'manifests/dev.yaml': role, 'manifests/prod.yaml': role }, unchecked);
    synth();
    project.writeApp({ 'manifests/dev.yaml': `${role}---\n${role}` }, unchecked);
    expect(project.run(['synth'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[duplicate-object]'),
    });
  });
});

describe('JSON', () => {
  test('is the only thing on stdout and says what was written', () => {
    project.writeApp({ 'manifests/a.yaml': configMap('a'), 'values/vald/x.yaml': 'x: 1' }, 'console.log("hello");');
    const { exitCode, stdout, stderr } = project.run(['synth', '--output', 'json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'hello\n' });
    const counts = { new: 1, changed: 0, unchanged: 0, removed: 0, state: 'written' };
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      problems: [],
      outputs: [
        { set: 'manifests', folder: 'out', files: 1, objects: 1, bytes: 66, ...counts },
        { set: 'values', folder: 'values', files: 1, objects: 0, bytes: 4, ...counts },
      ],
    });
  });

  test('has the problems of a failed app', () => {
    project.writeApp({}, 'process.exit(3);');
    const { exitCode, stdout, stderr } = project.run(['synth', '--output=json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [{ code: 'app-failed' }], outputs: [] });
  });
});

describe('a folder that cannot be written', () => {
  test.each(['.', 'package'])('because it is no output folder (%s) is told before the app is run', (output) => {
    project.write({ 'package/package.json': '{}' });
    project.writeApp({}, `writeFileSync('ran', '');`, `output: ${output}\n`);
    expect(project.run(['synth'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('[unwritable-output]'),
    });
    expect(existsSync(join(project.folder, 'ran'))).toBe(false);
  });

  test('because the app writes values into the folder for manifests is told too', () => {
    project.writeApp({ 'manifests/a.yaml': configMap('a'), 'values/x.yaml': 'x: 1' }, '', 'output: values\n');
    const { exitCode, stderr } = project.run(['synth']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the folder for manifests is inside the folder for values');
  });

  test('is an error without a stack trace, and the app is not run', () => {
    project.write({ file: '' }).writeApp({}, `writeFileSync('ran', '');`, 'output: file/out\n');
    const { exitCode, stderr } = project.run(['synth']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 3,
      stderr: `error: ${join(project.folder, 'file')}: the system refuses to mkdir this (EEXIST) [unwritable-output]
  do:      A file is in the way: choose another folder.
`,
    });
    expect(existsSync(join(project.folder, 'ran'))).toBe(false);
  });

  test('is an error for somebody who may only read the project', () => {
    project.writeApp({ 'manifests/a.yaml': configMap('a') });
    chmodSync(dirname(project.folder), 0o755);
    chmodSync(project.folder, 0o555);
    // Root may write anywhere, so the command runs as nobody then.
    const nobody = 65_534;
    const { exitCode, stderr } = project.run(['synth'], process.getuid?.() === 0 ? { user: nobody } : {});
    chmodSync(project.folder, 0o755);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /the system refuses to mkdir this \(EACCES\) \[unwritable-output\]\n {2}do: {6}Give yourself the right/,
    );
  });
});
