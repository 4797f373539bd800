import { type ClusterScript, scriptFolder } from './contract.js';
import { valdGenerationsLibrary } from './vald-libraries.js';
import { valdRestore } from './vald-restore.js';
import content from './vald-verify.generated.js';

const name = 'vald-verify.sh';
const seconds = { required: 'always', allowed: 'seconds, a whole number from 1' } as const;

/**
 * The script that proves that the generations of a Vald cluster’s pods can still be read, and that each pod is backed up
 * as often as it should be. Each run compares every generation’s listing with its manifest, reads one of `VERIFY_SHARE`
 * shares of all files back and compares their SHA-256, and looks at how old each pod’s `status.json` is, and whether its
 * last restore had to fall back. It never writes to the store.
 *
 * The caller sets `RCLONE_CONFIG_STORE_*` for the remote `store` and runs it where `mktemp` can write.
 */
export const valdVerify = {
  name,
  content,
  libraries: [valdGenerationsLibrary],
  command: ['sh', `${scriptFolder}/${name}`],
  environment: [
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
      meaning: 'The identity that owner.json and every manifest must have.',
    },
    {
      name: 'STATEFUL_SET',
      required: 'always',
      allowed: 'a-z 0-9 . -',
      meaning: 'The StatefulSet whose pods are verified, from <STATEFUL_SET>-0 on.',
    },
    {
      name: 'REPLICAS',
      required: 'always',
      allowed: 'a whole number from 1',
      meaning: 'How many pods must have backups.',
    },
    { name: 'OLDEST_SECONDS', ...seconds, meaning: 'How long ago a pod may have been found current.' },
    {
      name: 'VERIFY_SHARE',
      required: 'always',
      allowed: 'a whole number from 1',
      meaning: 'Into how many shares the files are divided, of which a run reads one; 1 reads everything.',
    },
    { name: 'SHARE_SECONDS', ...seconds, meaning: 'The time from one run to the next, which the share follows from.' },
    { name: 'VERIFY_TIMEOUT_SECONDS', ...seconds, meaning: 'How long all work with the store may take.' },
    { name: 'TRANSFERS', required: 'always', allowed: 'a whole number from 1', meaning: 'How many files at once.' },
  ],
  image: {
    programs: [
      {
        name: 'busybox',
        oldest: '1.35.0',
        commands: ['sh', 'awk', 'cat', 'date', 'mktemp', 'rm', 'sed', 'sort', 'timeout', 'tr'],
      },
      { name: 'rclone', oldest: '1.60.1' },
    ],
    defaultImage: valdRestore.image.defaultImage,
  },
  exitCodes: [
    {
      code: 0,
      meaning: 'Every generation is whole as far as it was read, and every pod is current.',
      action: 'Nothing.',
    },
    {
      code: 1,
      meaning: 'A command failed, and its own message says why.',
      action: 'Look at the message; the next run tries again.',
    },
    { code: 2, meaning: 'A variable is missing or has a value it cannot have.', action: 'Correct the variable.' },
    { code: 10, meaning: 'The store has no owner.json.', action: 'Check bucket, prefix and access key.' },
    {
      code: 11,
      meaning: "The store's owner.json names another cluster or cannot be read.",
      action: 'Correct the prefix or the cluster id.',
    },
    {
      code: 12,
      meaning: 'The store cannot be listed or read in time.',
      action: 'Check endpoint, bucket, credentials, network policy and the timeout, or raise VERIFY_SHARE.',
    },
    { code: 19, meaning: 'A pod has no generation.', action: 'Look at the log of its uploader.' },
    {
      code: 20,
      meaning: 'A generation is damaged: the log names it.',
      action: 'Bring back earlier versions of its objects, or remove it deliberately.',
    },
    {
      code: 25,
      meaning: 'A pod was not found current for too long: it is not backed up.',
      action: 'Look at the log of its uploader: the store, the volume, saves that never end.',
    },
    {
      code: 29,
      meaning:
        'The last restore of a pod had to take an older generation: a later one was damaged, and is still there.',
      action: 'Bring it back and go back to it (restoreAsOf), or accept the loss; then remove it.',
    },
    { code: 143, meaning: 'The pod was stopped.', action: 'Nothing: the next run starts over.' },
  ],
} as const satisfies ClusterScript;

/** A variable that `vald-verify.sh` reads. */
export type ValdVerifyVariable = (typeof valdVerify.environment)[number]['name'];
