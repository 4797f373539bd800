import { readListing } from '../repository/index.js';
import type { Attachment } from './attachment.js';
import { ClusterError } from './cluster-error.js';
import { wantedRecords } from './repository-view.js';
import type { Snapshot, StoreReader } from './snapshot.js';

/** rclone as a program that can be started; its remote `store` is set up. */
export interface Rclone {
  /** Runs it. The texts hold no secret. */
  run(words: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }>;
  /** Copies objects below a path, and gives the text of those that are there. */
  fetch(
    path: string,
    names: readonly string[],
  ): Promise<{ status: number; texts: Map<string, string>; stderr: string }>;
}

/** Bounded waits and tries, and no configuration but what we give. */
export const rcloneOptions = [
  '--config=',
  '--contimeout=10s',
  '--timeout=60s',
  '--retries=2',
  '--retries-sleep=1s',
  '--low-level-retries=3',
] as const;

/** The same for a shell. */
export const rcloneWords = rcloneOptions.map((word) => (word === '--config=' ? "--config ''" : word)).join(' ');

/** As `repository-retention.sh` lists: times of the store, not of the sources. */
const listWords = ['lsjson', '-R', '--files-only', '--no-mimetype', '--use-server-modtime'];

/** Reads a store with an rclone of one’s own. */
export class RcloneReader implements StoreReader {
  constructor(private readonly rclone: Rclone) {}

  async read({ database, storePath, storeRoot }: Attachment): Promise<Snapshot> {
    // Many stores answer for a bucket that is not there as for an empty folder; only this shows that it is there.
    const root = await this.rclone.run(['lsf', '--max-depth=1', storeRoot]);
    if (root.status !== 0) throw storeError(storeRoot, 'cannot be listed', root.stderr);
    const listed = await this.rclone.run([...listWords, storePath]);
    // 3: there is no such folder, on stores that have real ones
    if (listed.status !== 0 && listed.status !== 3) throw storeError(storePath, 'cannot be listed', listed.stderr);
    const listing = listed.status === 3 ? [] : readListing(listed.stdout, storePath);
    const wanted = wantedRecords({ database }, listing);
    const fetched = await this.rclone.fetch(storePath, wanted);
    const missing = wanted.find((path) => !fetched.texts.has(path));
    if (fetched.status !== 0 || missing !== undefined)
      throw storeError(storePath, `does not give ${missing ?? 'its manifests'}`, fetched.stderr);
    return { listing, records: fetched.texts };
  }
}

/** The error of a store that cannot be read, with the last thing that rclone said. */
export function storeError(place: string, fact: string, said: string): ClusterError {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const last = lines.filter((line) => /ERROR|CRITICAL|Failed|NOTICE/.test(line)).at(-1) ?? lines.at(-1);
  return new ClusterError(
    'store',
    place,
    `the store ${fact}`,
    'Check endpoint, bucket, credentials and network; --via pod reads it from inside the cluster.',
    last === undefined ? {} : { got: last.replace(/^\S+ \S+ /, '').slice(0, 400) },
  );
}
