import type { ListedObject } from './listing.js';
import type { BackupFile } from './manifest.js';

/** How a file differs from what is expected of it. */
export type FileDifference =
  | { readonly path: string; readonly difference: 'missing' }
  | { readonly path: string; readonly difference: 'unexpected' }
  | { readonly path: string; readonly difference: 'size'; readonly expected: number; readonly got: number }
  | { readonly path: string; readonly difference: 'sha256'; readonly expected: string; readonly got: string };

/**
 * Compares paths with an inventory that was fixed when the backup started: first what is missing, in the inventory's
 * order, then what is there and not in it.
 */
export function compareInventory(expected: readonly string[], paths: readonly string[]): FileDifference[] {
  const there = new Set(paths);
  const wanted = new Set(expected);
  return [
    ...expected.filter((path) => !there.has(path)).map((path) => ({ path, difference: 'missing' }) as const),
    ...paths.filter((path) => !wanted.has(path)).map((path) => ({ path, difference: 'unexpected' }) as const),
  ];
}

/**
 * Compares a manifest's files with what the store lists in the set's folder: missing, of another size, or of another
 * SHA-256 where the listing has hashes. Other objects in the folder are no difference.
 */
export function compareListing(files: readonly BackupFile[], listing: readonly ListedObject[]): FileDifference[] {
  const listed = new Map(listing.map((object) => [object.path, object]));
  return files.flatMap(({ path, size, sha256 }): FileDifference[] => {
    const object = listed.get(path);
    if (!object) return [{ path, difference: 'missing' }];
    if (object.size !== size) return [{ path, difference: 'size', expected: size, got: object.size }];
    if (object.sha256 !== undefined && object.sha256 !== sha256)
      return [{ path, difference: 'sha256', expected: sha256, got: object.sha256 }];
    return [];
  });
}
