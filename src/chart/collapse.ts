import { children, type Entry, each, entryId, every, ownPath, type Path, rebuild, type Tree } from './tree.js';

/**
 * A list of the values is traced with two elements. What comes out twice, equal but for the element, is one body for
 * each element; two elements and not one, because only so it shows on which level the repeat is.
 */
export function collapseItems(items: readonly Tree[]): Tree[] {
  let rest = [...items];
  for (let at = 0; at < rest.length; at++) {
    const found = repeatAt(rest, at);
    if (found) rest = [...rest.slice(0, at), each(found.path, found.body), ...rest.slice(at + 2 * found.body.length)];
  }
  return rest;
}

function repeatAt(items: readonly Tree[], at: number): { path: Path; body: Tree[] } | undefined {
  for (let size = 1; at + 2 * size <= items.length; size++) {
    const block = items.slice(at, at + size);
    for (const array of arraysOf(block)) {
      const second = block.map((item) => moveElement(item, array, 0, 1));
      if (second.every((item, index) => item === items[at + size + index]))
        return { path: [...array, every], body: block.map((item) => moveElement(item, array, 0, every)) };
    }
  }
  return undefined;
}

/** The same for the entries of a map: each pair becomes an entry with an `each` as its key. */
export function collapseEntries(entries: readonly Entry[]): Entry[] {
  const rest = [...entries];
  for (let at = 0; at < rest.length; at++) {
    const { key, value } = rest[at]!;
    for (const array of arraysOf(typeof key === 'string' ? [value] : [key, value])) {
      const second = {
        key: typeof key === 'string' ? key : moveElement(key, array, 0, 1),
        value: moveElement(value, array, 0, 1),
      };
      const twin = rest.findIndex(
        (entry, index) => index > at && entryId(entry) === entryId(second) && entry.value === second.value,
      );
      if (twin < 0 || typeof key === 'string') continue;
      rest.splice(twin, 1);
      rest[at] = {
        key: each([...array, every], [moveElement(key, array, 0, every)]),
        value: moveElement(value, array, 0, every),
      };
      break;
    }
  }
  return rest;
}

/** The lists whose first element a block speaks of, outermost first. */
export function arraysOf(block: readonly Tree[]): readonly Path[] {
  if (block.length === 1) return arraysIn(block[0]!);
  const arrays = new Map(block.flatMap((tree) => arraysIn(tree)).map((path) => [JSON.stringify(path), path]));
  return [...arrays.values()].sort((a, b) => a.length - b.length);
}

const arraysInTree = new WeakMap<Tree, readonly Path[]>();
const noArrays: readonly Path[] = [];

/** Asked for every tree of every run, so it is kept: most trees speak of no element at all. */
function arraysIn(tree: Tree): readonly Path[] {
  const known = arraysInTree.get(tree);
  if (known) return known;
  const arrays = new Map<string, Path>();
  const own = ownPath(tree);
  own?.forEach((step, index) => {
    if (step === 0) arrays.set(JSON.stringify(own.slice(0, index)), own.slice(0, index));
  });
  for (const child of children(tree)) for (const path of arraysIn(child)) arrays.set(JSON.stringify(path), path);
  const found = arrays.size === 0 ? noArrays : [...arrays.values()].sort((a, b) => a.length - b.length);
  arraysInTree.set(tree, found);
  return found;
}

const moved = new Map<string, Tree>();

/** A tree about one element of a list, about another one. */
export function moveElement(tree: Tree, array: Path, from: number, to: number): Tree {
  const change = (path: Path): Path =>
    path.length > array.length && path[array.length] === from && array.every((step, index) => step === path[index])
      ? [...array, to, ...path.slice(array.length + 1)]
      : path;
  const visit = (inner: Tree): Tree => {
    if (children(inner).length === 0) return rebuild(inner, visit, change);
    const key = `${inner.id} ${JSON.stringify(array)} ${from} ${to}`;
    const known = moved.get(key);
    if (known) return known;
    const result = rebuild(inner, visit, change);
    moved.set(key, result);
    return result;
  };
  return visit(tree);
}
