import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UpgradeRecord } from '../chart/index.js';
import { exitCodes, type Problem } from '../problem/index.js';
import { isUnchanged } from './comparison.js';
import { Failure } from './failure.js';
import { Interruption } from './interruption.js';
import { runModuleProcess } from './module-process.js';
import type { MadeChart } from './module-runner.js';
import { type Outcome, type OutputSummary, showOutcome } from './outcome.js';
import { type ComparedOutput, compareOutput, differencesOf, summarize } from './output.js';
import type { Screen } from './screen.js';
import { type Replacement, swap } from './swap.js';
import { findTarget, refuseTargets, type Target } from './target.js';
import { WorkFolder } from './work-folder.js';

/** Options of `chartwright chart`; its help says what each is for. */
export interface ChartOptions {
  readonly out: string;
  readonly checks?: number;
  readonly check?: boolean;
  readonly policy?: readonly string[];
  readonly breaking?: boolean;
}

/** What is told of a chart: what became of its folder, and how sure it is. */
interface ChartSummary extends OutputSummary {
  readonly chart: Omit<MadeChart, 'files'>;
}

/** Belongs to `helm dependency build`, not to us. */
const keptFiles = ['charts', 'Chart.lock'];

/**
 * Writes the charts of a module, each to a folder of its own. Until all of them are made and proven nothing outside of
 * temporary folders changes.
 *
 * @throws {@link Failure} with what is wrong
 * @throws {@link Interrupted} after a signal; the old charts are whole
 */
export async function writeCharts(module: string, options: ChartOptions, screen: Screen): Promise<number> {
  const folder = process.cwd();
  const interruption = new Interruption();
  const work: WorkFolder[] = [];
  try {
    const { checks, policy } = options;
    const wanted = {
      wanted: 'charts',
      ...(checks ? { checks } : {}),
      ...(policy ? { policies: policy } : {}),
    } as const;
    const { charts, problems: warnings } = await runModuleProcess(module, wanted, interruption, screen);
    const targets = targetsOf(charts, module, options.out, folder);
    const compared = charts.map((chart, index) => {
      const target = targets[index]!;
      const place = options.check ? WorkFolder.elsewhere() : WorkFolder.beside(target);
      work.push(place);
      return prepare(chart, { target, work: place }, folder);
    });
    interruption.check();
    const notes = [...warnings];
    for (const output of compared) notes.push(...(await upgradeProblemsOf(output, options.breaking === true)));
    if (!options.check && notes.some(({ severity }) => severity === 'error'))
      throw new Failure(notes, exitCodes.findings);
    if (options.check) {
      const again = { what: 'generating it again', command: `chartwright chart ${module} --out ${options.out}` };
      const { problems, outputs } = await differencesOf(compared, folder, again);
      return show(
        {
          exitCode: problems.length > 0 ? exitCodes.findings : exitCodes.ok,
          problems: [...notes, ...problems],
          outputs,
        },
        charts,
        screen,
      );
    }
    for (const output of compared) refuseStrangersFolder(output);
    const stale = compared.filter(needsDependencies);
    swap(compared.filter(({ comparison }) => !isUnchanged(comparison)));
    for (const { target } of stale)
      screen.note(`${target.shown}: run "helm dependency update ${target.shown}", its dependencies are not there`);
    return show(
      { exitCode: exitCodes.ok, problems: notes, outputs: compared.map((one) => summarize(one)) },
      charts,
      screen,
    );
  } finally {
    for (const place of work.reverse()) place.remove();
    interruption.release();
  }
}

/** One chart may be given its own folder, `charts/web`; otherwise it is called as the chart, as Helm wants it. */
function targetsOf(charts: readonly MadeChart[], module: string, out: string, folder: string): Target[] {
  const names = charts.map(({ name }) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (names.length === 0) throw new Failure([noChart(module)], exitCodes.findings);
  if (twice.length > 0)
    throw new Failure(
      twice.map((name) => sameName(name, module)),
      exitCodes.findings,
    );
  const own = names.length === 1 && basename(out) === names[0];
  const where = { file: '--out' };
  const targets = names.map((name) => findTarget('chart', { value: own ? out : join(out, name), where }, folder));
  const problems = refuseTargets(targets, folder, [fileURLToPath(import.meta.url), resolve(folder, module)]);
  if (problems.length > 0) throw new Failure(problems, exitCodes.usage);
  return targets;
}

/** Writes a chart to its temporary folder, with what belongs to it and is not made by the engine. */
function prepare(chart: MadeChart, output: Replacement, folder: string): ComparedOutput {
  const { fresh } = output.work;
  for (const [path, text] of chart.files) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true });
    writeFileSync(join(fresh, path), text);
  }
  for (const name of keptFiles) {
    const present = join(output.target.path, name);
    if (existsSync(present) && !existsSync(join(fresh, name))) cpSync(present, join(fresh, name), { recursive: true });
  }
  const licence = join(folder, 'LICENSE');
  if (existsSync(licence) && !existsSync(join(fresh, 'LICENSE'))) copyFileSync(licence, join(fresh, 'LICENSE'));
  return compareOutput(output);
}

