import { z } from 'zod';
import type { Problem } from '../problem/index.js';

/** What a value may be, read from its zod schema once. */
export type Shape = Common &
  (
    | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Shape> }
    /** A leaf: text that is passed on, never looked at. */
    | { readonly kind: 'text' }
    | { readonly kind: 'number'; readonly whole: boolean; readonly low: number; readonly high: number }
    | { readonly kind: 'boolean' }
    /** One of a few literals: the structure may depend on it. */
    | { readonly kind: 'option'; readonly options: readonly (string | number)[] }
    | { readonly kind: 'union'; readonly discriminator: string; readonly members: ReadonlyMap<string, Shape> }
    | { readonly kind: 'list'; readonly element: Shape; readonly least: number }
    | { readonly kind: 'record'; readonly key: z.ZodType; readonly element: Shape }
    /** An object that is passed on as it is. */
    | { readonly kind: 'any' }
  );

interface Common {
  readonly schema: z.ZodType;
  readonly optional: boolean;
  /** In a list of one, so that no default and the default undefined differ. */
  readonly default?: unknown;
  readonly description?: string;
}

export type ShapeOf<Name extends Shape['kind']> = Extract<Shape, { kind: Name }>;

/** The largest whole number that JavaScript, JSON and Helm count exactly. */
export const largestWhole = Number.MAX_SAFE_INTEGER;

/**
 * An object of the values that is passed on as it is, such as `resources` or `affinity`: the template writes it with
 * `toYaml`. Nothing can be read from it.
 */
export const passThrough = () => z.record(z.string(), z.unknown());

interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly defaultValue?: unknown;
  readonly shape?: Record<string, z.ZodType>;
  readonly catchall?: z.ZodType;
  readonly checks?: readonly { _zod: { def: { check: string } } }[];
  readonly entries?: Record<string, string>;
  readonly values?: readonly unknown[];
  readonly options?: readonly z.ZodType[];
  readonly discriminator?: string;
  readonly element?: z.ZodType;
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
}

const definition = (schema: z.ZodType): Definition => schema.def as unknown as Definition;

/**
 * Reads a chart's values from their zod schema. What a chart cannot have is added to `problems`: transformations,
 * `null`, unions without a discriminator, refinements that no JSON schema can hold.
 */
