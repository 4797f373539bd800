import { type Changeable, goodSet } from './good-set.js';

/** A good set with one change in the object under `key`. */
export interface Mutant {
  readonly title: string;
  readonly key: string;
  readonly set: Record<string, Changeable>;
}

/** Each field of the good set once deleted, null, of every wrong type, and beside a field that does not exist. */
export function* mutants(): Generator<Mutant> {
  for (const key of Object.keys(goodSet())) yield* mutantsOf(key, []);
}

function* mutantsOf(key: string, path: readonly string[]): Generator<Mutant> {
  const here = at(goodSet()[key], path);
  for (const field of Object.keys(here)) {
    if (path.length === 0 && (field === 'apiVersion' || field === 'kind')) continue;
    const title = [key, ...path, field].join('.');
    const changed = (what: string, change: (parent: Changeable) => void): Mutant => {
      const set = goodSet();
      change(at(set[key], path));
      return { title: `${title} ${what}`, key, set };
    };
    if (!Array.isArray(here)) yield changed('deleted', (parent) => delete parent[field]);
    for (const wrong of [null, ...wrongTypes(here[field])])
      yield changed(`= ${JSON.stringify(wrong)}`, (parent) => {
        parent[field] = wrong;
      });
    if (typeof here[field] !== 'object') continue;
    if (!Array.isArray(here[field]) && !freeMaps.test(field))
      yield changed('with an unknown field', (parent) => {
        parent[field].unknownField = 1;
      });
    yield* mutantsOf(key, [...path, field]);
  }
}

/** Fields that hold maps with keys of the user's own. */
const freeMaps = /^(labels|annotations|data|binaryData|stringData|matchLabels|requests|limits|selector|nodeSelector)$/;

function wrongTypes(value: unknown): unknown[] {
  if (typeof value === 'string') return [7, true, [], {}];
  if (typeof value === 'number') return ['7', true, 1.5];
  if (typeof value === 'boolean') return ['true', 1];
  return Array.isArray(value) ? [{}, 'x'] : [[], 'x'];
}

function at(object: Changeable, path: readonly string[]): Changeable {
  return path.reduce((value, key) => value[key], object);
}
