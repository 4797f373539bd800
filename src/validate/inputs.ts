import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UnreadableError } from './unreadable.js';

/** What is in folders beside values files and has another meaning. */
const ignored = ['**/node_modules/**', '**/templates/**', '**/crds/**', '**/Chart.yaml', '**/Chart.lock'];

/**
 * The values files that words on a command line mean: a file itself, all YAML files below a folder without those of
 * charts, whatever a glob matches.
 *
 * @throws {@link UnreadableError} for folders and globs without any file; a single file that is not there is told when it is read
 */
export async function findFiles(words: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const word of words) {
    const stats = statSync(word, { throwIfNoEntry: false });
    if (stats?.isDirectory()) files.push(...(await filesIn(word, '**/*.{yaml,yml}')));
    else if (!stats && /[*?{}[\]!]/.test(word)) files.push(...(await filesIn('.', word)));
    else files.push(word);
  }
  return [...new Set(files)];
}

async function filesIn(folder: string, pattern: string): Promise<string[]> {
  // Only here: it takes a quarter of a command's start, and most runs name their files.
  const { glob } = await import('tinyglobby');
  const found = await glob(pattern, { cwd: folder, ignore: ignored, expandDirectories: false });
  if (found.length > 0) return found.sort().map((path) => (folder === '.' ? path : join(folder, path)));
  throw new UnreadableError({
    where: { file: folder === '.' ? pattern : folder },
    message: 'no YAML file is found there',
    hint: 'Give values files, folders that hold some, or a pattern in quotes.',
  });
}

/** Files that are in one folder together: a folder for each release. */
export function groupByFolder(files: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const file of files) groups.set(dirname(file), [...(groups.get(dirname(file)) ?? []), file]);
  return [...groups.values()];
}
