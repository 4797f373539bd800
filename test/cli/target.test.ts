import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findTarget, refuseTargets } from '../../src/cli/target.js';

let parent: string;
let folder: string;
beforeEach(() => {
  parent = realpathSync(mkdtempSync(join(tmpdir(), 'chartwright-test-')));
  folder = join(parent, 'project');
  for (const path of [
    'package/package.json',
    'repository/.git/HEAD',
    'project/app/main.ts',
    'project/node_modules/x/y.js',
  ]) {
    mkdirSync(join(parent, path, '..'), { recursive: true });
    writeFileSync(join(parent, path), '');
  }
  symlinkSync('../project', join(folder, 'link-to-project'));
});
afterEach(() => rmSync(parent, { recursive: true }));

const where = { file: 'cdk8s.yaml', line: 2, column: 9 };
const target = (set: 'manifests' | 'values', value: string) => findTarget(set, { value, where }, folder);
const reasons = (value: string) =>
  refuseTargets([target('manifests', value)], folder, [join(folder, 'app/main.ts')]).map(({ message }) =>
    message.replace('this folder cannot be an output: it ', ''),
  );

describe('a folder that must not be wiped is refused', () => {
  const table: [value: string, reason: string][] = [
    ['.', 'is the folder of the project'],
    ['./', 'is the folder of the project'],
    ['link-to-project', 'is the folder of the project'],
    ['app/..', 'is the folder of the project'],
    ['..', 'holds the project'],
    ['/', 'is the root of the file system'],
    [homedir(), 'is your home folder'],
    ['../package', 'holds package.json'],
    ['../repository', 'holds .git'],
    ['../repository/.git', 'is inside .git'],
    ['../repository/.git/new', 'is inside .git'],
    ['node_modules', 'is inside node_modules'],
    ['node_modules/x', 'is inside node_modules'],
    ['app', 'holds main.ts, which is running'],
    ['app/main.ts', 'is a file'],
  ];
  test.each(table)('%s: %s', (value, reason) => {
    expect(reasons(value)).toEqual([reason]);
  });

  test.each(['dist', 'dist/manifests', '../elsewhere', 'a folder/with spaces', '.hidden'])('but not %s', (value) => {
    expect(reasons(value)).toEqual([]);
  });
});

describe('the two folders must not be inside each other', () => {
  const table: [output: string, values: string, message: string | undefined][] = [
    ['dist', 'values', undefined],
    ['dist/a', 'dist/b', undefined],
    ['dist', 'dist-values', undefined],
    ['dist', 'dist/values', 'the folder for values is inside the folder for manifests'],
    ['values/manifests', 'values', 'the folder for manifests is inside the folder for values'],
    ['dist', './dist/', 'the folder for manifests is inside the folder for values'],
  ];
  test.each(table)('%s and %s: %s', (output, values, message) => {
    const problems = refuseTargets([target('manifests', output), target('values', values)], folder, []);
    expect(problems.map((problem) => problem.message)).toEqual(message ? [message] : []);
  });
});

test('a link is followed, so that the folder and not the link is replaced', () => {
  mkdirSync(join(parent, 'real'));
  symlinkSync('../real', join(folder, 'out'));
  expect(target('manifests', 'out/new')).toMatchObject({
    path: join(parent, 'real/new'),
    shown: join(parent, 'real/new'),
  });
  expect(target('manifests', 'dist/manifests').shown).toBe('dist/manifests');
});
