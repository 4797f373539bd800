import { differencesOf, documentsDiffer } from './differences.js';
import { type Evaluated, evaluate, isBeyond, type Template, UnknownOutcome } from './evaluate.js';
import { fileDefaults, fill, layer } from './layering.js';
import { type Meeting, meetingsIn, type Setting, withSetting } from './meetings.js';
import type { Exceptions } from './precedence.js';
import { refusalIn } from './refusal.js';
import type { Release } from './render.js';
import { answersOf } from './runs.js';
import type { ValueSampler } from './sample-values.js';
import { isPlainObject, type Shape, shapesAt } from './shape.js';
import type { Run } from './trace.js';
import type { Choices } from './traced-values.js';
import { valuesOfStructure } from './values-of-structure.js';

/** Values for which a template tree gives something else than the author's function. */
export interface Counterexample {
  /** As a user gives them. */
  readonly given: unknown;
  /** With all defaults filled in. */
  readonly filled: unknown;
  readonly release: Required<Release>;
}

export const sampleReleases: readonly Release[] = [
  { name: 'release-name', namespace: 'default' },
  { name: 'r', namespace: 'kube-system' },
  { name: `long-${'n'.repeat(47)}z`, namespace: 'a-namespace' },
  { name: 'my-web', namespace: 'default' },
  { name: 'true', namespace: '1' },
  { name: '0.1e3', namespace: 'x' },
];

/** A chart's name is another one where the chart is a dependency with an alias. */
const sampleAliases = ['release', 'web', 'n', '1.10', 'another-chart'];

interface VerifyOptions {
  readonly shape: Shape;
  readonly run: Run;
  readonly sampler: ValueSampler;
  readonly checks: number;
  /** Values that the chart takes: those near them are tried as much as any. */
  readonly known: unknown[];
  /** Structures that the function takes: values of them are tried too. */
  readonly structures: readonly Choices[];
}

/** What the author's function gives for ordinary values: the meaning that the template must have. */
export function synthesize(run: Run, values: unknown, release: Required<Release>): Evaluated {
  try {
    const { documents, invalid } = run(values, release);
    return { refused: invalid, documents: documents.map(({ object }) => object) };
  } catch (error) {
    return { refused: [refusalIn(error)], documents: [] };
  }
}

interface Verified {
  readonly counterexample?: Counterexample;
  /** How many values were compared, and how many of them the function made objects of. */
  readonly checked: number;
  readonly accepted: number;
  readonly template: Template;
  /** Entries over which nobody knows whether the user's wins. */
  readonly undecided: readonly Meeting[];
}

const mostKnown = 200;

/** What a difference says where only one of the two refuses the values. */
export const refuses = 'the function refuses';

/**
 * Compares a template with the author's function until one differs: on edges, on values in which the author's entries and
 * the user's meet, and on random values.
 */
export function findCounterexample(options: VerifyOptions, template: Template): Verified {
  const { shape, sampler, checks, known, structures } = options;
  const { random } = sampler;
  const comparison = new Comparison(options, template);
  const verified = (counterexample?: Counterexample, undecided: readonly Meeting[] = []): Verified => ({
    ...(counterexample ? { counterexample } : {}),
    checked: comparison.checked,
    accepted: comparison.accepted,
    template: comparison.template,
    undecided,
  });
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];
  const ofStructure = (choices: Choices) => valuesOfStructure(sampler, shape, answersOf(choices));

  const edges = sampler.edges(shape).flatMap((edge) => [edge, edge]);
  for (let tries = 0; edges.length > 0 || (comparison.checked < checks && tries < checks * 4); tries++) {
    // Where most values are refused, random ones say little of the objects.
    const near = tries % 3 === 1 ? pick(known) : undefined;
    const structure = tries % 3 === 2 ? pick(structures) : undefined;
    const edge = tries === 0 ? undefined : edges.pop();
    const drawn = () =>
      structure ? ofStructure(structure) : near === undefined ? sampler.value(shape) : sampler.changed(shape, near);
    const found = comparison.on(tries === 0 ? {} : edge ? sampler.withEdge(shape, edge, near) : drawn());
    if (typeof found === 'object') return verified(found);
  }
  const undecided = new Set<Meeting>();
  const meetings = meetingsIn(comparison.template.documents, structures);
  // What one meeting shows may be wrong at another one of the same place, so all are gone through again.
  for (let before: Template | undefined; before !== comparison.template; ) {
    before = comparison.template;
    for (const meeting of meetings) {
      const found = comparison.onMeeting(meeting, ofStructure);
      if (found === 'undecided') undecided.add(meeting);
      else if (found !== 'decided') return verified(found);
    }
  }
  // By now it is known of most maps which values lead to them.
  for (const meeting of undecided) {
    const found = comparison.onMeeting(meeting, ofStructure, attempts * 5);
    if (typeof found === 'object') return verified(found);
    if (found === 'decided') undecided.delete(meeting);
  }
  return verified(undefined, [...undecided]);
}

