import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './target.js';
import { isThere, type WorkFolder } from './work-folder.js';

/** What is to replace what. */
export interface Replacement {
  readonly target: Target;
  readonly work: WorkFolder;
  /** Top-level entries to replace; all of the folder, so that stale files vanish, where it is left out. */
  readonly entries?: readonly string[];
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly work: WorkFolder;
}

/**
 * Puts fresh output in the place of the old by renames only.
 *
 * The order: everything old aside and everything new in, then the commit, then (by the caller) the old is removed. So
 * at any point each entry is at its place or, between two renames, whole in the folder aside, where the next run finds
 * it; nothing old is removed while anything new can still fail. A rename that fails undoes those before it, newest
 * first.
 */
export function swap(replacements: readonly Replacement[]): void {
  const moves = replacements.flatMap(({ target, work, entries }) =>
    entries ? entryMoves(target, work, entries) : folderMoves(target, work),
  );
  const done: Move[] = [];
  try {
    for (const move of moves) {
      renameSync(move.from, move.to);
      done.push(move);
    }
  } catch (error) {
    for (const move of done.reverse()) undo(move);
    throw error;
  }
  for (const { work } of replacements) work.commit();
}

/** Nothing there yet: the whole folder is one move, without what was not asked for. */
function newFolderMoves(target: Target, work: WorkFolder, entries: readonly string[]): Move[] {
  for (const name of readdirSync(work.fresh))
    if (!entries.includes(name)) rmSync(join(work.fresh, name), { recursive: true });
  return folderMoves(target, work);
}

function folderMoves(target: Target, work: WorkFolder): Move[] {
  const fresh = { from: work.fresh, to: target.path, work };
  if (!isThere(target.path)) return [fresh];
  mkdirSync(work.aside, { recursive: true });
  chmodSync(work.fresh, statSync(target.path).mode);
  return [{ from: target.path, to: join(work.aside, 'folder'), work }, fresh];
}

function entryMoves(target: Target, work: WorkFolder, entries: readonly string[]): Move[] {
  if (!isThere(target.path)) return newFolderMoves(target, work, entries);
  mkdirSync(join(work.aside, 'entries'), { recursive: true });
  return entries.flatMap((entry) => {
    const place = join(target.path, entry);
    const fresh = { from: join(work.fresh, entry), to: place, work };
    return isThere(place) ? [{ from: place, to: join(work.aside, 'entries', entry), work }, fresh] : [fresh];
  });
}

function undo({ from, to, work }: Move): void {
  try {
    renameSync(to, from);
  } catch {
    work.keep = true; // the only copy may be in there; the next run puts it back
  }
}
