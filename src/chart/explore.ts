import type { Template } from './evaluate.js';
import type { Inspection } from './inspect.js';
import { learn, openOutcomes, resolve } from './learn.js';
import type { Shape } from './shape.js';
import { type StandIns, UntraceableError } from './stand-in.js';
import { type Run, type Sample, trace } from './trace.js';
import type { Choices } from './traced-values.js';
import { absent, children, list, map, type Option, type Tree, type Variable, variableId } from './tree.js';

/** How a chart's function was explored. */
export interface Exploration {
  /** `exhaustive`: every structure was seen. `sampled`: enough that no further one was found. */
  readonly mode: 'exhaustive' | 'sampled';
  readonly samples: Sample[];
  readonly variables: ReadonlyMap<string, Variable>;
}

export interface ExploreOptions {
  readonly shape: Shape;
  readonly run: Run;
  /** Largest number of structures that are all gone through. */
  readonly maxPaths: number;
  /** How many random structures must be predicted rightly, one behind the other, where not all are gone through. */
  readonly quietRuns: number;
  readonly random: () => number;
  readonly inspected: (inspection: Inspection, standIns: StandIns) => void;
}

/** Learning takes longer than running: what a batch of runs shows is learned at once. */
const randomBatch = 50;

type Wanted = ReadonlyMap<string, Option>;

/** Runs the author's function until its structure is known. */
export function explore(options: ExploreOptions): Exploration {
  const { shape, run, maxPaths } = options;
  const first = trace({ shape, run, told: options.inspected }, new Map());
  expectSame(first, trace({ shape, run, first: 7919 }, new Map()));
  // Along one path the product is only a guess at how many there are; DFS stops at the limit in any case.
  const guess = [...first.choices.values()].reduce((product, { variable }) => product * variable.options.length, 1);
  const all = guess <= maxPaths * 16 ? everyPath(options, first) : undefined;
  if (all) return { mode: 'exhaustive', samples: all, variables: variablesOf(all) };
  const samples = refine(options, oneAtATime(options, first));
  return { mode: 'sampled', samples, variables: variablesOf(samples) };
}

/** A hash or a remainder of a stand-in looks like any text or number: it shows when the stand-ins are others. */
function expectSame(a: Sample, b: Sample): void {
  if (a.failure !== b.failure && a.failure && b.failure) return;
  if (a.documents !== b.documents || a.refusals !== b.refusals || a.failure !== b.failure)
    throw new UntraceableError(
      'a value of the chart was computed with: a hash, an encoding, a remainder or a random number of it is in the output',
    );
}

function everyPath({ shape, run, maxPaths, inspected }: ExploreOptions, first: Sample): Sample[] | undefined {
  const samples = [first];
  let next = following(first.choices);
  while (next) {
    if (samples.length >= maxPaths) return undefined;
    const sample = trace({ shape, run, told: samples.length < 256 ? inspected : undefined }, next);
    samples.push(sample);
    next = following(sample.choices);
  }
  return samples;
}

/** The answers of the next path in depth-first order. */
function following(choices: Choices): Wanted | undefined {
  const made = [...choices];
  while (made.length > 0) {
    const [id, { variable, option }] = made.pop()!;
    const other = variable.options[variable.options.indexOf(option) + 1];
    if (other === undefined) continue;
    return new Map([...made.map(([earlier, { option: kept }]) => [earlier, kept] as const), [id, other]]);
  }
  return undefined;
}

/** Each outcome of each decision once, from where everything is on and from where everything is off. */
function oneAtATime(options: ExploreOptions, first: Sample): Sample[] {
  const samples = [first];
  const tried = new Set<string>();
  const visit = (sample: Sample, from: Wanted): void => {
    const added: [Sample, Wanted][] = [];
    for (const [id, { variable, option }] of sample.choices)
      for (const other of variable.options) {
        if (other === option || tried.has(`${id}=${other} ${from === none}`)) continue;
        tried.add(`${id}=${other} ${from === none}`);
        const wanted = new Map([...answers(sample.choices), [id, other] as const]);
        const next = trace({ ...options, told: options.inspected }, wanted);
        samples.push(next);
        added.push([next, from]);
      }
    for (const [next, base] of added) visit(next, base);
  };
  const none: Wanted = new Map();
  visit(first, none);
  const off = new Map([...variablesOf(samples)].map(([id, variable]) => [id, variable.options.at(-1)!] as const));
  const last = trace({ ...options, told: options.inspected }, off);
  samples.push(last);
  visit(last, off);
  return samples;
}

