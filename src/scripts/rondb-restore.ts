import { type ClusterScript, type ScriptLibrary, scriptFolder } from './contract.js';
import {
  rondbClusterLibrary,
  rondbLeaseLibrary,
  rondbRunLibrary,
  rondbStoreLibrary,
  rondbToolbox,
  rondbTransferLibrary,
} from './rondb-libraries.js';
import native from './rondb-native.generated.js';
import plan from './rondb-plan.generated.js';
import content from './rondb-restore.generated.js';
import selection from './rondb-selection.generated.js';
import set from './rondb-set.generated.js';

const name = 'rondb-restore.sh';

const list = (what: string) =>
  ({
    required: 'always',
    allowed: `empty, or ${what}, one in a line`,
  }) as const;

/** Which databases and tables of a set are restored, for its native data and its SQL files alike. */
const selectionLibrary = {
  name: 'rondb-selection.sh',
  content: selection,
  environment: [
    {
      name: 'INCLUDE_DATABASES',
      ...list('databases'),
      meaning: 'Only these databases, beside INCLUDE_TABLES; with both empty, everything.',
    },
    {
      name: 'EXCLUDE_DATABASES',
      ...list('databases'),
      meaning: 'Not these databases, whatever else is included.',
    },
    {
      name: 'INCLUDE_TABLES',
      ...list('tables as database.table'),
      meaning: 'Only these tables, beside INCLUDE_DATABASES. Names with a dot in them cannot be given.',
    },
    {
      name: 'EXCLUDE_TABLES',
      ...list('tables as database.table'),
      meaning: 'Not these tables, whatever else is included.',
    },
  ],
} as const satisfies ScriptLibrary;

/**
 * The script that brings one backup set back into a RonDB cluster, whole or in part, into the same or another number of
 * data nodes. It prints its plan, and with `MODE=apply` a report, as JSON on stdout. It answers hazards 33 to 49 of the
 * RonDB facts: upstream's restore starts nothing and reports success when it cannot list the store, hides the failure
 * of a node behind a bare `wait`, takes the metadata from node 1 whether it took part or not, fills tables that exist,
 * restores excluded tables' definitions all the same, and cannot be run again.
 *
 * Every file is compared with the manifest where the store has it and again where it was copied to, before a byte reaches
 * the database. A run that failed or was killed is run again with the same set and selection; it drops the tables that
 * it had made and begins again.
 *
 * The caller sets `RCLONE_CONFIG_STORE_*` for the remote `store`, lets the pod exec into the named pods, get the data
 * nodes' and the SQL server's pods, create, get and update the Lease, and get and patch the ConfigMap.
 */
