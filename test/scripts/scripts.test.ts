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
/** Files of functions that scripts source. A script that another one runs is none. */
const librariesOf = (script: ClusterScript) =>
  (script.libraries ?? []).filter(({ name }) => !scripts.some((other) => other.name === name));
const libraries = new Map(scripts.flatMap(librariesOf).map((library) => [library.name, library]));
const text = (name: string) => readFileSync(join(folder, name), 'utf8');
/** Variables that bash sets itself. */
const shellsOwn = new Set([
  'BASHPID',
  'BASH_REMATCH',
  'BASH_SOURCE',
  'EPOCHREALTIME',
  'EPOCHSECONDS',
  'PIPESTATUS',
  'SECONDS',
]);
const unique = (values: Iterable<string>) => [...new Set(values)].sort();

test('every script in the folder has a description', () => {
  expect([...scripts.map(({ name }) => name), ...libraries.keys()].sort()).toEqual(files);
});

describe.each(scripts)('$name', (script) => {
  const content = text(script.name);
  const code = withoutComments(content);
  const all = [...librariesOf(script).map(({ name }) => text(name)), content];
  const allCode = all.map(withoutComments).join('\n');

  test('is the text that the package ships', () => {
    expect(script.content).toBe(content);
    for (const [path, generated] of generateScripts(root))
      expect(readFileSync(join(root, path), 'utf8'), `run npm run generate: ${path}`).toBe(generated);
  });

  test('declares each variable that its description lists, and reads no other', () => {
    const listed = script.environment.map(({ name }) => name);
    const declared = declarations(all.join('\n'));
    if (script.libraries) expect(declared.sort()).toEqual([...listed].sort());
    else expect(declared).toEqual(listed);
    const read = [...allCode.matchAll(/\$\{?#?([A-Z][A-Z0-9_]+)/g)].map(([, name]) => name!);
    expect(unique(read.filter((name) => !shellsOwn.has(name)))).toEqual(unique(listed));
  });

  test('exits with the codes that its description lists', () => {
    const codes = (of: string) => [...of.matchAll(/(?:refuse\w*|exit) ([0-9]+)/g)].map(([, status]) => Number(status));
    const listed = script.exitCodes.map((entry) => entry.code);
    // 0, 1 and 2 are the shell's own: the end, a failing command under `set -e`, and a variable that is missing.
    expect(codes(code).filter((status) => !listed.includes(status))).toEqual([]);
    expect(listed.filter((status) => ![...codes(allCode), 0, 1, 2].includes(status))).toEqual([]);
    expect(listed).toEqual([...listed].sort((a, b) => a - b));
  });

  test('is run from where it is mounted, in an image with an exact tag', () => {
    expect(script.command.at(-1)).toBe(`${scriptFolder}/${script.name}`);
    expect(script.image.defaultImage.tag).toMatch(/^[0-9]+(\.[0-9]+)+$/);
    for (const program of script.image.programs) expect(program.oldest).toMatch(/^[0-9]+\.[0-9]+/);
  });

  test('keeps the house style', () => {
    const posix = content.startsWith('#!/bin/sh\n');
    expectStyle(content);
    expect(content).toMatch(posix ? /^set -eu$/m : /^set -E?euo pipefail$/m);
    expect(content.endsWith('\nmain "$@"\n')).toBe(true);
    // Between alternatives of a `case` the bar is no pipe.
    const pipes = code.split('\n').filter((line) => / \| (?!.*\))/.test(line) || /\$\([^)]* \| /.test(line));
    if (posix) expect(pipes, 'no pipes: POSIX sh does not see their left side fail').toEqual([]);
  });
});

describe.each([...libraries.values()])('$name', (library) => {
  const content = text(library.name);

  test('is the text that the package ships', () => {
    expect(library.content).toBe(content);
  });

  test('declares each variable that its description lists', () => {
    const declared = declarations(content);
    if (library.environment.length > 0) expect(declared).toEqual(library.environment.map(({ name }) => name));
  });

  test('keeps the house style and runs nothing by itself', () => {
    expectStyle(content);
    // At the start of a line: comments, variables, functions, the end of one, and the lines of a program in quotes.
    const lines = content.replace(/^\w+='[^']*(?:'\\''[^']*)*'$/gm, '').split('\n');
    const heredocs = new RegExp(/<<'?(\w+)'?.*\n[\s\S]*?\n\1\n/.source, 'g');
    const rest = lines.join('\n').replace(heredocs, '\n').split('\n');
    expect(rest.filter((line) => !/^($|#|\s|\w+\+?=|\w+\(\) [{(]|[})])/.test(line))).toEqual([]);
  });
});

function withoutComments(content: string): string {
  return content.replace(/^\s*#.*$/gm, '');
}

/** The variables that `: "${NAME:?what it is}"` declares; with `?` alone it may be empty. */
function declarations(content: string): string[] {
  const lines = content.split('\n').filter((line) => /^ {2}: "\$\{/.test(line));
  return lines.flatMap((line) => [...line.matchAll(/"\$\{([A-Z_]+):?\?[^}]+\}"/g)].map(([, name]) => name!));
}

function expectStyle(content: string): void {
  const code = withoutComments(content);
  expect(content).toMatch(/^#!\/(bin\/sh|usr\/bin\/env bash)\n# [A-Z]/);
  const functions = [...code.matchAll(/^(\w+)\(\) [{(]/gm)].map(([, name]) => name!);
  expect(functions.filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([]);
  expect(code, 'no template marks').not.toMatch(/\{\{-? *[.$"a-z]/);
  expect(content.split('\n').filter((line) => line.length > 120)).toEqual([]);
}

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
