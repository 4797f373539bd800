import { canonicalJson, parseObject } from './json.js';
import { parseTime } from './time.js';

/**
 * The content of `started.json`, a set's first object: without it and without a manifest a folder is not ours, even if
 * its name looks like an id (upstream's backups do), and is never touched.
 */
export interface Started {
  readonly clusterId: string;
  readonly backupId: number;
  /** When the backup started: a time such as `2026-11-21T03:24:08Z`. */
  readonly started: string;
}

/** The text of `started.json`. */
export function printStarted({ clusterId, backupId, started }: Started): string {
  return canonicalJson({ clusterId, backupId, started });
}

/** What a text says as `started.json`, or undefined where it is none. */
export function readStarted(text: string): Started | undefined {
  const { clusterId, backupId, started } = parseObject(text) ?? {};
  if (typeof clusterId !== 'string' || typeof backupId !== 'number' || typeof started !== 'string') return undefined;
  return parseTime(started) === undefined ? undefined : { clusterId, backupId, started };
}
