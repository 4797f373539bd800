import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeWith, programPath } from '../programs/find.js';
import { BuiltCommandLine, Project } from './project.js';

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

const web = {
  'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0+1\n',
  'web/values.yaml': 'replicas: 1\n',
  'web/values.schema.json': '{ "type": "object" }\n',
  'web/templates/_helpers.tpl': '{{/* nothing */}}\n',
  'web/templates/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n',
  'web/README.md': '# web\n',
};

const pack = (...words: string[]) => project.run(['package', 'web', ...words]);
const archive = () => readFileSync(join(project.folder, 'dist/charts/web-1.0.0+1.tgz'));
const list = (helm: string, folder: string) => {
  execFileSync(programPath(helm), ['package', 'web', '-d', folder], { cwd: project.folder, stdio: 'pipe' });
  return names(readFileSync(join(project.folder, folder, 'web-1.0.0+1.tgz')));
};

/** Names in an archive, read by another program than the one that packs it. */
function names(packed: Buffer): string[] {
  const { stdout, status } = spawnSync('tar', ['-tzf', '-'], { input: packed, encoding: 'utf8' });
  expect(status).toBe(0);
  return stdout.trim().split('\n');
}

describe('package', () => {
  test('writes one archive, Chart.yaml first and the rest sorted, and says its digest', () => {
    project.write(web);
    const { exitCode, stdout, stderr } = pack();
    const sha256 = createHash('sha256').update(archive()).digest('hex');
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: `dist/charts/web-1.0.0+1.tgz  written  6 files  sha256:${sha256}\n`,
      stderr: '',
    });
    expect(names(archive())).toEqual([
      'web/Chart.yaml',
      'web/README.md',
      'web/templates/_helpers.tpl',
      'web/templates/configmap.yaml',
      'web/values.schema.json',
      'web/values.yaml',
    ]);
  });

  test('gives the bytes that it has always given', () => {
    project.write(web);
    pack();
    // Another digest means that everybody's archives change: only with a major version.
    expect(createHash('sha256').update(gunzipSync(archive())).digest('hex')).toMatchInlineSnapshot(
      `"e35c33faacdf476da095ee2524da4c2af9f78226813e2c5c5348ea3ecb8608fc"`,
    );
    expect(createHash('sha256').update(archive()).digest('hex')).toMatchInlineSnapshot(
      `"7105f9a2e96013aa5a9943d0a0f3e2fb52e697b0a0f57d1b80adebdcc30b6438"`,
    );
  });

  test('gives the same bytes whenever, wherever and in whatever order the files were made', () => {
    project.write(web);
    pack();
    const first = archive();
    rmSync(join(project.folder, 'web'), { recursive: true });
    project.write(Object.fromEntries(Object.entries(web).reverse()));
    chmodSync(join(project.folder, 'web/README.md'), 0o700);
    utimesSync(join(project.folder, 'web/values.yaml'), 1, 1);
    expect(pack('--out', 'other').exitCode).toBe(0);
    expect(readFileSync(join(project.folder, 'other/web-1.0.0+1.tgz')).equals(first)).toBe(true);
    expect(pack().stdout).toContain('  unchanged  ');
  });

  test('packs a path of more than 100 letters', () => {
    const long = `web/templates/${'a'.repeat(90)}/${'b'.repeat(120)}.yaml`;
    project.write({ ...web, [long]: '' });
    expect(pack().exitCode).toBe(0);
    expect(names(archive())).toContain(long);
  });

  test('takes away the mark at the start that Windows editors write, as Helm does', () => {
    project.write({ ...web, 'web/README.md': '\ufeff# web\n' });
    pack();
    const text = spawnSync('tar', ['-xzOf', '-', 'web/README.md'], { input: archive(), encoding: 'utf8' }).stdout;
    expect(text).toBe('# web\n');
  });

  test('follows a link inside of the chart, and refuses one that leads out, in a circle or to nothing', () => {
    project.write({ ...web, 'secret.txt': 'secret' });
    symlinkSync('README.md', join(project.folder, 'web/NOTES.md'));
    expect(pack('--output', 'json').stdout).toContain('"NOTES.md"');
    symlinkSync('../secret.txt', join(project.folder, 'web/secret.txt'));
    symlinkSync('..', join(project.folder, 'web/templates/circle'));
    symlinkSync('nowhere', join(project.folder, 'web/broken'));
    const { exitCode, stderr } = pack('--out', 'refused');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('web/secret.txt: the link leads out of the chart, to ../secret.txt');
    expect(stderr).toContain('web/templates/circle: the link leads to a folder that it is in');
    expect(stderr).toContain('web/broken: the link leads to nothing');
    expect(project.files()).not.toHaveProperty(['refused/web-1.0.0+1.tgz']);
    project.write({ 'web/.helmignore': 'secret.txt\ncircle\nbroken\n' });
    expect(pack().exitCode).toBe(0);
  });

  test('refuses a file larger than Helm reads', () => {
    project.write({ ...web, 'web/big.bin': 'x'.repeat(5 * 1024 * 1024 + 1) });
    expect(pack()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('web/big.bin: this file is larger') });
    project.write({ 'web/.helmignore': '*.bin\n' });
    expect(pack().exitCode).toBe(0);
  });

  test.each([
    ['no chart at all', { 'web/Chart.yaml': undefined }, 3, 'is no chart: it has no Chart.yaml'],
    ['broken YAML', { 'web/Chart.yaml': 'name: [\n' }, 1, 'web/Chart.yaml:2:1: not YAML'],
    ['no name', { 'web/Chart.yaml': 'apiVersion: v2\nversion: 1.0.0\n' }, 1, 'name is missing'],
    ['a path as name', { 'web/Chart.yaml': 'apiVersion: v2\nname: ../x\nversion: 1.0.0\n' }, 1, 'Chart.yaml:2:7: name'],
    ['a number as version', { 'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0\n' }, 1, 'Chart.yaml:3:10'],
    ['a part of a version', { 'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: "1.0"\n' }, 1, 'Chart.yaml:3:10'],
    ['another API', { 'web/Chart.yaml': 'apiVersion: v3\nname: web\nversion: 1.0.0\n' }, 1, 'v2, or v1 for Helm 2'],
    ['another type', { 'web/Chart.yaml': `${web['web/Chart.yaml']}type: app\n` }, 1, 'application, library'],
    ['values that are no YAML', { 'web/values.yaml': 'a: [\n' }, 1, 'web/values.yaml: not YAML'],
    ['a schema that is no JSON', { 'web/values.schema.json': '{' }, 1, 'web/values.schema.json: not JSON'],
    ['a pattern with **', { 'web/.helmignore': 'a\n**/b\n' }, 1, 'web/.helmignore:2: Helm has no "**"'],
    [
      'a dependency that is missing',
      { 'web/Chart.yaml': `${web['web/Chart.yaml']}dependencies:\n  - name: redis\n    version: 1.0.0\n` },
      1,
      'helm dependency build web',
    ],
  ])('refuses %s', (_, files, expected, text) => {
    const all = Object.entries({ ...web, 'web/empty': '', ...files });
    project.write(Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined)));
    const { exitCode, stderr } = pack();
    expect({ exitCode, stderr }).toEqual({ exitCode: expected, stderr: expect.stringContaining(text) });
    expect(Object.keys(project.files()).filter((path) => path.endsWith('.tgz'))).toEqual([]);
  });

  test('refuses to put the archive into the chart', () => {
    project.write(web);
    expect(pack('--out', 'web/dist')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('a part of the') });
  });

  test('--check exits 1 for an archive that is missing or another, and writes nothing', () => {
    project.write(web);
    expect(pack('--check')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('not there yet') });
    expect(project.files()).toEqual(web);
    pack();
    expect(pack('--check').exitCode).toBe(0);
    project.write({ 'web/README.md': 'new' });
    const before = archive();
    expect(pack('--check')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('would change this file') });
    expect(archive().equals(before)).toBe(true);
  });

  test('tells everything in JSON', () => {
    project.write(web);
    expect(JSON.parse(pack('-o', 'json').stdout)).toMatchObject({
      ok: true,
      outputs: [
        { file: 'dist/charts/web-1.0.0+1.tgz', state: 'written', files: expect.arrayContaining(['README.md']) },
      ],
    });
    rmSync(join(project.folder, 'web/Chart.yaml'));
    expect(JSON.parse(pack('-o', 'json').stdout)).toMatchObject({ ok: false, problems: [{ code: 'unreadable-file' }] });
  });
});

