/** One data node that took part in a backup. */
export interface BackupNode {
  /** The node's id, which is in the name of its files. */
  readonly nodeId: number;
  readonly nodeGroup: number;
  /** How many parts it wrote; the same on all nodes. With 1 its files have no folder of their own. */
  readonly parts: number;
}

/** The SQL files of a RonDB set: users with their grants; schemas, views, routines, triggers and events. */
export const sqlFiles = ['users.sql', 'databases.sql'] as const;

/**
 * Every file that a RonDB set must have, by its path inside the set. Each row is in the files of one node only, replicas
 * hold different rows, and ndb_restore does not notice a missing node (sections 6.5 and 6.10 of the facts): so all are
 * needed, of every part of every node.
 */
export function rondbFiles(backupId: number, nodes: readonly BackupNode[]): string[] {
  return [...sqlFiles, ...nodes.flatMap((node) => nodeFiles(backupId, node))];
}

/** Folder of one part of a node's files inside the set, as ndb_restore looks for it. */
export function rondbPartFolder(backupId: number, node: BackupNode, part: number): string {
  const folder = `rondb/${node.nodeId}`;
  return node.parts === 1 ? folder : `${folder}/BACKUP-${backupId}-PART-${part}-OF-${node.parts}`;
}

function nodeFiles(backupId: number, node: BackupNode): string[] {
  return Array.from({ length: node.parts }, (_, index) => rondbPartFolder(backupId, node, index + 1)).flatMap(
    (folder) => [
      `${folder}/BACKUP-${backupId}-0.${node.nodeId}.Data`,
      `${folder}/BACKUP-${backupId}.${node.nodeId}.ctl`,
      `${folder}/BACKUP-${backupId}.${node.nodeId}.log`,
    ],
  );
}
