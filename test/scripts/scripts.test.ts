import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generateScripts } from '../../build/scripts.js';
import { type ClusterScript, scriptFolder } from '../../src/scripts/contract.js';
import * as room from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'src/scripts');
const files = readdirSync(folder).filter((name) => name.endsWith('.sh'));
const scripts = Object.values(room)
  .filter((value): value is typeof value & ClusterScript => typeof value === 'object' && 'exitCodes' in value)
  .map((script): ClusterScript => script)
  .sort((a, b) => (a.name < b.name ? -1 : 1));
const text = (name: string) => readFileSync(join(folder, name), 'utf8');
/** Variables that bash sets itself. */
const shellsOwn = new Set(['BASHPID', 'EPOCHSECONDS', 'PIPESTATUS', 'SECONDS']);
const unique = (values: Iterable<string>) => [...new Set(values)].sort();

test('every script in the folder has a description', () => {
  expect(scripts.map(({ name }) => name)).toEqual(files);
});

describe.each(scripts)('$name', (script) => {
  const content = text(script.name);
  const code = content.replace(/^\s*#.*$/gm, '');

  test('is the text that the package ships', () => {
    expect(script.content).toBe(content);
    for (const [path, generated] of generateScripts(root))
      expect(readFileSync(join(root, path), 'utf8'), `run npm run generate: ${path}`).toBe(generated);
  });

  test('declares each variable that its description lists, and reads no other', () => {
    const listed = script.environment.map(({ name }) => name);
    const declarations = content.split('\n').filter((line) => /^ {2}: "\$\{/.test(line));
    const declared = declarations.flatMap((line) => [...line.matchAll(/"\$\{([A-Z_]+):\?[^}]+\}"/g)]);
    expect(declared.map(([, name]) => name)).toEqual(listed);
    const read = [...code.matchAll(/\$\{?#?([A-Z][A-Z0-9_]+)/g)].map(([, name]) => name!);
    expect(unique(read.filter((name) => !shellsOwn.has(name)))).toEqual(unique(listed));
  });

  test('exits with the codes that its description lists', () => {
    const own = [...code.matchAll(/(?:refuse\w*|exit) ([0-9]+)/g)].map(([, status]) => Number(status));
    const listed = script.exitCodes.map((entry) => entry.code);
    // 0, 1 and 2 are the shell's own: the end, a failing command under `set -e`, and a variable that is missing.
    expect(new Set([...own, 0, 1, 2])).toEqual(new Set(listed));
    expect(listed).toEqual([...listed].sort((a, b) => a - b));
  });

  test('is run from where it is mounted, in an image with an exact tag', () => {
    expect(script.command.at(-1)).toBe(`${scriptFolder}/${script.name}`);
    expect(script.image.defaultImage.tag).toMatch(/^[0-9]+(\.[0-9]+)+$/);
    for (const program of script.image.programs) expect(program.oldest).toMatch(/^[0-9]+\.[0-9]+/);
  });

  test('keeps the house style', () => {
    const posix = content.startsWith('#!/bin/sh\n');
    expect(content).toMatch(/^#!\/(bin\/sh|usr\/bin\/env bash)\n# [A-Z]/);
    expect(content).toMatch(posix ? /^set -eu$/m : /^set -E?euo pipefail$/m);
    expect(content.endsWith('\nmain "$@"\n')).toBe(true);
    const functions = [...code.matchAll(/^(\w+)\(\) [{(]/gm)].map(([, name]) => name!);
    expect(functions.filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([]);
    expect(code, 'no template marks').not.toMatch(/\{\{-? *[.$"a-z]/);
    // Between alternatives of a `case` the bar is no pipe.
    const pipes = code.split('\n').filter((line) => / \| (?!.*\))/.test(line) || /\$\([^)]* \| /.test(line));
    if (posix) expect(pipes, 'no pipes: POSIX sh does not see their left side fail').toEqual([]);
    expect(content.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});

describeWith(['shellcheck'], 'shellcheck', () => {
  test.each(files)('has nothing to say about %s', (name) => {
    const { status, stdout } = spawnSync(programPath('shellcheck'), [join(folder, name)], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});

describeWith(['shfmt'], 'shfmt', () => {
  test.each(files)('would not change %s', (name) => {
    expect(execFileSync(programPath('shfmt'), ['-i', '2', '-ci', '-d', join(folder, name)], { encoding: 'utf8' })).toBe(
      '',
    );
  });
});
