/**
 * The template tree: what a chart writes, with the decisions that its values make. The engine learns one from what the
 * author's function gave for many choices; `evaluate.ts` and `print.ts` are its two interpreters.
 *
 * Trees are interned: two trees that say the same are the same object, so comparing costs nothing.
 */

/**
 * Where a value is: keys, and for an element of a list or a map 0 or 1 (the two that are traced) or {@link every}
 * (each of them, below an `each` of its list). The first step is `values` or `release`.
 */
export type Path = readonly (string | number)[];

/** The step of a path that stands for each element of a list. */
export const every = -1;

/** What kind of text a leaf gives. */
export type LeafType = 'text' | 'int' | 'float' | 'condition';

/** A decision that the structure of the output depends on. */
export interface Variable {
  readonly path: Path;
  /**
   * `present`: an optional value is there. `true`: a boolean. `filled`: a list or map has entries. `option`: which
   * literal an enumeration has. `member`: the discriminator of a union, which is the last step of the path.
   */
  readonly kind: 'present' | 'true' | 'filled' | 'option' | 'member';
  readonly options: readonly Option[];
}

/** One outcome of a decision. */
export type Option = string | number | boolean;

interface Interned {
  readonly id: number;
}

export type Tree = Interned &
  (
    | { readonly kind: 'constant'; readonly value: string | number | boolean | null }
    | {
        readonly kind: 'reference';
        readonly path: Path;
        /** Whether it is the value at the path or, below a map, its key. */
        readonly of: 'value' | 'key';
        readonly type: LeafType;
        readonly low: number;
        readonly high: number;
      }
    /** Parts one behind the other; numbers as JavaScript writes them. */
    | { readonly kind: 'text'; readonly parts: readonly Tree[] }
    | {
        readonly kind: 'call';
        readonly operation: string;
        readonly operands: readonly Tree[];
        readonly type: LeafType;
        readonly low: number;
        readonly high: number;
      }
    /** An object as YAML text. */
    | { readonly kind: 'yaml'; readonly content: Tree }
    | { readonly kind: 'map'; readonly entries: readonly Entry[] }
    | { readonly kind: 'list'; readonly items: readonly Tree[] }
    /** In a list, its items for each element; as the key of an entry, that entry for each element. */
    | { readonly kind: 'each'; readonly path: Path; readonly body: readonly Tree[] }
    /** A whole object of the values; as the key of an entry, all of its entries. */
    | { readonly kind: 'pass'; readonly path: Path }
    | { readonly kind: 'choice'; readonly variable: Variable; readonly branches: ReadonlyMap<Option, Tree> }
    | { readonly kind: 'absent' }
  );

/** One entry of a map. Its key is fixed, a leaf, an `each` with the key in its body, or a `pass`. */
export interface Entry {
  readonly key: string | Tree;
  readonly value: Tree;
}

export type Kind<Name extends Tree['kind']> = Extract<Tree, { kind: Name }>;

const known = new Map<string, Tree>();

function intern(key: string, make: (id: number) => Tree): Tree {
  const found = known.get(key);
  if (found) return found;
  const tree = make(known.size);
  known.set(key, tree);
  return tree;
}

const ids = (trees: readonly Tree[]): string => trees.map(({ id }) => id).join(',');
const keyId = (key: string | Tree): string => (typeof key === 'string' ? JSON.stringify(key) : `#${key.id}`);

/** Identity of an entry among those of its map. */
export const entryId = (entry: Entry): string => keyId(entry.key);

export const constant = (value: string | number | boolean | null): Tree =>
  intern(`constant ${Object.is(value, -0) ? '-0' : JSON.stringify(value)}`, (id) => ({ id, kind: 'constant', value }));

export const absent: Tree = intern('absent', (id) => ({ id, kind: 'absent' }));

export function reference(
  path: Path,
  type: LeafType,
  range: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  of: 'value' | 'key' = 'value',
): Tree {
  return intern(`reference ${JSON.stringify([path, type, of])} ${range}`, (id) => ({
    id,
    kind: 'reference',
    path,
    of,
    type,
    low: range[0],
    high: range[1],
  }));
}

export function call(
  operation: string,
  operands: readonly Tree[],
  type: LeafType,
  range: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
): Tree {
  return intern(`call ${operation} ${type} ${range} ${ids(operands)}`, (id) => ({
    id,
    kind: 'call',
    operation,
    operands,
    type,
    low: range[0],
    high: range[1],
  }));
}

/** Text of parts: nested texts become one, neighbouring constants too. */
export function text(parts: readonly Tree[]): Tree {
  const flat: Tree[] = [];
  for (const part of parts.flatMap((inner) => (inner.kind === 'text' ? inner.parts : [inner]))) {
    const last = flat.at(-1);
    if (part.kind === 'constant' && last?.kind === 'constant')
      flat[flat.length - 1] = constant(`${last.value}${part.value}`);
    else if (part.kind !== 'constant' || part.value !== '') flat.push(part);
  }
  if (flat.length === 0) return constant('');
  const only = flat.length === 1 ? flat[0]! : undefined;
  if (only?.kind === 'constant') return constant(String(only.value));
  if (only && typeOf(only) === 'text') return only;
  return intern(`text ${ids(flat)}`, (id) => ({ id, kind: 'text', parts: flat }));
}

