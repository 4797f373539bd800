import type { PathParts } from '../finding.js';
import { looksSecret } from '../secret.js';
import { isMapNode, type ValuesNode } from '../values-map.js';

/** The names that JSON Schema has for the type of a value. */
export function typesOf(value: ValuesNode): readonly string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number') return Number.isInteger(value) ? ['integer', 'number'] : ['number'];
  return [typeof value];
}

/** Whether two values are the same; the order of keys does not count. */
export function equal(a: ValuesNode, b: ValuesNode): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(item, b[index]!));
  if (!isMapNode(a) || !isMapNode(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key]!, b[key]!));
}

/** Whether a number is a multiple of another one, counted in decimals: 0.3 is a multiple of 0.1. */
export function isMultiple(value: number, of: number): boolean {
  if (of === 0) return false;
  const [a, b] = [decimal(value), decimal(of)];
  const places = Math.max(a.places, b.places);
  return (a.digits * 10n ** BigInt(places - a.places)) % (b.digits * 10n ** BigInt(places - b.places)) === 0n;
}

function decimal(value: number): { readonly digits: bigint; readonly places: number } {
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  const [whole, fraction = ''] = mantissa.split('.');
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return places < 0 ? { digits: digits * 10n ** BigInt(-places), places: 0 } : { digits, places };
}

const longest = 60;

/** A value for a message: its kind, and what it is if that is short and no secret. */
export function printValue(value: ValuesNode, path: PathParts): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  if (looksSecret(path)) return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > longest ? `${value.slice(0, longest)}…` : value)}`;
  return typeof value === 'number' ? `the number ${value}` : String(value);
}

/** A few values for a message. */
export function printList(values: readonly ValuesNode[]): string {
  const shown = values.slice(0, 20).map((value) => JSON.stringify(value));
  return shown.join(', ') + (values.length > shown.length ? ` and ${values.length - shown.length} more` : '');
}
