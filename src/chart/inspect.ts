import { hasStandIn } from './stand-in.js';

/** Something that was done to a traced text or number that looks into it. */
export interface Inspection {
  /** The function, such as `slice`. */
  readonly what: string;
  /** The text or number it was done to, with its stand-ins. */
  readonly value: string | number;
  /** File and line of the call. */
  readonly place: string;
  /** Whether the call is in a library: there it may be harmless, and is only told when the chart turns out wrong. */
  readonly inLibrary: boolean;
}

const methods = [
  'at charAt charCodeAt codePointAt endsWith includes indexOf lastIndexOf localeCompare match matchAll normalize',
  'padEnd padStart repeat replace replaceAll search slice split startsWith substring toLowerCase toUpperCase trim',
  'trimEnd trimStart',
]
  .join(' ')
  .split(' ');
const calculations = ['abs', 'ceil', 'floor', 'max', 'min', 'pow', 'round', 'sign', 'sqrt', 'trunc'] as const;

/** What to write instead of a method. */
const instead: Readonly<Record<string, string>> = {
  slice: 'trunc(text, length) or trimPrefix(text, prefix)',
  substring: 'trunc(text, length) or trimPrefix(text, prefix)',
  startsWith: 'choose(same(a, b), …) for whole texts, trimPrefix(text, prefix), or a z.enum or z.boolean in the values',
  padStart: 'the text as the user should give it',
  max: 'max(a, b)',
  ceil: 'divideUp(a, b)',
};

/** How an inspection is told. */
export function adviceFor({ what }: Inspection): string {
  return `Use ${instead[what] ?? 'a leaf operation such as choose, same, trunc, join, or a z.enum or z.boolean in the values'}, which the chart can do too.`;
}

type Callable = (...operands: unknown[]) => unknown;

let busy = false;

/** Runs a function of which nothing is told. */
export function unwatched<Result>(run: () => Result): Result {
  const before = busy;
  busy = true;
  try {
    return run();
  } finally {
    busy = before;
  }
}

/**
 * Runs a function and tells every method of texts, every regular expression and every function of `Math` that looked
 * at a stand-in. Everything is put back afterwards.
 *
 * @param isNumber whether a number is a stand-in
 */
export function watchInspections<Result>(
  run: () => Result,
  isNumber: (value: number) => boolean,
  told: (inspection: Inspection) => void,
): Result {
  const restore: (() => void)[] = [];
  const look = (what: string, value: unknown) => {
    unwatched(() => {
      const found = typeof value === 'string' ? hasStandIn(value) : typeof value === 'number' && isNumber(value);
      if (!found) return;
      const caller = callerOf(frames());
      if (caller === 'ours') return;
      const inLibrary = caller.includes('/node_modules/');
      // Only what is told as an error needs the place in the author's own text, which source maps make slow.
      const place = inLibrary ? caller : (callerPlace(new Error().stack ?? '', caller) ?? caller);
      told({ what, value: value as string | number, place, inLibrary });
    });
  };
  const wrap = (owner: object, name: string, looked: (self: unknown, operands: unknown[]) => unknown[]) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name)!;
    const original = descriptor.value as Callable;
    Object.defineProperty(owner, name, {
      ...descriptor,
      value: function (this: unknown, ...operands: unknown[]) {
        if (!busy) for (const value of looked(this, operands)) look(name, value);
        return Reflect.apply(original, this, operands);
      },
    });
    restore.push(() => Object.defineProperty(owner, name, descriptor));
  };
  for (const name of methods) wrap(String.prototype, name, (self) => [String(self)]);
  for (const name of ['test', 'exec']) wrap(RegExp.prototype, name, (_, operands) => [operands[0]]);
  for (const name of calculations) wrap(Math, name, (_, operands) => operands);
  try {
    return run();
  } finally {
    for (const undo of restore.reverse()) undo();
  }
}

interface Frame {
  readonly file: string;
  readonly line: string;
}

/** The stack as V8 has it, without source maps. */
function frames(): Frame[] {
  const before = Error.prepareStackTrace;
  try {
    Error.prepareStackTrace = (_, sites) => sites;
    const sites = new Error().stack as unknown as NodeJS.CallSite[];
    return sites.flatMap((site) => {
      const file = site.getFileName();
      return file
        ? [{ file: file.replace(/^file:\/\//, '').replaceAll('\\', '/'), line: String(site.getLineNumber()) }]
        : [];
    });
  } finally {
    Error.prepareStackTrace = before;
  }
}

/** Who called: the first frame that is not this file; `ours` for the rooms that know how to treat a stand-in. */
function callerOf(stack: readonly Frame[]): string {
  const self = stack[0]?.file;
  const caller = stack.find(({ file }) => file !== self && !file.startsWith('node:'));
  if (!self || !caller) return 'ours';
  const room = self.replace(/chart\/[^/]*$/, '');
  const ours = caller.file.startsWith(`${room}chart/`) || caller.file.startsWith(`${room}units/`);
  return ours ? 'ours' : `${caller.file}:${caller.line}`;
}

/** The line of a caller in the author's own text. */
function callerPlace(stack: string, caller: string): string | undefined {
  const file = caller.replace(/:\d+$/, '').replace(/\.[cm]?[jt]s$/, '');
  return stack
    .split('\n')
    .map((line) => /\(?((?:file:\/\/)?[^()\s]+:\d+):\d+\)?$/.exec(line)?.[1]?.replace(/^file:\/\//, ''))
    .find((place) => place?.replace(/:\d+$/, '').replace(/\.[cm]?[jt]s$/, '') === file);
}