export const yaml = (content: Tree): Tree => intern(`yaml ${content.id}`, (id) => ({ id, kind: 'yaml', content }));

export const map = (entries: readonly Entry[]): Tree =>
  intern(`map ${entries.map((entry) => `${entryId(entry)}:${entry.value.id}`).join(' ')}`, (id) => ({
    id,
    kind: 'map',
    entries,
  }));

export const list = (items: readonly Tree[]): Tree =>
  intern(`list ${ids(items)}`, (id) => ({ id, kind: 'list', items }));

export const each = (path: Path, body: readonly Tree[]): Tree =>
  intern(`each ${JSON.stringify(path)} ${ids(body)}`, (id) => ({ id, kind: 'each', path, body }));

export const pass = (path: Path): Tree => intern(`pass ${JSON.stringify(path)}`, (id) => ({ id, kind: 'pass', path }));

/** A choice, or the tree itself where all options give the same. */
export function choice(variable: Variable, branches: ReadonlyMap<Option, Tree>): Tree {
  const trees = [...branches.values()];
  if (trees.length === variable.options.length && trees.every((tree) => tree === trees[0])) return trees[0]!;
  const sorted = variable.options.flatMap((option) => {
    const tree = branches.get(option);
    return tree ? [[option, tree] as const] : [];
  });
  return intern(
    `choice ${variableId(variable)} ${sorted.map(([option, tree]) => `${JSON.stringify(option)}:${tree.id}`)}`,
    (id) => ({ id, kind: 'choice', variable, branches: new Map(sorted) }),
  );
}

const variableIds = new WeakMap<Variable, string>();

/** Identity of a decision. Members of a union may have fields of one name with other options: those are others. */
export function variableId(variable: Variable): string {
  const known = variableIds.get(variable);
  if (known !== undefined) return known;
  const { path, kind, options } = variable;
  const id = `${kind} ${JSON.stringify(path)}${kind === 'option' || kind === 'member' ? ` of ${options.join(' ')}` : ''}`;
  variableIds.set(variable, id);
  return id;
}

/** What a leaf gives; a map or a list gives nothing and is asked by nobody. */
export function typeOf(tree: Tree): LeafType {
  if (tree.kind === 'reference' || tree.kind === 'call') return tree.type;
  if (tree.kind === 'constant' && typeof tree.value === 'number') return Number.isInteger(tree.value) ? 'int' : 'float';
  if (tree.kind === 'constant' && typeof tree.value === 'boolean') return 'condition';
  return 'text';
}

/** The least and the largest number that a leaf can give. */
export function rangeOf(tree: Tree): readonly [number, number] {
  if (tree.kind === 'reference' || tree.kind === 'call') return [tree.low, tree.high];
  if (tree.kind === 'constant' && typeof tree.value === 'number') return [tree.value, tree.value];
  return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

/** The trees directly below one. */
export function children(tree: Tree): readonly Tree[] {
  switch (tree.kind) {
    case 'text':
      return tree.parts;
    case 'call':
      return tree.operands;
    case 'yaml':
      return [tree.content];
    case 'map':
      return tree.entries.flatMap(({ key, value }) => (typeof key === 'string' ? [value] : [key, value]));
    case 'list':
      return tree.items;
    case 'each':
      return tree.body;
    case 'choice':
      return [...tree.branches.values()];
    default:
      return [];
  }
}

/** A tree with its children and paths changed, or itself where nothing changes. */
export function rebuild(tree: Tree, change: (child: Tree) => Tree, move: (path: Path) => Path = (path) => path): Tree {
  switch (tree.kind) {
    case 'reference':
      return reference(move(tree.path), tree.type, [tree.low, tree.high], tree.of);
    case 'text':
      return text(tree.parts.map(change));
    case 'call':
      return call(tree.operation, tree.operands.map(change), tree.type, [tree.low, tree.high]);
    case 'yaml':
      return yaml(change(tree.content));
    case 'map':
      return map(
        tree.entries.map(({ key, value }) => ({
          key: typeof key === 'string' ? key : change(key),
          value: change(value),
        })),
      );
    case 'list':
      return list(tree.items.map(change));
    case 'each':
      return each(move(tree.path), tree.body.map(change));
    case 'pass':
      return pass(move(tree.path));
    case 'choice':
      return choice(
        { ...tree.variable, path: move(tree.variable.path) },
        new Map([...tree.branches].map(([option, branch]) => [option, change(branch)])),
      );
    default:
      return tree;
  }
}

/** The path that a tree itself reads, without what is below it. */
export function ownPath(tree: Tree): Path | undefined {
  if (tree.kind === 'reference' || tree.kind === 'pass' || tree.kind === 'each') return tree.path;
  return tree.kind === 'choice' ? tree.variable.path : undefined;
}

/** Every path that a tree reads, with the repeats of its lists. */
export function pathsOf(tree: Tree, found: Path[] = []): Path[] {
  const own = ownPath(tree);
  if (own) found.push(own);
  for (const child of children(tree)) pathsOf(child, found);
  return found;
}

/** A path as people write it: `values.secrets[].name`. */
export function printPath(path: Path): string {
  return path
    .slice(path[0] === 'values' ? 1 : 0)
    .reduce<string>(
      (text, step) =>
        typeof step === 'number' ? `${text}[${step === every ? '' : step}]` : text ? `${text}.${step}` : step,
      '',
    );
}
