import { cronFault, cronIntervals, cronMacros, seconds } from '../../units/index.js';
import type { EffectiveValues } from '../../values/index.js';

/** Whether the chart renders its backups: nothing but true does, the chart’s own null means off. */
export function isTurnedOn(values: EffectiveValues): boolean {
  return values.isTrue('backups.enabled');
}

/** Whether the chart makes backups: they are on, and not parked on a date that never comes. */
export function makesBackups(values: EffectiveValues): boolean {
  return isTurnedOn(values) && readSchedule(schedule(values)) !== 'never';
}

/** The id of the backup to restore; undefined where none is. */
export function restoredId(values: EffectiveValues): string | undefined {
  return values.isTrue('restoreFromBackup.backupId') ? values.text('restoreFromBackup.backupId') : undefined;
}

/** The maps that say where backups are, those that are in use. */
export function foldersInUse(values: EffectiveValues): string[] {
  return [
    ...(makesBackups(values) ? ['backups'] : []),
    ...(restoredId(values) === undefined ? [] : ['restoreFromBackup']),
  ];
}

/** Whether the parent chart of Hopsworks brings the store and the credentials for it. */
export function isManagedByHopsworks(values: EffectiveValues): boolean {
  const all = (...paths: readonly string[]) =>
    paths.every((path) => values.isTrue(['global', '_hopsworks', ...path.split('.')]));
  return all('managedObjectStorage.enabled', 'managedObjectStorage.s3') || all('minio.enabled', 'minio.hopsfs.enabled');
}

/** rclone’s name of the store behind a map: what is written, or AWS where Hopsworks runs there, or Other. */
export function provider(values: EffectiveValues, folder: string): string {
  const cloud = values.text(['global', '_hopsworks', 'cloudProvider']);
  return values.text(`${folder}.s3.provider`) || (cloud?.toUpperCase() === 'AWS' ? 'AWS' : 'Other');
}

/** The folder below the bucket; an empty one falls back to the default. */
export function pathPrefix(values: EffectiveValues, folder: string): string {
  return values.text(`${folder}.pathPrefix`) || defaultPrefix;
}

export const defaultPrefix = 'rondb_backup';

/** Seconds between two backups: the shortest and the longest time. */
export interface Intervals {
  readonly shortest: number;
  readonly longest: number;
}

/** When backups are made, as it is written; the chart’s template takes @weekly where nothing is. */
export function schedule(values: EffectiveValues): string {
  return values.text('backups.schedule') || '@weekly';
}

/** What Kubernetes makes of a schedule. */
export type ScheduleReading = Intervals | 'invalid' | 'never';

/** The last answer: the rules about one file all ask about its one schedule, and walking the calendar takes a while. */
let last: { readonly text: string; readonly reading: ScheduleReading } | undefined;

/** The times between two runs of a schedule, or that Kubernetes refuses it, or that it never runs. */
export function readSchedule(text: string): ScheduleReading {
  if (last?.text !== text) last = { text, reading: walk(text.trim()) };
  return last.reading;
}

function walk(text: string): ScheduleReading {
  const every = /^@every ((?:[0-9]{1,6}(?:h|ms|m|s))+)$/.exec(text)?.[1];
  // Kubernetes rounds up to a second.
  if (every !== undefined) return { shortest: Math.max(1, seconds(every)), longest: Math.max(1, seconds(every)) };
  const fields = asFields(text);
  return cronFault(fields) === undefined ? (cronIntervals(fields) ?? 'never') : 'invalid';
}

/** A schedule with a macro written out, and single blanks. */
export function asFields(text: string): string {
  const fields = text
    .trim()
    .split(/[ \t]+/)
    .join(' ');
  return Object.hasOwn(cronMacros, fields) ? cronMacros[fields]! : fields;
}

/** The times between two backups; undefined where there are none. */
export function intervals(values: EffectiveValues): Intervals | undefined {
  const reading = readSchedule(schedule(values));
  return typeof reading === 'object' ? reading : undefined;
}

/** The seconds of an age limit such as `30d` or `12h`. */
export function ageLimit(values: EffectiveValues): number | undefined {
  const [, count, unit] = /^([0-9]{1,9})([dh])$/.exec(values.text('backups.ttl') ?? '') ?? [];
  return count === undefined ? undefined : Number(count) * (unit === 'd' ? 24 * 3600 : 3600);
}

/** Seconds for a message, in the largest units that fit: `7 days`, `36 hours`. */
export function printTime(time: number): string {
  const [unit, name] =
    time >= 48 * 3600
      ? [24 * 3600, 'days']
      : time >= 2 * 3600
        ? [3600, 'hours']
        : time >= 120
          ? [60, 'minutes']
          : [1, 'seconds'];
  return `${Math.round((time / unit) * 10) / 10} ${name}`;
}
