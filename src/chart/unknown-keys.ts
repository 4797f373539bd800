import { isLostKey, lostCharacters } from './defaults-template.js';
import { isPlainObject, memberOf, type Shape } from './shape.js';
import { refusedKeys } from './values-schema.js';

const refused = new RegExp(refusedKeys);

/** Paths of everything in values that their shape does not have. */
export function unknownKeys(shape: Shape, value: unknown, path = ''): string[] {
  const below = (key: string): string => (path ? `${path}.${key}` : key);
  switch (shape.kind) {
    case 'object':
      if (!isPlainObject(value)) return [];
      return Object.entries(value).flatMap(([key, inner]) => {
        const field = shape.fields.get(key);
        return field ? unknownKeys(field, inner, below(key)) : [below(key)];
      });
    case 'union': {
      const member = memberOf(shape, value);
      return member ? unknownKeys(member, value, path) : [];
    }
    case 'list':
      return Array.isArray(value)
        ? value.flatMap((inner, index) => unknownKeys(shape.element, inner, `${path}[${index}]`))
        : [];
    case 'record':
      return isPlainObject(value)
        ? Object.entries(value).flatMap(([key, inner]) =>
            refused.test(key) || !shape.key.safeParse(key).success
              ? [below(key)]
              : unknownKeys(shape.element, inner, below(key)),
          )
        : [];
    default:
      return [];
  }
}

/** Paths of texts in passed-on objects that no template can write. */
export function lostTexts(shape: Shape, value: unknown, path = ''): string[] {
  if (shape.kind !== 'any')
    return below(shape, value).flatMap(([key, inner, next]) => lostTexts(inner, next, path ? `${path}.${key}` : key));
  if (typeof value === 'string') return lostCharacters.test(value) ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    isLostKey(key) ? [path] : lostTexts(shape, inner, `${path}.${key}`),
  );
}

function below(shape: Shape, value: unknown): (readonly [string, Shape, unknown])[] {
  if (typeof value !== 'object' || value === null) return [];
  const member = shape.kind === 'union' ? memberOf(shape, value) : shape;
  return Object.entries(value).flatMap(([key, inner]) => {
    const next =
      member?.kind === 'object'
        ? member.fields.get(key)
        : member?.kind === 'list' || member?.kind === 'record'
          ? member.element
          : undefined;
    return next ? [[key, next, inner] as const] : [];
  });
}
