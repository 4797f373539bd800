import { z } from 'zod';
import { objectStoreSchema } from '../store/index.js';
import { dnsLabel, duration, textLeaf, uuid, wholeNumber } from '../units/index.js';
import { clusterSchema } from './cluster.js';

/**
 * Schema of what backup, restore and verification of one cluster share: the cluster, the store with its credentials, the
 * identity, and how files travel. One value for all of them, so that they cannot disagree.
 */
export const repositorySchema = z
  .strictObject({
    cluster: clusterSchema.describe('The cluster; made by `RonDBCluster`.'),
    store: objectStoreSchema.describe('Where the backups are kept; made by `ObjectStore`.'),
    clusterId: uuid().describe(
      'Identity of the cluster, a UUID that you make once. The store keeps it in `owner.json`: a cluster with another one may read there, never write or delete.',
    ),
    clusterName: dnsLabel()
      .optional()
      .describe('Name of the cluster’s folder in the store.')
      .meta({ defaultText: 'the cluster’s namespace' }),
    name: textLeaf({
      pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
      maxLength: 32,
      allowed: 'lower-case letters, digits and hyphens, starting with a letter, at most 32, such as rondb',
    })
      .default('rondb')
      .describe('Start of the objects’ names. A second repository of one namespace needs another one.'),
    appName: dnsLabel().default('rondb').describe('Label `app.kubernetes.io/name` of the objects.'),
    adoptFolder: z
      .boolean()
      .default(false)
      .describe(
        'Whether the next backup takes over a folder that another cluster id owns, or that has backups and no owner: true for one run, after a move. An empty folder is taken in either case.',
      ),
    way: z
      .enum(['stream', 'sidecar'])
      .default('stream')
      .describe(
        '`stream`: each file travels through exec from the data node’s container, which needs nothing there. `sidecar`: rclone in upstream’s `rclone-listener` uploads directly; it exists with upstream’s `backups.enabled` only.',
      ),
    transfers: wholeNumber(1, 64).default(4).describe('How many files are copied at once.'),
    transferRetries: wholeNumber(0, 100)
      .default(3)
      .describe('How often a file that did not arrive whole is copied again.'),
    preflightTimeout: duration().default('5m').describe('How long the checks before the first step may take.'),
    commandTimeout: duration()
      .default('1m')
      .describe('How long a small command in a pod or a call of the API may take.'),
    transferTimeout: duration()
      .default('2h')
      .describe('How long all files of a set may take: to the store and read back, or from the store to the nodes.'),
  })
  .meta({
    id: 'RonDBRepository',
    description: 'What backup, verification and restore of one cluster share: the cluster, the store, the identity.',
  });

/** A repository as its user writes it. */
export type RonDBRepositoryInput = z.input<typeof repositorySchema>;

/** A repository with all defaults filled in. */
export type RonDBRepositorySettings = z.output<typeof repositorySchema>;

/** Name of the cluster and of its folder in the store. */
export function clusterFolder({ clusterName, cluster }: RonDBRepositorySettings): string {
  return clusterName ?? cluster.namespace;
}
