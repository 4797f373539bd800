import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { BuiltCommandLine, configMap, Project } from './project.js';

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

const app = {
  'manifests/a.yaml': configMap('a'),
  'manifests/b/c.yaml': configMap('c'),
  'values/vald/x.yaml': 'x: 1\n',
};
const written = { 'out/a.yaml': configMap('a'), 'out/b/c.yaml': configMap('c'), 'values/vald/x.yaml': 'x: 1\n' };

describe('--check', () => {
  test('says nothing but the counts and exits 0 where nothing would change', () => {
    project.writeApp(app).write(written).write({ 'values/mine.yaml': 'mine: 1' });
    expect(project.run(['synth', '--check'])).toEqual({
      exitCode: 0,
      signal: null,
      stderr: '',
      stdout: `                   files  objects   size  new  changed  unchanged  removed
manifests  out         2        2  132 B    0        0          2        0
values     values      1             5 B    0        0          1        0
`,
    });
  });

  test('prints a unified diff of changed, new and removed files, exits 1 and writes nothing', () => {
    project.writeApp(app).write({
      'out/a.yaml': configMap('a', 'changed'),
      'out/gone.yaml': 'kind: Gone\n',
      'values/vald/x.yaml': 'x: 1\n',
      'values/mine.yaml': 'mine: 1',
    });
    const before = project.files();
    const { exitCode, stdout, stderr } = project.run(['synth', '--check']);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`--- a/out/a.yaml
+++ b/out/a.yaml
@@ -3,4 +3,4 @@
 metadata:
   name: a
 data:
-  key: changed
+  key: a
--- /dev/null
+++ b/out/b/c.yaml
@@ -0,0 +1,6 @@
+apiVersion: v1
+kind: ConfigMap
+metadata:
+  name: c
+data:
+  key: a
--- a/out/gone.yaml
+++ /dev/null
@@ -1,1 +0,0 @@
-kind: Gone
                   files  objects   size  new  changed  unchanged  removed
manifests  out         2        2  132 B    1        1          0        1
values     values      1             5 B    0        0          1        0
`);
    expect(stderr).toBe(`error: out: a new synthesis would change 3 files [output-differs]
  do:      Run "chartwright synth" and commit what it writes.
`);
    expect(project.files()).toEqual(before);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('chartwright-check-'))).toEqual([]);
  });

  test('needs no right to write in the project', () => {
    project.writeApp(app);
    const { exitCode, stderr } = project.run(['synth', '--check', '--out', '/proc/chartwright/manifests']);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('would change 2 files'),
    });
  });

  test('looks only at the entries that --only names', () => {
    project.writeApp(app).write({ ...written, 'out/a.yaml': '' });
    expect(project.run(['synth', '--check', '--only', 'b', 'vald'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(project.run(['synth', '--check', '--only', 'a.yaml'])).toMatchObject({ exitCode: 1 });
  });

  test('gives each difference in JSON', () => {
    project.writeApp(app).write({ ...written, 'values/vald/x.yaml': 'x: 2\n' });
    const { exitCode, stdout, stderr } = project.run(['synth', '--check', '--output', 'json']);
    const { ok, problems, outputs } = JSON.parse(stdout);
    expect({ exitCode, stderr, ok, codes: problems.map((problem: { code: string }) => problem.code) }).toEqual({
      exitCode: 1,
      stderr: '',
      ok: false,
      codes: ['output-differs'],
    });
    expect(outputs).toMatchObject([
      { set: 'manifests', state: 'unchanged' },
      {
        set: 'values',
        state: 'differs',
        differences: [
          {
            path: 'vald/x.yaml',
            kind: 'changed',
            diff: '--- a/values/vald/x.yaml\n+++ b/values/vald/x.yaml\n@@ -1,1 +1,1 @@\n-x: 2\n+x: 1\n',
          },
        ],
      },
    ]);
  });

  test('does not print binary files', () => {
    project.writeApp({ ...app, 'manifests/icon.png': 'a\0b' }).write({ ...written, 'out/icon.png': 'a\0c' });
    expect(project.run(['synth', '--check']).stdout).toContain(
      'Binary files a/out/icon.png and b/out/icon.png differ\n',
    );
  });

  test('gives up on the diff of long files with nothing in common', () => {
    const lines = (mark: string) =>
      Array.from({ length: 60_000 }, (_, index) => `${mark}: ${(index * 7919) % 60_007}`).join('\n');
    project.write({ 'old.txt': lines('old'), 'new.txt': lines('new') });
    project.write({ 'out/a.yaml': lines('old') });
    project.writeApp({}, `(await import('node:fs')).cpSync('new.txt', join(folders.manifests, 'a.yaml'));`);
    const { stdout } = project.run(['synth', '--check']);
    expect(stdout.split('\n', 1)).toEqual(['Files a/out/a.yaml and b/out/a.yaml differ in too many lines to show']);
  });
});

describeWith(['git'], '--check in a git repository', () => {
  const git = (...words: string[]) => {
    const { status, stderr } = spawnSync('git', words, { cwd: project.folder, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  };

  test('skips an output that git ignores, and says so', () => {
    project.writeApp(app).write({ '.gitignore': 'out/\n', 'values/vald/x.yaml': 'x: 1\n' });
    git('init', '--quiet');
    expect(project.run(['synth', '--check'])).toMatchObject({
      exitCode: 0,
      stdout: `                files  objects  size  new  changed  unchanged  removed
values  values      1            5 B    0        0          1        0
`,
      stderr: 'manifests in out: not compared, git ignores this folder\n',
    });
  });

  test('skips single ignored files, and compares an ignored file that is committed all the same', () => {
    project.writeApp(app).write({ ...written, '.gitignore': 'b/\n', 'out/b/c.yaml': 'old\n' });
    git('init', '--quiet');
    expect(project.run(['synth', '--check'])).toMatchObject({ exitCode: 0 });
    git('add', '--force', 'out/b/c.yaml');
    expect(project.run(['synth', '--check'])).toMatchObject({ exitCode: 1 });
  });
});
