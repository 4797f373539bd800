import type { Rule } from '../../values/index.js';
import { makesBackups } from './backup-state.js';
import { backups } from './examples.js';

/** Node groups whose node ids stay below those of the management server. */
const mostNodeGroups = 21;

/** Copies of the memory that are on a node’s volume at once: checkpoints and a backup. */
const memoryOnDisk = 2.25;

const storage = 'resources.requests.storage';

/** Rules about the size of the cluster, as far as backups depend on it. */
export const clusterSizeRules: readonly Rule[] = [
  {
    id: 'RONDB021',
    severity: 'error',
    title: 'node ids of data nodes collide with those of servers',
    why: 'Each node group takes three ids, and from the 22nd group on they meet the ids of the management server and the MySQL servers. The cluster does not start.',
    fix: 'Set clusterSize.numNodeGroups to 21 at most.',
    fact: 'Rendered with chart 0.8.0: the ids 64, 65 and 66 are there twice.',
    check(values) {
      const path = 'clusterSize.numNodeGroups';
      const groups = values.number(path) ?? 0;
      return groups > mostNodeGroups ? [{ path, message: `${groups}, at most ${mostNodeGroups}` }] : [];
    },
    hits: ['clusterSize: { numNodeGroups: 22 }\n'],
    passes: ['clusterSize: { numNodeGroups: 21 }\n'],
  },
  {
    id: 'RONDB022',
    severity: 'error',
    title: 'a backup does not fit on the volume of a data node',
    why: 'Backup, checkpoints and logs share one volume. When a backup fills it, the node goes down with it.',
    fix: 'Raise resources.requests.storage.ndbmtdGiB to what the message says.',
    fact: 'Read in chart 0.8.0: its own check is meant to count 2.25 × the memory and the disk columns, but loses both parts, and runs at installation only.',
    check(values) {
      const path = `${storage}.ndbmtdGiB`;
      const size = values.number(path);
      const of = (key: string) => values.number(`${storage}.${key}`) ?? 0;
      const memory = (values.number('resources.limits.memory.ndbmtdsMiB') ?? 0) / 1024;
      // Disk columns have a volume of their own only with a storage class of their own.
      const disk = values.isTrue(`${storage}.classes.diskColumns`) ? 0 : of('diskColumnGiB');
      const needed = memoryOnDisk * memory + of('redoLogGiB') + 2 * of('undoLogsGiB') + of('logGiB') + disk;
      if (!makesBackups(values) || size === undefined || size >= needed) return [];
      return [{ path, message: `${size}, but memory, logs and a backup need ${Math.ceil(needed)}` }];
    },
    hits: [
      `${backups()}resources: { limits: { memory: { ndbmtdsMiB: 16000 } } }\n`,
      `${backups()}resources: { requests: { storage: { ndbmtdGiB: 22 } } }\n`,
    ],
    passes: [
      `${backups()}resources: { limits: { memory: { ndbmtdsMiB: 16000 } }, requests: { storage: { ndbmtdGiB: 60 } } }\n`,
      'resources: { limits: { memory: { ndbmtdsMiB: 16000 } } }\n',
    ],
  },
  {
    id: 'RONDB032',
    severity: 'error',
    needsCluster: true,
    title: 'the network policy keeps a backup’s pod from the cluster',
    why: 'Data nodes and management server let in only pods with certain values of the label rondbService. A job of your own without it hangs at the first connection.',
    fix: 'Give the pods the label rondbService: create-backup or restore-backup, or add them to networkPolicy.ndbmtds.ingressSelectors and networkPolicy.mgmds.ingressSelectors.',
    fact: 'Rendered with chart 0.8.0: both policies are on by default.',
  },
  {
    id: 'RONDB033',
    severity: 'warning',
    title: 'there is one copy of each row',
    why: 'With one replica a lost volume takes everything since the last backup, and while a node is down the cluster is down.',
    fix: 'Set clusterSize.activeDataReplicas to 2 or 3.',
    fact: 'How NDB keeps replicas; chart 0.8.0 takes 1 to 3.',
    check(values) {
      const path = 'clusterSize.activeDataReplicas';
      return values.number(path) === 1 ? [{ path, message: '1, so there is one copy of each row' }] : [];
    },
    hits: ['clusterSize: { activeDataReplicas: 1 }\n'],
    passes: ['clusterSize: { activeDataReplicas: 2 }\n'],
  },
  {
    id: 'RONDB037',
    severity: 'error',
    needsCluster: true,
    title: 'the running cluster has another size than the values',
    why: 'The backup job takes its list of data nodes from the values. Nodes that are missing there are neither uploaded nor cleaned up, and their rows are in no backup; nodes that are not there let each backup fail.',
    fix: 'Write the size of the running cluster into clusterSize.',
    fact: 'Read in chart 0.8.0. Run with NDB 9.7.2: one node’s files gave back 10,026 of 20,000 rows, and every program reported success.',
  },
];
