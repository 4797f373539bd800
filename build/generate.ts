/**
 * Writes every generated file of the repository, or with `--check` says which would change and exits 1.
 * Each generator is a pure function from the sources to file contents; this file only compares and writes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateDocs } from './docs.js';
import { generateProps } from './props.js';
import { generateRules } from './rules.js';
import { generateScripts } from './scripts.js';
import { generateVersion } from './version.js';

/** File contents by path from the repository's root. */
export type Files = ReadonlyMap<string, string>;

const root = join(import.meta.dirname, '..');

/** All generated files with what they should hold now. */
export async function generate(): Promise<Files> {
  const all = await Promise.all([
    generateProps(),
    generateScripts(root),
    generateVersion(root),
    generateDocs(),
    generateRules(),
  ]);
  return new Map(all.flatMap((files) => [...files]));
}

/** The generated files that differ from what is on the disk. */
export async function drift(): Promise<Files> {
  const changed = new Map<string, string>();
  for (const [path, content] of await generate())
    if (readOrEmpty(join(root, path)) !== content) changed.set(path, content);
  return changed;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

if (process.argv[1] === import.meta.filename) {
  const changed = await drift();
  const check = process.argv.includes('--check');
  for (const [path, content] of changed) {
    if (!check) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    console.log(`${check ? 'differs' : 'wrote'}: ${path}`);
  }
  if (check && changed.size > 0) process.exitCode = 1;
}
