import { z } from 'zod';
import { keyFingerprint } from '../store/index.js';
import { backupId, dnsLabel, dnsName, textLeaf, uuid } from '../units/index.js';
import { parseTime } from './time.js';

const time = () =>
  z.string().refine((text) => parseTime(text) !== undefined, {
    error: 'not a time',
    params: { allowed: 'a UTC time in whole seconds, such as 2026-11-21T03:24:08Z' },
  });

const sha256 = () => textLeaf({ pattern: /^[0-9a-f]{64}$/, allowed: 'a SHA-256 as 64 hexadecimal digits' });

const filePath = () =>
  textLeaf({
    pattern: /^(?!\.{1,2}(\/|$))[^/\p{Cc}]+(\/(?!\.{1,2}(\/|$))[^/\p{Cc}]+)*$/u,
    maxLength: 1024,
    allowed: 'a relative path without "..", such as rondb/1/BACKUP-7.1.ctl',
  });

const version = (example: string) => textLeaf({ pattern: /^[!-~]+$/, allowed: `a version, such as ${example}` });

const count = () => z.int().min(0);

const backupFile = z
  .object({
    path: filePath().describe('Path inside the set.'),
    size: count().describe('Bytes.'),
    sha256: sha256().describe('SHA-256 of the content, taken where the file was, before the upload.'),
  })
  .meta({ id: 'BackupFile' });

const encryption = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('none') }),
    z.object({
      type: z.literal('rclone-crypt'),
      keyFingerprint: keyFingerprint().describe(
        'Fingerprint of the key: a restore with another key stops instead of reading rubbish.',
      ),
    }),
  ])
  .meta({ id: 'Encryption' });

const schemaHash = z
  .object({
    before: sha256().describe('Hash of the schema before the native backup.'),
    after: sha256().describe('Hash of the schema after the SQL files were taken.'),
  })
  .meta({ id: 'SchemaHash' });

const backupNode = z
  .object({
    // 144: MAX_NDB_NODES of NDB
    nodeId: z.int().min(1).max(144).describe('Id of the data node, which is in its files’ names.'),
    nodeGroup: z.int().min(0).describe('Node group of the data node.'),
    parts: z.int().min(1).max(128).describe('Parts that the node wrote; the same on all nodes.'),
  })
  .meta({ id: 'BackupNode' });

const topology = z
  .object({
    nodeGroups: z.int().min(1).describe('Number of node groups.'),
    replicas: z.int().min(1).max(4).describe('Replicas per node group as configured; some may have been down.'),
    nodes: z
      .array(backupNode)
      .min(1)
      .describe('The data nodes that took part. Each holds rows that no other holds, so all of them are needed.'),
  })
  .meta({ id: 'Topology' });

const rondbBackup = z
  .object({
    topology: topology.describe('The data nodes that took part.'),
    startGcp: count().describe('Global checkpoint at which the native backup started.'),
    stopGcp: count().describe('Global checkpoint whose state the native backup holds.'),
    records: count().describe('Rows in the data files, as the cluster counted them.'),
    logRecords: count().describe('Changes in the log files, as the cluster counted them.'),
    dataBytes: count().describe('Bytes of data, as the cluster counted them, before compression.'),
    logBytes: count().describe('Bytes of log, as the cluster counted them.'),
    schemaHash: schemaHash.describe('Two equal hashes prove that no schema change came in between.'),
  })
  .meta({ id: 'RondbBackup' });

const valdSearch = z
  .object({
    id: z.string().min(1).describe('Id of a vector that was searched for.'),
    nearest: z
      .array(z.string())
      .min(1)
      .describe('Ids of those nearest to it, at most ten, itself among them unless the distance is an inner product.'),
  })
  .meta({ id: 'ValdSearch' });

const valdBackup = z
  .object({
    pod: dnsName().describe('The pod whose index it is: the name of its series.'),
    vectors: count().describe('Vectors in the index, as its metadata.json says.'),
    saved: time().describe('When the agent had saved the index, by the clock of its node, in UTC.'),
    copyOnWrite: z.boolean().describe('Whether the agent saved with copy-on-write.'),
    searches: z
      .array(valdSearch)
      .min(1)
      .optional()
      .describe('What the agent found for a few ids while it served just this index; none where it was not asked.'),
  })
  .meta({ id: 'ValdBackup' });

const common = {
  version: z.literal(1).describe('Version of this format. Fields may be added; whatever changes one raises it.'),
  clusterId: uuid().describe('UUID of the cluster that wrote the set.'),
  clusterName: dnsLabel().describe('Name of that cluster: its folder in the store.'),
  backupId: backupId().describe('Id of the backup: the name of the set’s folder.'),
  started: time().describe('When the backup started, in UTC.'),
  finished: time().describe(
    'When the last byte was in the store and read back, just before this file was written, in UTC.',
  ),
  bytes: count().describe('Sum of the files’ sizes.'),
  files: z.array(backupFile).min(1).describe('Every file of the set, sorted by path.'),
  encryption: encryption.describe(
    'Encryption on the client: its `type` is `none`, or `rclone-crypt` with a `keyFingerprint`.',
  ),
  script: z
    .object({
      name: version('rondb-backup.sh').describe('File name of the script.'),
      version: version('0.1.0').describe('Version of this package that the script came with.'),
    })
    .meta({ id: 'Script' })
    .describe('The script that made the backup.'),
  tools: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/), version('9.7.2'))
    .describe('Versions of the programs that took part, by name.'),
};

/**
 * Schema of `manifest.json`, version 1: what a committed set of a RonDB cluster is. What a reader does not know is ignored, so that a set
 * written by a newer release can be restored by an older one.
 */
export const manifestSchema = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('rondb').describe('What was backed up.'),
    rondb: rondbBackup.describe('The native backup.'),
  }),
]);

/** Schema of `manifest.json`, version 1, of a generation of one Vald pod's index. */
export const valdManifestSchema = z.object({
  ...common,
  clusterName: dnsName().describe('Name of that cluster: its folder in the store.'),
  kind: z.literal('vald').describe('What was backed up.'),
  vald: valdBackup.describe('The index of one pod.'),
});

/** A committed set's manifest. */
export type Manifest = z.output<typeof manifestSchema>;

/** A committed generation's manifest. */
export type ValdManifest = z.output<typeof valdManifestSchema>;

/** One file of a set: path inside it, size in bytes, SHA-256 in hexadecimal. */
export type BackupFile = Manifest['files'][number];

/** Whether the schema changed while the backup ran, so that the SQL files and the native backup may contradict. */
export function schemaChanged(manifest: Manifest): boolean {
  const { before, after } = manifest.rondb.schemaHash;
  return before !== after;
}
