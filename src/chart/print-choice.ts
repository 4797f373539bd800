import type { Scope } from './print-expression.js';
import {
  absent,
  choice,
  constant,
  type Entry,
  type Kind,
  list,
  map,
  type Path,
  reference,
  type Tree,
  text,
  variableId,
} from './tree.js';

/** A choice that only writes out what it chose by, alone or inside of a text: the value itself. */
export function asReference(tree: Tree): Tree | undefined {
  if (tree.kind !== 'choice' || tree.branches.size < tree.variable.options.length) return undefined;
  const { path, kind } = tree.variable;
  const branches = [...tree.branches];
  if (kind === 'true' && branches.every(([option, branch]) => branch === constant(option as boolean)))
    return reference(path, 'condition');
  if (kind !== 'option' && kind !== 'member') return undefined;
  if (branches.every(([option, branch]) => branch === constant(option)) && typeof branches[0]![0] === 'number')
    return reference(path, 'float');
  const written = branches.map(([option, branch]) =>
    typeof option === 'string' && option !== '' && branch.kind === 'constant' && typeof branch.value === 'string'
      ? text(
          branch.value
            .split(option)
            .flatMap((part, index) => [...(index > 0 ? [reference(path, 'text')] : []), constant(part)]),
        )
      : undefined,
  );
  return written[0] && written[0].kind !== 'constant' && written.every((one) => one === written[0])
    ? written[0]
    : undefined;
}

/** A name for one element of a list. */
export const singular = (name: string): string =>
  name.length > 3 && /[^s]s$/.test(name) ? name.replace(/ies$/, 'y').replace(/s$/, '') : name;

/** Code of an operand as a condition of its own. */
export function unwrapped(code: string): string {
  if (!code.startsWith('(')) return code;
  let depth = 0;
  for (let at = 0; at < code.length; at++) {
    if (code[at] === '(') depth++;
    if (code[at] === ')' && --depth === 0) return at === code.length - 1 ? code.slice(1, -1) : code;
  }
  return code;
}

/** The entries for each element of a list, where nothing but the list being empty decides whether they are there. */
export function repeatsOf(tree: Kind<'choice'>, list: Path | undefined): Tree | undefined {
  if (!list || !samePath(list, tree.variable.path)) return undefined;
  return tree.variable.kind === 'filled' && tree.branches.get(false) === absent ? tree.branches.get(true) : undefined;
}

/** The same for items: a `range` over an empty list gives nothing. */
export function repeatedItems(tree: Kind<'choice'>): Tree | undefined {
  const items = tree.branches.get(true);
  return items?.kind === 'each' ? repeatsOf(tree, items.path) : undefined;
}

/** A map or a list with something in it. */
export type Parts = Kind<'map'> | Kind<'list'>;
export const entriesOf = (parts: Parts): readonly Entry[] => (parts.kind === 'map' ? parts.entries : []);
export const itemsOf = (parts: Parts): readonly Tree[] => (parts.kind === 'list' ? parts.items : []);

/** A map or list whose every part is ruled by one decision, as a choice between maps or lists. */
export function hoist(tree: Parts, scope: Scope): Tree | undefined {
  const parts = tree.kind === 'map' ? tree.entries.map(({ value }) => value) : tree.items;
  const first = parts[0];
  if (first?.kind !== 'choice' || asReference(first)) return undefined;
  const id = variableId(first.variable);
  if (scope.taken.has(id) || !parts.every((part) => isChoice(part, id))) return undefined;
  const branches = [...first.branches.keys()].map((option) => {
    const branch = (part: Tree): Tree => (part as Kind<'choice'>).branches.get(option) ?? absent;
    return [
      option,
      tree.kind === 'map'
        ? map(
            tree.entries.flatMap(({ key, value }) => (branch(value) === absent ? [] : [{ key, value: branch(value) }])),
          )
        : list(tree.items.map(branch).filter((item) => item !== absent)),
    ] as const;
  });
  return choice(first.variable, new Map(branches));
}

const samePath = (each: Path, collection: Path): boolean =>
  each.length === collection.length + 1 && collection.every((step, index) => step === each[index]);

export const isChoice = (tree: Tree, id: string): boolean => tree.kind === 'choice' && variableId(tree.variable) === id;
