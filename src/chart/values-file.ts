import { isPlainObject, memberOf, type Shape } from './shape.js';
import { yamlKey, yamlScalar } from './yaml-scalar.js';

/**
 * A values file: what is given and nothing else, in the order in which it is given, each value with what it is above it.
 * Texts and keys are quoted where a version of YAML could read them as something else.
 *
 * @param values plain data; null takes a default away
 * @param shape what the values are, for their descriptions
 * @param head lines of the comment at the top
 */
export function valuesFile(values: Readonly<Record<string, unknown>>, shape: Shape, head: readonly string[]): string {
  const lines = valuesFileLines(values, shape);
  return `${[...head.map((line) => `# ${line}`), '', ...(lines.length > 0 ? lines : ['{}'])].join('\n')}\n`;
}

/** The same without a comment at the top; no line where nothing is given. */
export const valuesFileLines = (values: Readonly<Record<string, unknown>>, shape: Shape | undefined): string[] =>
  block(values, shape, '');

function block(value: unknown, shape: Shape | undefined, indent: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => element(item, indent));
  return Object.entries(value as object).flatMap(([key, inner]) => {
    if (inner === undefined) return [];
    const field = fieldOf(shape, value, key);
    return [...comment(field, indent), ...below(`${indent}${yamlKey(key)}:`, inner, field, `${indent}  `)];
  });
}

/** An element of a list starts behind its dash; what it is has been said above the list. */
function element(item: unknown, indent: string): string[] {
  if (!isFilled(item)) return [`${indent}- ${scalar(item)}`];
  const [first, ...rest] = block(item, undefined, `${indent}  `);
  return [`${indent}- ${first!.trimStart()}`, ...rest];
}

const below = (prefix: string, value: unknown, shape: Shape | undefined, indent: string): string[] =>
  isFilled(value) ? [prefix, ...block(value, shape, indent)] : [`${prefix} ${scalar(value)}`];

function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isPlainObject(value) && Object.values(value).some((inner) => inner !== undefined);
}

function scalar(value: unknown): string {
  if (Array.isArray(value)) return '[]';
  return isPlainObject(value) ? '{}' : yamlScalar((value ?? null) as string | number | boolean | null);
}

function fieldOf(shape: Shape | undefined, value: unknown, key: string): Shape | undefined {
  const inner = shape?.kind === 'union' ? memberOf(shape, value) : shape;
  return inner?.kind === 'object' ? inner.fields.get(key) : undefined;
}

function comment(shape: Shape | undefined, indent: string): string[] {
  const lines = shape?.description?.trim().split(/[\n\r\u0085\u2028\u2029]+/) ?? [];
  // What YAML takes for no printable character may stand in no comment either.
  return lines.map((line) => `${indent}# ${line.replace(/[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]/g, ' ').trim()}`);
}
