import { type ClusterScript, scriptFolder } from './contract.js';
import { retentionPolicyVariables } from './repository-retention.js';
import { valdGenerationsLibrary, valdRetentionLibrary, valdSearchLibrary, valdStageLibrary } from './vald-libraries.js';
import { valdRestore } from './vald-restore.js';
import content from './vald-upload.generated.js';

const name = 'vald-upload.sh';

/**
 * The script that runs as native sidecar of a Vald agent in place of Vald's own and uploads the index as generations
 * `<cluster>/<pod>/<backup-id>/…` of the backup repository: each save, at most one in a backup interval and none that is
 * what the newest holds, and the last save when the pod is stopped. It answers section 3 of the facts: upstream's
 * sidecar keeps one object and overwrites it in place, checks nothing, and says success when an upload failed.
 *
 * It needs the index volume mounted at the parent of `INDEX_PATH`, and there room for one more copy of the index, in
 * `.upload`; it keeps `.upload-done` and `.volume-owner` beside it. The caller sets `RCLONE_CONFIG_STORE_*` for the remote
 * `store`, which may list, read, write and delete below `STORE_PATH`, and gives the pod a grace period that covers the
 * agent's last save and `SHUTDOWN_TIMEOUT_SECONDS`. The store must have an owner file: `vald-restore.sh` writes it.
 *
 * While the store does not answer it goes on trying. `<pod>/status.json` in the store says until when the index on the
 * disk was in the store.
 */
export const valdUpload = {
  name,
  content,
  libraries: [valdGenerationsLibrary, valdSearchLibrary, valdStageLibrary, valdRetentionLibrary],
  command: ['sh', `${scriptFolder}/${name}`],
  environment: [
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
      meaning: "The agent's ngt.enable_copy_on_write: whether a save leaves the files that are in place alone.",
    },
    {
      name: 'AGENT_PORT',
      required: 'always',
      allowed: 'a whole number from 1, or none',
      meaning: 'The port on which the agent speaks gRPC: asked for searches that a restore drill can compare.',
    },
    {
      name: 'POD_NAME',
      required: 'always',
      allowed: 'a pod name',
      meaning: 'The name of the pod, which names its folder in the store.',
    },
    { name: 'POD_UID', required: 'always', allowed: 'a UID', meaning: 'UID of the pod, which begins generations.' },
    {
      name: 'STORE_PATH',
      required: 'always',
      allowed: 'an rclone path of the remote `store` below its bucket, such as store:bucket/prefix/cluster',
      meaning: "This cluster's folder in the store, with owner.json.",
    },
    {
      name: 'CLUSTER_ID',
      required: 'always',
      allowed: 'a UUID, always written alike: it is compared letter by letter',
      meaning: 'The identity that owner.json must have.',
    },
    {
      name: 'CLUSTER_NAME',
      required: 'always',
      allowed: 'letters, digits, dots, dashes and underscores',
      meaning: 'The name that is written to manifests, for people.',
    },
    {
      name: 'BACKUP_INTERVAL_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'How long a save may wait for its upload: the recovery point objective.',
    },
    {
      name: 'UPLOAD_TIMEOUT_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'How long one try may take: copy, hashes, upload, reading back.',
    },
    {
      name: 'SHUTDOWN_TIMEOUT_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'The same after the pod was told to stop and the agent has ended.',
    },
    { name: 'TRANSFERS', required: 'always', allowed: 'a whole number from 1', meaning: 'How many files at once.' },
    ...retentionPolicyVariables,
    {
      name: 'PACKAGE_VERSION',
      required: 'always',
      allowed: 'a version',
      meaning: 'Version of this package, for manifests.',
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
          'cmp',
          'cp',
          'date',
          'find',
          'grep',
          'id',
          'ln',
          'mkdir',
          'mkfifo',
          'mktemp',
          'mv',
          'nc',
          'od',
          'rm',
          'sed',
          'sleep',
          'sort',
          'stat',
          'timeout',
          'tr',
          'wc',
        ],
      },
      { name: 'rclone', oldest: '1.60.1' },
    ],
    defaultImage: valdRestore.image.defaultImage,
  },
  exitCodes: [
    { code: 0, meaning: 'The pod was stopped, and the last save is in the store.', action: 'Nothing.' },
    {
      code: 1,
      meaning: 'A command failed, and its own message says why.',
      action: 'Nothing: it is started again and goes on with what is on the volume.',
    },
    { code: 2, meaning: 'A variable is missing or has a value it cannot have.', action: 'Correct the variable.' },
    {
      code: 10,
      meaning: 'The store has no owner.json.',
      action: 'Check bucket, prefix and access key: the restore writes it at the very first start.',
    },
    {
      code: 11,
      meaning: "The store's owner.json names another cluster or cannot be read.",
      action: 'Give this cluster a prefix of its own, or the id of the cluster that it continues.',
    },
    {
      code: 12,
      meaning: 'The pod was stopped, and the last save is not in the store.',
      action: 'Check the store. What is on the volume is uploaded at the next start.',
    },
    {
      code: 16,
      meaning: "The volume cannot be written by the container's user.",
      action: "Check the volume, its free space and the pod's fsGroup.",
    },
    {
      code: 17,
      meaning: 'The volume was of another pod or another cluster.',
      action: 'If this pod is to go on with that index, remove .volume-owner on the volume deliberately.',
    },
  ],
} as const satisfies ClusterScript;

/** A variable that `vald-upload.sh` reads. */
export type ValdUploadVariable = (typeof valdUpload.environment)[number]['name'];
