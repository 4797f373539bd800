import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

/** The cache that `.ci/programs` fills. */
export const cacheFolder =
  process.env['CHARTWRIGHT_PROGRAMS'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'chartwright');

/** Where a real program is: in the cache that `.ci/programs` fills, else on PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [join(cacheFolder, 'bin'), ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here: look in the next folder
    }
  }
  return undefined;
}

/** The path of a program that a `describeWith` has made sure of. */
export function programPath(name: string): string {
  const path = findProgram(name);
  if (!path) throw new Error(`${name} is not installed: run .ci/programs`);
  return path;
}

/** The data beside the project that some tests compare with, or undefined where it is not there. */
export function sharedFolder(path: string): string | undefined {
  const folder = join(import.meta.dirname, '../../../shared', path);
  return existsSync(folder) ? folder : undefined;
}

/**
 * A `describe` that needs things from outside: programs by name, or other needs as `name: found`. With something
 * missing it is skipped with a title that names it; in CI a missing program fails.
 */
export function describeWith(
  programs: readonly string[],
  title: string,
  body: () => void,
  others: Record<string, unknown> = {},
): void {
  const missing = programs.filter((name) => !findProgram(name));
  const absent = Object.keys(others).filter((name) => !others[name]);
  if (missing.length > 0 && process.env['CI'] === 'true') {
    test(`${title}: needs ${missing.join(', ')}`, () => {
      throw new Error(`missing in CI: ${missing.join(', ')}`);
    });
    return;
  }
  if (missing.length + absent.length > 0)
    describe.skip(`${title} (skipped: needs ${[...missing, ...absent].join(', ')})`, body);
  else describe(title, body);
}
