/** One place where ours does other than upstream’s own backup and restore (rondb-helm 0.8.0), with the reason. */
export interface Deviation {
  /** Stable short name. */
  readonly id: string;
  /** What is different, in one line. */
  readonly title: string;
  /** The hazards of upstream that it answers, by their numbers in the facts about RonDB. */
  readonly hazards: readonly number[];
  /** What upstream does and what comes of it. */
  readonly upstream: string;
  /** What ours does. */
  readonly ours: string;
  /** What it changes for who runs it. */
  readonly effect: string;
  /** What shows it: what must stand or not stand in a job’s scripts, or a check of the objects by name. */
  readonly shown: Shown;
}

/** Where a deviation can be seen. A test looks at each, on what the constructs make. */
export type Shown =
  | {
      readonly job: 'backup' | 'verify' | 'restore';
      readonly has?: string;
      readonly hasNot?: string;
    }
  | { readonly objects: ObjectCheck };

/** The names of the checks of objects: each has its function in the test. */
export type ObjectCheck =
  | 'deadlines'
  | 'configuration of each run'
  | 'secrets by reference'
  | 'whole pods'
  | 'refused props'
  | 'status and alerts'
  | 'rights by name'
  | 'time zone'
  | 'fingerprint of the key'
  | 'waiting restore'
  | 'nothing in the data nodes'
  | 'checked ids'
  | 'room for definitions';

