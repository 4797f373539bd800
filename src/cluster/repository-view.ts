import {
  type BackupSet,
  type ListedObject,
  ownerFile,
  parseTime,
  printTime,
  readOwner,
  readSeries,
  recordPaths,
} from '../repository/index.js';
import type { Attachment, Status } from './attachment.js';
import { type PodView, viewPods } from './pod-status.js';
import type { Snapshot } from './snapshot.js';

/**
 * What is in a folder of the repository:
 * - `committed`: a backup: its manifest is there, and every file of it in its size
 * - `incomplete`: ours and without a manifest: in progress, given up or half deleted
 * - `unverified`: a backup of somebody else’s making, such as upstream’s, which nothing vouches for
 * - `corrupt`: a manifest that cannot be read, or with files that are gone or of another size or content
 * - `foreign`: not ours
 */
export type SetState = 'committed' | 'incomplete' | 'unverified' | 'corrupt' | 'foreign';

/** One backup as people and scripts see it. */
export interface BackupView {
  /** Backup id, or the name of what has none. */
  readonly id: string;
  /** Of what is backed up by pod. */
  readonly pod?: string;
  readonly state: SetState;
  /** Committed: when it finished. Incomplete: when it last changed. */
  readonly time?: string;
  /** Seconds since then. */
  readonly age?: number;
  readonly bytes: number;
  readonly objects: number;
  /** Data nodes that took part. */
  readonly nodes?: number;
  /** Vectors in the index, and when the agent saved it. */
  readonly vectors?: number;
  readonly saved?: string;
  readonly pinned: boolean;
  /** When a verification that found nothing wrong last looked at it. */
  readonly verified?: string;
  /** What is wrong or special. */
  readonly note?: string;
}

/** A repository as it is now. */
export interface RepositoryView {
  readonly database: Attachment['database'];
  readonly namespace: string;
  readonly name: string;
  readonly clusterName: string;
  readonly clusterId: string;
  readonly path: string;
  /** The cluster id in `owner.json`, or undefined where there is none. */
  readonly owner?: string;
  /** By pod, newest first; what is not ours at the end. */
  readonly backups: readonly BackupView[];
  /** Until when each pod is backed up, where uploaders say so: Vald’s. */
  readonly pods?: readonly PodView[];
}

