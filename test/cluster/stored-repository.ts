import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Manifest, printManifest, printOwner, printStarted, rondbFiles } from '../../src/repository/index.js';
import { clusterId } from '../rondb/sets.js';

const nodes = [1, 2, 4, 5].map((nodeId, index) => ({ nodeId, nodeGroup: index >> 1, parts: 1 }));

/** A RonDB repository as files: below the folder that an S3 server serves, or anywhere. */
export class StoredRepository {
  constructor(
    readonly folder: string,
    readonly clusterName = 'rondb',
  ) {
    this.put('owner.json', printOwner({ cluster: clusterName, clusterId }));
  }

  /** Writes an object. */
  put(path: string, content: string): this {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
    return this;
  }

  /** Starts a set and does not finish it. */
  start(backupId: number, owner = clusterId, started = '2026-11-20T02:17:00Z'): this {
    return this.put(`${backupId}/started.json`, printStarted({ clusterId: owner, backupId, started }));
  }

  /** A committed set that finished at a time. */
  commit(backupId: number, finished: string, changes: Partial<Manifest> = {}): this {
    const files = rondbFiles(backupId, nodes).map((path) => {
      const content = `content of ${path}\n`;
      this.put(`${backupId}/${path}`, content);
      return { path, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    });
    this.start(backupId, clusterId, finished);
    const manifest: Manifest = {
      version: 1,
      kind: 'rondb',
      clusterId,
      clusterName: this.clusterName,
      backupId,
      started: finished,
      finished,
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      files,
      encryption: { type: 'none' },
      script: { name: 'rondb-backup.sh', version: '0.1.0' },
      tools: { ndb: '24.10.18', mysql: '8.0.43', rclone: '1.75.1' },
      rondb: {
        topology: { nodeGroups: 2, replicas: 2, nodes },
        startGcp: 177,
        stopGcp: 180,
        records: 20_000,
        logRecords: 12,
        dataBytes: 1_048_576,
        logBytes: 512,
        schemaHash: { before: 'a'.repeat(64), after: 'a'.repeat(64) },
      },
      ...changes,
    };
    return this.put(`${backupId}/manifest.json`, printManifest(manifest));
  }
}
