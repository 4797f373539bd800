import { type ClusterScript, scriptFolder } from './contract.js';
import content from './vald-drill-restore.generated.js';
import { valdFetchLibrary, valdGenerationsLibrary, valdSearchLibrary } from './vald-libraries.js';
import { valdRestore } from './vald-restore.js';

const name = 'vald-drill-restore.sh';
const seconds = { required: 'always', allowed: 'seconds, a whole number from 1' } as const;

/**
 * The first half of a restore drill: brings the newest generation of one of a Vald cluster’s pods onto a scratch volume,
 * compares every hash with the manifest, and notes the manifest’s searches and a sample of the vectors’ ids for {@link valdDrillSearch}. It never
 * writes to the store, and never takes the generation before a damaged one.
 *
 * The caller sets `RCLONE_CONFIG_STORE_*` for the remote `store` and mounts a volume at the parent of `INDEX_PATH`.
 */
export const valdDrillRestore = {
  name,
  content,
  libraries: [valdGenerationsLibrary, valdFetchLibrary, valdSearchLibrary],
  command: ['sh', `${scriptFolder}/${name}`],
  environment: [
    {
      name: 'INDEX_PATH',
      required: 'always',
      allowed: 'an absolute path of two levels or more',
      meaning: 'Where the agent looks for its index, on a scratch volume mounted at its parent: what is there goes.',
    },
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
      meaning: 'The identity that owner.json and the manifest must have.',
    },
    {
      name: 'POD_NAME',
      required: 'always',
      allowed: 'a name, or names with blanks between, such as vald-agent-0 vald-agent-1',
      meaning: 'The pod whose backup is restored; of several, runs take one in turn.',
    },
    { name: 'TURN_SECONDS', ...seconds, meaning: 'The time from one run to the next, which the turn follows from.' },
    {
      name: 'SEARCHES',
      required: 'always',
      allowed: 'a whole number from 1',
      meaning: 'How many vectors are searched; all where there are fewer.',
    },
    { name: 'RESTORE_TIMEOUT_SECONDS', ...seconds, meaning: 'How long the restore may take.' },
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
          'id',
          'mkdir',
          'mv',
          'od',
          'rm',
          'sed',
          'sort',
          'stat',
          'timeout',
          'touch',
          'tr',
        ],
      },
      { name: 'rclone', oldest: '1.60.1' },
    ],
    defaultImage: valdRestore.image.defaultImage,
  },
  exitCodes: [
    { code: 0, meaning: 'The generation is on the volume, as its manifest says.', action: 'Nothing.' },
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
      action: 'Check endpoint, bucket, credentials, network policy and the agent’s restoreTimeout.',
    },
    {
      code: 16,
      meaning: 'The scratch volume cannot be used.',
      action: 'Check its size against expectedIndexSize, and its rights.',
    },
    { code: 19, meaning: 'The pod has no generation.', action: 'Look at the log of its uploader.' },
    {
      code: 20,
      meaning: 'The newest generation is damaged: the log names it.',
      action: 'Bring back earlier versions of its objects; the uploader makes a new generation.',
    },
    { code: 143, meaning: 'The pod was stopped.', action: 'Nothing: the next run starts over.' },
  ],
} as const satisfies ClusterScript;

/** A variable that `vald-drill-restore.sh` reads. */
export type ValdDrillRestoreVariable = (typeof valdDrillRestore.environment)[number]['name'];
