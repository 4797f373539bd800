import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes, type Problem } from '../problem/index.js';
import { type AppCommand, configuredCommand, namedCommand } from './app-command.js';
import { runApp } from './app-process.js';
import { type AppReport, readReport, refuseFailedApp, wroteNothing } from './app-report.js';
import { isUnchanged, isYaml, listFiles } from './comparison.js';
import { configurationFile, readConfiguration } from './configuration.js';
import { Failure } from './failure.js';
import { Interruption } from './interruption.js';
import type { Outcome } from './outcome.js';
import { compareOutput, differencesOf, refuseStrangersFiles, selectOutputs, summarize } from './output.js';
import type { Screen } from './screen.js';
import { type Replacement, swap } from './swap.js';
import { findTarget, refuseTargets, type Target } from './target.js';
import { WorkFolder } from './work-folder.js';

/** Options of `chartwright synth`; its help says what each is for. */
export interface SynthOptions {
  readonly app?: string;
  readonly out?: string;
  readonly only?: readonly string[];
  readonly check?: boolean;
}

interface Plan {
  readonly folder: string;
  readonly command: AppCommand;
  readonly manifests: Target;
  readonly values: Target;
  readonly valuesConfigured: boolean;
  readonly warnings: readonly Problem[];
}

/**
 * Runs an app with its output in temporary folders, checks what it wrote, and puts it in the place of the old output.
 * Until everything is known to be good nothing outside of the temporary folders changes.
 *
 * @throws {@link Failure} with what is wrong
 * @throws {@link Interrupted} after a signal; the old output is whole
 */
export async function synth(options: SynthOptions, screen: Screen): Promise<Outcome> {
  const plan = makePlan(options);
  const interruption = new Interruption();
  const work: WorkFolder[] = [];
  try {
    const outputs = [plan.manifests, plan.values].map((target): Replacement => {
      const folder = options.check || !mayWrite(plan, target) ? WorkFolder.elsewhere() : WorkFolder.beside(target);
      work.push(folder);
      return { target, work: folder };
    });
    const report = await runInto(plan, outputs, interruption, screen);
    const written = outputs.filter((output) => listFiles(output.work.fresh).length > 0);
    if (written.length === 0) throw new Failure([wroteNothing(plan.command)], exitCodes.findings);
    refuse(
      plan,
      written.map(({ target }) => target),
    );
    const found = [...plan.warnings, ...report.problems, ...(await checkHere(written, report))];
    if (found.some(({ severity }) => severity === 'error')) throw new Failure(found, exitCodes.findings);

    const selected = selectOutputs(written, options.only);
    const compared = selected.map(compareOutput);
    interruption.check();
    if (options.check) {
      const { problems, outputs } = await differencesOf(compared, plan.folder);
      const exitCode = problems.length > 0 ? exitCodes.findings : exitCodes.ok;
      return { exitCode, problems: [...found, ...problems], outputs };
    }
    for (const output of compared) refuseStrangersFiles(output);
    swap(compared.filter(({ comparison }) => !isUnchanged(comparison)));
    return { exitCode: exitCodes.ok, problems: found, outputs: compared.map((output) => summarize(output)) };
  } finally {
    screen.stopProgress();
    for (const folder of work.reverse()) folder.remove();
    interruption.release();
  }
}

function makePlan(options: SynthOptions): Plan {
  const folder = process.cwd();
  const { configuration, warnings } = readConfiguration(folder, options.app !== undefined);
  // One of the two is there: the configuration was read so.
  const command = options.app ? namedCommand(options.app, folder) : configuredCommand(configuration.app!, folder);
  const output = options.out ? { value: options.out, where: { file: '--out' } } : configuration.output;
  const plan: Plan = {
    folder,
    command,
    manifests: findTarget('manifests', output, folder),
    values: findTarget(
      'values',
      configuration.values ?? { value: 'values', where: { file: configurationFile } },
      folder,
    ),
    valuesConfigured: configuration.values !== undefined,
    warnings,
  };
  // A folder called "values" that nobody configured and the app does not write may be anything.
  refuse(plan, plan.valuesConfigured ? [plan.manifests, plan.values] : [plan.manifests]);
  return plan;
}

function refuse(plan: Plan, targets: readonly Target[]): void {
  const program = [fileURLToPath(import.meta.url), ...(plan.command.file ? [plan.command.file] : [])];
  const problems = refuseTargets(targets, plan.folder, program);
  if (problems.length > 0) throw new Failure(problems, exitCodes.usage);
}

/** False only where nobody asked for values files and the project is read-only: then the app may still write none. */
function mayWrite(plan: Plan, target: Target): boolean {
  if (target.set !== 'values' || plan.valuesConfigured) return true;
  try {
    accessSync(dirname(target.path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function runInto(
  plan: Plan,
  [manifests, values]: readonly Replacement[],
  interruption: Interruption,
  screen: Screen,
): Promise<AppReport> {
  const reportFile = join(manifests!.work.path, 'report.json');
  const environment = {
    ...process.env,
    CDK8S_OUTDIR: manifests!.work.fresh,
    CHARTWRIGHT_VALUES_OUTDIR: values!.work.fresh,
    CHARTWRIGHT_REPORT: reportFile,
  };
  screen.startProgress(`running ${plan.command.text}`);
  const end = await runApp(plan.command, environment, plan.folder, interruption, (chunk) => screen.passOn(chunk));
  screen.stopProgress();
  interruption.check();
  if (end.exitCode === 0 || process.env['CHARTWRIGHT_DEBUG']) screen.passOn(end.stderr);
  const report = readReport(reportFile);
  refuseFailedApp(plan.command, end, report, plan.folder);
  return report;
}

/** Checks what the app did not check itself. */
async function checkHere(written: readonly Replacement[], report: AppReport): Promise<Problem[]> {
  const problems: Problem[] = [];
  const manifests = written.find(({ target }) => target.set === 'manifests');
  if (report.checked === 0 && manifests && listFiles(manifests.work.fresh).some(isYaml)) {
    const { checkOutput } = await import('./output-check.js');
    problems.push(...checkOutput(manifests.work.fresh, manifests.target.shown));
  }
  const values = written.find(({ target }) => target.set === 'values');
  const charts = process.env['VALD_CHART'];
  if (values && charts) {
    const { checkValues } = await import('./values-check.js');
    problems.push(...(await checkValues(values.work.fresh, values.target.shown, charts)));
  }
  return problems;
}