/** Whether the dependencies are others than those that Helm has put into the folder, or it has put none there. */
function needsDependencies({ target, work }: ComparedOutput): boolean {
  const [before, after] = [target.path, work.fresh].map((folder) => dependenciesIn(join(folder, 'Chart.yaml')));
  return after !== undefined && (before !== after || !existsSync(join(target.path, 'charts')));
}

/** The line of Chart.yaml, in which a chart of ours has all of them. */
const dependenciesIn = (file: string): string | undefined =>
  existsSync(file) ? /^dependencies: .*$/m.exec(readFileSync(file, 'utf8'))?.[0] : undefined;

/** What breaks for the releases of the chart that is there. */
async function upgradeProblemsOf({ target, work }: ComparedOutput, isMeant: boolean): Promise<Problem[]> {
  if (!existsSync(join(target.path, 'Chart.yaml'))) return [];
  // With it comes all of cdk8s, which a first run does without.
  const { upgradeFile, upgradeProblems } = await import('../chart/index.js');
  const [before, after] = [target.path, work.fresh].map((folder) => readRecord(join(folder, upgradeFile)));
  if (!before || !after) return [];
  return upgradeProblems(before, after).map((problem) => (isMeant ? { ...problem, severity: 'warning' } : problem));
}

/** What a chart keeps for this comparison; nothing where it was made by hand or by an older version. */
function readRecord(file: string): UpgradeRecord | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as UpgradeRecord;
  } catch {
    return undefined;
  }
}

/** The last guard before a folder is replaced: one with files and no Chart.yaml is no chart but a wrong path. */
function refuseStrangersFolder({ target }: ComparedOutput): void {
  if (!existsSync(target.path) || existsSync(join(target.path, 'Chart.yaml'))) return;
  if (readdirSync(target.path).every((name) => name.startsWith('.'))) return;
  const problem: Problem = {
    code: 'unwritable-output',
    severity: 'error',
    where: target.where,
    message: 'this folder holds files and is no chart, and all of them would be removed',
    got: target.shown,
    allowed: 'an empty folder, or the folder of this chart',
    hint: 'Give another folder, or empty this one if it is the right one.',
  };
  throw new Failure([problem], exitCodes.usage);
}

function show(outcome: Outcome, charts: readonly MadeChart[], screen: Screen): number {
  const outputs = outcome.outputs.map((summary, index): ChartSummary => {
    const { files: _, ...chart } = charts[index]!;
    return { ...summary, chart };
  });
  showOutcome({ ...outcome, outputs }, screen);
  if (!screen.options.json && !screen.options.quiet)
    for (const { chart } of outputs) {
      screen.result(`${sureness(chart)}\n`);
      // An exception that nobody meant to throw is a refusal too: so all of them are shown.
      for (const message of chart.refusals) screen.result(`${chart.name} refuses some values: ${message}\n`);
    }
  return outcome.exitCode;
}

function sureness({ name, version, mode, runs, checks, accepted = checks }: ChartSummary['chart']): string {
  const seen = mode === 'exhaustive' ? 'all structures seen' : 'sampled until no further structure was found';
  const refused = checks > accepted ? `, ${checks - accepted} of them refused` : '';
  return `${name} ${version}: ${mode} (${seen}) in ${runs} runs, equal to its source on ${checks} values${refused}`;
}

function noChart(module: string): Problem {
  return {
    code: 'app-wrote-nothing',
    severity: 'error',
    where: { file: module },
    message: 'exports no chart',
    allowed: 'a chart as default export, or several by name or in a list',
    hint: 'Write: export default defineChart({ … }, (scope, values, release) => { … });',
  };
}

function sameName(name: string, module: string): Problem {
  return {
    code: 'duplicate-file',
    severity: 'error',
    where: { file: module },
    message: `exports two charts called ${name}`,
    hint: 'Give each chart a name of its own.',
  };
}
