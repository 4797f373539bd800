import { type Evaluated, evaluate, isBeyond, type Template, UnknownOutcome } from './evaluate.js';
import { fileDefaults, fill, layer } from './layering.js';
import type { Release } from './render.js';
import type { ValueSampler } from './sample-values.js';
import { isPlainObject, type Shape } from './shape.js';
import type { Run } from './trace.js';

/** Values for which a template tree gives something else than the author's function. */
export interface Counterexample {
  /** As a user gives them, as few as show it. */
  readonly given: unknown;
  /** With all defaults filled in. */
  readonly filled: unknown;
  readonly release: Release;
  /** Where the two differ, and what each has there. */
  readonly difference: string;
}

export const sampleReleases: readonly Release[] = [
  { name: 'release-name', namespace: 'default' },
  { name: 'r', namespace: 'kube-system' },
  { name: `long-${'n'.repeat(47)}z`, namespace: 'a-namespace' },
  { name: 'true', namespace: '1' },
  { name: '0.1e3', namespace: 'x' },
];

interface VerifyOptions {
  readonly shape: Shape;
  readonly run: Run;
  readonly sampler: ValueSampler;
  readonly checks: number;
}

/** What the author's function gives for ordinary values: the meaning that the template must have. */
export function synthesize(run: Run, values: unknown, release: Release): Evaluated {
  try {
    const { documents, invalid } = run(values, release);
    return { refused: invalid, documents: documents.map(({ object }) => object) };
  } catch (error) {
    // A mistake in the function, on values that anybody may give: no template may make a refusal of it.
    if (error instanceof TypeError || error instanceof ReferenceError) throw error;
    return { refused: [error instanceof Error ? error.message : String(error)], documents: [] };
  }
}

/** Compares a template with the author's function on random values, until one differs. */
export function findCounterexample(
  { shape, run, sampler, checks }: VerifyOptions,
  template: Template,
): { counterexample?: Counterexample; checked: number; template: Template } {
  let current = template;
  let checked = 0;
  const below = fileDefaults(shape) ?? {};
  for (let tries = 0; checked < checks && tries < checks * 4; tries++) {
    const given = tries === 0 ? {} : sampler.value(shape);
    const filled = fill(shape, layer(below, given));
    if (!shape.schema.safeParse(filled).success) continue;
    checked++;
    const release = sampleReleases[Math.floor(sampler.random() * sampleReleases.length)]!;
    if (!differenceFor(run, current, filled, release)) continue;
    const flipped = flip(run, current, filled, release);
    if (flipped) {
      current = flipped;
      continue;
    }
    const small = shrink(given, (candidate) => {
      const values = fill(shape, layer(below, candidate));
      return shape.schema.safeParse(values).success && differenceFor(run, current, values, release) !== undefined;
    });
    const values = fill(shape, layer(below, small));
    return {
      counterexample: {
        given: small,
        filled: values,
        release,
        difference: differenceFor(run, current, values, release)!,
      },
      checked,
      template: current,
    };
  }
  return { checked, template: current };
}

/** Where what the user gives wins over the author's entries cannot be seen in a run: it is tried. */
function flip(run: Run, template: Template, values: unknown, release: Release): Template | undefined {
  const places = new Set<string>();
  try {
    evaluate(template, values, release, (place) => places.add(place));
  } catch {
    return undefined;
  }
  const open = [...places].filter((place) => !template.userWins.has(place)).slice(0, 6);
  for (let subset = 1; subset < 2 ** open.length; subset++) {
    const wins = open.filter((_, index) => subset & (1 << index));
    const candidate = { ...template, userWins: new Set([...template.userWins, ...wins]) };
    if (!differenceFor(run, candidate, values, release)) return candidate;
  }
  return undefined;
}

/** The first difference for values, or undefined where both give the same. */
export function differenceFor(run: Run, template: Template, values: unknown, release: Release): string | undefined {
  const expected = synthesize(run, values, release);
  let got: Evaluated;
  try {
    got = evaluate(template, values, release);
  } catch (error) {
    if (error instanceof UnknownOutcome) return `a structure that was not seen before: ${error.message}`;
    throw error;
  }
  if (isBeyond(got)) return undefined;
  const refused = [expected.refused.length > 0, got.refused.length > 0] as const;
  if (refused[0] && !refused[1]) return `the function refuses: ${expected.refused.join('; ')}`;
  if (refused[1] && !refused[0]) return `only with stand-ins the function refuses: ${got.refused.join('; ')}`;
  if (refused[0]) return undefined;
  return documentsDiffer(expected.documents, got.documents);
}

/** The first difference of two sets of objects; their order does not matter. */
export function documentsDiffer(expected: readonly unknown[], got: readonly unknown[]): string | undefined {
  const rest = new Map<string, unknown[]>();
  for (const document of got) rest.set(nameOf(document), [...(rest.get(nameOf(document)) ?? []), document]);
  for (const document of expected) {
    const twins = rest.get(nameOf(document));
    const twin = twins?.shift();
    if (twin === undefined) return `${nameOf(document)} is missing`;
    const difference = differ(document, twin, '');
    if (difference) return `${nameOf(document)}${difference}`;
  }
  const more = [...rest].find(([, documents]) => documents.length > 0);
  return more ? `${more[0]} is one too many` : undefined;
}

function nameOf(document: unknown): string {
  const { kind, metadata } = (document ?? {}) as { kind?: string; metadata?: { name?: unknown; namespace?: unknown } };
  return [kind, metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join(' ');
}

function differ(expected: unknown, got: unknown, place: string): string | undefined {
  if (Array.isArray(expected) && Array.isArray(got)) {
    for (let index = 0; index < Math.max(expected.length, got.length); index++) {
      const difference = differ(expected[index], got[index], `${place}/${index}`);
      if (difference) return difference;
    }
    return undefined;
  }
  if (isPlainObject(expected) && isPlainObject(got)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      const difference = differ(
        Object.hasOwn(expected, key) ? expected[key] : undefined,
        Object.hasOwn(got, key) ? got[key] : undefined,
        `${place}/${key}`,
      );
      if (difference) return difference;
    }
    return undefined;
  }
  if (expected === got || (typeof expected === 'number' && expected === got)) return undefined;
  return `${place}: ${show(expected)}, the chart would give ${show(got)}`;
}

const show = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};

/** The fewest given values that still show a difference: keys and elements are left out one after the other. */
function shrink(given: unknown, shows: (candidate: unknown) => boolean): unknown {
  let current = given;
  for (let changed = true; changed; ) {
    changed = false;
    for (const candidate of smaller(current)) {
      if (!shows(candidate)) continue;
      current = candidate;
      changed = true;
      break;
    }
  }
  return current;
}

function* smaller(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) yield value.filter((_, other) => other !== index);
    for (let index = 0; index < value.length; index++)
      for (const inner of smaller(value[index])) yield value.map((item, other) => (other === index ? inner : item));
  } else if (isPlainObject(value)) {
    for (const key of Object.keys(value))
      yield Object.fromEntries(Object.entries(value).filter(([other]) => other !== key));
    for (const key of Object.keys(value)) for (const inner of smaller(value[key])) yield { ...value, [key]: inner };
  }
}
