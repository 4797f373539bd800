import type { DoctorContext } from './context.js';

/** What came of looking: all right, a risk, something that does not work, or nothing because it could not be looked at. */
export type Verdict = 'ok' | 'warning' | 'error' | 'skipped';

/** One thing that a check looked at. */
export interface Sighting {
  readonly verdict: Verdict;
  /** What was looked at: an object, such as `Secret rondb/backup-store`, or `cluster`. */
  readonly subject: string;
  /** What was seen, in lower case without a full stop; never a secret’s value. */
  readonly seen: string;
  /** What to do, as a sentence. @default - the check’s */
  readonly todo?: string;
}

/** A check: a declared object, from which the page and every report are made. */
export interface Check {
  /** Never renamed or used again. */
  readonly id: `DOC${number}`;
  /** What is right where all is well, in one line. */
  readonly title: string;
  /** What it asks of the cluster, as a sentence. */
  readonly looksAt: string;
  /** Why it matters, as a sentence or two. */
  readonly why: string;
  /** What to do where it is not so, as a sentence. */
  readonly todo: string;
  /** Looks, and changes nothing. No sighting means that there was nothing of the kind. */
  run(context: DoctorContext): Promise<readonly Sighting[]>;
}

/** All is right there. */
export const ok = (subject: string, seen: string): Sighting => ({ verdict: 'ok', subject, seen });

/** It was not looked at, and why. */
export const skipped = (subject: string, seen: string): Sighting => ({ verdict: 'skipped', subject, seen });

/** A risk. */
export const warning = (subject: string, seen: string, todo?: string): Sighting => ({
  verdict: 'warning',
  subject,
  seen,
  ...(todo === undefined ? {} : { todo }),
});

/** Something that does not work. */
export const error = (subject: string, seen: string, todo?: string): Sighting => ({
  verdict: 'error',
  subject,
  seen,
  ...(todo === undefined ? {} : { todo }),
});
