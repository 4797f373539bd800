import type { ImageContract, ScriptLibrary } from './contract.js';
import cluster from './rondb-cluster.generated.js';
import lease from './rondb-lease.generated.js';
import metrics from './rondb-metrics.generated.js';
import run from './rondb-run.generated.js';
import store from './rondb-store.generated.js';
import transfer from './rondb-transfer.generated.js';

const seconds = { required: 'always', allowed: 'seconds, a whole number from 1' } as const;
const rclonePath = 'an rclone path of the remote `store` below its bucket, such as store:bucket/prefix/cluster';

/** Log lines, refusals, deadlines, kubectl and the status ConfigMap. */
export const rondbRunLibrary = {
  name: 'rondb-run.sh',
  content: run,
  environment: [
    {
      name: 'NAMESPACE',
      required: 'always',
      allowed: 'a namespace',
      meaning: 'Namespace of the cluster and of this pod.',
    },
    {
      name: 'STATUS_CONFIGMAP',
      required: 'always',
      allowed: 'a name',
      meaning: 'The ConfigMap that exists and shows how the last runs ended, as JSON in one key for each script.',
    },
    { name: 'COMMAND_TIMEOUT_SECONDS', ...seconds, meaning: 'How long one small command may take.' },
  ],
} as const satisfies ScriptLibrary;

/** How a run ended, as metrics for a Prometheus Pushgateway. */
export const rondbMetricsLibrary = {
  name: 'rondb-metrics.sh',
  content: metrics,
  environment: [
    {
      name: 'PUSHGATEWAY',
      required: 'always',
      allowed: 'empty, or host:port/metrics/job/name/label/value…',
      meaning: 'The Pushgateway that gets the metrics of each run, with the group they belong to; empty for none.',
    },
  ],
} as const satisfies ScriptLibrary;

/** One run at a time, by a Kubernetes Lease. */
export const rondbLeaseLibrary = {
  name: 'rondb-lease.sh',
  content: lease,
  environment: [
    {
      name: 'POD_NAME',
      required: 'always',
      allowed: 'a pod name',
      meaning: 'Name of this pod, for people who look at the lease.',
    },
    { name: 'POD_UID', required: 'always', allowed: 'a UID', meaning: 'UID of this pod: the holder of the lease.' },
    {
      name: 'LEASE_NAME',
      required: 'always',
      allowed: 'a name',
      meaning: "The Lease that keeps the cluster's backups and restores apart.",
    },
    {
      name: 'LEASE_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1, more than the run may take with its grace period',
      meaning: 'How long the Lease holds without being renewed.',
    },
  ],
} as const satisfies ScriptLibrary;

/** The database cluster, reached by exec into its own pods. */
export const rondbClusterLibrary = {
  name: 'rondb-cluster.sh',
  content: cluster,
  environment: [
    {
      name: 'DATA_NODES',
      required: 'always',
      allowed: 'pairs of node id and pod with blanks between, such as 1=node-group-0-0 2=node-group-0-1',
      meaning: 'Every data node that may be active. One that is started and not named stops the run.',
    },
    {
      name: 'DATA_CONTAINER',
      required: 'always',
      allowed: 'a container name',
      meaning: "The data node's container in its pod, with bash, coreutils and ndb_mgm.",
    },
    {
      name: 'BACKUP_FOLDER',
      required: 'always',
      allowed: 'an absolute path',
      meaning: 'Folder of native backups as that container sees it: BackupDataDir/BACKUP.',
    },
    {
      name: 'MANAGEMENT_SERVER',
      required: 'always',
      allowed: 'host:port',
      meaning: 'The management server.',
    },
    {
      name: 'SQL_POD',
      required: 'always',
      allowed: 'a pod name',
      meaning: 'Pod of a MySQL server of the cluster.',
    },
    {
      name: 'SQL_CONTAINER',
      required: 'always',
      allowed: 'a container name',
      meaning: "The MySQL server's container in its pod, with bash, mysql and mysqldump.",
    },
    {
      name: 'SQL_USER',
      required: 'always',
      allowed: 'a user name',
      meaning: 'User that may read all definitions, users and grants, and for a restore may make them.',
    },
    {
      name: 'SQL_PASSWORD',
      required: 'always',
      allowed: 'a password, from a Secret; may be empty',
      meaning: "That user's password. It goes into the pod by stdin only.",
    },
  ],
} as const satisfies ScriptLibrary;

/** The object store. */
export const rondbStoreLibrary = {
  name: 'rondb-store.sh',
  content: store,
  environment: [
    {
      name: 'CLUSTER_ID',
      required: 'always',
      allowed: 'a UUID, always written alike: it is compared letter by letter',
      meaning: 'The identity that owner.json must have.',
    },
    {
      name: 'STORE_ROOT',
      required: 'always',
      allowed: 'an rclone path, such as store:bucket',
      meaning: 'What must be listable before anything else is asked of the store.',
    },
    { name: 'STORE_PATH', required: 'always', allowed: rclonePath, meaning: "This cluster's folder in the store." },
    {
      name: 'ENCRYPTION',
      required: 'always',
      allowed: 'none or rclone-crypt',
      meaning: 'Encryption on the client, by the remote `store` itself.',
    },
    {
      name: 'KEY_FINGERPRINT',
      required: 'always',
      allowed: 'empty, or a fingerprint of 16 characters of 0-9 and a-v',
      meaning: 'With encryption, the fingerprint that the key must have; empty allows any key.',
    },
  ],
} as const satisfies ScriptLibrary;

/** Files on their way between data nodes and the store. */
export const rondbTransferLibrary = {
  name: 'rondb-transfer.sh',
  content: transfer,
  environment: [
    {
      name: 'WAY',
      required: 'always',
      allowed: 'stream or sidecar',
      meaning: 'Whether files go through exec into the data container, or rclone runs in a container beside it.',
    },
    {
      name: 'SIDECAR_CONTAINER',
      required: 'always',
      allowed: 'a container name',
      meaning: "The container with bash, coreutils and rclone in a data node's pod; used with WAY=sidecar.",
    },
    {
      name: 'SIDECAR_BACKUP_FOLDER',
      required: 'always',
      allowed: 'an absolute path',
      meaning: 'BACKUP_FOLDER as that container sees it; used with WAY=sidecar.',
    },
    { name: 'TRANSFERS', required: 'always', allowed: 'a whole number from 1', meaning: 'How many files at once.' },
    {
      name: 'TRANSFER_RETRIES',
      required: 'always',
      allowed: 'a whole number from 0',
      meaning: 'How often a file that did not arrive is sent again.',
    },
    { name: 'TRANSFER_TIMEOUT_SECONDS', ...seconds, meaning: 'How long all files together may take.' },
  ],
} as const satisfies ScriptLibrary;

/** The toolbox that RonDB's users have, with the commands of coreutils that a script needs. */
export const rondbToolbox = (coreutils: readonly string[]): ImageContract => ({
  programs: [
    { name: 'bash', oldest: '5.2.15' },
    { name: 'coreutils', oldest: '9.1', commands: coreutils },
    { name: 'jq', oldest: '1.6' },
    { name: 'kubectl', oldest: '1.28.0' },
    { name: 'rclone', oldest: '1.60.1' },
  ],
  defaultImage: { repository: 'hopsworks/hwutils', tag: '1.0' },
});
