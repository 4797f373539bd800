import type { Choices } from './traced-values.js';
import {
  absent,
  children,
  choice,
  type Entry,
  entryId,
  type Option,
  type Path,
  rebuild,
  type Tree,
  variableId,
} from './tree.js';

const decided = new WeakMap<Tree, boolean>();

/** Whether nothing in a tree depends on a decision. */
export function isDecided(tree: Tree): boolean {
  const known = decided.get(tree);
  if (known !== undefined) return known;
  const result = tree.kind !== 'choice' && children(tree).every(isDecided);
  decided.set(tree, result);
  return result;
}

/** Whether a tree gives something for decisions taken; not where it does not know one of the outcomes. */
export function gives(tree: Tree, expected: Tree, choices: Choices): boolean {
  const chosen = chosenIn(tree, choices);
  if (chosen === undefined) return false;
  if (isDecided(chosen)) return chosen === expected;
  switch (chosen.kind) {
    case 'map':
      return expected.kind === 'map' && givesEntries(chosen.entries, expected.entries, choices);
    case 'list':
      return expected.kind === 'list' && givesAll(chosen.items, expected.items, choices);
    case 'each':
      return (
        expected.kind === 'each' &&
        samePath(chosen.path, expected.path) &&
        givesAll(chosen.body, expected.body, choices)
      );
    case 'yaml':
      return expected.kind === 'yaml' && gives(chosen.content, expected.content, choices);
    case 'call':
      return (
        expected.kind === 'call' &&
        expected.operation === chosen.operation &&
        givesAll(chosen.operands, expected.operands, choices)
      );
    default:
      return false;
  }
}

/** A tree below the decisions that it stands under, or undefined where it does not know one of the outcomes. */
export function chosenIn(tree: Tree, choices: Choices): Tree | undefined {
  let inner: Tree | undefined = tree;
  while (inner?.kind === 'choice') {
    const made = choices.get(variableId(inner.variable));
    inner = made && inner.branches.get(made.option);
  }
  return inner;
}

/** The order of keys says nothing. */
function givesEntries(entries: readonly Entry[], expected: readonly Entry[], choices: Choices): boolean {
  const rest = new Map(expected.map((entry) => [entryId(entry), entry.value]));
  for (const entry of entries) {
    const id = entryId(entry);
    if (!gives(entry.value, rest.get(id) ?? absent, choices)) return false;
    rest.delete(id);
  }
  return rest.size === 0;
}

function givesAll(trees: readonly Tree[], expected: readonly Tree[], choices: Choices): boolean {
  let at = 0;
  for (const tree of trees) {
    const chosen = chosenIn(tree, choices);
    if (chosen?.kind === 'absent') continue;
    const next = expected[at];
    if (chosen && next && gives(chosen, next, choices)) at++;
    else if (chosen?.kind === 'each') {
      const twice = repeated(chosen.body, choices);
      if (!givesAll(twice, expected.slice(at, at + twice.length), choices)) return false;
      at += twice.length;
    } else return false;
  }
  return at === expected.length;
}

/** What is there for each element, where nothing in it speaks of the element: it came out once for each of the two traced. */
function repeated(body: readonly Tree[], choices: Choices): Tree[] {
  const present = body.filter((tree) => chosenIn(tree, choices)?.kind !== 'absent');
  return [...present, ...present];
}

const samePath = (a: Path, b: Path): boolean => a.length === b.length && a.every((step, index) => step === b[index]);

/** A tree for a place at which some decisions are taken already. */
export function restrict(tree: Tree, taken: ReadonlyMap<string, Option>): Tree {
  const known = new Map<Tree, Tree>();
  const visit = (inner: Tree): Tree => {
    if (isDecided(inner)) return inner;
    const before = known.get(inner);
    if (before) return before;
    const option = inner.kind === 'choice' ? taken.get(variableId(inner.variable)) : undefined;
    const branch = inner.kind === 'choice' && option !== undefined ? inner.branches.get(option) : undefined;
    const result = branch ? visit(branch) : inner.kind === 'choice' ? branches(inner) : rebuild(inner, visit);
    known.set(inner, result);
    return result;
  };
  const branches = (inner: Extract<Tree, { kind: 'choice' }>): Tree =>
    choice(inner.variable, new Map([...inner.branches].map(([option, branch]) => [option, visit(branch)])));
  return visit(tree);
}

/** The outcomes of decisions that a tree does not know, each with the decisions that lead to it. */
export function openOutcomes(tree: Tree): Map<string, Option>[] {
  const found: Map<string, Option>[] = [];
  const visit = (inner: Tree, taken: ReadonlyMap<string, Option>): void => {
    if (isDecided(inner)) return;
    if (inner.kind !== 'choice') {
      for (const child of children(inner)) visit(child, taken);
      return;
    }
    const id = variableId(inner.variable);
    const known = taken.get(id);
    for (const option of known === undefined ? inner.variable.options : [known]) {
      const next = new Map(taken).set(id, option);
      const branch = inner.branches.get(option);
      if (branch) visit(branch, next);
      else found.push(next);
    }
  };
  visit(tree, new Map());
  return found;
}