/** The paths of the folders whose sets belong together: the cluster’s own, or one for each pod. */
export function seriesOf({ database }: Pick<Attachment, 'database'>, listing: readonly ListedObject[]): string[] {
  if (database === 'rondb') return [''];
  const pods = listing.flatMap(({ path }) => /^(?![0-9]+\/)([a-z0-9][-a-z0-9.]*\/)[1-9][0-9]*\//.exec(path)?.[1] ?? []);
  return [...new Set(pods)].sort();
}

/** What lies below a folder, with paths from there. */
export const below = (listing: readonly ListedObject[], folder: string): ListedObject[] =>
  listing.flatMap((object) =>
    object.path.startsWith(folder) ? [{ ...object, path: object.path.slice(folder.length) }] : [],
  );

/** The files that say what a folder holds: the owner, each set’s manifest or start, and what each pod says of itself. */
export function wantedRecords(attachment: Pick<Attachment, 'database'>, listing: readonly ListedObject[]): string[] {
  return [
    ...listing
      .filter(({ path }) => path === ownerFile || /^[^/]+\/(status\.json|restored-as-of)$/.test(path))
      .map(({ path }) => path),
    ...seriesOf(attachment, listing).flatMap((folder) =>
      recordPaths(below(listing, folder)).map((path) => folder + path),
    ),
  ];
}

/** Puts together what the store and the last verification say. */
export function viewRepository(attachment: Attachment, snapshot: Snapshot, status: Status, now: Date): RepositoryView {
  const { database, namespace, name, clusterName, clusterId, storePath } = attachment;
  const { listing, records } = snapshot;
  const owner = readOwner(records.get(ownerFile) ?? '')?.clusterId;
  const found = damagedSets(status);
  const right = status.verify?.['lastRight'] ?? lastRightRun(attachment);
  const pods = viewPods(attachment, snapshot, now);
  const backups = seriesOf(attachment, listing).flatMap((folder) => {
    const own = new Map(
      [...records].flatMap(([path, text]) => (path.startsWith(folder) ? [[path.slice(folder.length), text]] : [])),
    );
    const { sets, foreign } = readSeries(below(listing, folder), own, clusterId);
    const pod = folder === '' ? {} : { pod: folder.slice(0, -1) };
    const views = sets.map((set): BackupView => {
      const view = viewSet(set, own.get(`${set.backupId}/manifest.json`), found.get(folder + set.backupId), now);
      // A verification looks at every set’s listing; one from before the set was there says nothing about it.
      const seen = view.state === 'committed' && typeof right === 'string' && right > (view.time ?? '~');
      return { ...view, ...pod, ...(seen ? { verified: right } : {}) };
    });
    const others = foreign.filter((entry) => !(folder === '' ? ['probe.txt'] : podFiles).includes(entry));
    return [...views, ...others.map((entry) => ({ ...viewForeign(entry, below(listing, folder)), ...pod }))];
  });
  return {
    database,
    namespace,
    name,
    clusterName,
    clusterId,
    path: storePath,
    ...(owner === undefined ? {} : { owner }),
    backups: [...backups, ...(database === 'vald' ? sidecarObjects(listing, now) : [])],
    ...(pods.length > 0 ? { pods } : {}),
  };
}

const podFiles = ['status.json', 'restored-as-of'];

/** Where a verification writes nothing down: the latest time at which the last one that succeeded can have begun. */
function lastRightRun({ verify }: Attachment): string | undefined {
  const ended = Date.parse(verify?.status?.lastSuccessfulTime ?? '');
  const longest = verify?.spec.jobTemplate.spec.activeDeadlineSeconds ?? 0;
  return Number.isNaN(ended) ? undefined : printTime(Math.floor(ended / 1000) - longest);
}

function viewSet(set: BackupSet, manifest: string | undefined, damage: string | undefined, now: Date): BackupView {
  const missing = set.damage === null ? damage : `${set.damage} is not as the manifest says`;
  const strange = set.stranger === null ? undefined : `holds ${set.stranger}, which its manifest does not name`;
  const note = missing ?? strange;
  return {
    id: String(set.backupId),
    state: missing !== undefined ? 'corrupt' : set.state === 'committed' ? 'committed' : 'incomplete',
    ...timeOf(set.time, now),
    bytes: set.bytes,
    objects: set.objects,
    ...manifestFacts(manifest),
    pinned: set.pinned,
    ...(note === undefined ? {} : { note }),
  };
}

function viewForeign(entry: string, listing: readonly ListedObject[]): BackupView {
  const objects = listing.filter(({ path }) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry));
  const ofAnother = objects.some(({ path }) => path === `${entry}started.json`);
  // As ndb_mgm names the files of a native backup.
  const native = objects.some(({ path }) => /(^|\/)BACKUP-\d+(-0)?\.\d+\.(ctl|Data|log)$/.test(path));
  const unverified = native && !ofAnother && /^[1-9]\d*\/$/.test(entry);
  return {
    id: unverified ? entry.slice(0, -1) : entry,
    state: unverified ? 'unverified' : 'foreign',
    bytes: objects.reduce((sum, { size }) => sum + Math.max(0, size), 0),
    objects: objects.length,
    pinned: false,
    note: ofAnother ? 'another cluster started it' : unverified ? 'has no manifest' : 'is no backup',
  };
}

/** What Vald’s own sidecar keeps: one object for each pod, put there anew by each upload. */
function sidecarObjects(listing: readonly ListedObject[], now: Date): BackupView[] {
  return listing.flatMap(({ path, size, modified }) => {
    const pod = /^([a-z0-9][-a-z0-9.]*)\.tar(\.[a-z0-9]+)?$/.exec(path)?.[1];
    if (pod === undefined) return [];
    const facts = { bytes: size, objects: 1, pinned: false, note: 'the object of Vald’s own sidecar' };
    return [{ id: path, pod, state: 'unverified', ...timeOf(modified, now), ...facts }];
  });
}

/** The sets in which the last verification found damage, with the first thing that it found. */
function damagedSets({ verify }: Status): Map<string, string> {
  const damaged = verify?.['damaged'];
  const found = new Map<string, string>();
  if (!Array.isArray(damaged)) return found;
  for (const { pod, backupId, path, fact } of damaged as Record<string, unknown>[]) {
    const set = `${typeof pod === 'string' ? `${pod}/` : ''}${backupId}`;
    if (!found.has(set)) found.set(set, `${path} ${fact}`);
  }
  return found;
}

function timeOf(time: string | null, now: Date): Pick<BackupView, 'time' | 'age'> {
  const seconds = parseTime(time);
  if (time === null || seconds === undefined) return {};
  return { time, age: Math.max(0, Math.floor(now.getTime() / 1000) - seconds) };
}

/** What a list shows of a manifest; whether it can be relied on is settled elsewhere. */
function manifestFacts(text: string | undefined): Pick<BackupView, 'nodes' | 'vectors'> {
  try {
    const { rondb, vald } = JSON.parse(text ?? '') as {
      rondb?: { topology?: { nodes?: unknown } };
      vald?: { vectors?: unknown; saved?: unknown };
    };
    const nodes = rondb?.topology?.nodes;
    return {
      ...(Array.isArray(nodes) ? { nodes: nodes.length } : {}),
      ...(typeof vald?.vectors === 'number' ? { vectors: vald.vectors } : {}),
      ...(typeof vald?.saved === 'string' ? { saved: vald.saved } : {}),
    };
  } catch {
    return {};
  }
}