const answers = (choices: Choices): Map<string, Option> =>
  new Map([...choices].map(([id, { option }]) => [id, option]));

/**
 * Adds runs until the learned tree predicts them: what it leaves open, all combinations of the decisions that one place
 * of it depends on, and random ones.
 */
function refine(options: ExploreOptions, samples: Sample[]): Sample[] {
  const seen = new Set(samples.map(({ choices }) => keyOf(answers(choices))));
  const tried = new Set<string>();
  let template = learnTemplate(samples);
  const check = (wanted: Wanted): boolean => {
    if (tried.has(keyOf(wanted))) return true;
    tried.add(keyOf(wanted));
    const sample = trace(options, wanted);
    const key = keyOf(answers(sample.choices));
    if (seen.has(key)) return true;
    if (predicts(template, sample)) return true;
    seen.add(key);
    samples.push(sample);
    return false;
  };
  const relearn = () => {
    template = learnTemplate(samples);
  };
  for (;;) {
    const trees = [template.failure, template.refusals, template.documents];
    const wanted = trees.flatMap((tree) => [...openOutcomes(tree), ...combinations(tree)]);
    const wrong = wanted.filter((one) => !check(one)).length;
    if (wrong === 0) break;
    relearn();
  }
  for (let quiet = 0; quiet < options.quietRuns; ) {
    const variables = [...variablesOf(samples)];
    const before = samples.length;
    for (let run = 0; run < randomBatch; run++)
      check(
        new Map(
          variables.map(([id, variable]) => [
            id,
            variable.options[Math.floor(options.random() * variable.options.length)]!,
          ]),
        ),
      );
    if (samples.length === before) quiet += randomBatch;
    else {
      quiet = 0;
      relearn();
    }
    if (samples.length > options.maxPaths)
      throw new UntraceableError(
        `more than ${options.maxPaths} structures did not settle: too many decisions rule one place together`,
      );
  }
  return samples;
}

const keyOf = (wanted: Wanted): string => JSON.stringify([...wanted].sort(([a], [b]) => (a < b ? -1 : 1)));

/** All combinations of the decisions that a place depends on together, where they are few. */
function combinations(tree: Tree): Wanted[] {
  const found: Wanted[] = [];
  const visit = (inner: Tree): void => {
    if (inner.kind === 'choice') {
      const variables = new Map<string, Variable>();
      const collect = (node: Tree): void => {
        if (node.kind === 'choice') {
          variables.set(variableId(node.variable), node.variable);
          for (const branch of node.branches.values()) collect(branch);
        } else visit(node);
      };
      collect(inner);
      const count = [...variables.values()].reduce((product, { options }) => product * options.length, 1);
      if (variables.size > 1 && count <= 32) found.push(...product([...variables]));
      return;
    }
    for (const child of children(inner)) visit(child);
  };
  visit(tree);
  return found;
}

function product(variables: readonly (readonly [string, Variable])[]): Wanted[] {
  return variables.reduce<Wanted[]>(
    (all, [id, { options }]) => all.flatMap((wanted) => options.map((option) => new Map(wanted).set(id, option))),
    [new Map()],
  );
}

function predicts(template: Omit<Template, 'userWins'>, sample: Sample): boolean {
  const failure = resolve(template.failure, sample.choices);
  if (failure !== (sample.failure ?? absent)) return false;
  if (sample.failure) return true;
  return (
    resolve(template.refusals, sample.choices) === sample.refusals &&
    resolve(template.documents, sample.choices) === sample.documents
  );
}

/** What the runs say together. Runs that failed say nothing of the objects. */
export function learnTemplate(samples: readonly Sample[]): Omit<Template, 'userWins'> {
  const failure = learn(samples.map((sample) => ({ choices: sample.choices, tree: sample.failure ?? absent })));
  const good = samples.filter((sample) => !sample.failure);
  const of = (part: 'refusals' | 'documents', empty: Tree) =>
    good.length === 0 ? empty : learn(good.map((sample) => ({ choices: sample.choices, tree: sample[part] })));
  return { failure, refusals: of('refusals', list([])), documents: of('documents', map([])) };
}

function variablesOf(samples: readonly Sample[]): Map<string, Variable> {
  return new Map(samples.flatMap(({ choices }) => [...choices].map(([id, { variable }]) => [id, variable] as const)));
}
