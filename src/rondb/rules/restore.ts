import type { EffectiveValues, HelmValue, Rule, RuleHit } from '../../values/index.js';
import { isManagedByHopsworks, makesBackups, pathPrefix, printTime, restoredId } from './backup-state.js';
import { backups, credentials, restore } from './examples.js';

const backupId = 'restoreFromBackup.backupId';

/** What restoring one node is reckoned with: download and load together. */
const mebibytesPerSecond = 5;

/** The largest id that START BACKUP takes, and the largest that fits 31 bits. */
const largestId = 4_294_967_294;
const largestPlainId = 2_147_483_647;

/** Slots that a restore takes besides those of its parallel ndb_restore: the setup’s server and the waiter. */
const otherSlots = 2;

/** Whether the id is one that NDB can have given. */
function isId(id: string): boolean {
  return /^[1-9][0-9]{0,9}$/.test(id) && Number(id) <= largestId;
}

function copyOf(value: HelmValue | undefined): string {
  return JSON.stringify(value ?? null);
}

/** Settings of backups that the restore lacks, though it reads from the same place. */
function notInherited(values: EffectiveValues): RuleHit[] {
  if (isManagedByHopsworks(values)) return [];
  const ownBucket = values.get('restoreFromBackup.s3.bucketName');
  if (ownBucket === undefined)
    return [{ path: 'restoreFromBackup.s3.bucketName', message: 'not set; that of backups is not used' }];
  if (!makesBackups(values) || ownBucket !== values.get('backups.s3.bucketName')) return [];
  const keys = ['endpoint', 'region', 'provider', 'keyCredentialsSecret', 'secretCredentialsSecret'];
  const paths = ['pathPrefix', ...keys.map((key) => `s3.${key}`)];
  return paths
    .filter((path) => !values.isSet(`restoreFromBackup.${path}`))
    .filter((path) =>
      path === 'pathPrefix'
        ? pathPrefix(values, 'backups') !== pathPrefix(values, 'restoreFromBackup')
        : copyOf(values.get(`backups.${path}`)) !== copyOf(values.get(`restoreFromBackup.${path}`)),
    )
    .map((path) => ({ path: `restoreFromBackup.${path}`, message: `not set; backups.${path} is not used` }));
}

