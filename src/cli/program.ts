import { Command, CommanderError, Option } from 'commander';
import { exitCodes } from '../problem/index.js';
import { addBackupsCommands } from './backups-commands.js';
import { addChartCommands, type Surroundings } from './chart-commands.js';
import { addDoctorCommand } from './doctor-command.js';
import { asFailure, type Failure } from './failure.js';
import { showOutcome } from './outcome.js';
import { Screen } from './screen.js';
import type { ValidateOptions } from './validate.js';
import { programVersion } from './version.js';

const exitCodeHelp = `
Exit codes:
  ${exitCodes.ok}  done
  ${exitCodes.findings}  the app failed or its objects are wrong; with --check: something would change
  ${exitCodes.usage}  the command line or cdk8s.yaml is wrong
  ${exitCodes.unreadable}  a file, a folder or a program that is needed cannot be read, written or started
`;

const synthHelp = `
The app is run with its output in temporary folders. Only when it has ended well and its objects
are valid does the new output take the place of the old; otherwise the old output stays as it was.

Settings in cdk8s.yaml:
  app     command that runs the app
  output  folder for manifests, replaced as a whole (default: dist)
  values  folder for values files, of which what the app writes is replaced (default: values)

Examples:
  $ chartwright synth                            run the app that cdk8s.yaml names
  $ chartwright synth --app main.ts              run a TypeScript file, no build step needed
  $ chartwright synth --out /tmp/try             look at the manifests somewhere else
  $ chartwright synth --only production staging  replace these two entries of the output only
  $ chartwright synth --check                    in CI: fail if committed files are out of date
  $ chartwright synth --output json | jq .outputs
${exitCodeHelp}`;

const validateHelp = `
Each file is checked for itself; files given with -f are layered under it, as "helm install -f" does.

Examples:
  $ chartwright validate values.yaml --chart vald            against the rules for Vald's own chart
  $ chartwright validate values.yaml --chart ./mychart       against a chart: its schema, keys and defaults
  $ chartwright validate -f base.yaml -f prod.yaml --set replicas=3 --chart mychart-1.2.3.tgz
  $ chartwright validate -f base.yaml environments/ --chart ./mychart
  $ chartwright validate releases/ --fleet --chart vald      a folder for each release, or Argo CD and Flux objects
  $ chartwright validate values/ --chart vald --output sarif > findings.sarif
  $ chartwright validate --explain VALD011

To accept a finding, write above its line or behind it, with the reason:
  # chartwright-ignore VALD011: the volume is always empty here

Exit codes:
  ${exitCodes.ok}  no findings, or none as severe as --fail-on
  ${exitCodes.findings}  findings
  ${exitCodes.usage}  the command line is wrong
  ${exitCodes.unreadable}  a file or chart cannot be read
`;

interface ParsedOptions {
  readonly app?: string;
  readonly out?: string;
  readonly only?: string[];
  readonly check?: boolean;
  readonly output: 'text' | 'json';
  readonly quiet?: boolean;
}

/**
 * Runs one command line.
 *
 * @param words what stands after the program's name
 * @returns the exit code
 * @throws {@link Interrupted} after a signal, once everything temporary is gone
 * @throws Error for a fault of this program
 */
