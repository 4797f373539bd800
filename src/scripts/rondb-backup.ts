import { type ClusterScript, scriptFolder } from './contract.js';
import { repositoryRetention, retentionPolicyVariables } from './repository-retention.js';
import content from './rondb-backup.generated.js';
import {
  rondbClusterLibrary,
  rondbLeaseLibrary,
  rondbMetricsLibrary,
  rondbRunLibrary,
  rondbStoreLibrary,
  rondbToolbox,
  rondbTransferLibrary,
} from './rondb-libraries.js';
import preflight from './rondb-preflight.generated.js';
import sql from './rondb-sql.generated.js';

const name = 'rondb-backup.sh';

const seconds = { required: 'always', allowed: 'seconds, a whole number from 1' } as const;

/**
 * The script that takes one backup of a RonDB cluster and commits it: native backup and SQL definitions into the store,
 * every byte read back and compared with what it was on its node, then `manifest.json`, then the nodes' files removed,
 * then retention. It answers hazards 1 to 32 of the RonDB facts: upstream's backup takes ids that collide and go
 * backwards, expects nodes that are down, removes the source after a failed upload, calls half an upload a backup, and
 * lets nobody see that it failed.
 *
 * It may be killed anywhere: what it leaves is no backup, and the next run clears it away once it has committed one. It
 * prints one line of JSON on stdout at the end, and puts the same into the key `backup` of the status ConfigMap.
 *
 * The caller sets `RCLONE_CONFIG_STORE_*` for the remote `store`; lets the pod exec into the named pods (`get` and
 * `create`), create Leases and get and update this one, get and patch the ConfigMap; and gives it a `/tmp` with room for
 * the SQL definitions and the manifests of all sets.
 */
export const rondbBackup = {
  name,
  content,
  libraries: [
    rondbRunLibrary,
    rondbLeaseLibrary,
    rondbClusterLibrary,
    rondbStoreLibrary,
    rondbTransferLibrary,
    rondbMetricsLibrary,
    { name: 'rondb-sql.sh', content: sql, environment: [] },
    { name: 'rondb-preflight.sh', content: preflight, environment: [] },
    { name: repositoryRetention.name, content: repositoryRetention.content, environment: [] },
  ],
  command: ['bash', `${scriptFolder}/${name}`],
  environment: [
    ...rondbRunLibrary.environment,
    ...rondbLeaseLibrary.environment,
    ...rondbClusterLibrary.environment,
    ...rondbStoreLibrary.environment,
    ...rondbTransferLibrary.environment,
    ...rondbMetricsLibrary.environment,
    {
      name: 'CLUSTER_NAME',
      required: 'always',
      allowed: 'a DNS label',
      meaning: 'The name that is written to owner.json and to manifests, for people.',
    },
    {
      name: 'ADOPT_FOLDER',
      required: 'always',
      allowed: 'true or false',
      meaning: 'Whether a folder that names another owner, or has backups and names none, becomes ours.',
    },
    {
      name: 'SCHEMA_ATTEMPTS',
      required: 'always',
      allowed: 'a whole number from 1',
      meaning:
        'How often the native backup is taken anew after the schema changed meanwhile; the last one is committed with a warning.',
    },
    {
      name: 'MINIMUM_FREE_PERCENT',
      required: 'always',
      allowed: 'a whole number from 0 to 99',
      meaning: "How much of a data node's volume must be free beside room for another backup like the last one.",
    },
    {
      name: 'PREFLIGHT_TIMEOUT_SECONDS',
      ...seconds,
      meaning: 'How long the checks before the native backup may take together.',
    },
    { name: 'NATIVE_BACKUP_TIMEOUT_SECONDS', ...seconds, meaning: 'How long one native backup may take.' },
    { name: 'RETENTION_TIMEOUT_SECONDS', ...seconds, meaning: 'How long retention may take.' },
    ...retentionPolicyVariables,
    {
      name: 'PACKAGE_VERSION',
      required: 'always',
      allowed: 'a version',
      meaning: 'Version of this package, which the manifest names.',
    },
  ],
  image: rondbToolbox(['cat', 'chmod', 'date', 'mktemp', 'rm', 'sha256sum', 'sleep', 'sort', 'tail', 'timeout', 'wc']),
  exitCodes: [
    { code: 0, meaning: 'A backup is committed.', action: 'Nothing; its warnings are in the log and the ConfigMap.' },
    {
      code: 1,
      meaning: 'A command failed, and its own message says why.',
      action: 'Look at the message; the next run clears away what is left.',
    },
    { code: 2, meaning: 'A variable is missing or has a value it cannot have.', action: 'Correct the variable.' },
    {
      code: 10,
      meaning: 'The folder in the store has backups and no owner.json.',
      action: 'Check bucket, prefix and access key; to go on in this folder, set ADOPT_FOLDER once.',
    },
    {
      code: 11,
      meaning: "The store's owner.json names another cluster.",
      action: 'Give this cluster a prefix of its own; to continue that cluster, set ADOPT_FOLDER once.',
    },
    {
      code: 12,
      meaning: 'The store cannot be listed, read, written or deleted from in time.',
      action: 'Check endpoint, region, bucket, credentials, certificate authority and network policy.',
    },
    {
      code: 13,
      meaning: 'Another run holds the lease, or this run has lost it.',
      action: "Nothing while the other run is at work; a killed run's lease ends after LEASE_SECONDS.",
    },
    {
      code: 14,
      meaning: 'The image lacks a program, which the message names.',
      action: 'Use an image that has it.',
    },
    {
      code: 15,
      meaning:
        "The cluster is not ready: no node of a group started, an upgrade, somebody's native backup running, no SQL, a restore that has not ended.",
      action:
        "Bring the cluster into order; with upstream's backups on, suspend its CronJob; end a restore by starting it again.",
    },
    {
      code: 16,
      meaning: 'A data node has not enough free space for a native backup.',
      action: 'Enlarge the volume or remove what is not needed; the message has the figures.',
    },
    {
      code: 17,
      meaning: 'The native backup or the SQL definitions failed, or files of it are missing.',
      action: 'Look at the message of NDB; the next run takes a new one.',
    },
    {
      code: 18,
      meaning: 'A file did not get into the store whole, also when sent again. The nodes still have it.',
      action: 'Check store and network; the next run takes a new backup.',
    },
    {
      code: 24,
      meaning: 'The key that encrypts has not the expected fingerprint.',
      action: 'Put the right key into the Secret.',
    },
    { code: 143, meaning: 'The pod was stopped.', action: 'Nothing: the next run starts over.' },
  ],
} as const satisfies ClusterScript;

/** A variable that `rondb-backup.sh` reads. */
export type RondbBackupVariable = (typeof rondbBackup.environment)[number]['name'];
