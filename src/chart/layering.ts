import { isPlainObject, isRequired, memberOf, type Shape } from './shape.js';

/**
 * What a chart's user gives, as Helm layers it over the chart's values.yaml: maps are merged, everything else is
 * replaced, null takes away.
 */
export function layer(below: unknown, above: unknown): unknown {
  if (!isPlainObject(below) || !isPlainObject(above)) return above;
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const isThere = Object.hasOwn(below, key);
    if (value === null && isThere) delete merged[key];
    else define(merged, key, isThere ? layer(below[key], value) : value);
  }
  return merged;
}

/**
 * Values with every default filled in, also below lists, unions and what a null took away: the same that the chart's
 * `defaults` template does when it is rendered. Null means left out everywhere; the keys of maps are sorted, as Helm
 * goes through them.
 */
export function fill(shape: Shape, given: unknown): unknown {
  const value = given ?? ('default' in shape ? structuredClone(shape.default) : undefined);
  if (value === undefined || value === null) {
    if (shape.optional || shape.kind !== 'object') return undefined;
    return fill(shape, {});
  }
  switch (shape.kind) {
    case 'object':
      return isPlainObject(value) ? fillFields(shape.fields, value) : value;
    case 'union': {
      const member = memberOf(shape, value);
      return member?.kind === 'object' ? fillFields(member.fields, value as Record<string, unknown>) : value;
    }
    case 'list':
      return Array.isArray(value) ? value.map((element) => fillElement(shape.element, element)) : value;
    case 'record': {
      if (!isPlainObject(value)) return value;
      const filled: Record<string, unknown> = {};
      for (const key of Object.keys(value).sort(byCodePoint))
        if (value[key] !== null && value[key] !== undefined)
          define(filled, key, fillElement(shape.element, value[key]));
      return filled;
    }
    case 'any':
      return withoutNulls(value);
    default:
      return value;
  }
}

const fillElement = (shape: Shape, element: unknown): unknown =>
  element === null || element === undefined ? element : fill(shape, element);

function fillFields(fields: ReadonlyMap<string, Shape>, value: Record<string, unknown>): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const [key, field] of fields) {
    const inner = fill(field, value[key]);
    if (inner !== undefined) define(filled, key, inner);
  }
  // What the shape does not know stays, so that the check can tell it.
  for (const key of Object.keys(value)) if (!fields.has(key)) define(filled, key, value[key]);
  return filled;
}

/** An object without the entries that are null, on every level: Kubernetes and cdk8s read them as left out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isPlainObject(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value))
    if (inner !== null && inner !== undefined) define(kept, key, withoutNulls(inner));
  return kept;
}

/** Sets a key also where it is called `__proto__`. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Order of UTF-8, in which Go sorts; JavaScript sorts by UTF-16. */
export function byCodePoint(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = left[index]!.codePointAt(0)! - right[index]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/**
 * What values.yaml holds: every default that Helm may merge a user's value into. A union with a default is not in it:
 * the members of another choice would be merged into those of the default. The `defaults` template fills it.
 */
export function fileDefaults(shape: Shape): unknown {
  if (shape.kind === 'union' || shape.optional) return undefined;
  if (shape.kind === 'object') {
    const given = 'default' in shape && isPlainObject(shape.default) ? shape.default : {};
    const inner = [...shape.fields].flatMap(([key, field]) => {
      const value = fileDefaults(key in given ? ({ ...field, optional: false, default: given[key] } as Shape) : field);
      return value === undefined ? [] : [[key, value] as const];
    });
    return inner.length > 0 || !isRequired(shape) ? Object.fromEntries(inner) : undefined;
  }
  return 'default' in shape ? fill(shape, undefined) : undefined;
}
