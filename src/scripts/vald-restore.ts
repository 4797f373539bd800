import { type ClusterScript, scriptFolder } from './contract.js';
import { valdFetchLibrary, valdGenerationsLibrary } from './vald-libraries.js';
import content from './vald-restore.generated.js';

const name = 'vald-restore.sh';

/**
 * The script that runs as init container of every Vald agent pod and puts the agent's index in place: from the disk,
 * else from the newest in the store: a generation of `vald-upload.sh`, or the object of Vald's own sidecar; else empty
 * where nothing can have been lost. It refuses in every other case. It answers facts 5 to 7 and 9 of upstream's restore: a missing bucket starts an empty agent, files
 * on the disk hang it, a half restore poisons the next, and an index that does not load is wiped.
 *
 * It runs without privileges and needs the index volume mounted at the parent of `INDEX_PATH`. There it keeps `.restore`
 * while it runs, `.restore-note` while the volume has never held an index, in `.restored` what it has restored last, and in `.restored-as-of` the last time
 * it was taken back to; it reads `.upload`, and removes `.staging`, which is meant as the agent's TMPDIR. With a store the caller also sets `RCLONE_CONFIG_STORE_*` for the remote `store`, with
 * `RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true` where the store is S3: the script must not create a bucket. In the store it
 * reads `<pod>/` and `<pod>.tar.gz`, and writes `owner.json`, `<pod>.seen` and `<pod>/restored-as-of`.
 *
 * On the volume it needs room for the new index beside what is there already, and for the sidecar's object beside both.
 */
export const valdRestore = {
  name,
  content,
  libraries: [valdGenerationsLibrary, valdFetchLibrary],
  command: ['sh', `${scriptFolder}/${name}`],
  environment: [
    {
      name: 'BACKUP_METHOD',
      required: 'always',
      allowed: 'persistentVolume, objectStorage or both',
      meaning: 'Where the backup is; without object storage, remains of an index refuse the start.',
    },
    {
      name: 'INDEX_PATH',
      required: 'always',
      allowed: 'an absolute path of two levels or more without a slash at its end, such as /var/ngt/index',
      meaning: "The agent's ngt.index_path; its parent is where the volume is mounted.",
    },
    {
      name: 'COPY_ON_WRITE',
      required: 'always',
      allowed: 'true or false',
      meaning: "The agent's ngt.enable_copy_on_write: whether the folder backup/ counts as an index.",
    },
    {
      name: 'BROKEN_INDEX_HISTORY_LIMIT',
      required: 'always',
      allowed: 'a whole number from 1',
      meaning: "The agent's ngt.broken_index_history_limit: how many entries broken/ may have.",
    },
    {
      name: 'POD_NAME',
      required: 'always',
      allowed: 'a pod name',
      meaning: 'The name of the pod, which names its object and its marker.',
    },
    {
      name: 'START_GATE',
      required: 'always',
      allowed: 'an absolute path on a volume that the agent mounts at the same place, or none',
      meaning: 'The named pipe of vald-start-gate.sh, made here because it must be there before the agent.',
    },
    {
      name: 'TERMINATION_LOG',
      required: 'always',
      allowed: 'an absolute path, or none',
      meaning: 'The file whose content Kubernetes shows as the message of the container: what the pod starts on.',
    },
    {
      name: 'STORE_PATH',
      required: 'with-store',
      allowed: 'an rclone path of the remote `store`, such as store:bucket/prefix/cluster',
      meaning: "This cluster's place in the store.",
    },
    {
      name: 'CLUSTER_ID',
      required: 'with-store',
      allowed: 'a UUID, always written alike: it is compared letter by letter',
      meaning: 'The identity that owner.json must have.',
    },
    {
      name: 'CLUSTER_NAME',
      required: 'with-store',
      allowed: 'letters, digits, dots, dashes and underscores',
      meaning: 'The name that is written to owner.json, for people.',
    },
    {
      name: 'ALLOW_EMPTY_START',
      required: 'with-store',
      allowed: 'true or false',
      meaning: 'Whether a store without owner.json is taken for this cluster: its very first start.',
    },
    {
      name: 'BACKUP_INTERVAL_SECONDS',
      required: 'with-store',
      allowed: 'seconds, a whole number from 1',
      meaning: 'The time between two backups: a pod first seen less long ago may start empty again.',
    },
    {
      name: 'RESTORE_TIMEOUT_SECONDS',
      required: 'with-store',
      allowed: 'seconds, a whole number from 1',
      meaning: 'How long all work with the store may take, download, check and unpacking together.',
    },
    {
      name: 'RESTORE_AS_OF',
      required: 'with-store',
      allowed: 'empty, or a UTC time such as 2026-11-21T03:00:00Z',
      meaning: 'The time that the index is taken back to, once, even where the disk has a valid one.',
    },
  ],
  image: {
    programs: [
      {
        name: 'busybox',
        oldest: '1.35.0',
        commands: [
          'sh',
          'awk',
          'cat',
          'cp',
          'date',
          'find',
          'gzip',
          'id',
          'mkdir',
          'mkfifo',
          'mv',
          'rm',
          'sed',
          'sort',
          'stat',
          'sync',
          'tar',
          'timeout',
          'touch',
          'tr',
          'wc',
        ],
      },
      { name: 'rclone', oldest: '1.60.1' },
    ],
    defaultImage: { repository: 'rclone/rclone', tag: '1.75.1' },
  },
  exitCodes: [
    { code: 0, meaning: 'The index is in place, or an empty start loses nothing.', action: 'Nothing.' },
    {
      code: 1,
      meaning: 'A command failed, and its own message says why.',
      action: 'Nothing: the pod tries again and the next run starts over.',
    },
    { code: 2, meaning: 'A variable is missing or has a value it cannot have.', action: 'Correct the variable.' },
    {
      code: 10,
      meaning: 'The store has no owner.json, and an empty start is not allowed.',
      action: 'Check bucket, prefix and access key; for the very first start set ALLOW_EMPTY_START.',
    },
    {
      code: 11,
      meaning: "The store's owner.json names another cluster.",
      action: 'Give this cluster a prefix of its own, or the id of the cluster that it continues.',
    },
    {
      code: 12,
      meaning: 'The store cannot be listed, read or written in time.',
      action: 'Check endpoint, bucket, credentials, network policy and RESTORE_TIMEOUT_SECONDS.',
    },
    {
      code: 13,
      meaning: "No generation of the pod is whole, or the object of Vald's sidecar is damaged.",
      action: 'Bring back earlier versions of the objects, or enlarge the volume if it is full.',
    },
    {
      code: 14,
      meaning: 'The disk holds remains of an index, none of them valid, and there is nothing to restore from.',
      action: 'Look at origin, backup and broken/; to start empty, move them off the volume deliberately.',
    },
    {
      code: 15,
      meaning: 'The pod was seen before, its object is gone and nothing proves that it never had data.',
      action: 'Bring back a version of the object, or remove the marker <pod>.seen deliberately.',
    },
    {
      code: 16,
      meaning: "The volume cannot be read or written by the container's user.",
      action: "Check the volume, its free space and the pod's fsGroup.",
    },
    {
      code: 18,
      meaning: 'The store has nothing of the pod that was saved by RESTORE_AS_OF.',
      action: 'Give a later time, or none; the index on the disk is as it was.',
    },
    { code: 143, meaning: 'The pod was stopped during the restore.', action: 'Nothing: the next run starts over.' },
  ],
} as const satisfies ClusterScript;

/** A variable that `vald-restore.sh` reads. */
export type ValdRestoreVariable = (typeof valdRestore.environment)[number]['name'];
