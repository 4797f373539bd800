import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, parseBackupId, readManifest } from '../../src/repository/index.js';
import { backupFolder, type NdbCluster } from '../programs/ndb-cluster.js';

/** A set in the store. */
export interface StoredSet {
  readonly id: number;
  /** Undefined where it is not committed. */
  readonly manifest: Manifest | undefined;
  /** Files that the manifest names and that are not there with the bytes that it names. */
  readonly wrong: readonly string[];
}

/** Every set in a cluster's folder, by its id, each file read and hashed. */
export function storedSets(storeFolder: string): StoredSet[] {
  if (!existsSync(storeFolder)) return [];
  return readdirSync(storeFolder)
    .flatMap((name) => parseBackupId(name) ?? [])
    .sort((a, b) => a - b)
    .map((id) => {
      const folder = join(storeFolder, `${id}`);
      const text = join(folder, 'manifest.json');
      const manifest = existsSync(text) ? readWhole(readFileSync(text, 'utf8'), id) : undefined;
      const wrong = (manifest?.files ?? []).filter(({ path, sha256 }) => {
        const file = join(folder, path);
        return !existsSync(file) || createHash('sha256').update(readFileSync(file)).digest('hex') !== sha256;
      });
      return { id, manifest, wrong: wrong.map(({ path }) => path) };
    });
}

/** @throws Error if it is not a manifest as the package itself would write it */
function readWhole(text: string, backupId: number): Manifest {
  const { manifest, problems } = readManifest(text, { path: 'manifest.json', backupId });
  if (!manifest) throw new Error(JSON.stringify(problems));
  return manifest;
}

export function newestCommitted(storeFolder: string): StoredSet | undefined {
  return storedSets(storeFolder).findLast(({ manifest }) => manifest);
}

/** Native backups that lie on the data nodes, as `<node>/<id>`. */
export async function backupsOnNodes(cluster: NdbCluster): Promise<string[]> {
  const found = await Promise.all(
    cluster.nodes.map(async (node) => {
      const { stdout } = await cluster.exec(node, 'find', backupFolder, '-mindepth', '1', '-maxdepth', '1');
      const names = stdout.split('\n').flatMap((path) => path.split('/BACKUP/')[1] ?? []);
      return names.map((name) => `${node.id}/${name.replace('BACKUP-', '')}`);
    }),
  );
  return found.flat().sort();
}
