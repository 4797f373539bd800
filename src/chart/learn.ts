import { type DecisionTree, decide, variablesIn } from './decide.js';
import { always, isStructural } from './evaluate.js';
import { itemIdentity, itemsByIdentity, repeatedPaths, withRepeats } from './list-items.js';
import { mergeOrders } from './order.js';
import { gives, restrict } from './resolve.js';
import { RunSet, union } from './run-set.js';
import type { Runs } from './runs.js';
import type { Sample } from './trace.js';
import {
  absent,
  call,
  choice,
  type Entry,
  each,
  entryId,
  type Kind,
  list,
  map,
  type Option,
  type Tree,
  type Variable,
  variableId,
  yaml,
} from './tree.js';

/** What was seen at one place of the output, with the runs that saw it. */
type Seen = ReadonlyMap<Tree, RunSet>;

/** Somewhere in the output. */
interface Place {
  /** The way to it: keys, identities of list items, kinds of things. */
  readonly key: string;
  /** What a run has there, or undefined where it does not get as far. */
  readonly look: (sample: Sample) => Tree | undefined;
}

/** Two runs with different things at a place, between which nobody knows which decision matters. */
export interface Doubt {
  readonly place: string;
  readonly runs: readonly [number, number];
  /** What a run has there, as a text that is the same for things of one kind. */
  readonly look: (sample: Sample) => string | undefined;
}

/** A place that several decisions rule together, and the runs that get to it. */
export interface RuledPlace {
  readonly place: string;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly runs: RunSet;
}

/** What runs say together. */
export interface Learned {
  /** A list of maps: `condition` and `message`. */
  readonly refusals: Tree;
  /** The same by what is refused: what is at the place of each. */
  readonly refusalPlaces: ReadonlyMap<Tree, Tree>;
  /** A map: objects by the path of their construct. */
  readonly documents: Tree;
  readonly doubts: readonly Doubt[];
  readonly ruled: readonly RuledPlace[];
}

/**
 * The smallest trees found that give what each run gave. Where runs agree on the kind of thing at a place, it goes on
 * below; where they do not, decisions tell apart which kind is there, and what is inside of each kind is learned once.
 *
 * @param memory what was learned before: places that give what the unexpected runs gave are not learned again
 * @param unexpected the runs since then that gave something else than what was learned
 */
export function learn(runs: Runs, memory?: Map<string, Remembered>, unexpected: readonly number[] = []): Learned {
  const learner = new Learner(runs, memory, unexpected);
  const refusalPlaces = learner.refusals();
  const documents = learner.documents();
  const { doubts, ruled } = learner;
  return { refusals: list([...refusalPlaces.values()]), refusalPlaces, documents, doubts, ruled };
}

/** What was learned at a place. */
export interface Remembered {
  readonly tree: Tree;
  readonly ruled: readonly RuledPlace[];
}

/** Things of one kind at a place. */
interface Group {
  readonly kind: string;
  readonly seen: Map<Tree, RunSet>;
}

class Learner {
  readonly doubts: Doubt[] = [];
  readonly ruled: RuledPlace[] = [];

  constructor(
    readonly runs: Runs,
    readonly memory: Map<string, Remembered> | undefined,
    readonly unexpected: readonly number[],
  ) {}

