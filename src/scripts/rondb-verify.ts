import { type ClusterScript, scriptFolder } from './contract.js';
import { rondbMetricsLibrary, rondbRunLibrary, rondbStoreLibrary, rondbToolbox } from './rondb-libraries.js';
import set from './rondb-set.generated.js';
import content from './rondb-verify.generated.js';

const name = 'rondb-verify.sh';

/**
 * The script that proves that the backups can still be read. Each run compares every committed set's listing with its
 * manifest, and reads back one of `VERIFY_SHARE` shares of all bytes and compares their SHA-256: as many good runs as
 * there are shares have read everything once. It prints a report as JSON on stdout. It never writes to the store and
 * needs no lease: a set that retention removes meanwhile is no damage.
 *
 * A file belongs to the same share as long as its set exists. The share of a run is the one that was read longest ago,
 * as the status ConfigMap has it, or without that the day's: so a weekly schedule reads all shares as well as a daily
 * one, and a run that failed is made up for.
 *
 * The caller sets `RCLONE_CONFIG_STORE_*` for the remote `store`, and lets the pod get and patch the ConfigMap.
 */
export const rondbVerify = {
  name,
  content,
  libraries: [
    rondbRunLibrary,
    rondbStoreLibrary,
    rondbMetricsLibrary,
    { name: 'rondb-set.sh', content: set, environment: [] },
  ],
  command: ['bash', `${scriptFolder}/${name}`],
  environment: [
    ...rondbRunLibrary.environment,
    ...rondbStoreLibrary.environment,
    ...rondbMetricsLibrary.environment,
    {
      name: 'VERIFY_SHARE',
      required: 'always',
      allowed: 'a whole number from 1 to 366',
      meaning: 'Into how many shares the bytes are divided, of which a run reads one; 1 reads everything.',
    },
    {
      name: 'PREFLIGHT_TIMEOUT_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'How long listing the store and reading the manifests may take.',
    },
    {
      name: 'TRANSFER_TIMEOUT_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'How long reading the share may take.',
    },
    {
      name: 'TRANSFERS',
      required: 'always',
      allowed: 'a whole number from 1',
      meaning: 'How many files are read at once.',
    },
    {
      name: 'PACKAGE_VERSION',
      required: 'always',
      allowed: 'a version',
      meaning: 'Version of this package, for the report.',
    },
  ],
  image: rondbToolbox(['cat', 'date', 'mktemp', 'rm', 'sha256sum', 'sleep', 'timeout']),
  exitCodes: [
    { code: 0, meaning: 'Every set is listed whole, and the share was read and is right.', action: 'Nothing.' },
    {
      code: 1,
      meaning: 'A command failed, and its own message says why.',
      action: 'Look at the message; the next run reads this share.',
    },
    { code: 2, meaning: 'A variable is missing or has a value it cannot have.', action: 'Correct the variable.' },
    {
      code: 10,
      meaning: 'The store has no owner.json.',
      action: 'Check bucket, prefix and access key.',
    },
    {
      code: 11,
      meaning: "The store's owner.json names another cluster or cannot be read.",
      action: 'Correct the prefix or the cluster id.',
    },
    {
      code: 12,
      meaning: 'The store cannot be listed or read in time.',
      action: 'Check endpoint, bucket, credentials, network policy and the timeouts, or raise VERIFY_SHARE.',
    },
    {
      code: 14,
      meaning: 'The image lacks a program, which the message names.',
      action: 'Use an image that has it.',
    },
    {
      code: 19,
      meaning: 'There is no committed set.',
      action: 'Look at the backups: there is nothing to restore.',
    },
    {
      code: 20,
      meaning: 'A set is damaged: the report names sets and files.',
      action:
        'Bring back earlier versions of the objects, or take a backup now and remove the damaged set deliberately.',
    },
    {
      code: 24,
      meaning: 'A set was encrypted with another key than the one given.',
      action: 'Give the key that it was written with, and keep it as long as the set.',
    },
    { code: 143, meaning: 'The pod was stopped.', action: 'Nothing: the next run reads this share.' },
  ],
} as const satisfies ClusterScript;

/** A variable that `rondb-verify.sh` reads. */
export type RondbVerifyVariable = (typeof rondbVerify.environment)[number]['name'];
