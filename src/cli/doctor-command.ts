import { type Command, Option } from 'commander';
import { exitCodes } from '../problem/index.js';
import { withCluster } from './backups-commands.js';
import type { Surroundings } from './chart-commands.js';
import type { DoctorOptions } from './doctor.js';

const doctorHelp = `
Nothing is changed in the cluster. Only --probe makes something: a Job that puts one object below the
prefix, reads it back and deletes it. Without manifests it looks at what is in the namespace already.

Examples:
  $ chartwright doctor -n rondb                                     what is there: is it well, is there a backup?
  $ chartwright doctor dist/manifests                               will this work here?
  $ chartwright doctor --chart ./charts/rondb-backup -f values/prod.yaml -n rondb
  $ chartwright doctor --release rondb -n rondb
  $ helm template rondb … | chartwright doctor -
  $ chartwright doctor -n rondb --probe --output junit > doctor.xml
  $ chartwright doctor --explain DOC020

Exit codes:
  ${exitCodes.ok}  no findings, or none as severe as --fail-on
  ${exitCodes.findings}  findings
  ${exitCodes.usage}  the command line is wrong, such as a context that the kubeconfig does not have
  ${exitCodes.unreadable}  a manifest cannot be read, or the cluster cannot be used
`;

/** Adds the command that compares objects with a cluster. */
export function addDoctorCommand(program: Command, { open, end }: Surroundings): void {
  withCluster(program.command('doctor').description('compare what objects ask for with what a live cluster has'))
    .argument('[manifests...]', 'files or folders, or - for stdin; none: what is in the cluster')
    .option('-r, --release <name>', 'what this Helm release put into the cluster')
    .option('-c, --chart <chart>', 'what helm renders of this chart')
    .option('-f, --values <file>', 'values file for the chart; repeat it', (file: string, before: string[] = []) => [
      ...before,
      file,
    ])
    .option('--probe', 'make a pod that tries the store')
    .addOption(
      new Option('--fail-on <verdict>', 'exit 1 from this verdict on')
        .choices(['error', 'warning', 'never'])
        .default('error'),
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print what was seen')
        .choices(['text', 'json', 'sarif', 'junit', 'github'])
        .default('text'),
    )
    .option('--explain <check>', 'print what a check is about, and why')
    .addHelpText('after', doctorHelp)
    .action(async (manifests: string[], options: DoctorOptions) => {
      const screen = open({ json: options.output === 'json', quiet: false });
      const { doctor } = await import('./doctor.js');
      end(await doctor(manifests, options, screen));
    });
}
