import { z } from 'zod';
import { absolutePath, dnsLabel, dnsName, secretReference, textLeaf, wholeNumber } from '../units/index.js';

const host = () =>
  textLeaf({
    pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
    maxLength: 253,
    allowed: 'a host name, such as mgmds-0.headless-mgmds.rondb.svc.cluster.local',
  });

const dataNode = z
  .strictObject({
    nodeId: wholeNumber(1, 144).describe('Node id in the cluster’s configuration.'),
    pod: dnsLabel().describe('Name of the pod that runs the node.'),
  })
  .meta({ id: 'RonDBDataNode' });

/**
 * Schema of what a backup must know of a cluster: names of pods, containers and folders (section 3 of the facts). It is
 * the one place where they stand; upstream’s defaults are filled in by {@link RonDBCluster.fromUpstream}.
 */
export const clusterSchema = z
  .strictObject({
    namespace: dnsLabel().describe('Namespace of the cluster; backups run in it, because exec needs a Role there.'),
    dataNodes: z
      .array(dataNode)
      .min(1)
      .describe(
        'Every data node that may be active. All nodes’ files are needed for a restore: replicas hold different rows.',
      ),
    dataContainer: dnsLabel().default('ndbmtd').describe('Container of a data node’s pod that runs the node.'),
    sidecarContainer: dnsLabel()
      .default('rclone-listener')
      .describe('Container with rclone on the same volume; upstream has it only with `backups.enabled`.'),
    backupFolder: absolutePath()
      .default('/srv/hops/mysql-cluster/ndb/backups/BACKUP')
      .describe('Folder of native backups as the data container sees it: `BackupDataDir`/BACKUP.'),
    sidecarBackupFolder: absolutePath()
      .default('/home/hopsworks/data/ndb/backups/BACKUP')
      .describe('The same folder as the sidecar container sees it.'),
    managementHost: host().describe('Host of the management server.'),
    managementPort: wholeNumber(1, 65535).default(1186).describe('Port of the management server.'),
    sqlPod: dnsLabel().default('mysqlds-0').describe('Pod of a MySQL server of the cluster.'),
    sqlContainer: dnsLabel().default('mysqld').describe('Container of that pod that runs the server.'),
    sqlUser: textLeaf({ pattern: /^[A-Za-z0-9_]{1,32}$/, allowed: 'a user name, such as root' })
      .default('root')
      .describe('User that may dump everything. Upstream lets `root` in from inside the pod only, hence by exec.'),
    sqlPassword: secretReference({ password: 'root' })
      .prefault({ name: 'mysql-passwords' })
      .describe('Existing Secret with that user’s password (upstream’s `mysql.credentialsSecretName`).'),
    backupLabels: z
      .record(z.string(), z.string())
      .default({ rondbService: 'create-backup' })
      .describe('Labels of backup pods: upstream’s NetworkPolicies let only such pods in.'),
    restoreLabels: z
      .record(z.string(), z.string())
      .default({ rondbService: 'restore-backup' })
      .describe('Labels of restore pods, for the same reason.'),
    leaseName: dnsName()
      .default('rondb-backup')
      .describe(
        'Lease that every backup and restore of this cluster holds, whatever started it: one name for each cluster.',
      ),
  })
  .meta({ id: 'RonDBClusterSettings' });

/** A cluster as its user writes it. */
export type RonDBClusterInput = z.input<typeof clusterSchema>;

/** A cluster with all defaults filled in. */
export type RonDBClusterSettings = z.output<typeof clusterSchema>;

/** What decides the names in a cluster that rondb-helm installed. */
export interface UpstreamCluster extends Partial<Omit<RonDBClusterInput, 'namespace' | 'dataNodes'>> {
  /** Namespace of the release. */
  readonly namespace: string;
  /** Upstream’s `clusterSize.numNodeGroups`, 1 to 21: with more, node ids collide. @default 1 */
  readonly numNodeGroups?: number;
  /** Upstream’s `clusterSize.activeDataReplicas`, 1 to 3. @default 2 */
  readonly activeDataReplicas?: number;
  /** Domain of the Kubernetes cluster. @default "cluster.local" */
  readonly clusterDomain?: string;
}

/** Replica slots that upstream reserves for each node group, whether active or not. */
const slotsPerNodeGroup = 3;

/**
 * How a backup is attached to a cluster.
 *
 * @example
 * ```ts
 * RonDBCluster.fromUpstream({ namespace: 'rondb', numNodeGroups: 2 });
 * ```
 */
export const RonDBCluster = {
  /** A cluster that rondb-helm installed, with its names: pod `node-group-<g>-<r>` is node 3g + r + 1. */
  fromUpstream(cluster: UpstreamCluster): RonDBClusterInput {
    const { numNodeGroups = 1, activeDataReplicas = 2, clusterDomain = 'cluster.local', ...names } = cluster;
    const dataNodes = Array.from({ length: numNodeGroups }, (_, group) =>
      Array.from({ length: activeDataReplicas }, (_, replica) => ({
        nodeId: slotsPerNodeGroup * group + replica + 1,
        pod: `node-group-${group}-${replica}`,
      })),
    ).flat();
    return {
      managementHost: `mgmds-0.headless-mgmds.${cluster.namespace}.svc.${clusterDomain}`,
      ...names,
      dataNodes,
    };
  },
  /** A cluster with every name set by hand. */
  of: (cluster: RonDBClusterInput): RonDBClusterInput => cluster,
} as const;