// Every rule of the file, also where it differs from git's.
const ignoreFile = `
# a comment
*.bak
/top.txt
docs/
templates/[a-c]?.yaml
[^a-z]x
\\#hash
sub/*/deep.txt
`;
const ignoreCases = {
  'web/.helmignore': ignoreFile,
  'web/a.bak': '',
  'web/sub/b.bak': '',
  'web/top.txt': '',
  'web/sub/top.txt': '',
  'web/docs/a.md': '',
  'web/sub/docs/a.md': '',
  'web/sub/docs.md/docs': '',
  'web/templates/ab.yaml': '',
  'web/templates/db.yaml': '',
  'web/templates/.hidden.yaml': '',
  'web/templates/tests/.hidden.yaml': '',
  'web/.hidden': '',
  'web/Ax': '',
  'web/ax': '',
  'web/#hash': '',
  'web/sub/one/deep.txt': '',
  'web/sub/one/two/deep.txt': '',
};

describeWith(['helm3', 'helm4', 'tar'], 'package beside Helm', () => {
  test.each(['helm3', 'helm4'])('takes the same files as %s', (helm) => {
    project.write({ ...web, ...ignoreCases });
    expect(pack().exitCode).toBe(0);
    expect(names(archive()).sort()).toEqual(list(helm, helm).sort());
    expect(names(archive())).not.toContain('web/a.bak');
  });

  test.each(['helm3', 'helm4'])('reads a line with ! as %s does', (helm) => {
    // Everything that is not called so is left out, so it has to be something that all that is needed is called.
    project.write({ ...web, 'web/nothing': '', 'web/.helmignore': '!*[.s]*\n' });
    expect(pack().exitCode).toBe(0);
    expect(names(archive()).sort()).toEqual(list(helm, helm).sort());
    expect(names(archive())).not.toContain('web/nothing');
  });

  test.each(['helm3', 'helm4'])('makes what %s shows, renders and lints', (helm) => {
    project.write(web);
    pack();
    const run = (...words: string[]) =>
      execFileSync(programPath(helm), words, { cwd: project.folder, encoding: 'utf8', stdio: 'pipe' });
    const file = 'dist/charts/web-1.0.0+1.tgz';
    expect(run('show', 'chart', file)).toContain('name: web\n');
    expect(run('template', 'mine', file)).toContain('  name: mine\n');
    expect(run('lint', file)).toContain('0 chart(s) failed');
  });
});

