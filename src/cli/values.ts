import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { exitCodes, type Problem } from '../problem/index.js';
import { type FileChange, listFiles } from './comparison.js';
import { Failure, unknownName } from './failure.js';
import { Interruption } from './interruption.js';
import { runModuleProcess } from './module-process.js';
import type { MadeValues } from './module-runner.js';
import type { Screen } from './screen.js';
import { WorkFolder } from './work-folder.js';
import { writeWhole } from './write-whole.js';

/** Options of `chartwright values`; its help says what each is for. */
export interface ValuesOptions {
  readonly env?: string;
  readonly all?: boolean;
  readonly out?: string;
  readonly check?: boolean;
}

/** Values files below one folder. */
interface Plan {
  readonly folder: string;
  /** Text by path below the folder. */
  readonly files: ReadonlyMap<string, string>;
  /** Files of environments that are gone. */
  readonly stale: readonly string[];
}

/** What every values file says that this command has written; the library writes it. */
const mark = 'Made by "chartwright values"';

/**
 * Writes values files of a module's environments, or prints one.
 *
 * @throws {@link Failure} for values that their chart refuses, and for files of somebody else in the way
 */
export async function writeValues(module: string, options: ValuesOptions, screen: Screen): Promise<number> {
  refuseOptions(options);
  const interruption = new Interruption();
  try {
    const wanted = options.env === undefined ? {} : { environments: [options.env] };
    const { values } = await runModuleProcess(module, { wanted: 'values', ...wanted }, interruption, screen);
    if (values.length === 0) throw new Failure([noValues(module)], exitCodes.findings);
    if (options.all) return await settle(planAll(values, options.out ?? 'values'), module, options, screen);
    const text = onlyFile(values, module, options.env!);
    if (options.out !== undefined) {
      const files = new Map([[basename(options.out), text]]);
      return await settle({ folder: dirname(options.out), files, stale: [] }, module, options, screen);
    }
    if (screen.options.json) screen.document({ ok: true, problems: [], outputs: [{ state: 'printed', text }] });
    else screen.result(text);
    return exitCodes.ok;
  } finally {
    interruption.release();
  }
}

function refuseOptions({ env, all, out, check }: ValuesOptions): void {
  const reason =
    (env === undefined) === (all !== true)
      ? 'give either --env with a name, or --all'
      : check && out === undefined && !all
        ? '--check needs --out, the file to compare with'
        : undefined;
  if (reason) throw wrongOptions(reason);
}

/** Each chart has a folder of its own, so that environments of two charts may be called alike. */
function planAll(values: readonly MadeValues[], folder: string): Plan {
  const paths = values.flatMap(({ chart, environments }) => environments.map((name) => `${chart}/${name}.yaml`));
  const twice = paths.filter((path, index) => paths.indexOf(path) !== index);
  if (twice.length > 0) throw new Failure(twice.map(definedTwice), exitCodes.findings);
  const files = new Map<string, string>(
    values.flatMap(({ chart, files }) => files.map(([name, text]) => [`${chart}/${name}.yaml`, text] as const)),
  );
  const stale = values.flatMap(({ chart }) =>
    listFiles(join(folder, chart))
      .map((path) => `${chart}/${path}`)
      .filter((path) => !files.has(path) && isOurs(join(folder, path))),
  );
  return { folder, files, stale: [...new Set(stale)] };
}

function onlyFile(values: readonly MadeValues[], module: string, environment: string): string {
  const known = [...new Set(values.flatMap(({ environments }) => environments))];
  const found = values.flatMap(({ files }) => files);
  if (found.length === 1) return found[0]![1];
  if (found.length > 1) throw wrongOptions(`${module} has values of several charts for it: use --all`);
  throw new Failure([unknownName('--env', 'there is no such environment', environment, known)], exitCodes.usage);
}

