import type { RclonePlayer } from './script-run.js';

const every = process.env['CHARTWRIGHT_FAULTS'] === 'all' ? 1 : 3;

/** Which part of all faults a run plays, for a test's title. */
export const partOfFaults = every === 1 ? 'all of them' : 'a third of them, another one each day';

/**
 * The faults that this run plays: all with `npm run test:faults`. Otherwise a third, because each is two whole runs of a
 * script; another third each day, so that three days of continuous integration have played all.
 */
export function faultsOfDay<Fault>(faults: readonly Fault[]): Fault[] {
  const day = Math.floor(Date.now() / 86_400_000);
  return faults.filter((_, index) => index % every === day % every);
}

/** How many different states must have been left behind at least, where all faults leave that many. */
export const statesOfDay = (all: number): number => Math.floor(all / every);

/** `npm run test:faults` lets the real rclone suffer; otherwise the scripts' own answer to a failure is what counts. */
export const rcloneOfDay: RclonePlayer = every === 1 ? 'real' : 'recorded';
