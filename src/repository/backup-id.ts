import { largestBackupId } from '../units/index.js';

/** Backup ids count the seconds from here, so they fit into 31 bits until 2088: 2020-01-01T00:00:00Z. */
const epoch = Date.UTC(2020, 0, 1) / 1000;

/**
 * The id of a new backup: the seconds since 2020-01-01T00:00:00Z, or one more than the highest id there is where the
 * clock is not ahead of that. So ids only ever grow, whatever the clock does and whoever made the earlier ones.
 *
 * @param existing every id in the repository, committed or not, and the highest one that the database itself reports
 * @returns undefined when 2147483647 is used up: only a new folder helps then
 */
export function nextBackupId(now: Date, existing: Iterable<number>): number | undefined {
  let highest = 0;
  for (const id of existing) if (id > highest) highest = id;
  const seconds = Math.floor(now.getTime() / 1000) - epoch;
  const next = seconds > highest ? seconds : highest + 1;
  return next <= largestBackupId ? next : undefined;
}

/** The id that a folder's name is: decimal digits without leading zero, 1 to 2147483647. Undefined for other names. */
export function parseBackupId(name: string): number | undefined {
  if (!/^[1-9][0-9]{0,9}$/.test(name)) return undefined;
  const id = Number(name);
  return id <= largestBackupId ? id : undefined;
}

/**
 * The time that an id stands for. It is when the backup started only if the clock was right and ahead of all earlier ids:
 * for what a set holds, use the times in its manifest.
 */
export function backupIdTime(id: number): Date {
  return new Date((epoch + id) * 1000);
}
