import { singular } from './print-choice.js';
import { withoutAbsorbed } from './print-conditions.js';
import { conditionCode, operand, type Printing, pathCode, type Scope, UnprintableError } from './print-expression.js';
import { type Entry, every, type Path, type Tree, variableId } from './tree.js';

export function range(path: Path, scope: Scope, printing: Printing): { open: string; scope: Scope } {
  const collection = path.slice(0, -1);
  const base = String(collection.findLast((step) => typeof step === 'string') ?? 'item').replace(/[^A-Za-z0-9]/g, '');
  const depth = scope.elements.size > 0 ? String(scope.elements.size + 1) : '';
  const value = `$${/^[A-Za-z]/.test(base) ? singular(base) : 'item'}${depth}`;
  const key = `${value}Key`;
  return {
    open: `{{- range ${printing.isRecord(collection) ? `${key}, ` : ''}${value} := ${pathCode(collection, scope)} }}`,
    scope: {
      ...scope,
      elements: new Map(scope.elements).set(JSON.stringify([...collection, every]), { value, key }),
    },
  };
}

/** Whether a part of a map or list is there: always, never, or under a condition (as an operand). */
export function presence(tree: Tree, scope: Scope, printing: Printing): boolean | string {
  if (tree.kind === 'absent') return false;
  if (tree.kind === 'each') {
    const { scope: inner } = range(tree.path, scope, printing);
    if (tree.body.some((item) => presence(item, inner, printing) === true)) return true;
    throw new UnprintableError(
      `a list of which every element of ${tree.path.slice(1, -1).join('.')} may be left out: it may be empty`,
    );
  }
  if (tree.kind !== 'choice') return true;
  const known = tree.branches.get(scope.taken.get(variableId(tree.variable)) ?? '');
  if (known) return presence(known, scope, printing);
  const outcomes = [...tree.branches].map(([option, branch]) => ({ option, there: presence(branch, scope, printing) }));
  if (outcomes.every(({ there }) => there === true)) return true;
  if (outcomes.every(({ there }) => there === false)) return false;
  const codes = outcomes.flatMap(({ option, there }) => {
    if (there === false) return [];
    const condition = operand(conditionCode(tree.variable, option, scope, printing));
    return [there === true ? condition : `(and ${condition} ${there})`];
  });
  const rest = withoutAbsorbed(codes);
  return rest.length === 1 ? rest[0]! : `(or ${rest.join(' ')})`;
}

/** Keys that an entry of the user's must not have: those of the entries that win over it. */
export function skippedKeys(stronger: readonly Entry[], scope: Scope, printing: Printing) {
  const always: string[] = [];
  const sometimes: { key: string; condition: string }[] = [];
  for (const { key, value } of stronger) {
    if (typeof key !== 'string') continue;
    const there = presence(value, scope, printing);
    if (there === true) always.push(key);
    else if (there !== false) sometimes.push({ key, condition: there });
  }
  const collections = stronger.flatMap((other) => {
    if (typeof other.key === 'string') return [];
    const collection = collectionOf(other, scope);
    if (!collection) throw new UnprintableError('two groups of entries with computed keys in one map');
    const there = presence(other.value, scope, printing);
    return there === false ? [] : [{ collection, there }];
  });
  return { always, sometimes, collections };
}

/** Whether a user's map has a key, where it is there at all: a value of another member of a union is not. */
export const hasKeyCode = (
  { collection, there }: { readonly collection: string; readonly there: true | string },
  key: string,
): string => (there === true ? `hasKey ${collection} ${key}` : `and ${there} (hasKey ${collection} ${key})`);

/** The map of the values whose keys an entry stands for, where they are passed on unchanged. */
export function collectionOf({ key }: Entry, scope: Scope): string | undefined {
  if (typeof key === 'string') return undefined;
  if (key.kind === 'pass') return pathCode(key.path, scope);
  if (key.kind !== 'each') throw new UnprintableError('a fixed key beside a key that is a value');
  const name = key.body[0]!;
  if (name.kind !== 'reference' || name.of !== 'key')
    throw new UnprintableError('entries with computed keys beside others in one map: they could be the same');
  return pathCode(key.path.slice(0, -1), scope);
}
