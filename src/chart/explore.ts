import type { Inspection } from './inspect.js';
import { type Doubt, type Learned, learn, type Remembered, refusalsOf } from './learn.js';
import { gives, openOutcomes } from './resolve.js';
import { type Answers, answersOf, Runs } from './runs.js';
import type { Shape } from './shape.js';
import { type StandIns, StandInTable, UntraceableError } from './stand-in.js';
import { type Run, type Sample, trace } from './trace.js';
import type { Choices } from './traced-values.js';
import { absent, list, map, type Option, printPath, type Variable } from './tree.js';

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
/** How often a combination is tried before it counts as one that the function refuses. */
const attempts = 3;
/** Up to how many combinations of the decisions that rule one place all of them are tried. */
const mostCombinations = 64;

/** Runs the author's function until its structure is known. */
export class Explorer {
  readonly runs = new Runs();
  /** `exhaustive`: every structure was seen. `sampled`: enough that no further one was found. */
  mode: 'exhaustive' | 'sampled' = 'exhaustive';
  learned: Learned = { refusals: list([]), refusalPlaces: new Map(), documents: map([]), doubts: [], ruled: [] };
  readonly #table = new StandInTable();
  readonly #memory = new Map<string, Remembered>();
  readonly #tried = new Map<string, number>();
  readonly #settledDoubts = new Set<string>();
  /** The number of runs that were learned from. */
  #known = 0;

  constructor(readonly options: ExploreOptions) {
    const { maxPaths } = options;
    const first = trace({ ...options, table: this.#table, told: options.inspected }, new Map());
    expectSame(first, trace({ ...options, table: new StandInTable(7919) }, new Map()));
    this.runs.add(first);
    // Along one path the product is only a guess at how many there are; going through them stops at the limit.
    const guess = [...first.choices.values()].reduce((product, { variable }) => product * variable.options.length, 1);
    if (guess > maxPaths * 16 || !this.#everyPath(first)) {
      this.mode = 'sampled';
      this.#oneAtATime();
    }
    this.#relearn(true);
    if (this.mode === 'sampled') this.#settle(options.quietRuns);
  }

  /**
   * Runs the function with the structure of some values, and learns from it.
   *
   * @returns whether that was new
   */
  include(wanted: Answers): boolean {
    const count = this.runs.samples.length;
    this.#run(wanted);
    if (this.mode === 'exhaustive' || this.runs.samples.length === count) return false;
    this.#relearn();
    this.#settle(randomBatch);
    return true;
  }

  #run(wanted: Answers, watched = false): number {
    if (this.runs.samples.length > this.options.maxPaths * 8)
      throw new UntraceableError(
        `more than ${this.options.maxPaths * 8} structures did not settle: too many decisions rule one place together${this.#worst()}`,
        'unsettled-chart',
      );
    const told = watched ? this.options.inspected : undefined;
    return this.runs.add(trace({ ...this.options, table: this.#table, told }, wanted));
  }

  /** Where most decisions come together. */
  #worst(): string {
    const [worst] = [...this.learned.ruled].sort((a, b) => b.variables.size - a.variables.size);
    if (!worst) return '';
    const values = [...worst.variables.values()].map(({ path }) => printPath(path));
    return `, as in ${worst.place}: ${[...new Set(values)].join(', ')}`;
  }

  /** All structures, or false where they are too many. */
  #everyPath(first: Sample): boolean {
    let next = following(first.choices);
    while (next) {
      if (this.runs.samples.length >= this.options.maxPaths) return false;
      const run = this.#run(next, this.runs.samples.length < 256);
      next = following(this.runs.samples[run]!.choices);
    }
    return true;
  }

  /** Each outcome of each decision once, from where as much as possible is on and from where as much as possible is off. */
  #oneAtATime(): void {
    this.#flips(this.#accepted(0));
    const off = new Map([...this.runs.variables].map(([id, variable]) => [id, variable.options.at(-1)!] as const));
    this.#flips(this.#accepted(this.#run(off, true)));
  }

  #flips(base: number): void {
    const tried = new Set<string>();
    const open = [base];
    for (let from = open.pop(); from !== undefined; from = open.pop())
      for (const [id, { variable, option }] of this.runs.samples[from]!.choices)
        for (const other of variable.options) {
          if (other === option || tried.has(`${id}=${other}`)) continue;
          tried.add(`${id}=${other}`);
          open.unshift(this.#flip(from, id, other));
        }
  }

  #flip(from: number, id: string, option: Option): number {
    const run = this.#run(new Map(answersOf(this.runs.samples[from]!.choices)).set(id, option), true);
    if (run !== from) this.runs.addPair(id, from, run);
    return run;
  }

  /** A run that is not refused and differs from another one in few answers, or that one where none is found. */
  #accepted(base: number): number {
    let current = base;
    for (let steps = 0; steps < 10 && !this.runs.accepted.has(current); steps++) {
      let best = current;
      for (const [id, { variable, option }] of this.runs.samples[current]!.choices)
        for (const other of variable.options) {
          if (other === option) continue;
          const run = this.#flip(current, id, other);
          if (this.#failures(run) < this.#failures(best)) best = run;
          if (this.runs.accepted.has(run)) return run;
        }
      if (best === current) return base;
      current = best;
    }
    return current;
  }

