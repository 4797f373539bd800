import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readValdManifest, type ValdManifest } from '../../src/repository/index.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';

/** A real S3 server, and a look at what is in its buckets that does not go through it. */
export class BackupStore {
  readonly server: S3Server;
  readonly port: number;
  #buckets = 0;

  private constructor(server: S3Server) {
    this.server = server;
    this.port = Number(new URL(server.endpoint).port);
  }

  static async start(): Promise<BackupStore> {
    return new BackupStore(await startS3Server());
  }

  /** Makes an empty bucket and returns its name. */
  makeBucket(): string {
    const name = `vald-backups-${++this.#buckets}`;
    this.server.createBucket(name);
    return name;
  }

  /** The objects of a bucket, none where there is no such bucket: key → hash of the content. */
  objects(bucket: string): Record<string, string> {
    const root = join(this.server.folder, bucket);
    if (!existsSync(root)) return {};
    const paths = readdirSync(root, { recursive: true, withFileTypes: true })
      // The server writes an upload beside its object first, under a name that is gone in a moment.
      .filter((entry) => entry.isFile() && !entry.name.includes('.sgwtmp.'))
      .map((entry) => join(entry.parentPath, entry.name));
    const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    return Object.fromEntries(paths.map((path) => [path.slice(root.length + 1), hash(path)]));
  }

  /** The manifests of a pod's generations, oldest first; each must be one that the package reads. */
  generations(bucket: string, pod: string): ValdManifest[] {
    const root = join(this.server.folder, bucket);
    const found = Object.keys(this.objects(bucket)).flatMap((key) => {
      const [, name, id] = /([^/]+)\/([0-9]+)\/manifest\.json$/.exec(key) ?? [];
      if (name !== pod) return [];
      const { manifest } = readValdManifest(readFileSync(join(root, key), 'utf8'), { path: key, backupId: Number(id) });
      if (!manifest) throw new Error(`${key} is no manifest`);
      return [manifest];
    });
    return found.sort((one, other) => one.backupId - other.backupId);
  }

  remove(bucket: string, key: string): void {
    rmSync(join(this.server.folder, bucket, key));
  }

  /**
   * The number of vectors that an agent's object says it holds; undefined where it says nothing, as one does that was
   * uploaded in the middle of a save without copy-on-write.
   */
  vectorsIn(bucket: string, key: string): number | undefined {
    const archive = join(this.server.folder, bucket, key);
    const { stdout } = spawnSync('tar', ['-xzOf', archive, 'metadata.json'], { encoding: 'utf8' });
    const [, count] = /"index_count":\s*(\d+)/.exec(stdout) ?? [];
    return count === undefined ? undefined : Number(count);
  }
}