export const rondbRestore = {
  name,
  content,
  libraries: [
    rondbRunLibrary,
    rondbLeaseLibrary,
    rondbClusterLibrary,
    rondbStoreLibrary,
    rondbTransferLibrary,
    { name: 'rondb-set.sh', content: set, environment: [] },
    selectionLibrary,
    { name: 'rondb-native.sh', content: native, environment: [] },
    { name: 'rondb-plan.sh', content: plan, environment: [] },
  ],
  command: ['bash', `${scriptFolder}/${name}`],
  environment: [
    ...rondbRunLibrary.environment,
    ...rondbLeaseLibrary.environment,
    ...rondbClusterLibrary.environment,
    ...rondbStoreLibrary.environment,
    ...rondbTransferLibrary.environment,
    ...selectionLibrary.environment,
    {
      name: 'MODE',
      required: 'always',
      allowed: 'plan or apply',
      meaning: 'Whether the plan is only printed, with nothing changed, or also carried out.',
    },
    {
      name: 'BACKUP_ID',
      required: 'always',
      allowed: 'latest, or a whole number from 1 to 2147483647',
      meaning:
        'Which set; latest is the newest committed one, and whatever set it is stays the same for a repeated run.',
    },
    {
      name: 'SOURCE_PATH',
      required: 'always',
      allowed: 'an rclone path of the remote `store` below its bucket, such as store:bucket/prefix/cluster',
      meaning: "The folder that holds the sets: STORE_PATH, or another cluster's, which is only read.",
    },
    {
      name: 'RESTORE_USERS',
      required: 'always',
      allowed: 'true or false',
      meaning:
        'Whether users are made that are not there, with their grants; those on databases and tables that stay out are left out.',
    },
    {
      name: 'INTO_NON_EMPTY',
      required: 'always',
      allowed: 'true or false',
      meaning: 'Whether the cluster may have other tables. Those of the selection must not exist in either case.',
    },
    {
      name: 'ALLOW_UNVERIFIED',
      required: 'always',
      allowed: 'true or false',
      meaning:
        "Whether a set without manifest is taken, as upstream's own backups are: nothing proves that it is whole.",
    },
    {
      name: 'API_SLOTS',
      required: 'always',
      allowed: 'a whole number from 0, which means as many as are free',
      meaning: 'How many ndb_restore may run at once, each in a free API slot of the cluster.',
    },
    {
      name: 'PREFLIGHT_TIMEOUT_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'How long the checks before the first step may take.',
    },
    {
      name: 'RESTORE_TIMEOUT_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'How long each of the steps may take: metadata, data, indexes, SQL files.',
    },
    {
      name: 'PACKAGE_VERSION',
      required: 'always',
      allowed: 'a version',
      meaning: 'Version of this package, for the report.',
    },
  ],
  image: rondbToolbox(['cat', 'date', 'mktemp', 'rm', 'sha256sum', 'sleep', 'sort', 'timeout']),
  exitCodes: [
    { code: 0, meaning: 'The plan is printed, and with MODE=apply the set is restored.', action: 'Nothing.' },
    {
      code: 1,
      meaning: 'A command failed, and its own message says why.',
      action: 'Look at the message; a run with the same set and selection begins again.',
    },
    { code: 2, meaning: 'A variable is missing or has a value it cannot have.', action: 'Correct the variable.' },
    {
      code: 10,
      meaning: 'The store has no owner.json.',
      action: 'Check bucket, prefix and access key.',
    },
    {
      code: 11,
      meaning: "The store's owner.json or the set names another cluster than it must.",
      action: "Correct SOURCE_PATH: another cluster's sets are restored from that cluster's own folder.",
    },
    {
      code: 12,
      meaning: 'The store cannot be listed or read in time.',
      action: 'Check endpoint, bucket, credentials, network policy and the timeouts.',
    },
    {
      code: 13,
      meaning: 'Another backup or restore holds the lease, or this one has lost it.',
      action: 'Wait for the other run to end, then run again.',
    },
    {
      code: 14,
      meaning: 'An image lacks a program, which the message names.',
      action: 'Use an image that has it.',
    },
    {
      code: 15,
      meaning: 'The cluster is not ready: a node not started, a backup running, no free API slot, no SQL server.',
      action: 'Bring the cluster into order, then run again.',
    },
    {
      code: 16,
      meaning: "A data node's volume has no room for the files.",
      action: "Enlarge the volume or remove what is not needed; the message has the node's figures.",
    },
    {
      code: 18,
      meaning: 'A file did not arrive whole at a node, also when copied again.',
      action: 'Check network and node, then run again: what has arrived is kept.',
    },
    {
      code: 19,
      meaning: 'There is no such committed set, its manifest cannot be read, or it has no such database or table.',
      action: 'Restore another set, or correct BACKUP_ID or the selection.',
    },
    {
      code: 20,
      meaning: 'A file of the set is missing in the store or is not what the manifest says. Nothing has been restored.',
      action: 'Restore another set, or bring back an earlier version of the object.',
    },
    {
      code: 21,
      meaning: 'The cluster has tables, or those of the selection, or an unfinished restore of something else.',
      action: 'Restore into an empty cluster, or set INTO_NON_EMPTY and drop the tables that the message names.',
    },
    {
      code: 22,
      meaning: 'A step of the restore failed, and later ones were not begun. The tables are not whole.',
      action: 'Look at the message; a run with the same set and selection drops them and begins again.',
    },
    {
      code: 23,
      meaning: 'The restored rows are not as many as the manifest says.',
      action: 'Do not use the tables; run again, or restore another set.',
    },
    {
      code: 24,
      meaning: 'The set was encrypted with another key.',
      action: 'Give the key that it was written with.',
    },
    {
      code: 143,
      meaning: 'The pod was stopped.',
      action: 'Run again with the same set and selection: it begins again.',
    },
  ],
} as const satisfies ClusterScript;

/** A variable that `rondb-restore.sh` reads. */
export type RondbRestoreVariable = (typeof rondbRestore.environment)[number]['name'];
