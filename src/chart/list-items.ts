import type { Choices } from './traced-values.js';
import { each, entryId, type Kind, list, type Path, type Tree, variableId } from './tree.js';

const byIdentity = new WeakMap<Tree, ReadonlyMap<string, Tree>>();

/** The items of a list by what they are. */
export function itemsByIdentity(tree: Kind<'list'>): ReadonlyMap<string, Tree> {
  const known = byIdentity.get(tree);
  if (known) return known;
  const found = new Map<string, Tree>();
  for (const item of tree.items) {
    const base = itemIdentity(item);
    let id = base;
    for (let count = 2; found.has(id); count++) id = `${base} (${count})`;
    found.set(id, item);
  }
  byIdentity.set(tree, found);
  return found;
}

const naming = ['name', 'mountPath', 'key', 'containerPort', 'port', 'host', 'path'];

/** What an item of a list is: its name where it has one, else all of it. */
export function itemIdentity(item: Tree): string {
  if (item.kind === 'each') return `each ${JSON.stringify(item.path)} ${item.body.length}`;
  if (item.kind !== 'map') return item.kind === 'list' ? 'list' : `${item.kind} ${item.id}`;
  const named = naming.flatMap((key) => {
    const value = item.entries.find((entry) => entry.key === key)?.value;
    return value && ['constant', 'reference', 'text', 'call'].includes(value.kind) ? [`${key}:${value.id}`] : [];
  });
  return named.length > 0 ? named.join(' ') : `map ${item.entries.map(entryId)}`;
}

/** The lists of the values for whose elements some of these lists have items. */
export function repeatedPaths(lists: readonly Kind<'list'>[]): Path[] {
  const paths = new Map<string, Path>();
  for (const { items } of lists)
    for (const item of items) if (item.kind === 'each') paths.set(JSON.stringify(item.path), item.path);
  return [...paths.values()];
}

/**
 * Where other runs show that a list has items for each element of one of the values, two equal items are those of the
 * two traced elements, also where nothing in them speaks of the element.
 */
export function withRepeats(tree: Kind<'list'>, paths: readonly Path[], choices: Choices): Kind<'list'> {
  let { items } = tree;
  for (const path of paths) {
    const filled = choices.get(variableId({ path: path.slice(0, -1), kind: 'filled', options: [] }))?.option;
    const id = JSON.stringify(path);
    if (filled !== true || items.some((item) => item.kind === 'each' && JSON.stringify(item.path) === id)) continue;
    const at = items.findIndex((item, index) => item.kind !== 'each' && item === items[index + 1]);
    if (at >= 0) items = [...items.slice(0, at), each(path, [items[at]!]), ...items.slice(at + 2)];
  }
  return list(items) as Kind<'list'>;
}