export async function run(words: readonly string[]): Promise<number> {
  // Known before the rest is understood, since a wrong command line has to be told in the wanted form too.
  let screen = new Screen({ json: /(^|\0)(--output[\0=]|-o\0?)json(\0|$)/.test(words.join('\0')), quiet: false });
  let exitCode: number = exitCodes.ok;
  let usage = '';
  const program = new Command('chartwright')
    .description('Kubernetes config as code: manifests, values files and charts from typed constructs.')
    .helpCommand(false)
    .version(programVersion())
    .exitOverride()
    .configureOutput({
      writeErr: (text) => {
        usage += text;
      },
    })
    .addHelpText('after', exitCodeHelp);
  program
    .command('synth')
    .description('run the app and write its manifests and values files')
    .option(
      '-a, --app <file|command>',
      'what to run in place of the "app" of cdk8s.yaml: a .ts or .js file, or a command',
    )
    .option('--out <folder>', 'folder for the manifests in place of the "output" of cdk8s.yaml')
    .option('--only <name...>', 'replace only these entries at the top of the output, leave the others')
    .option('--check', 'write nothing; print a diff and exit 1 if a file that git does not ignore would change')
    .addOption(new Option('-o, --output <format>', 'how to print the result').choices(['text', 'json']).default('text'))
    .option('-q, --quiet', 'print problems only')
    .addHelpText('after', synthHelp)
    .action(async ({ output, quiet, ...options }: ParsedOptions) => {
      screen = new Screen({ json: output === 'json', quiet: quiet === true });
      const { synth } = await import('./synth.js');
      const outcome = await synth(options, screen);
      exitCode = outcome.exitCode;
      showOutcome(outcome, screen);
    });
  program
    .command('validate')
    .description('check values files of a Helm chart')
    .argument('[files...]', 'values files, folders or globs, each checked for itself')
    .option(
      '-c, --chart <chart>',
      'vald, rondb (with @version or without), or the path of a chart’s folder or .tgz file',
    )
    .option('-f, --values <file>', 'values file that is layered under each file; repeat it', append)
    .option('--set <values>', 'set values, as Helm does: a.b=1,c=text; repeat it', append)
    .option('--set-string <values>', 'the same, always as text', append)
    .option('--set-json <values>', 'the same, as JSON', append)
    .option('--set-file <values>', 'the same, from files', append)
    .option('--set-literal <value>', 'set one value as it is', append)
    .option('-r, --release <name>', 'name of the release, for rules about names')
    .option('-n, --namespace <name>', 'namespace of the release')
    .option('--fleet', 'compare with each other too: each folder of files is one release, and each object')
    .addOption(
      new Option('--helm <version>', 'whose ways are followed where the two differ').choices(['3', '4']).default('4'),
    )
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 from this severity on')
        .choices(['error', 'warning', 'info', 'never'])
        .default('error'),
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print the findings')
        .choices(['text', 'json', 'sarif', 'junit', 'github'])
        .default('text'),
    )
    .option('--explain <rule>', 'print what a rule is about, and why')
    .addHelpText('after', validateHelp)
    .action(async (files: string[], options: ValidateOptions) => {
      screen = new Screen({ json: options.output === 'json', quiet: false });
      const { validate } = await import('./validate.js');
      exitCode = await validate(files, options, screen);
    });
  program
    .command('schema')
    .description('print a JSON schema of a chart’s values for editors, with our rules in it')
    .argument('<chart>', 'vald, rondb (with @version or without), or the path of a chart’s folder or .tgz file')
    .option('--out <file>', 'write it to a file')
    .action(async (chart: string, { out }: { out?: string }) => {
      const { writeSchema } = await import('./import-chart.js');
      await writeSchema(chart, out, screen);
    });
  program
    .command('import')
    .description('write TypeScript types of a chart’s values')
    .argument('<chart>', 'path of the chart’s folder or .tgz file')
    .option('-o, --out <folder>', 'folder for the types', 'imports')
    .action(async (chart: string, { out }: { out: string }) => {
      const { importChart } = await import('./import-chart.js');
      await importChart(chart, out, screen);
    });
  const surroundings: Surroundings = {
    open: (options) => {
      screen = new Screen(options);
      return screen;
    },
    end: (code) => {
      exitCode = code;
    },
  };
  addChartCommands(program, surroundings);
  addDoctorCommand(program, surroundings);
  addBackupsCommands(program, surroundings);

  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok;
      if (error.code === 'commander.help') {
        process.stderr.write(usage);
        return exitCodes.usage;
      }
    }
    const failure = asFailure(error);
    if (failure === undefined) throw error;
    return tell(failure, screen);
  }
}

const append = (text: string, before: readonly string[] = []): string[] => [...before, text];

function tell(failure: Failure, screen: Screen): number {
  if (screen.options.json) screen.document({ ok: false, problems: failure.problems, outputs: [] });
  else screen.problems(failure.problems);
  return failure.exitCode;
}
