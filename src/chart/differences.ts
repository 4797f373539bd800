import { isPlainObject } from './shape.js';

/** All differences of two sets of objects, as a text each; their order does not matter. */
export function* differencesOf(expected: readonly unknown[], got: readonly unknown[]): Generator<string, undefined> {
  const rest = new Map<string, unknown[]>();
  for (const document of got) rest.set(nameOf(document), [...(rest.get(nameOf(document)) ?? []), document]);
  for (const document of expected) {
    const name = nameOf(document);
    const twins = rest.get(name);
    if (!twins || twins.length === 0) yield `${name} is missing`;
    else for (const difference of differ(document, twins.shift(), '')) yield `${name}${difference}`;
  }
  for (const [name, documents] of rest) if (documents.length > 0) yield `${name} is one too many`;
  return undefined;
}

/** The first of {@link differencesOf}. */
export const documentsDiffer = (expected: readonly unknown[], got: readonly unknown[]): string | undefined =>
  differencesOf(expected, got).next().value;

function nameOf(document: unknown): string {
  const { kind, metadata } = (document ?? {}) as { kind?: string; metadata?: { name?: unknown; namespace?: unknown } };
  return [kind, metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join(' ');
}

function* differ(expected: unknown, got: unknown, place: string): Generator<string> {
  if (Array.isArray(expected) && Array.isArray(got))
    for (let index = 0; index < Math.max(expected.length, got.length); index++)
      yield* differ(expected[index], got[index], `${place}/${index}`);
  else if (isPlainObject(expected) && isPlainObject(got))
    for (const key of new Set([...Object.keys(expected), ...Object.keys(got)]))
      yield* differ(
        Object.hasOwn(expected, key) ? expected[key] : undefined,
        Object.hasOwn(got, key) ? got[key] : undefined,
        `${place}/${key}`,
      );
  else if (expected !== got) yield `${place}: ${show(expected)}, the chart would give ${show(got)}`;
}

const show = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};
