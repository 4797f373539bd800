import type { Shape, ShapeOf } from './shape.js';
import type { StandIns } from './stand-in.js';
import { every, type Option, type Path, reference, type Variable, variableId } from './tree.js';

/** The decisions of one run, in the order in which the author's function asked. */
export type Choices = ReadonlyMap<string, { readonly variable: Variable; readonly option: Option }>;

/** Answers what the structure of the values is, and keeps what was asked. */
export class Chooser {
  readonly #made = new Map<string, { variable: Variable; option: Option }>();

  /** @param wanted answers by the decision's identity; the first option where there is none */
  constructor(readonly wanted: ReadonlyMap<string, Option>) {}

  /** Choices are the same for both traced elements of a list, so that their outputs can be told to be the same. */
  choose(path: Path, kind: Variable['kind'], options: readonly Option[]): Option {
    const variable: Variable = { path: path.map((step) => (typeof step === 'number' ? every : step)), kind, options };
    const id = variableId(variable);
    const known = this.#made.get(id);
    if (known) return known.option;
    const wanted = this.wanted.get(id);
    const option = wanted !== undefined && options.includes(wanted) ? wanted : options[0]!;
    this.#made.set(id, { variable, option });
    return option;
  }

  get choices(): Choices {
    return this.#made;
  }
}

/**
 * The values for one traced run: stand-ins for the leaves; everything on which the structure may depend is asked of the
 * chooser when it is read, and not before.
 */
export function tracedValues(shape: Shape, path: Path, standIns: StandIns, chooser: Chooser): unknown {
  const trace = (inner: Shape, at: Path): unknown => {
    switch (inner.kind) {
      case 'object':
        return traceObject(inner.fields, at);
      case 'text':
        return standIns.leaf(reference(at, 'text'));
      case 'number':
        return standIns.leaf(reference(at, inner.whole ? 'int' : 'float', [inner.low, inner.high]));
      case 'boolean':
        return chooser.choose(at, 'true', [true, false]);
      case 'option':
        return inner.options.length === 1 ? inner.options[0] : chooser.choose(at, 'option', inner.options);
      case 'union': {
        const name = chooser.choose([...at, inner.discriminator], 'member', [...inner.members.keys()]);
        const { fields } = inner.members.get(name as string) as ShapeOf<'object'>;
        return traceObject(fields, at, { [inner.discriminator]: name });
      }
      case 'list':
        return inner.least > 0 || isFilled(at) ? [0, 1].map((index) => trace(inner.element, [...at, index])) : [];
      case 'record': {
        if (!isFilled(at)) return {};
        const key = (index: number) => standIns.leaf(reference([...at, index], 'text', undefined, 'key'));
        return Object.fromEntries([0, 1].map((index) => [key(index), trace(inner.element, [...at, index])]));
      }
      case 'any':
        return isFilled(at) ? standIns.object(at) : {};
    }
  };
  const isFilled = (at: Path) => chooser.choose(at, 'filled', [true, false]) === true;
  const isPresent = (inner: Shape, at: Path) =>
    !inner.optional || chooser.choose(at, 'present', [true, false]) === true;

  const traceObject = (
    fields: ReadonlyMap<string, Shape>,
    at: Path,
    known: Readonly<Record<string, unknown>> = {},
  ): object => {
    const read = new Map<PropertyKey, unknown>(Object.entries(known));
    const has = (key: PropertyKey): boolean => {
      const field = typeof key === 'string' ? fields.get(key) : undefined;
      return field !== undefined && isPresent(field, [...at, key as string]);
    };
    const get = (key: PropertyKey): unknown => {
      if (!read.has(key))
        read.set(key, has(key) ? trace(fields.get(key as string)!, [...at, key as string]) : undefined);
      return read.get(key);
    };
    return new Proxy(
      {},
      {
        get: (target, key) => (typeof key === 'string' && fields.has(key) ? get(key) : Reflect.get(target, key)),
        has: (target, key) => (typeof key === 'string' && fields.has(key) ? has(key) : Reflect.has(target, key)),
        ownKeys: () => [...fields.keys()].filter(has),
        getOwnPropertyDescriptor: (_, key) =>
          has(key) ? { value: get(key), enumerable: true, configurable: true, writable: true } : undefined,
        set: (_, key) => {
          throw new TypeError(`the values of a chart cannot be changed (${String(key)})`);
        },
      },
    );
  };
  return trace(shape, path);
}