describeWith(['helm3', 'helm4', 'gpg'], 'a signed archive', () => {
  let home: string;
  beforeEach(() => {
    // The path of gpg's socket must be short.
    home = mkdtempSync(join(tmpdir(), 'gpg-'));
    chmodSync(home, 0o700);
  });
  afterEach(() => {
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']);
    rmSync(home, { recursive: true, force: true });
  });

  test.each(['helm3', 'helm4'])('passes "verify" of %s with the provenance file that docs/chart.md makes', (helm) => {
    const gpg = (words: string[], input = '') =>
      execFileSync('gpg', ['--homedir', home, '--batch', '--passphrase', '', ...words], { input, stdio: 'pipe' });
    gpg(['--quick-generate-key', 'tester <tester@example.com>', 'rsa2048', 'sign', 'never']);
    writeFileSync(join(home, 'keyring.gpg'), gpg(['--export']));
    project.write(web);
    pack();
    const sha256 = createHash('sha256').update(archive()).digest('hex');
    const text = `${web['web/Chart.yaml']}\n...\nfiles:\n  web-1.0.0+1.tgz: sha256:${sha256}\n`;
    const file = join(project.folder, 'dist/charts/web-1.0.0+1.tgz');
    mkdirSync(join(project.folder, 'dist/charts'), { recursive: true });
    writeFileSync(`${file}.prov`, gpg(['--clearsign'], text));
    const verify = () =>
      spawnSync(programPath(helm), ['verify', '--keyring', join(home, 'keyring.gpg'), file], { encoding: 'utf8' });
    expect(verify()).toMatchObject({ status: 0 });
    writeFileSync(file, 'another');
    expect(verify().status).not.toBe(0);
  });
});
