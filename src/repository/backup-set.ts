import { parseObject } from './json.js';
import { entryOf, manifestFile, pinnedFile, startedFile } from './layout.js';
import type { ListedObject } from './listing.js';
import { readStarted } from './started.js';
import { parseTime } from './time.js';

/**
 * What is in a set's folder:
 * - `committed`: a manifest, and the store lists every file of it with its size
 * - `damaged`: a manifest that cannot be read, or one with files that are gone or of another size
 * - `unfinished`: no manifest, but our `started.json`: in progress, given up, or half deleted
 */
export type SetState = 'committed' | 'damaged' | 'unfinished';

/** One set as the store's listing and the set's own records show it. */
export interface BackupSet {
  readonly backupId: number;
  readonly state: SetState;
  /** Committed: when it finished. Unfinished: when it last changed. Damaged: null. */
  readonly time: string | null;
  /** Number of objects in its folder. */
  readonly objects: number;
  /** Sum of their sizes. */
  readonly bytes: number;
  readonly pinned: boolean;
  /** Of a committed set: an object in its folder that its manifest does not name; null where there is none. */
  readonly stranger: string | null;
  /** What is wrong with a damaged set, else null. */
  readonly damage: string | null;
}

/** The sets of a series and what else is there. */
export interface Series {
  /** Newest first, which is highest id first. */
  readonly sets: readonly BackupSet[];
  /** First step of each path that is not ours, sorted by bytes; with a slash behind it where it is a folder. */
  readonly foreign: readonly string[];
}

/** Larger than any manifest: 144 nodes of 128 parts make about 15 MiB. What is larger is not read. */
export const largestRecord = 64 * 2 ** 20;

/**
 * The objects whose text {@link readSeries} needs: each set's manifest, or where it has none its `started.json`.
 *
 * @param listing all objects below the folder of the series
 */
export function recordPaths(listing: readonly ListedObject[]): string[] {
  return [...folders(listing).sets].flatMap(([backupId, objects]) => {
    const record = [manifestFile, startedFile].find((name) => objects.some((object) => object.path === name));
    const small = objects.some((object) => object.path === record && object.size <= largestRecord);
    return small ? [`${backupId}/${record}`] : [];
  });
}

/**
 * Sorts a listing of a series into sets and what is not ours. `repository-retention.sh` does the same.
 *
 * @param listing all objects below the folder of the series, paths relative to it
 * @param records the text of each of {@link recordPaths}, by path
 * @param clusterId whose unfinished sets are ours
 * @throws Error when a record is missing: then nothing can be said about its set
 */
export function readSeries(
  listing: readonly ListedObject[],
  records: ReadonlyMap<string, string>,
  clusterId: string,
): Series {
  const missing = recordPaths(listing).find((path) => !records.has(path));
  if (missing !== undefined) throw new Error(`the text of ${missing} was not given`);
  const { sets, foreign } = folders(listing);
  const ours: BackupSet[] = [];
  for (const [backupId, objects] of sets) {
    const set = readSet(backupId, objects, records, clusterId);
    if (set) ours.push(set);
    else foreign.add(`${backupId}/`);
  }
  return {
    sets: ours.sort((a, b) => b.backupId - a.backupId),
    foreign: [...foreign].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  };
}

function folders(listing: readonly ListedObject[]): { sets: Map<number, ListedObject[]>; foreign: Set<string> } {
  const sets = new Map<number, ListedObject[]>();
  const foreign = new Set<string>();
  for (const object of listing) {
    const entry = entryOf(object.path);
    if (entry.type === 'foreign') foreign.add(entry.name);
    if (entry.type !== 'set') continue;
    const objects = sets.get(entry.backupId) ?? [];
    objects.push({ ...object, path: entry.path });
    sets.set(entry.backupId, objects);
  }
  return { sets, foreign };
}

function readSet(
  backupId: number,
  objects: readonly ListedObject[],
  records: ReadonlyMap<string, string>,
  clusterId: string,
): BackupSet | undefined {
  const sizes = new Map(objects.map(({ path, size }) => [path, size]));
  const shared = {
    backupId,
    objects: objects.length,
    bytes: objects.reduce((sum, { size }) => sum + size, 0),
    pinned: sizes.has(pinnedFile),
  };
  if (!sizes.has(manifestFile)) {
    const marker = readStarted(records.get(`${backupId}/${startedFile}`) ?? '');
    if (marker?.clusterId !== clusterId || marker.backupId !== backupId) return undefined;
    const time = [marker.started, ...objects.map(({ modified }) => modified)].sort().at(-1)!;
    return { ...shared, state: 'unfinished', time, stranger: null, damage: null };
  }
  const commit = readCommit(backupId, records.get(`${backupId}/${manifestFile}`) ?? '');
  const damage = commit
    ? (commit.files.find(({ path, size }) => sizes.get(path) !== size)?.path ?? null)
    : manifestFile;
  if (!commit || damage !== null) return { ...shared, state: 'damaged', time: null, stranger: null, damage };
  const own = new Set([manifestFile, startedFile, pinnedFile, ...commit.files.map(({ path }) => path)]);
  const stranger = objects.find(({ path }) => !own.has(path))?.path ?? null;
  return { ...shared, state: 'committed', time: commit.finished, stranger, damage: null };
}

/** Of a manifest only what decides whether the set counts: other releases' manifests of version 1 count as well. */
function readCommit(backupId: number, text: string) {
  const { version, backupId: written, finished, files } = parseObject(text) ?? {};
  if (version !== 1 || written !== backupId || parseTime(finished) === undefined) return undefined;
  if (!Array.isArray(files) || files.length === 0 || !files.every(isFile)) return undefined;
  return { finished: finished as string, files: files as readonly { path: string; size: number }[] };
}

function isFile(file: unknown): boolean {
  const { path, size } = (file ?? {}) as { path?: unknown; size?: unknown };
  return typeof path === 'string' && typeof size === 'number';
}
