/** A map whose fields may be anything: an object that came from outside. */
export type Fields = Readonly<Record<string, unknown>>;

const none: Fields = Object.freeze({});

/** The value as a map, or an empty map: the wrong type is told once, by the schema. */
export function mapOf(value: unknown): Fields {
  return isMap(value) ? value : none;
}

/** The maps in a list, each with its index; a null item counts as an empty map, as the API server reads it. */
export function itemsOf(value: unknown): [index: number, item: Fields][] {
  return Array.isArray(value) ? value.map((item: unknown, index) => [index, mapOf(item)]) : [];
}

/** The value if it is text that is not empty. The API server treats empty text like an absent field. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether a value is a map, in the sense of JSON. */
export function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The path of a field below another; a key that is no plain word is put into brackets: `metadata.labels[app.kubernetes.io/name]`. */
export function fieldPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (!/^[A-Za-z0-9_$-]+$/.test(key)) return `${parent}[${key}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/** The value at a path of plain words, such as `spec.template`. */
export function valueAt(object: Fields, path: string): unknown {
  let value: unknown = object;
  if (path !== '') for (const key of path.split('.')) value = mapOf(value)[key];
  return value;
}
