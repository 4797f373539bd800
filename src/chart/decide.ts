import { type RunSet, union } from './run-set.js';
import type { Runs } from './runs.js';
import { type Option, type Variable, variableId } from './tree.js';

/** Which of several things is at a place, by the decisions that rule it. */
export type DecisionTree =
  | { readonly thing: number }
  | { readonly variable: Variable; readonly branches: ReadonlyMap<Option, DecisionTree> };

export interface Decided {
  readonly tree: DecisionTree;
  /** Runs with different things, by twos, between which nobody knows yet which decision matters. */
  readonly doubts: readonly Pair[];
}

type Pair = readonly [number, number];

/**
 * The decisions that tell apart what runs saw at one place. A decision is taken for one that matters only where two
 * runs that differ in nothing else saw different things; where there are no such two, the best guess is taken and told
 * as a doubt. Only a decision that all of the runs were asked for can come first: there always is one, because a
 * function that was answered the same does the same.
 *
 * @param things the runs that saw each thing
 */
export function decide(runs: Runs, things: readonly RunSet[]): Decided {
  const doubts: Pair[] = [];
  const proofs = proofsFor(runs, things);

  const visit = (sets: readonly RunSet[], sure: boolean): DecisionTree => {
    const present = sets.flatMap((set, thing) => (set.isEmpty ? [] : [thing]));
    if (present.length === 1) return { thing: present[0]! };
    const all = union(sets);
    const there = present.map((thing) => sets[thing]!);
    const proven = [...proofs].flatMap(([id, pairs]) => (pairs.some(([a, b]) => all.has(a) && all.has(b)) ? [id] : []));
    const asked = proven.filter((id) => runs.asked(id).includes(all));
    const best =
      cheapest(runs, asked, all, there) ??
      (proven[0] === undefined ? undefined : guardOf(runs, proven[0], all)) ??
      cheapest(runs, askedFor(runs, all), all, there);
    if (!best)
      throw new Error(
        'the function gave two different things for the same values: is there a random number or the time in it?',
      );
    if (proven.length === 0 && sure) doubts.push(nearest(runs, there[0]!, there[1]!));
    return {
      variable: best.variable,
      branches: new Map(
        best.variable.options.flatMap((option) => {
          const outcome = best.outcomes.get(option);
          if (!outcome) return [];
          return [
            [
              option,
              visit(
                sets.map((set) => set.and(outcome)),
                sure && proven.length > 0,
              ),
            ] as const,
          ];
        }),
      ),
    };
  };
  return { tree: visit(things, true), doubts };
}

/** The runs by twos that differ in one decision only and saw different things, by the decision. */
function proofsFor(runs: Runs, things: readonly RunSet[]): Map<string, Pair[]> {
  const thingOf = new Int32Array(runs.samples.length).fill(-1);
  things.forEach((set, thing) => {
    for (const run of set) thingOf[run] = thing;
  });
  const proofs = new Map<string, Pair[]>();
  // In the order in which decisions were first asked for, so that neighbours are split alike.
  for (const id of runs.variables.keys()) {
    const found = runs.pairs
      .get(id)
      ?.filter(([a, b]) => thingOf[a]! >= 0 && thingOf[b]! >= 0 && thingOf[a] !== thingOf[b]);
    if (found && found.length > 0) proofs.set(id, found);
  }
  return proofs;
}

interface Candidate {
  readonly variable: Variable;
  readonly outcomes: ReadonlyMap<Option, RunSet>;
}

/** The decisions that all of some runs were asked for. */
function askedFor(runs: Runs, all: RunSet): string[] {
  const [first] = all;
  return [...runs.samples[first!]!.choices.keys()].filter((id) => runs.asked(id).includes(all));
}

/** The decision after which the fewest things are left to tell apart; of equals, the one that comes first. */
function cheapest(runs: Runs, ids: readonly string[], all: RunSet, things: readonly RunSet[]): Candidate | undefined {
  let best: Candidate | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const id of ids) {
    const outcomes = new Map([...runs.outcomes(id)].filter(([, set]) => set.meets(all)));
    if (outcomes.size < 2) continue;
    let cost = -outcomes.size;
    for (const outcome of outcomes.values()) for (const set of things) if (set.meets(outcome)) cost++;
    if (cost >= least) continue;
    least = cost;
    best = { variable: runs.variables.get(id)!, outcomes };
  }
  return best;
}

/** The decision on which it depends whether another one is asked for. */
function guardOf(runs: Runs, id: string, all: RunSet): Candidate | undefined {
  const asked = runs.asked(id);
  const things = [all.and(asked), all.without(asked)];
  const always = askedFor(runs, all);
  const guards = runs.guards(id);
  const seen = always.filter((other) => guards.has(other));
  return cheapest(runs, seen, all, things) ?? cheapest(runs, always.reverse(), all, things);
}

const compared = 24;

/** Two runs, one of each set, with few different answers. */
function nearest(runs: Runs, a: RunSet, b: RunSet): Pair {
  let best: Pair | undefined;
  let least = Number.POSITIVE_INFINITY;
  // Later runs are those that something was found out with.
  for (const one of [...a].slice(-compared))
    for (const other of [...b].slice(-compared)) {
      const distance = runs.differing(one, other).length;
      if (distance < least) [least, best] = [distance, [one, other]];
    }
  return best!;
}

/** The decisions of a tree by their identity. */
export function variablesIn(tree: DecisionTree, found = new Map<string, Variable>()): Map<string, Variable> {
  if ('thing' in tree) return found;
  found.set(variableId(tree.variable), tree.variable);
  for (const branch of tree.branches.values()) variablesIn(branch, found);
  return found;
}
