import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { exitCodes } from '../problem/index.js';
import { Failure } from './failure.js';
import type { Target } from './target.js';

/** What the process calls itself, so that it can be told from a stranger that has its number after it. */
export const processTitle = 'chartwright';

const inTemp = /^chartwright-check-(\d+)-/;

/**
 * A temporary folder for one output, with the place where the app writes (`fresh`) and the place where what was there
 * before is put aside (`aside`).
 *
 * It is beside the target, because only within one file system is a rename one step. Its name carries the target's
 * name and the process, so that the next run knows what a killed one left behind.
 */
export class WorkFolder {
  readonly fresh: string;
  /** Holds the whole former target as `folder`, or single entries of it below `entries`. */
  readonly aside: string;
  /** Set where the former output could not be put back and is only here: then the folder must stay. */
  keep = false;
  readonly #made: string | undefined;

  private constructor(
    readonly path: string,
    made: string | undefined,
  ) {
    this.fresh = join(path, 'fresh');
    this.aside = join(path, 'aside');
    this.#made = made;
    mkdirSync(this.fresh, { recursive: true });
  }

  /** Makes one beside the target, after putting right what a killed run left there. */
  static beside(target: Target): WorkFolder {
    const parent = dirname(target.path);
    const made = mkdirSync(parent, { recursive: true });
    recoverLeftovers(target);
    return new WorkFolder(join(parent, `.${basename(target.path)}.chartwright-${process.pid}`), made);
  }

  /** Makes one in the system's temporary folder, for a run that must not write to the project at all. */
  static elsewhere(): WorkFolder {
    for (const name of readdirSync(tmpdir())) {
      const owner = inTemp.exec(name)?.[1];
      if (owner && !isRunning(Number(owner))) removeIfPossible(join(tmpdir(), name));
    }
    return new WorkFolder(mkdtempSync(join(tmpdir(), `chartwright-check-${process.pid}-`)), undefined);
  }

  /** Ends the swap: from here on the new output holds, and what was put aside is never put back. */
  commit(): void {
    try {
      if (existsSync(this.aside)) renameSync(this.aside, join(this.path, 'done'));
    } catch {
      // Everything new is in place; without this step a later run only takes a second look.
    }
  }

  /** Removes the folder, and the parents that were made for it as far as they are empty. */
  remove(): void {
    if (this.keep) return;
    removeIfPossible(this.path);
    if (this.#made === undefined) return;
    try {
      for (let parent = dirname(this.path); parent.length >= this.#made.length; parent = dirname(parent))
        rmdirSync(parent);
    } catch {
      // not empty: it holds the output now
    }
  }
}

/**
 * Puts right what killed runs left beside a target. What is at the target is whole in any case, since it got there by
 * one rename, and it may be newer than the killed run: so only what is missing is put back, and nothing is replaced.
 *
 * @throws {@link Failure} while another run is at work there
 */
function recoverLeftovers(target: Target): void {
  const parent = dirname(target.path);
  const prefix = `.${basename(target.path)}.chartwright-`;
  for (const name of readdirSync(parent)) {
    const owner = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (!/^\d+$/.test(owner)) continue;
    const path = join(parent, name);
    if (Number(owner) !== process.pid && isRunning(Number(owner))) throw inUse(target, Number(owner), path);
    putBack(join(path, 'aside', 'folder'), target.path);
    const entries = join(path, 'aside', 'entries');
    if (existsSync(entries))
      for (const entry of readdirSync(entries)) putBack(join(entries, entry), join(target.path, entry));
    rmSync(path, { recursive: true, force: true });
  }
}

function putBack(aside: string, place: string): void {
  if (!isThere(aside) || isThere(place)) return;
  mkdirSync(dirname(place), { recursive: true });
  renameSync(aside, place);
}

/** Whether anything has this name, a broken link included. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Whether a process of this command has the number now; on Linux a stranger that got the same number is told apart. */
function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').startsWith(processTitle);
  } catch {
    return true; // no /proc here, or not ours to read
  }
}

function inUse(target: Target, owner: number, path: string): Failure {
  return new Failure(
    [
      {
        code: 'unwritable-output',
        severity: 'error',
        where: { file: target.shown },
        message: `another run (process ${owner}) is writing this folder`,
        hint: `Wait for it to end. If there is no such run, remove ${path} and try again.`,
      },
    ],
    exitCodes.unreadable,
  );
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // The output is complete without this, and the next run tries again.
  }
}
