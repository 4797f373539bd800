import { type Command, Option } from 'commander';
import { exitCodes } from '../problem/index.js';
import type { ListOptions } from './backups-list.js';
import type { PruneOptions } from './backups-prune.js';
import type { RunOptions } from './backups-run.js';
import type { RestoreOptions } from './backups-session.js';
import type { OneBackupOptions } from './backups-show.js';
import type { Surroundings } from './chart-commands.js';

const exitCodeHelp = `
Exit codes:
  ${exitCodes.ok}  done, and all is right
  ${exitCodes.findings}  something is wrong with the backups, or the work in the cluster failed
  ${exitCodes.usage}  the command line is wrong, such as a context that the kubeconfig does not have
  ${exitCodes.unreadable}  the cluster or the store cannot be used: no kubeconfig, out of reach, a certificate, no permission
`;

const listHelp = `
Everything about a repository is read from the CronJobs that back up into it: nothing is configured
twice. The store is read with rclone where it is installed here, else from a short-lived pod.

Examples:
  $ chartwright backups list -n rondb
  $ chartwright backups list -A --output json | jq '.repositories[].backups[0]'
  $ chartwright backups list --via pod           where only the cluster reaches the store
${exitCodeHelp}`;

const showHelp = `
Examples:
  $ chartwright backups show latest -n rondb
  $ chartwright backups show 217036800 --output json | jq .manifest.files
${exitCodeHelp}`;

const runHelp = `
The Job is made from the CronJob, as the schedule makes it, so it does the same with the same rights.
A run that is at work already, a restore that has not ended and a held lease are refused.

Examples:
  $ chartwright backups run -n rondb
  $ chartwright backups run -n rondb --detach
${exitCodeHelp}`;

const verifyHelp = `
Examples:
  $ chartwright backups verify -n rondb          the share that was read longest ago
  $ chartwright backups verify -n rondb --all    every byte, now
${exitCodeHelp}`;

const restoreHelp = `
RonDB: two Jobs are made from the restore Job that the app has put into the namespace: the first makes
the plan and changes nothing, the second carries it out once you have typed the backup's id, or with --yes.
Vald: agents restore themselves when they start. Once you have typed the StatefulSet's name, or with --yes,
RESTORE_AS_OF is set in its init container, and its pods go back one after another. Write the same time
into restoreAsOf where the StatefulSet is applied from.

Examples:
  $ chartwright backups restore latest -n rondb --plan
  $ chartwright backups restore 217036800 -n rondb --only shop,crm.orders
  $ chartwright backups restore 2026-11-21T03:00:00Z -n vald --dry-run
  $ chartwright backups restore latest -n vald --yes
${exitCodeHelp}`;

const drillHelp = `
The Job is made from the CronJob that drills restores. It restores onto a volume of its own, and asks the
database that it has started there: it writes nothing to the store and to the database at work.

Examples:
  $ chartwright backups drill -n vald
${exitCodeHelp}`;

const pruneHelp = `
The plan is made by the rules of the CronJob's own retention. Deleting is done in the cluster, by the
script that runs after each backup, under the same lease. Another cluster's folder is refused.

Examples:
  $ chartwright backups prune -n rondb
  $ chartwright backups prune -n rondb --apply
${exitCodeHelp}`;

/** Adds the commands about backups in a live cluster. */
export function addBackupsCommands(program: Command, { open, end }: Surroundings): void {
  const backups = program
    .command('backups')
    .description('look at the backups of a live cluster, make, verify, restore, drill and prune them')
    .helpCommand(false)
    .addHelpText('after', exitCodeHelp);
  const screenFor = ({ output }: { readonly output: string }) => open({ json: output !== 'text', quiet: false });
  withConnection(backups.command('list').description('list the backups with their states'))
    .option('-A, --all-namespaces', 'in all namespaces')
    .addHelpText('after', listHelp)
    .action(async (options: ListOptions) => {
      const screen = screenFor(options);
      const { listBackups } = await import('./backups-list.js');
      end(await listBackups(options, screen));
    });
  withConnection(backups.command('show').description('show one backup'))
    .argument('<id>', 'id of the backup, or latest')
    .option('--pod <name>', 'pod of the backup, where each pod has its own')
    .addHelpText('after', showHelp)
    .action(async (id: string, options: OneBackupOptions) => {
      const screen = screenFor(options);
      const { showBackup } = await import('./backups-show.js');
      end(await showBackup(id, options, screen));
    });
  withConnection(backups.command('run').description('make a backup now and follow it'))
    .option('--detach', 'only start it')
    .addHelpText('after', runHelp)
    .action(async (options: RunOptions) => {
      const screen = screenFor(options);
      const { runBackup } = await import('./backups-run.js');
      end(await runBackup(options, screen));
    });
  withConnection(backups.command('verify').description('read backups back from the store and compare their hashes'))
    .option('--all', 'read every byte, not one share')
    .option('--detach', 'only start it')
    .addHelpText('after', verifyHelp)
    .action(async (options: RunOptions) => {
      const screen = screenFor(options);
      const { verifyBackups } = await import('./backups-run.js');
      end(await verifyBackups(options, screen));
    });
  withConnection(backups.command('restore').description('restore a backup: show the plan, ask, and follow it'))
    .argument('<id>', 'id of the backup, or latest; of Vald’s also a time')
    .option('--only <names>', 'only these databases and tables: shop,crm.orders', list)
    .option('--except <names>', 'not these databases and tables', list)
    .option('--into-non-empty', 'also where the cluster has other tables')
    .option('--allow-unverified', 'also a backup that nothing vouches for, such as upstream’s')
    .option('--no-users', 'without users and grants')
    .option('--plan', 'show the plan and change nothing')
    .option('--dry-run', 'show the plan, and of Vald have the server try the change')
    .option('--pod <name>', 'pod of the backup, where each pod has its own')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', restoreHelp)
    .action(async (id: string, options: RestoreOptions) => {
      const screen = screenFor(options);
      const { restoreBackup } = await import('./backups-restore.js');
      end(await restoreBackup(id, options, screen));
    });
  withConnection(backups.command('drill').description('play a restore on a volume of its own'))
    .option('--detach', 'only start it')
    .addHelpText('after', drillHelp)
    .action(async (options: RunOptions) => {
      const screen = screenFor(options);
      const { drillBackups } = await import('./backups-drill.js');
      end(await drillBackups(options, screen));
    });
  withConnection(backups.command('prune').description('show what retention deletes, and with --apply delete it'))
    .option('--dry-run', 'show it only: the default')
    .option('--apply', 'delete, after a question')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', pruneHelp)
    .action(async (options: PruneOptions) => {
      const screen = screenFor(options);
      const { pruneBackups } = await import('./backups-prune.js');
      end(await pruneBackups(options, screen));
    });
}

const list = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** The options of every command that talks to a cluster. */
export function withCluster(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'kubeconfig (default: $KUBECONFIG, else ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --namespace <name>', 'namespace (default: that of the context)');
}

/** The options of every command about backups. */
function withConnection(command: Command): Command {
  return withCluster(command)
    .option('--database <name>', 'rondb, vald, or a name, where a namespace has several repositories')
    .addOption(
      new Option('--via <way>', 'how the store is read: with rclone here, or from a pod')
        .choices(['auto', 'rclone', 'pod'])
        .default('auto'),
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print the result').choices(['text', 'json', 'yaml']).default('text'),
    );
}
