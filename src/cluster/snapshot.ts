import type { ListedObject } from '../repository/index.js';
import type { Attachment } from './attachment.js';

/** The content of a cluster’s folder in the store: its listing, and the text of small files by path. */
export interface Snapshot {
  readonly listing: readonly ListedObject[];
  readonly records: ReadonlyMap<string, string>;
}

/** A way to read a store. */
export interface StoreReader {
  /**
   * Lists a cluster’s folder and reads the small files in it that say what it holds.
   *
   * @throws ClusterError of kind `store` where it cannot be read
   */
  read(attachment: Attachment): Promise<Snapshot>;
}