  documents(): Tree {
    const seen = new Map<Tree, RunSet>();
    for (const run of this.runs.accepted) addTo(seen, this.runs.samples[run]!.documents, run);
    if (seen.size === 0) return map([]);
    return this.#learn(seen, {
      key: '',
      look: (sample) => (sample.failures.length === 0 ? sample.documents : undefined),
    });
  }

  /**
   * Each refusal is a place of its own. A run that was refused for the structure of its values says nothing of the
   * others: nobody sees what else would have been refused. So such refusals stand first: after one of them nothing else
   * is computed.
   */
  refusals(): Map<Tree, Tree> {
    const found = new Map<Tree, RunSet>();
    this.runs.samples.forEach((sample, run) => {
      for (const refusal of refusalsOf(sample)) addTo(found, refusal, run);
    });
    const structural = [...found].filter(([refusal]) => isStructural(refusal));
    const others = [...found].filter(([refusal]) => !isStructural(refusal));
    return new Map(
      [...structural, ...others].map(([refusal, present]) => {
        const seen = new Map([[refusal, present]]);
        const without = this.runs.accepted.without(present);
        if (!without.isEmpty) seen.set(absent, without);
        const tree = this.#learn(seen, {
          key: `refusal ${refusal.id}`,
          look: (sample) => {
            if (refusalsOf(sample).includes(refusal)) return refusal;
            return sample.failures.length === 0 ? absent : undefined;
          },
        });
        return [refusal, tree];
      }),
    );
  }

  #learn(seen: Seen, place: Place): Tree {
    const [only] = seen.keys();
    if (seen.size === 1) return only!;
    const known = this.memory?.get(place.key);
    if (known && this.#holds(known.tree, place)) {
      this.ruled.push(...known.ruled);
      return known.tree;
    }
    const [doubts, ruled] = [this.doubts.length, this.ruled.length];
    const tree = this.#distinguish(seen, place);
    if (this.doubts.length > doubts) this.memory?.delete(place.key);
    else this.memory?.set(place.key, { tree, ruled: this.ruled.slice(ruled) });
    return tree;
  }

  /** Whether what was learned gives what the unexpected runs have at a place. */
  #holds(tree: Tree, place: Place): boolean {
    return this.unexpected.every((run) => {
      const sample = this.runs.samples[run]!;
      const there = place.look(sample);
      return there === undefined || gives(tree, there, sample.choices);
    });
  }

  #distinguish(seen: Seen, place: Place): Tree {
    const { groups, kindOf } = groupsOf(seen);
    if (groups.length === 1) return this.#inside(groups[0]!, place);
    const sets = groups.map((group) => union(group.seen.values()));
    const { tree, doubts } = decide(this.runs, sets);
    for (const doubt of doubts)
      this.doubts.push({
        place: place.key,
        runs: doubt,
        look: (sample) => {
          const there = place.look(sample);
          return there && kindOf(there);
        },
      });
    const variables = variablesIn(tree);
    if (variables.size > 1) this.ruled.push({ place: place.key, variables, runs: union(sets) });
    // Where a thing is at several places it is the same at each of them, so that it is printed once.
    const inside = groups.map((group, thing) =>
      restrict(this.#inside(group, placeOf(group, place, kindOf)), commonAnswers(tree, thing)),
    );
    const build = (inner: DecisionTree): Tree =>
      'thing' in inner
        ? inside[inner.thing]!
        : choice(inner.variable, new Map([...inner.branches].map(([option, branch]) => [option, build(branch)])));
    return build(tree);
  }

  #inside({ seen }: Group, place: Place): Tree {
    const first = seen.keys().next().value!;
    if (seen.size === 1) return first;
    switch (first.kind) {
      case 'map':
        return this.#map(seen as ReadonlyMap<Kind<'map'>, RunSet>, place);
      case 'list':
        return this.#list(seen as ReadonlyMap<Kind<'list'>, RunSet>, place);
      case 'each':
        return each(
          first.path,
          first.body.map((_, index) =>
            this.#part(seen, place, String(index), (tree) => (tree.kind === 'each' ? tree.body[index] : undefined)),
          ),
        );
      case 'yaml':
        return yaml(this.#part(seen, place, 'yaml', (tree) => (tree.kind === 'yaml' ? tree.content : undefined)));
      case 'call':
        return call(
          first.operation,
          [this.#part(seen, place, first.operation, (tree) => (tree.kind === 'call' ? tree.operands[0] : undefined))],
          first.type,
          [first.low, first.high],
        );
      default:
        throw new Error(`a ${first.kind} has no parts`);
    }
  }

  #part(seen: Seen, place: Place, step: string, part: (tree: Tree) => Tree | undefined): Tree {
    const inner = new Map<Tree, RunSet>();
    for (const [tree, runs] of seen) {
      const there = part(tree) ?? absent;
      const known = inner.get(there);
      inner.set(there, known ? known.or(runs) : runs);
    }
    return this.#learn(inner, {
      key: `${place.key}/${step}`,
      look: (sample) => {
        const outer = place.look(sample);
        return outer && part(outer);
      },
    });
  }

  #map(seen: ReadonlyMap<Kind<'map'>, RunSet>, place: Place): Tree {
    const maps = [...seen.keys()];
    const keys = new Map(maps.flatMap(({ entries }) => entries.map((entry) => [entryId(entry), entry.key] as const)));
    // The order of keys says nothing; it is kept where all agree on it.
    const order = mergeOrders(maps.map(({ entries }) => entries.map(entryId))) ?? [...keys.keys()];
    return map(
      order.map(
        (id): Entry => ({
          key: keys.get(id)!,
          value: this.#part(seen, place, id, (tree) =>
            tree.kind === 'map' ? (entriesOf(tree).get(id) ?? absent) : undefined,
          ),
        }),
      ),
    );
  }

  #list(given: ReadonlyMap<Kind<'list'>, RunSet>, outer: Place): Tree {
    const { seen, place } = this.#repeated(given, outer);
    const lists = [...seen.keys()];
    const aligned = alignment(lists)!;
    if (aligned === 'position')
      return list(
        lists[0]!.items.map((_, index) =>
          this.#part(seen, place, `#${index}`, (tree) => (tree.kind === 'list' ? tree.items[index] : undefined)),
        ),
      );
    return list(
      aligned.map((id) =>
        this.#part(seen, place, id, (tree) =>
          tree.kind === 'list' ? (itemsByIdentity(tree).get(id) ?? absent) : undefined,
        ),
      ),
    );
  }

  /** See {@link withRepeats}. */
  #repeated(seen: ReadonlyMap<Kind<'list'>, RunSet>, place: Place) {
    const paths = repeatedPaths([...seen.keys()]);
    if (paths.length === 0) return { seen, place };
    const changed = new Map<Kind<'list'>, RunSet>();
    for (const [tree, runs] of seen)
      for (const run of runs) addTo(changed, withRepeats(tree, paths, this.runs.samples[run]!.choices), run);
    if (changed.size > 1 && alignment([...changed.keys()]) === undefined) return { seen, place };
    return {
      seen: changed,
      place: {
        key: `${place.key}/repeated`,
        look: (sample: Sample) => {
          const there = place.look(sample);
          return there?.kind === 'list' ? withRepeats(there, paths, sample.choices) : there;
        },
      },
    };
  }
}

