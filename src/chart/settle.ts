import { type Problem, ProblemsError } from '../problem/index.js';
import { notAlike, type Template } from './evaluate.js';
import { Explorer } from './explore.js';
import { adviceFor, type Inspection } from './inspect.js';
import type { Meeting } from './meetings.js';
import type { Exceptions } from './precedence.js';
import { isMistake } from './refusal.js';
import { literalsOf, seededRandom, ValueSampler } from './sample-values.js';
import type { Shape } from './shape.js';
import { describe, type StandIns, UntraceableError } from './stand-in.js';
import type { Run } from './trace.js';
import { absent, children, type Option, printPath, type Tree, type Variable } from './tree.js';
import { type Counterexample, differenceFor, findCounterexample, refuses, smallest } from './verify.js';

interface SettleOptions {
  /** Name of the chart, for problems. */
  readonly chart: string;
  readonly shape: Shape;
  readonly run: Run;
  readonly maxPaths: number;
  readonly checks: number;
  /** Texts in which what the function compares with may stand. */
  readonly sources: readonly string[];
  /** Values that the chart takes. @default - none */
  readonly examples?: readonly unknown[];
}

/** A template tree, and what was done to make sure of it. */
interface Settled {
  readonly template: Template;
  readonly mode: 'exhaustive' | 'sampled';
  readonly runs: number;
  /** On how many values it was compared with the function, and how many of them the function does not refuse. */
  readonly checked: number;
  readonly accepted: number;
}

/** In how many structures drawn at random, one behind the other, nothing new may show where not all are gone through. */
const quietRuns = 300;

/**
 * The template tree of a function: explored on stand-ins, then compared with the function itself on random values.
 *
 * @throws {@link ProblemsError} where the function looks into a value, fails, or no template can follow it
 */
export function settle(options: SettleOptions): Settled {
  const { chart, shape, run, maxPaths, checks, sources, examples = [] } = options;
  const random = seededRandom(1);
  const inspections = new Map<string, { problem: Problem; inLibrary: boolean }>();
  const own = () => [...inspections.values()].filter(({ inLibrary }) => !inLibrary).map(({ problem }) => problem);
  try {
    const explorer = new Explorer({
      shape,
      run,
      maxPaths,
      quietRuns,
      random,
      inspected: (inspection, standIns) => {
        const { what, place, inLibrary } = inspection;
        inspections.set(`${what} ${place}`, { inLibrary, problem: inspectionProblem(chart, inspection, standIns) });
      },
    });
    if (own().length > 0) throw new ProblemsError(own());
    let exceptions: Exceptions = new Set();
    const literals = sources.flatMap(literalsOf);
    const known = [...examples];
    for (;;) {
      const sampler = new ValueSampler(random, literals, fixedKeysOf(explorer.learned.documents));
      const { accepted, samples } = explorer.runs;
      const structures = [...accepted].map((sample) => samples[sample]!.choices);
      const found = findCounterexample(
        { shape, run, sampler, checks, known, structures },
        templateOf(explorer, exceptions),
      );
      exceptions = found.template.exceptions;
      if (!found.counterexample) {
        if (found.checked < Math.min(checks, 1))
          throw new UntraceableError('no values were found that the schema takes');
        if (found.undecided.length > 0)
          throw new ProblemsError(found.undecided.map((meeting) => undecidedProblem(chart, meeting)));
        return {
          template: found.template,
          mode: explorer.mode,
          runs: explorer.runs.samples.length,
          checked: found.checked,
          accepted: found.accepted,
        };
      }
      if (!follows(explorer, run, found.template, found.counterexample))
        throw new ProblemsError([
          counterexampleProblem(
            chart,
            smallest({ shape, run }, templateOf(explorer, exceptions), found.counterexample),
          ),
          ...[...inspections.values()].map(({ problem }) => ({ ...problem, severity: 'warning' as const })),
        ]);
    }
  } catch (error) {
    // What was done to a value tells more than what became of it.
    if (error instanceof UntraceableError && own().length > 0) throw new ProblemsError(own());
    throw asProblems(chart, error);
  }
}

function templateOf({ learned: { refusals, documents }, runs }: Explorer, exceptions: Exceptions): Template {
  const failure = runs.accepted.isEmpty ? runs.samples[0]!.failures[0]! : absent;
  return { failure, refusals, documents, exceptions };
}

/** Learns from runs with the structure of some values, of each element of their lists, until they are followed. */
function follows(explorer: Explorer, run: Run, { exceptions }: Template, { filled, release }: Counterexample): boolean {
  for (let element = 0; element < 4; element++) {
    if (!explorer.include(structureOf(filled, explorer.runs.variables, element))) continue;
    if (!differenceFor(run, templateOf(explorer, exceptions), filled, release)) return true;
  }
  return false;
}