/** Writes what changes, or with `--check` shows it. */
async function settle(plan: Plan, module: string, options: ValuesOptions, screen: Screen): Promise<number> {
  const changes = [
    ...[...plan.files].map(([path, text]): FileChange => ({ path, kind: kindOf(join(plan.folder, path), text) })),
    ...plan.stale.map((path): FileChange => ({ path, kind: 'removed' })),
  ];
  const different = changes.filter(({ kind }) => kind !== 'unchanged');
  const strangers = different.filter(({ path, kind }) => kind === 'changed' && !isOurs(join(plan.folder, path)));
  if (!options.check && strangers.length > 0)
    throw new Failure(
      strangers.map(({ path }) => inTheWay(join(plan.folder, path))),
      exitCodes.usage,
    );
  const diffs = options.check ? await diffsOf(different, plan) : [];
  if (!options.check) for (const change of different) put(change, plan);

  const again = `chartwright values ${module} ${options.all ? '--all' : `--env ${options.env}`} --out ${options.out ?? 'values'}`;
  const problems = diffs.map((_, index) => outOfDate(join(plan.folder, different[index]!.path), again));
  const outputs = changes.map((change) => ({
    file: join(plan.folder, change.path),
    state: change.kind === 'unchanged' ? 'unchanged' : options.check ? 'differs' : 'written',
    kind: change.kind,
    ...(options.check && change.kind !== 'unchanged' ? { diff: diffs[different.indexOf(change)] } : {}),
  }));
  if (screen.options.json) screen.document({ ok: problems.length === 0, problems, outputs });
  else {
    for (const diff of diffs) screen.diff(diff);
    if (!screen.options.quiet) screen.result(outputs.map(({ file, kind }) => `${file}  ${kind}\n`).join(''));
    screen.problems(problems);
  }
  return problems.length > 0 ? exitCodes.findings : exitCodes.ok;
}

function kindOf(path: string, text: string): FileChange['kind'] {
  if (!existsSync(path)) return 'new';
  return readFileSync(path, 'utf8') === text ? 'unchanged' : 'changed';
}

function isOurs(path: string): boolean {
  return readFileSync(path, 'utf8').slice(0, 1_000).includes(mark);
}

function put({ path, kind }: FileChange, { folder, files }: Plan): void {
  if (kind === 'removed') rmSync(join(folder, path));
  else writeWhole(join(folder, path), files.get(path)!);
}

async function diffsOf(changes: readonly FileChange[], { folder, files }: Plan): Promise<string[]> {
  if (changes.length === 0) return [];
  const { differenceOf } = await import('./difference.js');
  const work = WorkFolder.elsewhere();
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(work.fresh, path)), { recursive: true });
      writeFileSync(join(work.fresh, path), text);
    }
    return changes.map((change) => differenceOf(change, work.fresh, folder, folder));
  } finally {
    work.remove();
  }
}

function wrongOptions(message: string): Failure {
  const problem: Problem = {
    code: 'invalid-command-line',
    severity: 'error',
    where: { file: 'command line' },
    message,
    hint: 'See "chartwright values --help".',
  };
  return new Failure([problem], exitCodes.usage);
}

function noValues(module: string): Problem {
  return {
    code: 'app-wrote-nothing',
    severity: 'error',
    where: { file: module },
    message: 'exports no values',
    hint: 'Write: export const values = defineValues(chart, { prod: { … } });',
  };
}

function definedTwice(path: string): Problem {
  return {
    code: 'duplicate-file',
    severity: 'error',
    where: { file: path },
    message: 'the module defines this environment of this chart twice',
    hint: 'Give each a name of its own.',
  };
}

function inTheWay(file: string): Problem {
  return {
    code: 'unwritable-output',
    severity: 'error',
    where: { file },
    message: 'there is a file of this name that this command has not written',
    hint: 'Give another place with --out, or remove the file.',
  };
}

function outOfDate(file: string, again: string): Problem {
  return {
    code: 'output-differs',
    severity: 'error',
    where: { file },
    message: 'this file is out of date',
    hint: `Run "${again}" and commit what it writes.`,
  };
}