export function readShape(schema: z.ZodType, chart: string, problems: Problem[]): Shape {
  const refuse = (path: string, message: string, hint: string) => {
    problems.push({
      code: 'invalid-property',
      severity: 'error',
      where: { construct: `chart ${chart}`, property: path ? `values.${path}` : 'values' },
      message,
      hint,
    });
  };

  const read = (outer: z.ZodType, path: string): Shape => {
    let inner = outer;
    let optional = false;
    let fallback: { default?: unknown } = {};
    let description = outer.description;
    for (;;) {
      const { type, innerType, defaultValue } = definition(inner);
      if (!innerType || !['optional', 'default', 'prefault', 'readonly'].includes(type)) break;
      if (type === 'optional') optional = true;
      if ((type === 'default' || type === 'prefault') && !('default' in fallback)) fallback = { default: defaultValue };
      inner = innerType;
      description ??= inner.description;
    }
    const common: Common = {
      schema: inner,
      optional: optional && !('default' in fallback),
      ...fallback,
      ...(description === undefined ? {} : { description }),
    };
    return { ...common, ...kindOf(inner, path) } as Shape;
  };

  const kindOf = (inner: z.ZodType, path: string): Partial<Shape> => {
    const def = definition(inner);
    const refined = def.checks?.some((check) => check._zod.def.check === 'custom');
    switch (def.type) {
      case 'object': {
        if (refined)
          refuse(path, 'a refinement of an object is in no JSON schema', 'Call refuse() in the function instead.');
        if (def.catchall && definition(def.catchall).type !== 'never') {
          if (Object.keys(def.shape!).length === 0) return { kind: 'any' };
          refuse(path, 'an object with known and unknown keys', 'Use z.object, or z.record beside it.');
        }
        return {
          kind: 'object',
          fields: new Map(
            Object.entries(def.shape!).map(([key, field]) => [key, read(field, path ? `${path}.${key}` : key)]),
          ),
        };
      }
      case 'string': {
        if (refined && !hasMeta(inner, ['pattern', 'enum', 'format', 'maxLength']))
          refuse(path, 'a refinement is in no JSON schema', 'Use .regex(), or say it in .meta({ pattern }) too.');
        if (def.checks?.some((check) => check._zod.def.check === 'overwrite'))
          refuse(path, 'a text that is changed while it is checked', 'Leave out .trim(), .toLowerCase() and the like.');
        return { kind: 'text' };
      }
      case 'number': {
        if (refined && !hasMeta(inner, ['minimum', 'maximum', 'multipleOf']))
          refuse(path, 'a refinement is in no JSON schema', 'Use .min() and .max(), or say it in .meta({ maximum }).');
        const rules = leafRules(inner);
        const bound = (name: string, otherwise: number) => (typeof rules[name] === 'number' ? rules[name] : otherwise);
        const whole = rules['type'] === 'integer';
        const most = whole ? largestWhole : Number.POSITIVE_INFINITY;
        return { kind: 'number', whole, low: bound('minimum', -most), high: bound('maximum', most) };
      }
      case 'boolean':
        return { kind: 'boolean' };
      case 'enum':
        return { kind: 'option', options: Object.values(def.entries!) };
      case 'literal': {
        const values = def.values!;
        if (!values.every((value) => typeof value === 'string' || typeof value === 'number'))
          refuse(path, 'a literal that is neither text nor number', 'Use z.enum, z.boolean or .optional().');
        return { kind: 'option', options: values as (string | number)[] };
      }
      case 'array': {
        const element = read(def.element!, `${path}[]`);
        if (element.optional || 'default' in element)
          refuse(`${path}[]`, 'an element that may be left out', 'Elements of a list are always there.');
        const least = leafRules(inner)['minItems'];
        return { kind: 'list', element, least: typeof least === 'number' ? least : 0 };
      }
      case 'record': {
        if (['unknown', 'any'].includes(definition(def.valueType!).type)) return { kind: 'any' };
        return { kind: 'record', key: def.keyType!, element: read(def.valueType!, `${path}.*`) };
      }
      case 'union':
        return unionOf(def, path);
      case 'custom':
        if (inner.safeParse({}).success && !inner.safeParse([]).success && !inner.safeParse('').success)
          return { kind: 'any' };
        break;
      default:
    }
    refuse(
      path,
      `z.${def.type} is nothing that a chart's values can be`,
      def.type === 'nullable'
        ? 'Use .optional(): in Helm null takes a value away.'
        : 'Use objects, text, numbers, booleans, enums, arrays, records, discriminated unions or passThrough().',
    );
    return { kind: 'any' };
  };

  const unionOf = (def: Definition, path: string): Partial<Shape> => {
    const members = new Map<string, Shape>();
    for (const option of def.options ?? []) {
      const member = read(option, path);
      const field = member.kind === 'object' ? member.fields.get(def.discriminator ?? '') : undefined;
      if (field?.kind !== 'option' || !field.options.every((value) => typeof value === 'string')) {
        refuse(path, 'a union without a text that tells its members apart', 'Use z.discriminatedUnion.');
        break;
      }
      for (const value of field.options) members.set(value as string, member);
    }
    return { kind: 'union', discriminator: def.discriminator ?? '', members };
  };

  const shape = read(schema, '');
  if (shape.kind !== 'object') refuse('', 'the values are no object', 'Give a z.object({ … }).');
  return shape;
}

/** The JSON schema of a leaf: type, pattern, limits. */
export function leafRules(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rules } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });
  return rules;
}

function hasMeta(schema: z.ZodType, names: readonly string[]): boolean {
  const meta: Record<string, unknown> = schema.meta() ?? {};
  return names.some((name) => name in meta);
}

/** The shape of the member of a union that a value is of, or undefined where its discriminator says none. */
export function memberOf(shape: ShapeOf<'union'>, value: unknown): Shape | undefined {
  const name = (value as Record<string, unknown> | undefined)?.[shape.discriminator];
  return typeof name === 'string' ? shape.members.get(name) : undefined;
}

/** Whether a value of this shape must be given by the user: it has no default, itself or in all that is below it. */
export function isRequired(shape: Shape): boolean {
  if (shape.optional || 'default' in shape) return false;
  if (shape.kind === 'object') return [...shape.fields.values()].some(isRequired);
  return true;
}

export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The shapes that what is at a path can have: several where members of a union differ, none inside a passed-on object. */
export function shapesAt(shape: Shape, path: readonly (string | number)[]): Shape[] {
  return path.slice(1).reduce<Shape[]>((shapes, step) => shapes.flatMap((inner) => shapesBelow(inner, step)), [shape]);
}

function shapesBelow(shape: Shape, step: string | number): Shape[] {
  if (shape.kind === 'list' || shape.kind === 'record') return [shape.element];
  if (shape.kind === 'union') return [...shape.members.values()].flatMap((member) => shapesBelow(member, step));
  const field = shape.kind === 'object' ? shape.fields.get(String(step)) : undefined;
  return field ? [field] : [];
}
