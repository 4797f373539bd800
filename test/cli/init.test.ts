import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
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

const own = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
const files = [
  '.github/workflows/ci.yaml',
  '.gitignore',
  'README.md',
  'package.json',
  'src/chart.ts',
  'src/web-service.ts',
  'test/chart.test.ts',
  'tsconfig.json',
];

// That what is made works is tested with the package installed: test/package.
test('init makes a chart project in a new folder and says what to do next', () => {
  const { exitCode, stdout, stderr } = project.run(['init', 'chart', 'web']);
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 0,
    stdout: files.map((file) => `web/${file}\n`).join(''),
    stderr: '\nNext: cd web && npm install && npm test && npm run chart\n',
  });
  const made = project.files();
  expect(made['web/src/chart.ts']).toContain("name: 'web'");
  expect(JSON.parse(made['web/package.json']!)).toMatchObject({
    name: 'web',
    dependencies: { chartwright: own.version, zod: own.dependencies.zod },
    devDependencies: { vitest: own.devDependencies.vitest },
  });
  expect(parse(made['web/.github/workflows/ci.yaml']!)).toMatchObject({ permissions: { contents: 'read' } });
});

test('init makes a library, and takes a name', () => {
  const { stdout } = project.run(['init', 'library', '--name', 'acme', '--output', 'json']);
  expect(JSON.parse(stdout)).toEqual({
    ok: true,
    problems: [],
    outputs: [
      { folder: '.', kind: 'library', name: 'acme', files: [...files, 'src/index.ts', 'tsconfig.build.json'].sort() },
    ],
  });
});

test.each([
  ['a folder that is not empty', ['init'], 'this folder is not empty'],
  ['a file', ['init', 'chart', 'mine.txt'], 'this is a file'],
  ['a name that no chart can have', ['init', 'chart', 'My_Web'], 'no chart can be called so'],
  ['another kind', ['init', 'operator'], 'chart, library'],
])('init refuses %s and writes nothing', (_, words, text) => {
  project.write({ 'mine.txt': 'mine\n' });
  const { exitCode, stderr } = project.run(words);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(text) });
  expect(project.files()).toEqual({ 'mine.txt': 'mine\n' });
});

test('init takes a repository that was just made for empty', () => {
  project.write({ '.git/HEAD': 'ref: refs/heads/main\n' });
  expect(project.run(['init']).exitCode).toBe(0);
});
