import { z } from 'zod';
import { valdObjectStoreSchema } from '../store/index.js';
import { dnsLabel, dnsName, duration, size, textLeaf, uuid, wholeNumber } from '../units/index.js';
import { type RepositoryUploaderSettings, uploaderSchema } from './uploader.js';

const retention = z.enum(['Retain', 'Delete']);

/** Schema of PersistentVolumes that claims find by labels. */
export const boundBySelector = z.strictObject({
  type: z.literal('selector'),
  matchLabels: z.record(z.string(), z.string()).describe('Labels that the PersistentVolumes carry.'),
});

const boundVolumes = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('names'),
      volumeNames: z
        .array(dnsName())
        .min(1)
        .describe('Names of PersistentVolumes, one for each replica, in the order of the pods.'),
    }),
    boundBySelector,
  ])
  .meta({ id: 'BoundVolumes' });

/** Schema of the volume claim of each agent pod; upstream’s `agent.persistentVolume` and more. */
export const volumeClaimSchema = z
  .strictObject({
    size: size().describe('Size of the volume of each pod.'),
    storageClass: dnsName()
      .optional()
      .describe('StorageClass of the claim. Upstream’s default `vald-sc` is a class nobody has (rule 51).')
      .meta({ defaultText: 'the cluster’s default StorageClass' }),
    accessMode: z
      .enum(['ReadWriteOncePod', 'ReadWriteOnce'])
      .default('ReadWriteOncePod')
      .describe(
        'Access mode. Two pods on one index would destroy it, so modes for many writers are not allowed (rule 50).',
      ),
    volumeMode: z
      .enum(['Filesystem'])
      .default('Filesystem')
      .describe('Volume mode. The agent writes files, so `Block` is not possible.'),
    bind: boundVolumes
      .optional()
      .describe('PersistentVolumes that exist already, to be bound by name or by labels.')
      .meta({ defaultText: 'volumes are provisioned by the StorageClass' }),
    retention: z
      .strictObject({
        whenDeleted: retention
          .default('Retain')
          .describe('What becomes of the claims when the StatefulSet is deleted.'),
        whenScaled: retention.default('Retain').describe('What becomes of a claim when its pod is scaled away.'),
      })
      .prefault({})
      .describe(
        '`persistentVolumeClaimRetentionPolicy` of the StatefulSet. Retain: no index goes with a mistyped command.',
      ),
  })
  .meta({ id: 'VolumeClaim' });

const storeFields = {
  store: valdObjectStoreSchema.describe('Where the backups go.'),
  clusterId: uuid().describe(
    'Identity of this cluster, a UUID that you make once. It is written into the store; a store with another identity is refused.',
  ),
  clusterName: dnsLabel()
    .optional()
    .describe(
      'Name of this cluster in the store. Its folder is this name with the start of `clusterId` behind it, so that two clusters never overwrite each other (rule 27).',
    )
    .meta({ defaultText: '`<namespace>-<name>`' }),
  backupInterval: duration()
    .default('10m')
    .describe(
      'How often the index is uploaded: the recovery point objective. With Vald’s sidecar and copy-on-write the timer is the only upload between start and shutdown (fact 0.3); the repository’s uploader uploads each save, at most one in this time.',
    ),
  uploader: uploaderSchema
    .prefault({ type: 'vald-sidecar' })
    .describe('What uploads; made by `Uploader`. The restore reads what either of them stored.'),
  allowEmptyStart: z
    .boolean()
    .default(false)
    .describe(
      'Whether a store without this cluster’s owner file may be taken over: true for the very first deployment only. Without it a wrong bucket stops the pod.',
    ),
  compressionLevel: wholeNumber(-1, 9)
    .default(-1)
    .describe('Level of gzip, 1 to 9, or -1 for its default. Vald’s sidecar only.'),
  restoreTimeout: duration()
    .optional()
    .describe('Longest time a download may take at a restore.')
    .meta({ defaultText: '1h, or longer where `expectedIndexSize` at 10 MiB/s needs longer' }),
  restoreAsOf: textLeaf({
    pattern: /^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/,
    allowed: 'a UTC time such as 2026-11-21T03:00:00Z',
  })
    .optional()
    .describe(
      'Takes every pod back to what it had saved by this time, also where its disk has a valid index, which is set aside. It is done once for each pod and time. Each pod goes back by itself: Vald has no cut across pods.',
    )
    .meta({ defaultText: 'the disk wins, else the newest in the store' }),
};

/** Schema of the backup method: which of the two places an index lives in. */
export const backupMethodSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({ type: z.literal('persistentVolume'), volume: volumeClaimSchema.describe('The volume claim.') })
      .meta({ id: 'PersistentVolumeBackup' }),
    z.strictObject({ type: z.literal('objectStorage'), ...storeFields }).meta({ id: 'ObjectStorageBackup' }),
    z
      .strictObject({
        type: z.literal('both'),
        volume: volumeClaimSchema.describe('The volume claim. A valid index on it wins over the store.'),
        ...storeFields,
      })
      .meta({ id: 'VolumeAndObjectStorageBackup' }),
  ])
  .meta({ id: 'BackupMethodInput' });

/** A backup method as its user writes it; made by {@link BackupMethod}. */
export type BackupMethodInput = z.input<typeof backupMethodSchema>;

/** A backup method with all defaults filled in. */
export type BackupMethodSettings = z.output<typeof backupMethodSchema>;

/** A volume claim with all defaults filled in. */
export type VolumeClaimSettings = z.output<typeof volumeClaimSchema>;

/** The settings of the methods with a store, with all defaults filled in. */
export type StoreBackupSettings = Exclude<BackupMethodSettings, { type: 'persistentVolume' }>;

type Fields<Type extends BackupMethodInput['type']> = Omit<Extract<BackupMethodInput, { type: Type }>, 'type'>;

/**
 * How an index survives: on a volume, in object storage, or both. One value, so that flags cannot contradict.
 *
 * @example
 * ```ts
 * BackupMethod.persistentVolume({ volume: { size: '100Gi', storageClass: 'gp3' } });
 * ```
 */
export const BackupMethod = {
  /** The index lives on a volume for each pod. Nothing is left when the volume is lost. */
  persistentVolume: (fields: Fields<'persistentVolume'>): BackupMethodInput => ({
    type: 'persistentVolume',
    ...fields,
  }),
  /** The index lives on the node’s disk and is uploaded; a new pod restores it. */
  objectStorage: (fields: Fields<'objectStorage'>): BackupMethodInput => ({ type: 'objectStorage', ...fields }),
  /** The index lives on a volume and is uploaded; the store is read only when the volume has no valid index. */
  both: (fields: Fields<'both'>): BackupMethodInput => ({ type: 'both', ...fields }),
} as const;

/** The store part of a method, or undefined where nothing is uploaded. */
export function storeBackup(method: BackupMethodSettings): StoreBackupSettings | undefined {
  return method.type === 'persistentVolume' ? undefined : method;
}

/** The repository’s uploader of a method, or undefined where nothing is uploaded or Vald’s sidecar does it. */
export function repositoryUploader(method: BackupMethodSettings): RepositoryUploaderSettings | undefined {
  const uploader = storeBackup(method)?.uploader;
  return uploader?.type === 'repository' ? uploader : undefined;
}

/** The volume claim of a method, or undefined where the index lives on the node’s disk. */
export function volumeClaim(method: BackupMethodSettings): VolumeClaimSettings | undefined {
  return method.type === 'objectStorage' ? undefined : method.volume;
}
