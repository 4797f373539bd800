import type { RclonePlayer } from './script-run.js';

const all = process.env['CHARTWRIGHT_FAULTS'] === 'all';
// Not a multiple of three: the ways to fail come in threes, and each day has some of each.
const every = all ? 1 : 5;
const day = Math.floor(Date.now() / 86_400_000);

/** Which part of all faults a run plays, for a test's title. */
export const partOfFaults = all ? 'all of them' : 'a fifth of them, another one each day';

/**
 * The faults that this run plays: all with `npm run test:faults`. Otherwise a fifth, because each is two whole runs of a
 * script; another fifth each day, so that five days of continuous integration have played all.
 */
export function faultsOfDay<Fault>(faults: readonly Fault[]): Fault[] {
  return faults.filter((_, index) => index % every === day % every);
}

/**
 * The same where the faults are played in several variants, such as with and without copy-on-write: every fault is played
 * in one of them, tomorrow in the next.
 *
 * @param variant from 0
 */
export function faultsOfVariant<Fault>(faults: readonly Fault[], variant: number, variants: number): Fault[] {
  return all ? [...faults] : faults.filter((_, index) => (index + variant + day) % variants === 0);
}

/** How many different states must have been left behind at least, where all faults leave that many. */
export const statesOfDay = (states: number): number => Math.floor(states / every);

/** `npm run test:faults` lets the real rclone suffer; otherwise the scripts' own answer to a failure is what counts. */
export const rcloneOfDay: RclonePlayer = all ? 'real' : 'recorded';
