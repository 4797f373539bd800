import { chownSync, cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { backupFolder, type DataNode, type NdbCluster } from '../programs/ndb-cluster.js';
import { podUser } from '../programs/ndb-pod.js';

/**
 * Restores a set of ours by the steps of upstream's restore (section 1.10 of the facts), knowing nothing of manifests:
 * each data node gets folders by their place in the list, then metadata of node 1, data of every folder, indexes and
 * epoch; then the SQL files, in the order of `find`, with CREATE TABLE and CREATE USER turned into IF NOT EXISTS.
 * Only RonDB's `--allow-unique-indexes` is left out: MySQL's ndb_restore has no such option.
 */
export async function restoreAsUpstream(cluster: NdbCluster, setFolder: string, backupId: number): Promise<void> {
  const { nodes } = cluster;
  const folders = readdirSync(join(setFolder, 'rondb')).sort();
  const places = folders.map((folder, index) => {
    const node = nodes[index % nodes.length] as DataNode;
    const backup = join(node.folder, 'ndb/backups/BACKUP', `BACKUP-${backupId}`, folder);
    cpSync(join(setFolder, 'rondb', folder), backup, { recursive: true });
    own(join(node.folder, 'ndb/backups/BACKUP'));
    return { node, folder, path: `${backupFolder}/BACKUP-${backupId}/${folder}` };
  });
  const step = async ({ node, folder, path }: (typeof places)[number], ...options: string[]) => {
    const { code, stdout, stderr } = await cluster.exec(
      node,
      ...['ndb_restore', `--ndb-connectstring=${cluster.managementServer}`, `--nodeid=${folder}`],
      ...[`--backupid=${backupId}`, `--backup-path=${path}`, '--no-binlog', ...options],
    );
    if (code !== 0) throw new Error(`ndb_restore ${options.join(' ')}: ${code}\n${stdout}${stderr}`);
  };
  const first = places.find(({ folder }) => folder === '1');
  if (!first) throw new Error('upstream takes the metadata from node 1');
  await step(first, '--restore-meta', '--disable-indexes', '--no-restore-disk-objects');
  await Promise.all(places.map((place) => step(place, '--restore-data')));
  await step(first, '--rebuild-indexes', '--restore-epoch');
  for (const file of readdirSync(setFolder).filter((name) => name.endsWith('.sql'))) {
    const statements = readFileSync(join(setFolder, file), 'utf8')
      .replaceAll('CREATE TABLE `', 'CREATE TABLE IF NOT EXISTS `')
      .replaceAll('CREATE USER ', 'CREATE USER IF NOT EXISTS ')
      .replaceAll('IF NOT EXISTS IF NOT EXISTS', 'IF NOT EXISTS');
    await cluster.sql(statements);
  }
}

function own(path: string): void {
  chownSync(path, podUser, podUser);
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) own(join(path, name));
}
