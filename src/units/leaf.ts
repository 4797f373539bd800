import { posix } from 'node:path';

/**
 * Leaf operations: the only things a construct does with a string or a number that a chart's user may set.
 *
 * With ordinary values they calculate. While a tracer is active, a leaf may be a stand-in of the same JavaScript type
 * that survives string building and cdk8s; then each operation asks the tracer for a new stand-in, and the construct
 * runs unchanged. What a construct must not do with a leaf is inspect it: no comparison, no slicing, no parsing.
 * (`===`, `.length`, `Number(x)` on a stand-in would give a silently wrong chart.)
 */

/** A condition on leaves: true or false, or a tracer's stand-in for "decided when the chart is installed". */
export type Condition = boolean | { readonly traced: unknown };

/** What follows traced leaves; the chart engine provides one. */
export interface Tracer {
  /** Whether a value is a stand-in or contains one: in a text, or anywhere below an object. */
  isTraced(value: unknown): boolean;
  /** The stand-in for the result of an operation of which at least one operand is traced. */
  operation(name: string, operands: readonly unknown[]): unknown;
  /** Takes note that installation must stop with a message where a traced condition holds. */
  refuse(condition: Condition, message: string): void;
}

let active: Tracer | undefined;

/** Runs a function with a tracer active and puts back what was active before, also after an error. */
export function withTracer<Result>(tracer: Tracer, run: () => Result): Result {
  const before = active;
  active = tracer;
  try {
    return run();
  } finally {
    active = before;
  }
}

/** Whether a value is a tracer's stand-in. Checks of a leaf's content skip those: the chart's schema makes them. */
export function isTraced(value: unknown): boolean {
  return active?.isTraced(value) ?? false;
}

/** What each operation computes, by name: what a tracer's `evaluate` needs. */
export const operations = new Map<string, (...operands: never[]) => unknown>();

/**
 * Declares a leaf operation. Only `units/` does: the chart engine must know how to print each one.
 *
 * @param name its stable name in a template tree
 * @param compute what it gives for ordinary values
 */
export function operation<Operands extends readonly unknown[], Result>(
  name: string,
  compute: (...operands: Operands) => Result,
): (...operands: Operands) => Result {
  operations.set(name, compute as (...operands: never[]) => unknown);
  return (...operands) => {
    const flat = operands.flat() as unknown[];
    if (active && flat.some((operand) => active!.isTraced(operand))) return active.operation(name, operands) as Result;
    return compute(...operands);
  };
}

/** The sum of numbers. */
export const add = operation('add', (...terms: number[]): number => terms.reduce((sum, term) => sum + term, 0));

/** The product of two numbers. */
export const mul = operation('mul', (a: number, b: number): number => a * b);

/** The quotient of two whole numbers, rounded up. */
export const divideUp = operation('divideUp', (a: number, b: number): number => Math.ceil(a / b));

/** The largest of numbers. */
export const max = operation('max', (...values: number[]): number => Math.max(...values));

/** Texts joined by a separator; empty ones are left out, so that an unset prefix leaves no separator behind. */
export const join = operation('join', (separator: string, ...parts: string[]): string =>
  parts.filter((part) => part !== '').join(separator),
);

/** The folder of a path, as `path.posix.dirname`: `/var/ngt/index` gives `/var/ngt`. */
export const dirname = operation('dirname', (path: string): string => {
  const trimmed = path.replace(/\/+$/, '');
  const cut = trimmed.lastIndexOf('/');
  return cut <= 0 ? (path.startsWith('/') ? '/' : '.') : trimmed.slice(0, cut);
});

/** A path in its shortest form, as `path.Clean` of Go: `/tmp//a/..` gives `/tmp`. */
export const clean = operation('clean', (path: string): string => {
  const normal = posix.normalize(path);
  return normal === '/' ? normal : normal.replace(/\/$/, '');
});

/** Text cut to a number of characters, without a hyphen at the end: what a Kubernetes name needs. */
export const trunc = operation('trunc', (text: string, length: number): string =>
  // By code points, as templates count: an emoji is two of JavaScript's units.
  [...text].slice(0, length).join('').replace(/-+$/, ''),
);

/** Text with a start taken off where it is there. */
export const trimPrefix = operation('trimPrefix', (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text,
);

/** A number as text in decimal digits. */
export const text = operation('text', (value: number): string => String(value));

/** Whether the first number is less than the second. */
export const less = operation('less', (a: number, b: number): Condition => a < b);

/** Whether two leaves are the same text or number. */
export const same = operation('same', (a: string | number, b: string | number): Condition => a === b);

/** Whether a text holds another one; every text holds the empty one. */
export const contains = operation('contains', (text: string, part: string): Condition => text.includes(part));

/** A text, which a chart computes in a template of this name: for what many places of its templates need. */
export const named = operation('named', (_name: string, text: string): string => text);

/** Whether no two of some leaves are the same: names in a list, each of which may be there once. */
export const distinct = operation(
  'distinct',
  (...values: (string | number)[]): Condition => new Set(values).size === values.length,
);

/** One of two leaves by a condition; both are computed. */
export function choose<Leaf extends string | number>(condition: Condition, whenTrue: Leaf, whenFalse: Leaf): Leaf {
  if (typeof condition === 'boolean') return condition ? whenTrue : whenFalse;
  return active!.operation('choose', [condition, whenTrue, whenFalse]) as Leaf;
}

/**
 * Stops where a condition holds: with ordinary values `report` is called at once; with traced ones the chart will fail
 * to install with the message that `report` would have given.
 */
export function refuse(condition: Condition, message: string, report: (message: string) => void): void {
  if (condition === true) report(message);
  else if (condition !== false) active!.refuse(condition, message);
}