  #failures(run: number): number {
    return this.runs.samples[run]!.failures.length;
  }

  /** Adds runs until what is learned predicts them. */
  #settle(quietRuns: number): void {
    for (let quiet = 0; ; ) {
      while (this.#resolveDoubts() || this.#fill() || this.#combine()) quiet = 0;
      let wrong = 0;
      for (let run = 0; run < randomBatch; run++) if (!this.#predicts(this.#random())) wrong++;
      if (wrong === 0 || !this.#relearn()) quiet += randomBatch;
      else quiet = 0;
      if (quiet >= quietRuns) {
        if (!this.#relearn(true)) return;
        quiet = 0;
      }
    }
  }

  /**
   * @param afresh whether nothing that was learned before is kept: with more runs it may be told more simply
   * @returns whether that changed what is known
   */
  #relearn(afresh = false): boolean {
    const { documents, refusals, doubts } = this.learned;
    const unexpected: number[] = [];
    for (let run = this.#known; run < this.runs.samples.length; run++) if (!this.#predicts(run)) unexpected.push(run);
    this.#known = this.runs.samples.length;
    if (!afresh && unexpected.length === 0 && doubts.length === 0) return false;
    if (afresh) this.#memory.clear();
    this.learned = learn(this.runs, this.#memory, unexpected);
    return this.learned.documents !== documents || this.learned.refusals !== refusals;
  }

  /** Finds the decision between two runs that saw different things at one place. */
  #resolveDoubts(): boolean {
    const open = this.learned.doubts.filter(({ runs }) => !this.#settledDoubts.has(`${runs}`));
    for (const doubt of open) {
      this.#settledDoubts.add(`${doubt.runs}`);
      this.#bisect(doubt);
    }
    if (open.length > 0) this.#relearn();
    return open.length > 0;
  }

  #bisect({ runs: [one, other], look }: Doubt): void {
    let left = one;
    let right = other;
    const { samples } = this.runs;
    const seen = look(samples[left]!);
    for (;;) {
      const differing = this.runs.differing(left, right);
      const next = this.#between(left, right, halves(differing, this.options.random), look);
      if (next && 'run' in next) {
        if (next.there === seen) left = next.run;
        else right = next.run;
        continue;
      }
      const only = differing.length === 1 ? differing[0] : next?.only;
      if (only !== undefined) this.runs.addPair(only, left, right);
      return;
    }
  }

  /** A run with some of the answers of another one that gets to a place, or the only answer that all others follow from. */
  #between(
    left: number,
    right: number,
    parts: Iterable<readonly string[]>,
    look: Doubt['look'],
  ): { readonly run: number; readonly there: string } | { readonly only: string } | undefined {
    const { samples } = this.runs;
    const answers = [...answersOf(samples[right]!.choices), ...answersOf(samples[left]!.choices)];
    for (const changed of parts) {
      const wanted = new Map(answers);
      for (const id of changed) wanted.set(id, samples[right]!.choices.get(id)!.option);
      const run = this.#run(wanted);
      if (run === right && changed.length === 1) return { only: changed[0]! };
      const there = look(samples[run]!);
      if (there !== undefined && run !== left && run !== right) return { run, there };
    }
    return undefined;
  }

  /** Runs what the trees leave open. */
  #fill(): boolean {
    const { refusals, documents } = this.learned;
    const count = this.runs.samples.length;
    for (const group of together([...openOutcomes(refusals), ...openOutcomes(documents)])) {
      const all = new Map(group.flatMap((open) => [...open]));
      const run = this.#try(all, this.#nearest(all));
      if (group.length === 1 || (run !== undefined && this.runs.accepted.has(run))) continue;
      for (const open of group) this.#try(open, this.#nearest(open));
    }
    return this.runs.samples.length > count && this.#relearn();
  }

  /** Runs all combinations of the decisions that one place depends on, where they are few. */
  #combine(): boolean {
    let wrong = 0;
    for (const { variables, runs } of this.learned.ruled) {
      const count = [...variables.values()].reduce((product, { options }) => product * options.length, 1);
      if (count > mostCombinations) continue;
      for (const combination of product([...variables])) {
        let with_ = runs;
        for (const [id, option] of combination) with_ = with_.and(this.runs.with(variables.get(id)!, option));
        if (!with_.isEmpty) continue;
        const run = this.#try(combination, this.#nearest(combination, runs));
        if (run !== undefined && !this.#predicts(run)) wrong++;
      }
    }
    return wrong > 0 && this.#relearn();
  }

  /** Runs a combination, beside the other answers of an accepted run. */
  #try(combination: Answers, base: number | undefined): number | undefined {
    const key = JSON.stringify([...combination].sort(([a], [b]) => (a < b ? -1 : 1)));
    const count = this.#tried.get(key) ?? 0;
    if (count >= attempts) return undefined;
    this.#tried.set(key, count + 1);
    const answers = base === undefined ? [] : answersOf(this.runs.samples[base]!.choices);
    return this.#run(new Map([...answers, ...combination]));
  }

  /** An accepted run that has as many of these answers as possible. */
  #nearest(combination: Answers, among = this.runs.accepted): number | undefined {
    let best: number | undefined;
    let most = -1;
    for (const run of this.#some([...among.and(this.runs.accepted)], 60)) {
      const { choices } = this.runs.samples[run]!;
      let same = this.options.random() / 2;
      for (const [id, option] of combination) if (choices.get(id)?.option === option) same++;
      if (same > most) [most, best] = [same, run];
    }
    return best;
  }

  #some(runs: readonly number[], count: number): readonly number[] {
    if (runs.length <= count) return runs;
    return Array.from({ length: count }, () => runs[Math.floor(this.options.random() * runs.length)]!);
  }

  /**
   * A random run. Where most structures are refused, random ones say nothing of the objects: so most are changes of
   * accepted ones, in a few answers or in many.
   */
  #random(): number {
    const { random } = this.options;
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
    const accepted = [...this.runs.accepted];
    const wanted = new Map<string, Option>();
    if (accepted.length > 0 && random() < 0.9)
      for (const [id, option] of answersOf(this.runs.samples[pick(accepted)]!.choices)) wanted.set(id, option);
    const share = wanted.size === 0 ? 1 : random() < 0.5 ? 0.5 : 3 / this.runs.variables.size;
    for (const [id, { options }] of this.runs.variables) if (random() < share) wanted.set(id, pick(options));
    return this.#run(wanted);
  }

  #predicts(run: number): boolean {
    const sample = this.runs.samples[run]!;
    const { refusalPlaces, documents } = this.learned;
    const actual = new Set(refusalsOf(sample));
    for (const refusal of actual) {
      const place = refusalPlaces.get(refusal);
      if (!place || !gives(place, refusal, sample.choices)) return false;
    }
    if (sample.failures.length > 0) return true;
    for (const [refusal, place] of refusalPlaces)
      if (!actual.has(refusal) && !gives(place, absent, sample.choices)) return false;
    return gives(documents, sample.documents, sample.choices);
  }
}

