import { type BackupNode, type Manifest, rondbFiles } from '../../src/repository/index.js';

/** Two node groups of two replicas, two parts on each node: upstream’s node ids. */
export const nodes: readonly BackupNode[] = [
  { nodeId: 1, nodeGroup: 0, parts: 2 },
  { nodeId: 2, nodeGroup: 0, parts: 2 },
  { nodeId: 4, nodeGroup: 1, parts: 2 },
  { nodeId: 5, nodeGroup: 1, parts: 2 },
];

/** A whole manifest of a backup, with something else in it where given. */
export function sampleManifest(changes: Partial<Manifest> = {}): Manifest {
  const files = rondbFiles(216_000_000, nodes).map((path, index) => ({
    path,
    size: 1000 + index,
    sha256: index.toString(16).padStart(64, '0'),
  }));
  return {
    version: 1,
    kind: 'rondb',
    clusterId: '7a9c6f0e-1f0b-4a53-9d0c-3f6f1f3f5a01',
    clusterName: 'orders',
    backupId: 216_000_000,
    started: '2026-11-05T00:00:00Z',
    finished: '2026-11-05T00:07:31Z',
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    files,
    encryption: { type: 'none' },
    script: { name: 'rondb-backup.sh', version: '0.1.0' },
    tools: { rclone: '1.75.1', ndb_mgm: '9.7.2', jq: '1.6' },
    rondb: {
      topology: { nodeGroups: 2, replicas: 2, nodes: [...nodes] },
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
}