/** Rules about installing a cluster from a backup. */
export const restoreRules: readonly Rule[] = [
  {
    id: 'RONDB023',
    severity: 'error',
    title: 'the restore needs more connections than the cluster has',
    why: 'One ndb_restore for each node of the backup runs at the same time, each on a free API slot. Those that find none fail, and the chart does not notice: their rows are missing.',
    fix: 'Set rondbConfig.EmptyApiSlots to the number of data nodes of the backup plus 2.',
    fact: 'Read in chart 0.8.0: all of them are started in the background, and only the shell’s bare wait follows.',
    check(values) {
      const path = 'rondbConfig.EmptyApiSlots';
      const slots = values.number(path);
      const nodes =
        (values.number('clusterSize.numNodeGroups') ?? 1) * (values.number('clusterSize.activeDataReplicas') ?? 1);
      const needed = nodes + otherSlots;
      if (restoredId(values) === undefined || slots === undefined || slots >= needed) return [];
      return [{ path, message: `${slots}, but a backup of ${nodes} nodes needs ${needed}` }];
    },
    hits: [`${restore('"12"')}clusterSize: { numNodeGroups: 3, activeDataReplicas: 3 }\n`],
    passes: [
      `${restore('"12"')}clusterSize: { numNodeGroups: 3, activeDataReplicas: 2 }\n`,
      'clusterSize: { numNodeGroups: 3, activeDataReplicas: 3 }\n',
    ],
  },
  {
    id: 'RONDB024',
    severity: 'error',
    title: 'this is no id of a backup',
    why: 'The text goes into paths and commands as it is. With leading zeros or other characters the folder is not found or another one is removed, and NDB knows no such id.',
    fix: 'Write the name of the backup’s folder in quotes: digits, no zero in front, at most 4294967294.',
    fact: 'Rendered with chart 0.8.0: the id stands unquoted in bash -c and behind rm -rf. START BACKUP takes 1 to 4294967294.',
    check(values) {
      const id = restoredId(values);
      return id === undefined || isId(id) ? [] : [{ path: backupId, message: `"${id}" is no id of a backup` }];
    },
    hits: [restore('"007"'), restore('latest'), restore('"4294967295"')],
    passes: [restore('"2147483647"'), 'restoreFromBackup:\n  backupId: ""\n'],
  },
  {
    id: 'RONDB025',
    severity: 'error',
    title: 'the restore would run against a live cluster',
    why: 'The Job that restores is rendered on upgrades too. It loads rows into tables that are in use, while the download is skipped because the data nodes have started before.',
    fix: 'Remove restoreFromBackup.backupId, or install a new, empty cluster from the backup.',
    fact: 'Read in chart 0.8.0: a plain Job, not bound to the installation.',
    check: (values) =>
      restoredId(values) !== undefined && values.text('mode') === 'upgrade'
        ? [{ path: backupId, message: `"${restoredId(values)}" with mode upgrade` }]
        : [],
    hits: [`mode: upgrade\n${restore('"12"')}`],
    passes: [`mode: install\n${restore('"12"')}`, 'mode: upgrade\n'],
  },
  {
    id: 'RONDB026',
    severity: 'warning',
    needsCluster: true,
    title: 'the id of a finished restore is still in the values',
    why: 'A data node that gets a new volume later downloads the old backup again, which is never removed, or cannot start when the backup is gone.',
    fix: 'Remove restoreFromBackup.backupId once the cluster is installed.',
    fact: 'Read in chart 0.8.0: the download depends on the node’s own files alone.',
  },
  {
    id: 'RONDB027',
    severity: 'error',
    title: 'the restore does not know where the backup is',
    why: 'Nothing of backups is used for restoreFromBackup. With a setting missing, the list of the backup comes back empty, the Job reports success, and the cluster is installed with empty tables.',
    fix: 'Repeat pathPrefix and s3, credentials included, below restoreFromBackup.',
    fact: 'Read in chart 0.8.0: two separate sections of rclone’s configuration; an error of rclone counts as an empty list.',
    check: (values) => (restoredId(values) === undefined ? [] : notInherited(values)),
    hits: [
      `restoreFromBackup:\n  backupId: "12"\n${backups()}`,
      `${restore('"12"')}${backups('pathPrefix: production/rondb')}`,
      `${backups()}${restore('"12"', 's3: { provider: AWS, region: eu-north-1, bucketName: backups }')}`,
    ],
    passes: [
      `${backups('pathPrefix: production/rondb')}${restore('"12"', 'pathPrefix: production/rondb')}`,
      `${backups('pathPrefix: production/rondb')}${restore('"12"', `s3: { provider: AWS, region: eu-north-1, bucketName: other, ${credentials} }`)}`,
      backups('pathPrefix: production/rondb'),
    ],
  },
  {
    id: 'RONDB029',
    severity: 'error',
    needsCluster: true,
    title: 'the new cluster does not fit the backup',
    why: 'With fewer data nodes the old number must be a multiple of the new one, and the rows must fit into memory. Less memory or TransactionMemory than before ends the restore in the middle.',
    fix: 'Install with as many node groups and as much memory as the backup had, and change the size afterwards.',
    fact: 'Read in the manual of NDB and in chart 0.8.0, which tries any number of nodes.',
  },
  {
    id: 'RONDB030',
    severity: 'error',
    needsCluster: true,
    title: 'the backup is from a newer RonDB',
    why: 'ndb_restore refuses a backup that is newer than itself, only after the cluster is up and the files are downloaded. Over several long-term versions at once it is not supported either.',
    fix: 'Install with the RonDB version that made the backup, or the next one.',
    fact: 'Read in NDB’s ndb_restore; chart 0.8.0 does not compare versions.',
  },
  {
    id: 'RONDB034',
    severity: 'warning',
    title: 'the installation may give up before the restore is done',
    why: 'The setup waits this long for the restore and is not tried again. A restore that takes longer leaves an installation that never becomes ready.',
    fix: 'Raise timeoutsMinutes.restoreNativeBackup.',
    fact: 'Read in chart 0.8.0. A node is reckoned with its whole memory at 5 MiB/s, download and load together.',
    check(values) {
      const path = 'timeoutsMinutes.restoreNativeBackup';
      const minutes = values.number(path);
      const time = (values.number('resources.limits.memory.ndbmtdsMiB') ?? 0) / mebibytesPerSecond;
      if (restoredId(values) === undefined || minutes === undefined || minutes * 60 >= time) return [];
      return [{ path, message: `${minutes}, but a full node may take ${printTime(time)}` }];
    },
    hits: [`${restore('"12"')}resources: { limits: { memory: { ndbmtdsMiB: 64000 } } }\n`],
    passes: [
      `${restore('"12"')}resources: { limits: { memory: { ndbmtdsMiB: 32000 } } }\n`,
      'resources: { limits: { memory: { ndbmtdsMiB: 64000 } } }\n',
    ],
  },
  {
    id: 'RONDB045',
    severity: 'warning',
    title: 'the id may be too large for ndb_restore',
    why: 'One version of ndb_restore reads ids as 32 bits with a sign and takes larger ones for 2147483647 with nothing but a warning: it looks for files that are not there.',
    fix: 'Try the restore of this backup with your RonDB image before you need it: ndb_restore --print-meta with this id.',
    fact: 'Read in RonDB’s sources of 2022; NDB 9.7 takes ids up to 4294967295, and the ids that chart 0.8.0 makes have all been larger since 2022. Not tried with RonDB 24.10.',
    check(values) {
      const id = restoredId(values);
      return id !== undefined && isId(id) && Number(id) > largestPlainId
        ? [{ path: backupId, message: `"${id}" is more than ${largestPlainId}` }]
        : [];
    },
    hits: [restore('"2147483648"')],
    passes: [restore('"2147483647"'), restore('"99999999999"')],
  },
];