/** A hash or a remainder of a stand-in looks like any text or number: it shows when the stand-ins are others. */
function expectSame(a: Sample, b: Sample): void {
  const same = (one: readonly unknown[], other: readonly unknown[]) =>
    one.length === other.length && one.every((item, index) => item === other[index]);
  if (a.failures.length > 0 && b.failures.length > 0) return;
  if (a.documents !== b.documents || !same(a.refusals, b.refusals) || !same(a.failures, b.failures))
    throw new UntraceableError(
      'a value of the chart was computed with: a hash, an encoding, a remainder or a random number of it is in the output',
    );
}

/**
 * Parts of some answers, not all of them: a half, other halves where that one is refused, and where all are, each answer
 * alone and all but each: the fewer change, the fewer are refused together.
 */
function* halves(ids: readonly string[], random: () => number): Generator<readonly string[]> {
  if (ids.length < 2) return;
  yield ids.slice(ids.length >> 1);
  for (let attempt = 1; attempt < 6; attempt++) {
    const some = ids.filter(() => random() < 0.5);
    if (some.length > 0 && some.length < ids.length) yield some;
  }
  for (const id of ids) yield [id];
  for (const id of ids) yield ids.filter((other) => other !== id);
}

/** The answers of the next path in depth-first order. */
function following(choices: Choices): Answers | undefined {
  const made = [...choices];
  while (made.length > 0) {
    const [id, { variable, option }] = made.pop()!;
    const other = variable.options[variable.options.indexOf(option) + 1];
    if (other === undefined) continue;
    return new Map([...made.map(([earlier, { option: kept }]) => [earlier, kept] as const), [id, other]]);
  }
  return undefined;
}

/** How many open outcomes one run tries at once: where it is refused, each is tried alone. */
const atOnce = 6;

/** Outcomes in groups that do not contradict each other. */
function together(all: readonly Answers[]): Answers[][] {
  const groups: { parts: Answers[]; answers: Map<string, Option> }[] = [];
  for (const open of all) {
    const fits = groups.find(
      ({ parts, answers }) =>
        parts.length < atOnce && [...open].every(([id, option]) => (answers.get(id) ?? option) === option),
    );
    const group = fits ?? { parts: [], answers: new Map<string, Option>() };
    if (!fits) groups.push(group);
    group.parts.push(open);
    for (const [id, option] of open) group.answers.set(id, option);
  }
  return groups.map(({ parts }) => parts);
}

function product(variables: readonly (readonly [string, Variable])[]): Answers[] {
  return variables.reduce<Answers[]>(
    (all, [id, { options }]) => all.flatMap((wanted) => options.map((option) => new Map(wanted).set(id, option))),
    [new Map()],
  );
}
