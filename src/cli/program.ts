import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import { exitCodes } from '../problem/index.js';
import { asFailure, type Failure } from './failure.js';
import { showOutcome } from './outcome.js';
import { Screen } from './screen.js';

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
    .version((createRequire(import.meta.url)('chartwright/package.json') as { version: string }).version)
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

function tell(failure: Failure, screen: Screen): number {
  if (screen.options.json) screen.document({ ok: false, problems: failure.problems, outputs: [] });
  else screen.problems(failure.problems);
  return failure.exitCode;
}
