import { type Dirent, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** How one file of an output changes. */
export interface FileChange {
  /** Path below the output folder, with forward slashes. */
  readonly path: string;
  readonly kind: 'new' | 'changed' | 'unchanged' | 'removed';
}

/** Fresh output against what is there. */
export interface Comparison {
  /** Every file of either side, sorted by path. */
  readonly changes: readonly FileChange[];
  /** Fresh files, Kubernetes objects in them, and their size. */
  readonly files: number;
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Compares two folders by content.
 *
 * @param entries top-level entries to look at; all when left out
 */
export function compareFolders(fresh: string, present: string, entries?: readonly string[]): Comparison {
  const isWanted = (path: string) => entries === undefined || entries.includes(path.split('/', 1)[0]!);
  const after = listFiles(fresh).filter(isWanted);
  const before = new Set(listFiles(present).filter(isWanted));
  const changes: FileChange[] = [];
  let objects = 0;
  let bytes = 0;
  for (const path of after) {
    const content = readContent(join(fresh, path));
    bytes += content.length;
    if (isYaml(path)) objects += countObjects(content);
    if (!before.delete(path)) changes.push({ path, kind: 'new' });
    else changes.push({ path, kind: content.equals(readContent(join(present, path))) ? 'unchanged' : 'changed' });
  }
  for (const path of before) changes.push({ path, kind: 'removed' });
  changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { changes, files: after.length, objects, bytes };
}

/** How many files change in one way. */
export function countOf(comparison: Comparison, kind: FileChange['kind']): number {
  return comparison.changes.filter((change) => change.kind === kind).length;
}

/** Whether putting the fresh output in place would change nothing. */
export function isUnchanged(comparison: Comparison): boolean {
  return comparison.changes.every(({ kind }) => kind === 'unchanged');
}

/** Whether a file's name says that it holds YAML. */
export function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}

/** Paths of all files below a folder, sorted, with forward slashes; none for a folder that is not there. */
export function listFiles(folder: string): string[] {
  const paths: string[] = [];
  const visit = (below: string) => {
    for (const entry of entriesOf(join(folder, below))) {
      const path = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory()) visit(path);
      else paths.push(path);
    }
  };
  visit('');
  return paths.sort();
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A file's content; for a link to a folder or to nothing, where it points to. */
export function readContent(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.from(readlinkSync(path));
  }
}

/** The objects of a manifest, by their `kind` at the start of a line: to read the YAML would take longer than the rest. */
function countObjects(content: Buffer): number {
  return content.toString('latin1').match(/^kind:/gm)?.length ?? 0;
}
