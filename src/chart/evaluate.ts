import { operations } from '../units/index.js';
import { type Exceptions, laterWins, meetingPlace } from './precedence.js';
import type { Release } from './render.js';
import { isPlainObject } from './shape.js';
import { beyondMessage } from './stand-in.js';
import { constant, type Entry, every, type Option, type Path, printPath, type Tree, type Variable } from './tree.js';

/** All that a chart learned: three trees. */
export interface Template {
  /** The message of a refusal that follows from the structure alone, or absent. */
  readonly failure: Tree;
  /** A list of maps: `condition` and `message`. Those that follow from the structure alone stand first. */
  readonly refusals: Tree;
  /** A map: objects by the path of their construct. */
  readonly documents: Tree;
  readonly exceptions: Exceptions;
}

/** What a chart gives for values: objects, or why it refuses them. */
export interface Evaluated {
  readonly refused: readonly string[];
  readonly documents: readonly unknown[];
}

/** A decision whose outcome nobody saw: the template knows nothing there. */
export class UnknownOutcome extends Error {}

/** What an {@link UnknownOutcome} says of a list whose elements are not treated alike. */
export const notAlike = 'is not what is made of the others';

const missing = Symbol('missing');

interface Refused {
  readonly condition: boolean;
  readonly message: string;
}

/** The condition of a refusal that follows from the structure of the values alone. */
export const always = constant(true);

/** Whether what is at a refusal's place follows from the structure alone, so that nothing need be computed for it. */
export function isStructural(place: Tree): boolean {
  if (place.kind === 'choice') return [...place.branches.values()].some(isStructural);
  return place.kind === 'map' && place.entries[0]?.value === always;
}

/**
 * The first interpreter of a template tree: what the chart gives for values that are filled in.
 *
 * @param met told of entries of one map that have the same key, by the place where they meet
 */
