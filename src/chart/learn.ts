import { mergeOrders } from './order.js';
import type { Choices } from './traced-values.js';
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
  type Path,
  type Tree,
  type Variable,
  variableId,
  yaml,
} from './tree.js';

/** One run at one place of the output: what was decided, and what was there. */
interface Seen {
  readonly choices: Choices;
  readonly tree: Tree;
}

/**
 * The smallest tree found that gives what each run gave. Where runs agree on the kind of thing it goes on below;
 * where they do not, it splits by the decision that tells them apart best. Only a decision that all of them took is a
 * candidate: there always is one, because a function that was answered the same does the same.
 */
export function learn(seen: readonly Seen[]): Tree {
  const distinct = new Set(seen.map(({ tree }) => tree));
  if (distinct.size === 1) return seen[0]!.tree;
  const trees = [...distinct];
  return (
    (trees.every((tree) => tree.kind === 'map') && learnMap(seen)) ||
    (trees.every((tree) => tree.kind === 'list') && learnList(seen)) ||
    (sameEach(trees) && learnEach(seen)) ||
    (sameText(trees) && learnText(seen)) ||
    split(seen)
  );
}

function learnMap(seen: readonly Seen[]): Tree | undefined {
  const maps = [...new Set(seen.map(({ tree }) => tree as Kind<'map'>))];
  const order = mergeOrders(maps.map(({ entries }) => entries.map(entryId)));
  if (!order) return undefined;
  const byMap = new Map(maps.map((tree) => [tree, new Map(tree.entries.map((entry) => [entryId(entry), entry]))]));
  const keys = new Map(maps.flatMap(({ entries }) => entries.map((entry) => [entryId(entry), entry.key] as const)));
  return map(
    order.map((id): Entry => {
      const values = seen.map(({ choices, tree }) => ({
        choices,
        tree: byMap.get(tree as Kind<'map'>)!.get(id)?.value ?? absent,
      }));
      return { key: keys.get(id)!, value: learn(values) };
    }),
  );
}

function learnList(given: readonly Seen[]): Tree | undefined {
  const seen = withRepeats(given);
  const lists = [...new Set(seen.map(({ tree }) => tree as Kind<'list'>))];
  const named = new Map(lists.map((tree) => [tree, identify(tree.items)]));
  const order = mergeOrders([...named.values()].map((items) => [...items.keys()]));
  const length = lists[0]!.items.length;
  if (lists.every(({ items }) => items.length === length) && order?.length !== length)
    return list(
      lists[0]!.items.map((_, index) =>
        learn(seen.map(({ choices, tree }) => ({ choices, tree: (tree as Kind<'list'>).items[index]! }))),
      ),
    );
  if (!order) return undefined;
  return list(
    order.map((id) =>
      learn(seen.map(({ choices, tree }) => ({ choices, tree: named.get(tree as Kind<'list'>)!.get(id) ?? absent }))),
    ),
  );
}

/**
 * Where other runs show that a list has items for each element of one of the values, two equal items are those of the
 * two traced elements, also where nothing in them speaks of the element.
 */
function withRepeats(seen: readonly Seen[]): readonly Seen[] {
  const paths = new Map<string, Path>();
  for (const { tree } of seen)
    for (const item of (tree as Kind<'list'>).items)
      if (item.kind === 'each') paths.set(JSON.stringify(item.path), item.path);
  if (paths.size === 0) return seen;
  return seen.map(({ choices, tree }) => {
    let { items } = tree as Kind<'list'>;
    for (const [id, path] of paths) {
      const filled = choices.get(variableId({ path: path.slice(0, -1), kind: 'filled', options: [] }))?.option;
      if (filled !== true || items.some((item) => item.kind === 'each' && JSON.stringify(item.path) === id)) continue;
      const at = items.findIndex((item, index) => item.kind !== 'each' && item === items[index + 1]);
      if (at >= 0) items = [...items.slice(0, at), each(path, [items[at]!]), ...items.slice(at + 2)];
    }
    return { choices, tree: list(items) };
  });
}

/** The items of a list by what they are: their name where they have one, else all that they are. */
function identify(items: readonly Tree[]): Map<string, Tree> {
  const found = new Map<string, Tree>();
  for (const item of items) {
    const base = identityOf(item);
    let id = base;
    for (let count = 2; found.has(id); count++) id = `${base} (${count})`;
    found.set(id, item);
  }
  return found;
}

function identityOf(item: Tree): string {
  if (item.kind === 'each') return `each ${JSON.stringify(item.path)} ${item.body.length} ${item.body.map(identityOf)}`;
  if (item.kind !== 'map') return item.kind === 'list' ? 'list' : `${item.kind} ${item.id}`;
  const named = ['name', 'mountPath', 'key', 'containerPort', 'port', 'host', 'path'].flatMap((key) => {
    const value = item.entries.find((entry) => entry.key === key)?.value;
    return value && ['constant', 'reference', 'text', 'call'].includes(value.kind) ? [`${key}:${value.id}`] : [];
  });
  return named.length > 0 ? named.join(' ') : `map ${item.entries.map(entryId)}`;
}

const sameEach = (trees: readonly Tree[]): boolean => {
  const [first, ...others] = trees;
  return (
    first?.kind === 'each' &&
    others.every(
      (tree) =>
        tree.kind === 'each' &&
        JSON.stringify(tree.path) === JSON.stringify(first.path) &&
        tree.body.length === first.body.length,
    )
  );
};

function learnEach(seen: readonly Seen[]): Tree {
  const first = seen[0]!.tree as Kind<'each'>;
  return each(
    first.path,
    first.body.map((_, index) =>
      learn(seen.map(({ choices, tree }) => ({ choices, tree: (tree as Kind<'each'>).body[index]! }))),
    ),
  );
}

