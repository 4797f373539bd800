import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../problem/index.js';
import type { ChartOptions } from './chart.js';
import type { InitOptions, ProjectKind } from './init.js';
import type { PackageOptions } from './package-chart.js';
import type { Screen, ScreenOptions } from './screen.js';
import type { ValuesOptions } from './values.js';

/** What a command needs of the program that it is a part of. */
export interface Surroundings {
  /** Makes the screen that this run shows everything on, its failure too. */
  open(options: ScreenOptions): Screen;
  /** Takes the exit code. */
  end(exitCode: number): void;
}

interface Shown {
  readonly output: 'text' | 'json';
  readonly quiet?: boolean;
}

const chartHelp = `
The module's default export is a chart made by defineChart(); it may export several, by name or in a list.
Each chart is checked against its source before a file is written. Its folder is replaced as a whole,
but for charts/ and Chart.lock, which belong to "helm dependency build". A LICENSE in the folder that
you are in becomes a part of the chart.

Where the folder holds an older version, the two are compared: a change that no upgrade can make, such as
another selector, is an error; a warning where the major version is raised, or with --breaking.

Examples:
  $ chartwright chart src/chart.ts                     write charts/<name of the chart>
  $ chartwright chart src/chart.ts --out deploy/web    the same, where the chart is called web
  $ chartwright chart src/chart.ts --check             in CI: fail if the committed chart is out of date
  $ chartwright chart src/chart.ts --checks 20000      check it on more values, each night
  $ chartwright chart src/chart.ts --policy policies.ts
  $ chartwright chart src/chart.ts --output json | jq '.outputs[].chart'

Exit codes:
  ${exitCodes.ok}  done
  ${exitCodes.findings}  the module failed or cannot be a chart; with --check: something would change
  ${exitCodes.usage}  the command line is wrong, or the folder cannot be an output
  ${exitCodes.unreadable}  a file or folder that is needed cannot be read or written
`;

const packageHelp = `
The archive is called <name>-<version>.tgz and has the same bytes for the same files, on every machine.
It holds what "helm package" would take, .helmignore included; Helm is not needed.

Whoever publishes it does so with Helm: helm push dist/charts/web-1.0.0.tgz oci://registry.example.com/charts
A provenance file for "helm verify" needs your key, so this command makes none; docs/chart.md says how.

Examples:
  $ chartwright package charts/web
  $ chartwright package charts/web --out /tmp --output json | jq -r '.outputs[0].sha256'
  $ chartwright package charts/web --check             fail if the archive that is there is another one

Exit codes:
  ${exitCodes.ok}  done
  ${exitCodes.findings}  Helm would refuse the chart; with --check: the archive is missing or another
  ${exitCodes.usage}  the command line is wrong
  ${exitCodes.unreadable}  the folder is no chart, or a file cannot be read or written
`;

const valuesHelp = `
The module exports what defineValues(chart, { prod: { … }, staging: { … } }) gives. Each environment is
checked by the chart itself before a file is written. A file that this command has not written stays.

Examples:
  $ chartwright values src/chart.ts --env prod | helm upgrade web charts/web -f -
  $ chartwright values src/chart.ts --env prod --out prod.yaml
  $ chartwright values src/chart.ts --all              write values/<chart>/<environment>.yaml
  $ chartwright values src/chart.ts --all --check      in CI: fail if a committed file is out of date

Exit codes:
  ${exitCodes.ok}  done
  ${exitCodes.findings}  the module failed or the chart refuses the values; with --check: a file would change
  ${exitCodes.usage}  the command line is wrong, or a file of somebody else is in the way
  ${exitCodes.unreadable}  a file or folder that is needed cannot be read or written
`;

const initHelp = `
A "chart" project has one construct, one chart with values for two environments, tests, and a workflow of
GitHub Actions. A "library" project publishes the construct as a package, and tests it with the chart.

Examples:
  $ chartwright init                       a chart project in the empty folder that you are in
  $ chartwright init chart web             in the new folder web
  $ chartwright init library constructs --name acme-constructs

Then: npm install && npm test && npm run chart

Exit codes:
  ${exitCodes.ok}  done
  ${exitCodes.usage}  the command line is wrong, or the folder is not empty
  ${exitCodes.unreadable}  the folder cannot be written
`;

/** Adds the commands around charts to the program. */
export function addChartCommands(program: Command, { open, end }: Surroundings): void {
  const screenFor = ({ output, quiet }: Shown) => open({ json: output === 'json', quiet: quiet === true });
  withOutput(
    program
      .command('chart')
      .description('write the Helm charts of a module')
      .argument('<module>', 'a .ts or .js file')
      .option('--out <folder>', 'folder of the charts, or of the one chart where it is called as that', 'charts')
      .option('--checks <number>', 'on how many random values each chart is checked (default: 2000)', wholeNumber)
      .option('--policy <module>', 'a .ts or .js file with checks of your own on what is generated; repeat it', append)
      .option('--breaking', 'write a chart too whose releases cannot be upgraded from the one that is there')
      .option('--check', 'write nothing; print a diff and exit 1 if a file that git does not ignore would change'),
  )
    .addHelpText('after', chartHelp)
    .action(async (module: string, options: ChartOptions & Shown) => {
      const screen = screenFor(options);
      const { writeCharts } = await import('./chart.js');
      end(await writeCharts(module, options, screen));
    });
  withOutput(
    program
      .command('package')
      .description('pack a chart’s folder, reproducibly')
      .argument('<folder>', 'folder of the chart')
      .option('--out <folder>', 'folder for the archive', 'dist/charts')
      .option('--check', 'write nothing; exit 1 if the archive there is not what would be written'),
  )
    .addHelpText('after', packageHelp)
    .action(async (folder: string, options: PackageOptions & Shown) => {
      const screen = screenFor(options);
      const { packageChart } = await import('./package-chart.js');
      end(await packageChart(folder, options, screen));
    });
  withOutput(
    program
      .command('values')
      .description('write checked values files from typed code')
      .argument('<module>', 'a .ts or .js file')
      .option('-e, --env <name>', 'the one environment that is wanted')
      .option('--all', 'all environments, each in a file of its own')
      .option('--out <path>', 'the file (default: printed), or with --all the folder (default: values)')
      .option('--check', 'write nothing; print a diff and exit 1 if a file would change'),
  )
    .addHelpText('after', valuesHelp)
    .action(async (module: string, options: ValuesOptions & Shown) => {
      const screen = screenFor(options);
      const { writeValues } = await import('./values.js');
      end(await writeValues(module, options, screen));
    });
  withOutput(
    program
      .command('init')
      .description('make a new project in an empty folder')
      .addArgument(new Argument('[kind]', 'what to make').choices(['chart', 'library']).default('chart'))
      .argument('[folder]', 'an empty folder, or a new one', '.')
      .option('--name <name>', 'name of the chart and the package (default: the folder’s)'),
  )
    .addHelpText('after', initHelp)
    .action(async (kind: ProjectKind, folder: string, options: InitOptions & Shown) => {
      const screen = screenFor(options);
      const { init } = await import('./init.js');
      init(kind, folder, options, screen);
    });
}

function withOutput(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'how to print the result').choices(['text', 'json']).default('text'))
    .option('-q, --quiet', 'print problems only');
}

const append = (text: string, before: readonly string[] = []): string[] => [...before, text];

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1) throw new InvalidArgumentError('It is a whole number from 1.');
  return number;
}
