import { RunSet } from './run-set.js';
import type { Sample } from './trace.js';
import type { Choices } from './traced-values.js';
import { type Option, type Variable, variableId } from './tree.js';

/** Answers to decisions by their identity. */
export type Answers = ReadonlyMap<string, Option>;

export const answersOf = (choices: Choices): Map<string, Option> =>
  new Map([...choices].map(([id, { option }]) => [id, option]));

/** All runs of a function so far, with what is asked of them while learning. */
export class Runs {
  readonly samples: Sample[] = [];
  /** Every decision that was asked for, in the order in which they were first seen. */
  readonly variables = new Map<string, Variable>();
  /** Runs that made objects; the others were refused for their structure. */
  readonly accepted = RunSet.empty();
  /** Two runs that differ in one answer only and in what follows from it, by the decision. */
  readonly pairs = new Map<string, (readonly [number, number])[]>();
  readonly #asked = new Map<string, RunSet>();
  readonly #guards = new Map<string, Set<string>>();
  readonly #outcomes = new Map<string, Map<Option, RunSet>>();
  readonly #numbers = new Map<string, number>();

  /** The number of a run; one with the same decisions as an earlier one is that one. */
  add(sample: Sample): number {
    const key = keyOf(sample.choices);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const run = this.samples.push(sample) - 1;
    this.#numbers.set(key, run);
    if (sample.failures.length === 0) this.accepted.add(run);
    for (const [id, { variable, option }] of sample.choices) {
      if (!this.variables.has(id)) this.variables.set(id, variable);
      setIn(this.#asked, id).add(run);
      const outcomes = this.#outcomes.get(id) ?? new Map<Option, RunSet>();
      this.#outcomes.set(id, outcomes);
      setIn(outcomes, option).add(run);
    }
    return run;
  }

  /** Takes note that two runs differ by one answer. */
  addPair(id: string, a: number, b: number): void {
    const pairs = this.pairs.get(id);
    if (pairs) pairs.push([a, b]);
    else this.pairs.set(id, [[a, b]]);
    const [one, other] = [this.samples[a]!.choices, this.samples[b]!.choices];
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const)
      for (const asked of here.keys())
        if (!there.has(asked)) this.#guards.set(asked, (this.#guards.get(asked) ?? new Set()).add(id));
  }

  /** The decisions of which it was seen that another one is asked for or not by what they are. */
  guards(id: string): ReadonlySet<string> {
    return this.#guards.get(id) ?? new Set();
  }

  /** The runs in which a decision was asked for. */
  asked(id: string): RunSet {
    return this.#asked.get(id) ?? none;
  }

  /** The runs of each outcome of a decision. */
  outcomes(id: string): ReadonlyMap<Option, RunSet> {
    return this.#outcomes.get(id) ?? new Map();
  }

  /** The runs with one outcome of a decision. */
  with(variable: Variable, option: Option): RunSet {
    return this.outcomes(variableId(variable)).get(option) ?? none;
  }

  /** The decisions that two runs were both asked for and answered differently. */
  differing(a: number, b: number): string[] {
    const other = this.samples[b]!.choices;
    const found: string[] = [];
    for (const [id, { option }] of this.samples[a]!.choices) {
      const answer = other.get(id);
      if (answer && answer.option !== option) found.push(id);
    }
    return found;
  }
}

const none = RunSet.empty();

function setIn<Key>(sets: Map<Key, RunSet>, key: Key): RunSet {
  const known = sets.get(key) ?? RunSet.empty();
  sets.set(key, known);
  return known;
}

/** The same answers ask the same questions in the same order. */
const keyOf = (choices: Choices): string => {
  let key = '';
  for (const [id, { option }] of choices) key += `${id}=${String(option)};`;
  return key;
};
