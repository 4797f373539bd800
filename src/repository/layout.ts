import { type ObjectStoreSettings, rclonePath } from '../store/index.js';
import { textLeaf } from '../units/index.js';
import { parseBackupId } from './backup-id.js';

/** Says whose the cluster's folder is. */
export const ownerFile = 'owner.json';

/** The first object of a set: says that the set is ours and when its backup started. */
export const startedFile = 'started.json';

/** The last object of a set and never changed again: with it the set is committed. */
export const manifestFile = 'manifest.json';

/** An object with any content that somebody puts into a set so that retention leaves it alone. */
export const pinnedFile = 'pinned';

/**
 * The name of a series: the sets of one part of a cluster that is backed up by itself, such as a Vald pod. Not only
 * digits, or it would look like a backup id.
 */
export const seriesName = () =>
  textLeaf({
    pattern: /^(?![0-9]+$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
    maxLength: 253,
    allowed: 'a DNS name that is not only digits, such as vald-agent-0',
  });

/** Where a cluster's folder is, as rclone writes it: `store:bucket/prefix/cluster`. It holds {@link ownerFile}. */
export function clusterPath(store: ObjectStoreSettings, clusterName: string): string {
  return rclonePath(store, clusterName);
}

/**
 * Where the sets of a series are, as rclone writes it. What is backed up as a whole has one series, the cluster's own
 * folder (RonDB: `<cluster>/<backup-id>/…`); what is backed up by part has a folder for each (Vald:
 * `<cluster>/<pod>/<backup-id>/…`).
 */
export function seriesPath(store: ObjectStoreSettings, clusterName: string, series?: string): string {
  return series === undefined ? clusterPath(store, clusterName) : rclonePath(store, clusterName, series);
}

/** What an object's path in the folder of a series says about it. */
export type Entry =
  | { readonly type: 'owner' }
  /** Below a folder named by a backup id; `path` is the rest. */
  | { readonly type: 'set'; readonly backupId: number; readonly path: string }
  /** Not ours, so never touched; `name` is the first step of the path, with a slash behind it where it is a folder. */
  | { readonly type: 'foreign'; readonly name: string };

/** Sorts an object by its path in the folder of a series. */
export function entryOf(path: string): Entry {
  if (path === ownerFile) return { type: 'owner' };
  const slash = path.indexOf('/');
  if (slash < 0) return { type: 'foreign', name: path };
  const name = path.slice(0, slash);
  const backupId = parseBackupId(name);
  return backupId === undefined
    ? { type: 'foreign', name: `${name}/` }
    : { type: 'set', backupId, path: path.slice(slash + 1) };
}