/** Texts with an object written as YAML inside may differ inside of it. */
function sameText(trees: readonly Tree[]): boolean {
  const [first, ...others] = trees;
  if (first?.kind === 'yaml') return others.every((tree) => tree.kind === 'yaml');
  return (
    first?.kind === 'call' &&
    first.operands[0]?.kind === 'yaml' &&
    first.operands.length === 1 &&
    others.every(
      (tree) => tree.kind === 'call' && tree.operation === first.operation && tree.operands[0]?.kind === 'yaml',
    )
  );
}

function learnText(seen: readonly Seen[]): Tree {
  const first = seen[0]!.tree;
  if (first.kind === 'yaml')
    return yaml(learn(seen.map(({ choices, tree }) => ({ choices, tree: (tree as Kind<'yaml'>).content }))));
  const { operation, type, low, high } = first as Kind<'call'>;
  const operand = learn(seen.map(({ choices, tree }) => ({ choices, tree: (tree as Kind<'call'>).operands[0]! })));
  return call(operation, [operand], type, [low, high]);
}

const numbers = new Map<string, number>();
const coded = new WeakMap<Choices, Int16Array>();

/** Outcomes of decisions as numbers, by the number of the decision; what was not asked is missing or -1. */
function codesOf(choices: Choices): Int16Array {
  const known = coded.get(choices);
  if (known) return known;
  for (const id of choices.keys()) if (!numbers.has(id)) numbers.set(id, numbers.size);
  const codes = new Int16Array(numbers.size).fill(-1);
  for (const [id, { variable, option }] of choices) codes[numbers.get(id)!] = variable.options.indexOf(option);
  coded.set(choices, codes);
  return codes;
}

function split(seen: readonly Seen[]): Tree {
  const codes = seen.map(({ choices }) => codesOf(choices));
  let best: { id: string; variable: Variable; cost: number } | undefined;
  for (const [id, { variable }] of seen[0]!.choices) {
    const number = numbers.get(id)!;
    const outcomes = new Set<number>();
    const pairs = new Set<number>();
    for (let index = 0; index < seen.length; index++) {
      const code = codes[index]![number] ?? -1;
      outcomes.add(code);
      if (code < 0) break;
      pairs.add(code * 2 ** 32 + seen[index]!.tree.id);
    }
    if (outcomes.has(-1) || outcomes.size < 2) continue;
    const cost = pairs.size - outcomes.size;
    if (!best || cost < best.cost) best = { id, variable, cost };
  }
  if (!best)
    throw new Error(
      'the function gave two different things for the same values: is there a random number or the time in it?',
    );
  const groups = new Map<Option, Seen[]>();
  for (const one of seen) {
    const { option } = one.choices.get(best.id)!;
    const group = groups.get(option);
    if (group) group.push(one);
    else groups.set(option, [one]);
  }
  return choice(best.variable, new Map([...groups].map(([option, group]) => [option, learn(group)])));
}

/** What a tree gives for decisions taken, or undefined where it does not know one of the outcomes. */
export function resolve(tree: Tree, choices: Choices): Tree | undefined {
  switch (tree.kind) {
    case 'choice': {
      const made = choices.get(variableId(tree.variable));
      const branch = made && tree.branches.get(made.option);
      return branch && resolve(branch, choices);
    }
    case 'map': {
      const entries: Entry[] = [];
      for (const { key, value } of tree.entries) {
        const inner = resolve(value, choices);
        if (!inner) return undefined;
        if (inner.kind !== 'absent') entries.push({ key, value: inner });
      }
      return map(entries);
    }
    case 'list': {
      const items = resolveAll(tree.items, choices);
      return (
        items &&
        list(items.filter((item) => item.kind !== 'absent' && !(item.kind === 'each' && item.body.length === 0)))
      );
    }
    case 'each': {
      const body = resolveAll(tree.body, choices);
      return (
        body &&
        each(
          tree.path,
          body.filter(({ kind }) => kind !== 'absent'),
        )
      );
    }
    case 'yaml': {
      const content = resolve(tree.content, choices);
      return content && yaml(content);
    }
    case 'call': {
      const operands = resolveAll(tree.operands, choices);
      return operands && call(tree.operation, operands, tree.type, [tree.low, tree.high]);
    }
    default:
      return tree;
  }
}

function resolveAll(trees: readonly Tree[], choices: Choices): Tree[] | undefined {
  const found = trees.map((tree) => resolve(tree, choices));
  return found.every((tree) => tree !== undefined) ? found : undefined;
}

/** The outcomes of decisions that a tree does not know, each with the decisions that lead to it. */
export function openOutcomes(tree: Tree, path: ReadonlyMap<string, Option> = new Map()): Map<string, Option>[] {
  const found: Map<string, Option>[] = [];
  const visit = (inner: Tree, taken: ReadonlyMap<string, Option>): void => {
    if (inner.kind === 'choice') {
      const id = variableId(inner.variable);
      for (const option of inner.variable.options) {
        const next = new Map(taken).set(id, option);
        const branch = inner.branches.get(option);
        if (branch) visit(branch, next);
        else found.push(next);
      }
      return;
    }
    const inside =
      inner.kind === 'map'
        ? inner.entries.map(({ value }) => value)
        : inner.kind === 'list'
          ? inner.items
          : inner.kind === 'each'
            ? inner.body
            : inner.kind === 'yaml'
              ? [inner.content]
              : inner.kind === 'call'
                ? inner.operands
                : [];
    for (const child of inside) visit(child, taken);
  };
  visit(tree, path);
  return found;
}
