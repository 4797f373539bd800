/** A map of values. Without a prototype: `constructor` and `__proto__` are keys like others. */
export type ValuesMap = { [key: string]: ValuesNode };

/** A value as read from a file: what JSON can hold. */
export type ValuesNode = null | boolean | number | string | ValuesNode[] | ValuesMap;

/** The versions of Helm whose ways are known; they differ in a chart's nulls and in files of several documents. */
export type HelmVersion = 3 | 4;

export const emptyMap = (): ValuesMap => Object.create(null) as ValuesMap;

/** Whether a value is a map, which Helm merges, and not a list or a single value, which it replaces. */
export const isMapNode = (value: unknown): value is ValuesMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Plain data, such as parsed JSON, as values. What JSON has no form for becomes null. */
export function toValues(data: unknown): ValuesNode {
  if (Array.isArray(data)) return data.map(toValues);
  if (typeof data === 'object' && data !== null) {
    const map = emptyMap();
    for (const [key, value] of Object.entries(data)) if (value !== undefined) map[key] = toValues(value);
    return map;
  }
  return typeof data === 'string' || typeof data === 'boolean' || typeof data === 'number' ? data : null;
}