/** How often it is tried that an entry of the author's and one of the user's meet, and how often they do. */
const attempts = 60;
const encounters = 2;

/** The place of the map that an entry is in. */
const mapOf = (place: string): string => place.replace(/\/[^/]*$/, '');

/** A template that is compared with the author's function on one set of values after the other. */
class Comparison {
  checked = 0;
  accepted = 0;
  /** Where entries met in the values of the last comparison. */
  #met = new Set<string>();
  /** Values in which entries of a map met, by the place of the map. */
  readonly #bases = new Map<string, unknown>();
  #evidence: readonly Evidence[] = [];
  readonly #below: unknown;

  constructor(
    readonly options: VerifyOptions,
    public template: Template,
  ) {
    this.#below = fileDefaults(options.shape) ?? {};
  }

  /** Whether values are taken, refused, or none for the schema; or that they show a difference. */
  on(given: unknown, changes: object = {}): Counterexample | 'accepted' | 'refused' | 'invalid' {
    const { shape, run, sampler, known } = this.options;
    const filled = fill(shape, layer(this.#below, given));
    if (!shape.schema.safeParse(filled).success) return 'invalid';
    this.checked++;
    const place = sampleReleases[Math.floor(sampler.random() * sampleReleases.length)]!;
    const release = { ...place, chart: sampleAliases[this.checked % sampleAliases.length]!, ...changes };
    const expected = synthesize(run, filled, release);
    const isAccepted = expected.refused.length === 0;
    if (isAccepted) {
      this.accepted++;
      if (known.length < mostKnown) known.push(given);
    }
    this.#met = new Set();
    if (difference(expected, this.template, filled, release, (place) => this.#met.add(place))) {
      const evidence = [...this.#evidence, { filled, release, expected }];
      const flipped = isAccepted ? this.#flipped(evidence) : undefined;
      if (!flipped) return { given, filled, release };
      this.template = flipped;
      this.#evidence = evidence;
    }
    if (isAccepted) for (const met of this.#met) this.#bases.set(mapOf(met), given);
    return isAccepted ? 'accepted' : 'refused';
  }

  /** The template with other exceptions, where they are all that differs. */
  #flipped(evidence: readonly Evidence[]): Template | undefined {
    try {
      return flip(this.template, evidence);
    } catch {
      // An outcome that nobody saw, or an operation that is given nothing.
      return undefined;
    }
  }

  /** Makes an entry of the author's and one of the user's meet. */
  onMeeting(
    meeting: Meeting,
    drawn: (choices: Choices) => unknown,
    most = attempts,
  ): Counterexample | 'decided' | 'undecided' {
    const { place, structures } = meeting;
    const ways = meeting.ways.filter((way) => !way.some((setting) => this.#cannotBe(setting)));
    if (ways.length === 0) return meeting.ways.length === 0 ? 'undecided' : 'decided';
    const { known, sampler } = this.options;
    let met = 0;
    let refused = 0;
    for (let count = 0; count < most && met < encounters; count++) {
      // Most of what is only drawn may be refused: values that were taken lead to most of the places.
      const isDrawn = count % 3 === 2 || known.length === 0;
      const near = count % 3 === 0 ? this.#bases.get(mapOf(place)) : undefined;
      const given = isDrawn
        ? drawn(structures[count % structures.length]!)
        : (near ?? known[Math.floor(sampler.random() * known.length)]);
      let changed = given;
      let changes: object = {};
      for (const setting of ways[count % ways.length]!)
        if (setting.path[0] === 'release') changes = withSetting(changes, setting) as object;
        else changed = withSetting(changed, setting);
      if (typeof changed !== 'object' || changed === null) continue;
      const found = this.on(changed, changes);
      if (typeof found === 'object') return found;
      if (found === 'accepted' && this.#met.has(place)) met++;
      // The function may well refuse such an entry: then neither wins.
      if (found === 'refused' && this.on(given) === 'accepted' && ++refused === 3) return 'decided';
    }
    return met > 0 ? 'decided' : 'undecided';
  }

  /** Whether the schema takes no such entry. */
  #cannotBe(setting: Setting): boolean {
    if (setting.of === 'entry' || setting.path[0] === 'release') return false;
    const owners = shapesAt(this.options.shape, setting.of === 'key' ? setting.path.slice(0, -1) : setting.path);
    const refuses = (owner: Shape): boolean =>
      setting.of === 'key'
        ? owner.kind === 'record' && !owner.key.safeParse(setting.text).success
        : !owner.schema.safeParse(setting.text).success;
    return owners.length > 0 && owners.every(refuses);
  }
}

/** A counterexample with as few values as show a difference. */
export function smallest(
  { shape, run }: Pick<VerifyOptions, 'shape' | 'run'>,
  template: Template,
  { given, release }: Counterexample,
): Counterexample & { readonly difference: string } {
  const below = fileDefaults(shape) ?? {};
  const filledWith = (candidate: unknown) => fill(shape, layer(below, candidate));
  const small = shrink(given, (candidate) => {
    const values = filledWith(candidate);
    return shape.schema.safeParse(values).success && differenceFor(run, template, values, release) !== undefined;
  });
  const filled = filledWith(small);
  return { given: small, filled, release, difference: differenceFor(run, template, filled, release)! };
}

/** Values that showed which of two entries of one key wins. */
interface Evidence {
  readonly filled: unknown;
  readonly release: Required<Release>;
  /** What the function gives for them. */
  readonly expected: Evaluated;
}

/**
 * Which of two entries of one key wins cannot be seen in a run: it is tried, few changes first.
 *
 * @param evidence values that must not differ, the last of them for the first time: two entries that hold the same say
 * nothing of which one it was, so what was decided by others may have to be taken back
 */
function flip(template: Template, evidence: readonly Evidence[]): Template | undefined {
  const wrongIn = (candidate: Template, { expected, filled, release }: Evidence): number =>
    [...differencesOf(expected.documents, evaluate(candidate, filled, release).documents)].length;
  const wrong = (candidate: Template) => evidence.reduce((sum, one) => sum + wrongIn(candidate, one), 0);
  const open = [template];
  const tried = new Set([keyOf(template.exceptions)]);
  for (let base = open.shift(); base && tried.size < mostFlips; base = open.shift()) {
    const from: Template = base;
    const before = wrong(from);
    const differing = evidence.find((one) => wrongIn(from, one) > 0);
    for (const place of differing ? placesMet(from, differing) : []) {
      const exceptions = new Set(from.exceptions);
      if (!exceptions.delete(place)) exceptions.add(place);
      if (tried.has(keyOf(exceptions))) continue;
      tried.add(keyOf(exceptions));
      const candidate = { ...template, exceptions };
      const after = wrong(candidate);
      if (after === 0) return candidate;
      // Where another entry wins, it may meet others. One key may be in many objects: where one more of them is right, the
      // rest of them comes first.
      if (after >= before) open.push(candidate);
      else {
        open.unshift(candidate);
        open.push(from);
        break;
      }
    }
  }
  return undefined;
}

const mostFlips = 500;

const keyOf = (exceptions: Exceptions): string => [...exceptions].sort().join('\n');

/** Where entries of one key meet. */
function placesMet(template: Template, { filled, release }: Evidence): Set<string> {
  const places = new Set<string>();
  try {
    evaluate(template, filled, release, (place) => places.add(place));
  } catch {
    places.clear();
  }
  return places;
}

/** The first difference for values, or undefined where both give the same. */
export function differenceFor(
  run: Run,
  template: Template,
  values: unknown,
  release: Required<Release>,
): string | undefined {
  return difference(synthesize(run, values, release), template, values, release);
}

function difference(
  expected: Evaluated,
  template: Template,
  values: unknown,
  release: Required<Release>,
  collided?: (place: string) => void,
): string | undefined {
  let got: Evaluated;
  try {
    got = evaluate(template, values, release, collided);
  } catch (error) {
    if (error instanceof UnknownOutcome) return error.message;
    // An operation that is given nothing: the tree reads a value that is not there.
    return `the chart would fail: ${(error as Error).message}`;
  }
  if (isBeyond(got)) return undefined;
  const refused = [expected.refused.length > 0, got.refused.length > 0] as const;
  if (refused[0] && !refused[1]) return `${refuses}: ${expected.refused.join('; ')}`;
  if (refused[1] && !refused[0]) return `only with stand-ins ${refuses}: ${got.refused.join('; ')}`;
  if (refused[0]) return undefined;
  return documentsDiffer(expected.documents, got.documents);
}

/** The fewest given values that still show a difference: keys and elements are left out one after the other. */
export function shrink(given: unknown, shows: (candidate: unknown) => boolean): unknown {
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