/** The answers that values give to the decisions of a function, as to lists by one of their elements. */
function structureOf(values: unknown, variables: ReadonlyMap<string, Variable>, element: number): Map<string, Option> {
  const answers = new Map<string, Option>();
  for (const [id, variable] of variables) {
    const option = optionIn(values, variable, element);
    if (option !== undefined) answers.set(id, option);
  }
  return answers;
}

const whereIn = (chart: string, property = 'values') => ({ construct: `chart ${chart}`, property });

function inspectionProblem(chart: string, inspection: Inspection, standIns: StandIns): Problem {
  return {
    code: 'inspected-value',
    severity: 'error',
    where: whereIn(chart, `values: ${readable(inspection.value, standIns)}`),
    message: `${inspection.what}() at ${inspection.place} looks into a value that is set when the chart is installed`,
    hint: adviceFor(inspection),
  };
}

function counterexampleProblem(chart: string, { given, difference }: ReturnType<typeof smallest>): Problem {
  return {
    code: 'untraceable-chart',
    severity: 'error',
    where: whereIn(chart),
    message: 'the function does something with a value that no template can follow',
    got: `with ${JSON.stringify(given)}\n${difference}`,
    hint: adviceOn(difference),
  };
}

function adviceOn(difference: string): string {
  if (difference.includes(notAlike))
    return 'Make the same of each element: use nothing of its position, no name that a library makes from a construct’s path, and join(separator, ...list) instead of .join().';
  if (difference.includes(refuses))
    return 'Say the rule in the schema, or by refuse() before anything else does: refuse(less(most, least), "…", …). A beginning that every text must have is better written by the function.';
  return 'Do not compare, cut or calculate with the values that differ: use the leaf operations (choose, same, less, add, mul, join, trunc …), or make it a z.enum or z.boolean.';
}

function undecidedProblem(chart: string, { place, key, ways }: Meeting): Problem {
  const setting = ways[0]?.[0];
  return {
    code: 'untraceable-chart',
    severity: 'error',
    where: whereIn(chart, setting ? `values: ${printPath(setting.path)}` : 'values'),
    message: `${place}: nobody can say whether the function's own ${JSON.stringify(key)} wins or the user's: no values were found in which both are there`,
    hint: `Let the schema of the user's keys refuse ${JSON.stringify(key)}, or write the function's own entries behind the user's and under keys that are fixed.`,
  };
}

/** An error that tracing met, as a problem; any other one as it is. */
function asProblems(chart: string, error: unknown): unknown {
  const problem = (code: Problem['code'], message: string, hint: string): ProblemsError =>
    new ProblemsError([{ code, severity: 'error', where: whereIn(chart), message, hint }]);
  if (error instanceof UntraceableError)
    return problem(error.code, error.message, 'Use the leaf operations, or decide by a z.boolean or z.enum.');
  if (!(error instanceof Error) || error instanceof ProblemsError || !isMistake(error)) return error;
  const [place] = placesIn(error);
  return problem(
    'failing-function',
    `the function fails${place ? ` at ${place}` : ''}: ${error.name}: ${error.message}`,
    'Correct it. What is to be refused on purpose is thrown as an Error, or said with refuse().',
  );
}

/** The lines of an error's stack that are no library's. */
const placesIn = ({ stack = '' }: Error): string[] =>
  [...stack.matchAll(/\(?((?:file:\/\/)?\/[^()\s]+:\d+):\d+\)?$/gm)]
    .map(([, place]) => place!.replace(/^file:\/\//, ''))
    .filter((place) => !place.includes('/node_modules/'));

function readable(value: string | number, standIns: StandIns): string {
  try {
    return describe(standIns.decode(value));
  } catch {
    return 'a value';
  }
}

function optionIn(values: unknown, { path, kind }: Variable, element: number): Option | undefined {
  let value: unknown = values;
  for (const step of path.slice(1)) {
    if (value === undefined || value === null) return undefined;
    value =
      typeof step === 'string'
        ? (value as Record<string, unknown>)[step]
        : elementOf(Object.values(value as object), element);
  }
  if (kind === 'present') return value !== undefined;
  if (kind === 'filled') return value === undefined ? undefined : Object.keys(value as object).length > 0;
  return value as Option | undefined;
}

const elementOf = (elements: readonly unknown[], index: number): unknown =>
  elements[Math.min(index, elements.length - 1)];

/** Keys that the author gives to maps in which the user may have entries too. */
function fixedKeysOf(documents: Tree): string[] {
  const found = new Set<string>();
  const visit = (tree: Tree): void => {
    if (tree.kind === 'map' && tree.entries.some(({ key }) => typeof key !== 'string'))
      for (const { key } of tree.entries) if (typeof key === 'string') found.add(key);
    for (const child of children(tree)) visit(child);
  };
  visit(documents);
  return [...found];
}
