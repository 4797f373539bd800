import { type ClusterScript, type ScriptVariable, scriptFolder } from './contract.js';
import content from './repository-retention.generated.js';

const name = 'repository-retention.sh';

const period = (what: string) =>
  ({
    required: 'always',
    allowed: 'a whole number from 0',
    meaning: `Of how many ${what} the newest set stays.`,
  }) as const;

/** What decides which sets stay, in the order in which a script reads it: a backup passes it on. */
export const retentionPolicyVariables = [
  {
    name: 'KEEP_LAST',
    required: 'always',
    allowed: 'a whole number from 1',
    meaning: 'How many of the newest committed sets stay.',
  },
  {
    name: 'KEEP_WITHIN_SECONDS',
    required: 'always',
    allowed: 'seconds, a whole number from 0, which is no such rule',
    meaning: 'Sets that finished within this time before the newest one stay.',
  },
  { name: 'KEEP_DAILY', ...period('days (UTC)') },
  { name: 'KEEP_WEEKLY', ...period('weeks (from Monday, UTC)') },
  { name: 'KEEP_MONTHLY', ...period('months (UTC)') },
  { name: 'KEEP_YEARLY', ...period('years (UTC)') },
  {
    name: 'LEFTOVER_GRACE_SECONDS',
    required: 'always',
    allowed: 'seconds, a whole number from 1, longer than any run is allowed to take',
    meaning: 'How long after its last change a set without manifest may still be in progress.',
  },
] as const satisfies readonly ScriptVariable[];

/**
 * The script that removes old backup sets of one series: what no rule keeps, and what failed runs left behind. It prints
 * its plan as JSON on stdout, and with `MODE=apply` carries it out. It never removes the newest committed set, a pinned
 * set, a damaged one, what may be in progress, and anything that is not the cluster's own. It answers hazards 27 to 31 of
 * the RonDB facts: upstream's cleanup removes whole folders by one old file's age, other clusters' and foreign ones too,
 * does nothing when listing fails, and leaves half sets that look like backups.
 *
 * The caller sets `RCLONE_CONFIG_STORE_*` for the remote `store` and runs it where `mktemp` can write: the manifests of
 * the whole series are kept there while it runs. With `KEEP_LAST=999999999` only leftovers of failed runs are removed.
 */
export const repositoryRetention = {
  name,
  content,
  command: ['bash', `${scriptFolder}/${name}`],
  environment: [
    {
      name: 'MODE',
      required: 'always',
      allowed: 'plan or apply',
      meaning: 'Whether the plan is only printed or also carried out.',
    },
    {
      name: 'STORE_PATH',
      required: 'always',
      allowed: 'an rclone path of the remote `store` below its bucket, such as store:bucket/prefix/cluster',
      meaning: "This cluster's folder in the store, with owner.json.",
    },
    {
      name: 'SERIES_PATH',
      required: 'always',
      allowed: 'STORE_PATH, or STORE_PATH/name with a name that is not only digits',
      meaning: 'The folder that holds the sets.',
    },
    {
      name: 'CLUSTER_ID',
      required: 'always',
      allowed: 'a UUID, always written alike: it is compared letter by letter',
      meaning: 'The identity that owner.json must have.',
    },
    ...retentionPolicyVariables,
    {
      name: 'GUARD_COMMAND',
      required: 'always',
      allowed: 'a program without arguments; `true` where nothing has to be asked',
      meaning: 'Run before each deletion and must succeed: that the lease is still held, for example.',
    },
    {
      name: 'RETENTION_TIMEOUT_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'How long all work with the store may take.',
    },
  ],
  image: {
    programs: [
      { name: 'bash', oldest: '5.2.15' },
      { name: 'coreutils', oldest: '9.1', commands: ['cat', 'mktemp', 'rm', 'timeout', 'true'] },
      { name: 'jq', oldest: '1.6' },
      { name: 'rclone', oldest: '1.60.1' },
    ],
    defaultImage: { repository: 'hopsworks/hwutils', tag: '1.0' },
  },
  exitCodes: [
    { code: 0, meaning: 'The plan is printed, and with MODE=apply carried out.', action: 'Nothing.' },
    {
      code: 1,
      meaning: 'A command failed, and its own message says why.',
      action: 'Look at the message; the next run goes on where this one stopped.',
    },
    { code: 2, meaning: 'A variable is missing or has a value it cannot have.', action: 'Correct the variable.' },
    {
      code: 10,
      meaning: 'The store has no owner.json.',
      action: 'Check bucket, prefix and access key: without it nothing there is known to be ours.',
    },
    {
      code: 11,
      meaning: "The store's owner.json names another cluster or cannot be read.",
      action: 'Give this cluster a prefix of its own, or let it take the folder over.',
    },
    {
      code: 12,
      meaning: 'The store cannot be listed or read, or does not delete, in time.',
      action:
        'Check endpoint, bucket, credentials, network policy, object lock and RETENTION_TIMEOUT_SECONDS; the next run goes on.',
    },
    {
      code: 13,
      meaning: 'GUARD_COMMAND did not allow a deletion.',
      action: 'Nothing if another run holds the lease: what is left goes with the next run.',
    },
    { code: 143, meaning: 'The pod was stopped.', action: 'Nothing: the next run goes on.' },
  ],
} as const satisfies ClusterScript;

/** A variable that `repository-retention.sh` reads. */
export type RepositoryRetentionVariable = (typeof repositoryRetention.environment)[number]['name'];