/** Every deviation; `docs/rondb-deviations.md` is made from this list, and a test holds it against objects and scripts. */
export const deviations: readonly Deviation[] = [
  {
    id: 'deadlines',
    title: 'every wait ends',
    hazards: [1],
    upstream:
      'Waits for the cluster without end; with `concurrencyPolicy: Forbid` one stuck pod stops all later backups, unseen.',
    ours: 'Every command, step and Job has a deadline; the Job’s is the sum of its steps, the lease’s a little more.',
    effect:
      'A run that hangs fails, an alert comes, the next one starts. A killed run holds its lease until it ends by itself.',
    shown: { objects: 'deadlines' },
  },
  {
    id: 'sql-server',
    title: 'a missing SQL server is said at once',
    hazards: [2],
    upstream: 'Takes the SQL definitions from `mysqlds-0` before anything else and waits where it is not there.',
    ours: 'The pod is a setting (`sqlPod`); without an answer from it the run refuses with 15. A backup without users and definitions is none.',
    effect: 'Name another SQL server’s pod when the first is gone for longer.',
    shown: { job: 'backup', has: 'does not answer' },
  },
  {
    id: 'schema-change',
    title: 'a schema change in between is noticed',
    hazards: [3],
    upstream:
      'Dumps the definitions before a native backup that holds the state at its end: what is created in between is missing or contradicts.',
    ours: 'Definitions are hashed before and taken after; where the hashes differ, the whole backup is taken again under a new id, `schemaAttempts` times.',
    effect: 'The manifest has both hashes and the checkpoints. The last attempt is committed with a warning.',
    shown: { job: 'backup', has: '$before != "$after"' },
  },
  {
    id: 'no-mysqlpump',
    title: 'users without mysqlpump',
    hazards: [4],
    upstream: 'Takes the users with mysqlpump, which MySQL 8.4 and later do not have.',
    ours: '`SHOW CREATE USER` and `SHOW GRANTS`, definitions by mysqldump.',
    effect: 'It works with older and newer servers.',
    shown: { job: 'backup', has: 'GRANTS FOR', hasNot: 'mysqlpump ' },
  },
  {
    id: 'password-by-pipe',
    title: 'the password is in no argument and no file',
    hazards: [5],
    upstream:
      'Puts root’s password into arguments, unquoted, and leaves dumps with password hashes in the pod’s `/tmp`.',
    ours: 'The password travels on stdin into a pipe; dumps go straight to the store’s side, and the pod’s disk sees none.',
    effect: 'Passwords with any characters but line breaks work; `ps` shows none.',
    shown: { job: 'backup', has: '--defaults-extra-file=<(printf %s "$options")' },
  },
  {
    id: 'all-databases',
    title: 'every database, whatever its name',
    hazards: [6],
    upstream: 'Splits names at blanks, fails where there are none, and leaves out `users`, `ycsb` and `dbt2`.',
    ours: 'All databases but the server’s own, by name, one in a line.',
    effect: 'Nothing is left out by its name.',
    shown: { job: 'backup', has: 'information_schema.schemata', hasNot: 'ycsb' },
  },
  {
    id: 'unreadable-is-not-empty',
    title: 'what cannot be listed is not taken for empty',
    hazards: [7, 13, 30, 34],
    upstream:
      'Takes an error of a listing for “the id is free”, “nothing has expired”, or “there is no node to restore”, and goes on to success.',
    ours: 'A listing that fails ends the run with 12; only a store that was listed, written, read and deleted from is used.',
    effect: 'A wrong key or network is an error, never an empty table.',
    shown: { job: 'backup', has: 'refuse_store' },
  },
  {
    id: 'manifest-last',
    title: 'a set is a backup when its manifest is there',
    hazards: [8, 31, 33],
    upstream:
      'Moves the SQL files to their final place first; whatever fails later leaves a folder that looks like a backup, and so does half a deletion.',
    ours: '`manifest.json` is written last, after every byte was read back, and deleted first. Restore takes nothing without it unless told to.',
    effect: 'Folders without a manifest are remains, and retention removes ours among them.',
    shown: { job: 'backup', has: 'the commit of backup' },
  },
  {
    id: 'hashes',
    title: 'every byte is compared',
    hazards: [9, 12],
    upstream: 'Trusts `kubectl cp` and `rclone move`, which may cut off or report success for a missing source.',
    ours: 'SHA-256 where the file is, again on what the store gives back, and again on the node before a restore.',
    effect: 'Each backup reads what it wrote once: that much more traffic from the store.',
    shown: { job: 'backup', has: 'read_back' },
  },
  {
    id: 'nodes-that-took-part',
    title: 'the nodes are those that took part',
    hazards: [10, 11],
    upstream:
      'Expects the nodes of its values: with one replica down there is no backup, and a node beyond them is not backed up at all.',
    ours: 'The nodes that the cluster shows as started, checked again at the end. A node that is started and not named stops the run.',
    effect: 'Backups go on while a replica is down, with a warning; name every node that may be active.',
    shown: { job: 'backup', has: 'is started and not in DATA_NODES' },
  },
  {
    id: 'source-stays',
    title: 'the source stays until the commit',
    hazards: [14],
    upstream: 'Removes the native files on the nodes also after a failed upload, and reports that as success.',
    ours: 'They go after the commit only. A failed upload is tried again under the same id.',
    effect: 'The nodes’ volumes need room for one backup more than upstream’s for a while.',
    shown: { job: 'backup', has: 'the nodes still have the files' },
  },
  {
    id: 'leftovers',
    title: 'what a killed run leaves is cleared away',
    hazards: [15],
    upstream:
      'A run killed in between leaves its native backup on the volume for ever, beside the redo log, until the node stops.',
    ours: 'The next run aborts a native backup of ours that still runs, and removes what lies on the nodes once a newer set is committed.',
    effect: 'Other people’s native backups are left alone, and one that runs makes ours wait (15).',
    shown: { job: 'backup', has: 'settle_running_backup' },
  },
  {
    id: 'free-space',
    title: 'there must be room',
    hazards: [16],
    upstream: 'Starts without looking at the volume.',
    ours: 'Refuses with 16 unless every volume has room for a backup like the last one and `minimumFreePercent` beside it.',
    effect: 'A backup never fills the volume of the database.',
    shown: { job: 'backup', has: 'check_space' },
  },
  {
    id: 'configuration-of-each-run',
    title: 'store settings are those of this run',
    hazards: [17],
    upstream:
      'The data nodes keep the configuration and credentials they started with: after a change the SQL files go to the new place and the data to the old.',
    ours: 'The pod of each run has the settings and reads the Secret anew; also with `way: sidecar` they travel with each upload.',
    effect: 'A rotated key or a moved bucket needs no restart of data nodes.',
    shown: { objects: 'configuration of each run' },
  },
  {
    id: 'secrets-by-reference',
    title: 'a missing Secret stops the pod',
    hazards: [18, 19],
    upstream:
      'Leaves the credentials out where Helm cannot see the Secret while it renders, and mixes the two keys up where only one is given.',
    ours: 'Variables refer to the Secret’s keys; without them the pod does not start.',
    effect: 'It works with GitOps and with Secrets made later.',
    shown: { objects: 'secrets by reference' },
  },
  {
    id: 'whole-pods',
    title: 'pods with pull secrets, resources and PodSecurity `restricted`',
    hazards: [20, 49],
    upstream:
      'The CronJob has neither pull secrets nor resources nor a priority, and the restore’s containers no security context.',
    ours: 'All of it, with a read-only root file system.',
    effect: 'They start in namespaces with quotas, private registries and enforced PodSecurity.',
    shown: { objects: 'whole pods' },
  },
  {
    id: 'no-silent-off',
    title: 'nothing is off without a word',
    hazards: [21],
    upstream: 'With a schedule and a bucket but without `enabled: true` nothing is rendered, and unknown keys pass.',
    ours: 'A construct makes its objects or says what is wrong; unknown props are errors.',
    effect: 'A typing error is found when the manifests are made.',
    shown: { objects: 'refused props' },
  },
  {
    id: 'visible',
    title: 'how runs end can be seen',
    hazards: [22],
    upstream: 'Only successes are noted, in a ConfigMap if at all.',
    ours: 'An exit code of its own for each kind of failure, the log’s end in the pod’s status, a status ConfigMap after each attempt, and `BackupAlerts`.',
    effect: 'Alerts on the age of the last success, on failed runs and on missing metrics.',
    shown: { objects: 'status and alerts' },
  },
  {
    id: 'ids',
    title: 'ids only grow, and end at 2147483647',
    hazards: [23, 24],
    upstream:
      'Makes ids from calendar year and week of another year, and minutes: they collide, go backwards at a year’s end, and each container may invent its own.',
    ours: 'Seconds since 2020, above everything in the store, on the nodes and in NDB’s memory; chosen once, under the lease. ndb_restore reads a signed number of 32 bits.',
    effect: 'A higher id is a later backup, whatever the clocks do. Until 2088.',
    shown: { job: 'backup', has: '2147483647' },
  },
  {
    id: 'time-zone',
    title: 'the schedule has a time zone',
    hazards: [24],
    upstream: 'None: the controller’s own applies.',
    ours: '`timeZone`, `Etc/UTC` by default; macros are refused.',
    effect: 'Runs come when the manifest says.',
    shown: { objects: 'time zone' },
  },
  {
    id: 'rights',
    title: 'rights by name',
    hazards: [25],
    upstream: 'May read and change every ConfigMap of the namespace, and exec into slots that are not used.',
    ours: 'Exec into the named pods, one lease, one ConfigMap; the verification has no right in the cluster but its own status.',
    effect:
      'Exec into the SQL pod is still full access to the database: guard who may make pods with this ServiceAccount.',
    shown: { objects: 'rights by name' },
  },
  {
    id: 'encryption',
    title: 'encryption before upload is possible',
    hazards: [26],
    upstream: 'Uploads native data and password hashes in clear.',
    ours: '`store.encryption` (rclone crypt), with the key’s fingerprint in the manifest; and server-side encryption with a key of your own.',
    effect: 'Upstream’s own restore cannot read an encrypted set. Lost password, lost backups.',
    shown: { objects: 'fingerprint of the key' },
  },
  {
    id: 'retention',
    title: 'retention counts from the newest committed set',
    hazards: [27, 29, 32],
    upstream:
      'Removes a folder when one file in it is old, whatever it is; protects the running id only; and a clean-up that fails fails the backup.',
    ours: 'Rules by count, age and calendar over committed sets of this cluster. The newest never goes; what is not ours is not touched; a failure is a warning.',
    effect: 'When backups stop, nothing ages. No `ttl`; `retention` instead.',
    shown: { job: 'backup', has: 'newest' },
  },
  {
    id: 'owner',
    title: 'a folder belongs to one cluster',
    hazards: [28],
    upstream: 'Two clusters with the default prefix delete each other’s backups.',
    ours: '`owner.json` names the cluster’s UUID; another one may read there, and is refused (11) before it writes.',
    effect: '`clusterId` is required. After a move: `adoptFolder` once.',
    shown: { job: 'backup', has: 'belongs to cluster' },
  },
  {
    id: 'every-node-is-restored',
    title: 'a restore has every node’s files, or does not start',
    hazards: [33, 35, 36],
    upstream:
      'Takes the nodes from a listing, anew in each pod; a missing one is not noticed, and its rows are not there. Metadata come from node 1, whether it took part or not.',
    ours: 'The manifest names nodes, parts and files; all are compared before a byte reaches the database. Any node’s metadata do.',
    effect: 'Half a set is refused with 19 or 20.',
    shown: { job: 'restore', has: 'def inventory' },
  },
  {
    id: 'api-slots',
    title: 'as many restores at once as there are free slots',
    hazards: [37],
    upstream:
      'Starts one ndb_restore for each backed-up node; those without a free API slot fail, and a bare `wait` hides it.',
    ours: 'As many as there are free slots (`apiSlots`), and each one’s status counts.',
    effect: 'With few slots it takes longer.',
    shown: { job: 'restore', has: 'wait -n || failed=yes' },
  },
  {
    id: 'restore-again',
    title: 'a failed restore can be run again',
    hazards: [38, 39],
    upstream:
      'Tries a failed restore again on top of what it had made; and a failed one leaves the installation waiting for two hours, then stuck.',
    ours: 'It stops at the first failed step; the next run with the same set and selection drops just the tables that it had made. Nothing waits for it.',
    effect: 'The status ConfigMap must stay between the two.',
    shown: { job: 'restore', has: 'drop_tables' },
  },
  {
    id: 'waiting-restore',
    title: 'a restore starts when somebody starts it',
    hazards: [40],
    upstream: 'A `backupId` in the values of an upgrade starts ndb_restore against live data.',
    ours: 'The Job is suspended unless `run` is true, plans unless `mode` is `apply`, and refuses a cluster with tables (21).',
    effect: 'Applying a folder of manifests restores nothing.',
    shown: { objects: 'waiting restore' },
  },
  {
    id: 'no-restore-in-data-nodes',
    title: 'data nodes know nothing of a restore',
    hazards: [41, 46],
    upstream:
      'Data nodes fetch the backup when they start: one whose volume is replaced later gets the old backup, or cannot start. Servers wait too short for it.',
    ours: 'Restores into running nodes; their pods are not changed at all.',
    effect: 'Nothing has to be taken out of the release’s values afterwards.',
    shown: { objects: 'nothing in the data nodes' },
  },
  {
    id: 'selection-for-sql-too',
    title: 'a selection holds for definitions too',
    hazards: [42],
    upstream: 'Excluded tables come back empty, from the SQL file, and missing ones are masked the same way.',
    ours: 'Include and exclude hold for native data and SQL files alike, in a fixed order: databases, data, users, objects, grants.',
    effect: 'A view whose table stays out is left out, with a warning.',
    shown: { job: 'restore', has: 'print_objects' },
  },
  {
    id: 'disk-objects',
    title: 'missing tablespaces are restored',
    hazards: [43],
    upstream: 'Never restores tablespaces and log file groups: tables in those of one’s own fail.',
    ours: 'They are restored where the cluster has none, and left out where it has all that the set needs. In between the restore refuses (15) and names what is missing.',
    effect: 'Tables on disk come back in a new cluster.',
    shown: { job: 'restore', has: '--no-restore-disk-objects' },
  },
  {
    id: 'copies-go-last',
    title: 'the copies on the nodes go when all is right',
    hazards: [44],
    upstream: 'Removes them before the SQL files were applied, and ignores errors.',
    ours: 'After rows and objects are checked; a failure is a warning and the next restore removes them.',
    effect: 'A repeated run does not copy again what is there and right.',
    shown: { job: 'restore', has: 'remove_copies' },
  },
  {
    id: 'metadata-first',
    title: 'what cannot be read is known before anything changes',
    hazards: [45],
    upstream: 'Finds a backup of a newer version when ndb_restore refuses it, in the middle.',
    ours: 'ndb_restore reads the metadata of the set before the first change.',
    effect: 'A set that the cluster cannot read leaves the cluster as it was.',
    shown: { job: 'restore', has: '--print-meta' },
  },
  {
    id: 'room-for-definitions',
    title: 'room for the definitions is a setting',
    hazards: [47],
    upstream: 'Definitions above 100 MiB evict the pod that sets the servers up, for good.',
    ours: '`temporarySize`, 1 GiB by default; a run that needs more fails and changes nothing.',
    effect: 'Enlarge it for very many tables.',
    shown: { objects: 'room for definitions' },
  },
  {
    id: 'checked-ids',
    title: 'an id is a number',
    hazards: [48],
    upstream: 'The id goes unchecked and unquoted into commands and into `rm -rf`.',
    ours: 'A whole number from 1 to 2147483647 or `latest`, checked when the manifest is made and again by the script.',
    effect: 'Anything else is an error.',
    shown: { objects: 'checked ids' },
  },
];