export function evaluate(
  template: Template,
  values: unknown,
  release: Release,
  met: (place: string) => void = () => undefined,
): Evaluated {
  const roots: Record<string, unknown> = { values, release };
  const elements = new Map<string, number>();

  const at = (path: Path): unknown => {
    let value: unknown = roots[path[0] as string];
    path.slice(1).forEach((step, index) => {
      if (value === undefined || value === null) return;
      if (typeof step === 'string') value = (value as Record<string, unknown>)[step];
      else value = elementOf(value, indexOf(path.slice(0, index + 2)));
    });
    return value;
  };
  const indexOf = (path: Path): number => {
    const index = path.at(-1) === every ? elements.get(JSON.stringify(path)) : undefined;
    if (index === undefined)
      throw new UnknownOutcome(`what is made of one element of ${printPath(path.slice(0, -1))} ${notAlike}`);
    return index;
  };
  const entryKey = (path: Path): unknown => Object.keys(at(path.slice(0, -1)) as object)[indexOf(path)];

  const optionOf = ({ path, kind }: Variable): Option => {
    const value = at(path);
    if (kind === 'present') return value !== undefined && value !== null;
    if (kind === 'filled')
      return isPlainObject(value) ? Object.keys(value).length > 0 : (value as unknown[]).length > 0;
    return value as Option;
  };

  /** The value of a tree, or {@link missing}. */
  const value = (tree: Tree, place: string): unknown => {
    switch (tree.kind) {
      case 'constant':
        return tree.value;
      case 'reference':
        return tree.of === 'key' ? entryKey(tree.path) : at(tree.path);
      case 'text':
        return tree.parts.map((part) => String(value(part, place))).join('');
      case 'call':
        return calculate(
          tree.operation,
          tree.operands.flatMap((operand) => items(operand, place)),
        );
      case 'yaml':
        return operations.get('yamlText')!(value(tree.content, yamlPlace(tree)) as never);
      case 'map':
        return mapOf(tree.entries, place);
      case 'list':
        return tree.items.flatMap((item, index) =>
          items(item, `${place}/${index}`).filter((inner) => inner !== missing),
        );
      case 'pass':
        return at(tree.path);
      case 'choice': {
        const branch = tree.branches.get(optionOf(tree.variable));
        if (!branch) throw unknown(tree.variable);
        return value(branch, place);
      }
      case 'each':
      case 'absent':
        return missing;
    }
  };

  const items = (item: Tree, place: string): unknown[] => {
    if (item.kind === 'choice') {
      const branch = item.branches.get(optionOf(item.variable));
      if (!branch) throw unknown(item.variable);
      return items(branch, place);
    }
    if (item.kind !== 'each') return [value(item, place)];
    return repeat(item.path, () => item.body.flatMap((inner, index) => items(inner, `${place}/${index}`)));
  };

  const repeat = <Result>(path: Path, body: () => Result[]): Result[] => {
    const collection = at(path.slice(0, -1));
    const count = isPlainObject(collection) ? Object.keys(collection).length : ((collection as unknown[]) ?? []).length;
    const key = JSON.stringify(path);
    const results: Result[] = [];
    for (let index = 0; index < count; index++) {
      elements.set(key, index);
      results.push(...body());
    }
    elements.delete(key);
    return results;
  };

  const mapOf = (entries: readonly Entry[], place: string): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    const givers = new Map<string, Entry['key']>();
    const put = (name: string, giver: Entry['key'], inner: unknown) => {
      if (inner === missing) return;
      const before = givers.get(name);
      if (before !== undefined && before !== giver) {
        met(meetingPlace(place, name, before, giver));
        if (!laterWins(template.exceptions, place, name, before, giver)) return;
      }
      givers.set(name, giver);
      Object.defineProperty(result, name, { value: inner, enumerable: true, writable: true, configurable: true });
    };
    for (const { key, value: tree } of entries) {
      if (typeof key === 'string') put(key, key, value(tree, `${place}/${key}`));
      else if (key.kind === 'each')
        repeat(key.path, () => {
          put(value(key.body[0]!, place) as string, key, value(tree, `${place}/*`));
          return [];
        });
      else if (key.kind === 'pass') {
        if (value(tree, place) !== missing)
          for (const [name, inner] of Object.entries((at(key.path) ?? {}) as object)) put(name, key, inner);
      } else put(String(value(key, place)), key, value(tree, `${place}/*`));
    }
    return result;
  };

  const failure = value(template.failure, 'failure');
  if (failure !== missing) return { refused: [String(failure)], documents: [] };
  const places = template.refusals.kind === 'list' ? template.refusals.items : [];
  const refusedBy = (some: readonly Tree[]): string[] =>
    some
      .flatMap((place) => items(place, 'refusals'))
      .flatMap((one) => (one !== missing && (one as Refused).condition ? [(one as Refused).message] : []));
  const structural = refusedBy(places.filter(isStructural));
  const refused = structural.length > 0 ? structural : refusedBy(places.filter((place) => !isStructural(place)));
  if (refused.length > 0) return { refused, documents: [] };
  const documents: unknown[] = [];
  for (const { key, value: tree } of (template.documents as Extract<Tree, { kind: 'map' }>).entries) {
    const place = documentPlace(key);
    if (typeof key !== 'string' && key.kind === 'each')
      repeat(key.path, () => {
        documents.push(value(tree, place));
        return [];
      });
    else documents.push(value(tree, place));
  }
  return { refused: [], documents: documents.filter((document) => document !== missing) };
}

const unknown = ({ path }: Variable): UnknownOutcome =>
  new UnknownOutcome(`what is made with this value of ${printPath(path)} did not show on stand-ins`);

/** The place of an object that is written as YAML text: the same wherever the text is used. */
export const yamlPlace = ({ id }: Tree): string => `yaml ${id}`;

/** The place of a document: the path of its construct. */
export function documentPlace(key: string | Tree): string {
  if (typeof key === 'string') return key;
  return key.kind === 'each' ? documentPlace(key.body[0]!) : String(key.kind === 'constant' ? key.value : key.id);
}

function elementOf(collection: unknown, index: number): unknown {
  return Array.isArray(collection) ? collection[index] : Object.values(collection as object)[index];
}

function calculate(name: string, operands: unknown[]): unknown {
  if (name === 'choose') return operands[0] ? operands[1] : operands[2];
  if (name === 'beyond') return !(Math.abs(operands[0] as number) <= Number.MAX_SAFE_INTEGER);
  const operation = operations.get(name);
  if (!operation) throw new Error(`no operation ${name}`);
  return operation(...(operands as never[]));
}

/** Whether values were refused because they are outside of what can be counted exactly: there `synth` goes on. */
export const isBeyond = ({ refused }: Evaluated): boolean => refused.includes(beyondMessage);