/** The place where only things of one kind are. */
const placeOf = ({ kind }: Group, place: Place, kindOf: (tree: Tree) => string): Place => ({
  key: `${place.key}(${kind})`,
  look: (sample) => {
    const there = place.look(sample);
    return there && kindOf(there) === kind ? there : undefined;
  },
});

/** Things of one kind belong together: their insides can be learned part by part. */
function groupsOf(seen: Seen): { groups: Group[]; kindOf: (tree: Tree) => string } {
  const lists = [...seen.keys()].filter((tree) => tree.kind === 'list');
  const mergeable = lists.length < 2 || alignment(lists) !== undefined;
  const kindOf = (tree: Tree): string => {
    switch (tree.kind) {
      case 'map':
        return 'map';
      case 'list':
        return mergeable ? 'list' : `list ${tree.items.map(itemIdentity)}`;
      case 'each':
        return `each ${JSON.stringify(tree.path)} ${tree.body.length}`;
      case 'yaml':
        return 'yaml';
      case 'call':
        return isOverYaml(tree) ? `call ${tree.operation}` : `${tree.id}`;
      default:
        return `${tree.id}`;
    }
  };
  const groups = new Map<string, Group>();
  for (const [tree, runs] of seen) {
    const kind = kindOf(tree);
    const group = groups.get(kind) ?? { kind, seen: new Map() };
    groups.set(kind, group);
    group.seen.set(tree, runs);
  }
  return { groups: [...groups.values()], kindOf };
}

function addTo<Key>(sets: Map<Key, RunSet>, key: Key, run: number): void {
  const known = sets.get(key) ?? RunSet.empty();
  sets.set(key, known);
  known.add(run);
}

const refused = new WeakMap<Sample, readonly Tree[]>();

/** All refusals of a run: those of its structure hold always, the others where their condition does. */
export function refusalsOf(sample: Sample): readonly Tree[] {
  const known = refused.get(sample);
  if (known) return known;
  const structural = sample.failures.map((message) =>
    map([
      { key: 'condition', value: always },
      { key: 'message', value: message },
    ]),
  );
  const result = structural.length > 0 ? structural : sample.refusals;
  refused.set(sample, result);
  return result;
}

const byKey = new WeakMap<Tree, Map<string, Tree>>();

function entriesOf(tree: Kind<'map'>): Map<string, Tree> {
  const known = byKey.get(tree);
  if (known) return known;
  const entries = new Map(tree.entries.map((entry) => [entryId(entry), entry.value]));
  byKey.set(tree, entries);
  return entries;
}

/**
 * How the items of lists belong to each other: by their identities, in an order that all keep, by position, or not at
 * all.
 */
function alignment(lists: readonly Kind<'list'>[]): string[] | 'position' | undefined {
  const order = mergeOrders(lists.map((tree) => [...itemsByIdentity(tree).keys()]));
  const length = lists[0]!.items.length;
  if (order?.length !== length && lists.every(({ items }) => items.length === length)) return 'position';
  return order;
}

const isOverYaml = (tree: Kind<'call'>): boolean => tree.operands.length === 1 && tree.operands[0]?.kind === 'yaml';

/** The decisions that are taken alike wherever a thing is. */
function commonAnswers(tree: DecisionTree, thing: number): ReadonlyMap<string, Option> {
  let common: Map<string, Option> | undefined;
  const visit = (inner: DecisionTree, taken: ReadonlyMap<string, Option>): void => {
    if ('thing' in inner) {
      if (inner.thing === thing)
        common = common ? new Map([...common].filter(([id, option]) => taken.get(id) === option)) : new Map(taken);
      return;
    }
    for (const [option, branch] of inner.branches)
      visit(branch, new Map(taken).set(variableId(inner.variable), option));
  };
  visit(tree, new Map());
  return common ?? new Map();
}
