import type { HelmValue } from './effective-values.js';

/** What Helm makes of a plain (unquoted) scalar, or of one with a tag. */
export type ResolvedScalar =
  | { readonly kind: 'null' | 'boolean' | 'text'; readonly value: HelmValue; readonly key: string | undefined }
  | {
      readonly kind: 'number';
      readonly value: number;
      /** The text that it becomes as a map's key; undefined for what cannot be one. */
      readonly key: string | undefined;
      /** The exact whole number, for those that are written as one. */
      readonly whole?: bigint;
    }
  /** `.inf` and `.nan`, which JSON does not have: Helm refuses the file. */
  | { readonly kind: 'no JSON'; readonly key: string };

const words = new Map<string, null | boolean | 'no JSON'>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['inf', 'Inf', 'INF'].flatMap((word) => ['.', '+.', '-.'].map((sign) => [sign + word, 'no JSON'] as const)),
  ...['nan', 'NaN', 'NAN'].map((word) => [`.${word}`, 'no JSON'] as const),
]);

const floatPattern = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const wholePattern = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/;
/** With the point first, underscores count only between digits. */
const pointFirst = /^\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?$/;
const largestUnsigned = 2n ** 64n - 1n;
const largestSigned = 2n ** 63n - 1n;

/**
 * Reads a plain scalar as Helm 3 and 4 do: by YAML 1.1 with octal numbers (`0777`, `0o777`), underscores (`1_000`),
 * hexadecimal and binary ones, without base 60; numbers end as 64-bit floats.
 */
export function resolveScalar(text: string): ResolvedScalar {
  const word = words.get(text);
  if (word === 'no JSON') return { kind: 'no JSON', key: text.toLowerCase().replace(/^\+/, '') };
  if (word === null) return { kind: 'null', value: null, key: undefined };
  if (word !== undefined) return { kind: 'boolean', value: word, key: String(word) };
  const first = text.charCodeAt(0);
  // Only what starts with a digit, a sign or a point can be a number.
  if ((first >= 48 && first <= 57) || first === 43 || first === 45)
    return resolveNumber(text.replaceAll('_', ''), text);
  if (first === 46) return resolveNumber(pointFirst.test(text) ? text.replaceAll('_', '') : text, text);
  return { kind: 'text', value: text, key: text };
}

function resolveNumber(digits: string, text: string): ResolvedScalar {
  const whole = readWhole(digits);
  if (whole !== undefined) {
    // Beyond 64 bits with a sign it is a key of a type that JSON has no text for.
    const key = whole <= largestSigned ? whole.toString() : undefined;
    return { kind: 'number', value: Number(whole), key, whole };
  }
  if (floatPattern.test(digits)) {
    const value = Number(digits);
    if (Number.isFinite(value)) return { kind: 'number', value, key: printFloat(value) };
  }
  return { kind: 'text', value: text, key: text };
}

function readWhole(digits: string): bigint | undefined {
  const [, sign, magnitude] = wholePattern.exec(digits) ?? [];
  if (magnitude === undefined) return undefined;
  const whole = BigInt(magnitude.replace(/^0[oO]?(?=[0-7])/, '0o'));
  const signed = sign === '-' ? -whole : whole;
  if (signed < -largestSigned - 1n) return undefined;
  // Without a sign the range is one bit wider.
  return signed > (sign === '' ? largestUnsigned : largestSigned) ? undefined : signed;
}

/** A float as a key: the shortest text for 32 bits, with an exponent from a million on (Go's format 'g'). */
function printFloat(value: number): string {
  const short = shortest32(value);
  const [digits, exponent = '0'] = short.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(short);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function shortest32(value: number): number {
  const rounded = Math.fround(value);
  for (let precision = 1; precision < 10; precision++) {
    const candidate = Number(value.toPrecision(precision));
    if (Math.fround(candidate) === rounded) return candidate;
  }
  return value;
}
