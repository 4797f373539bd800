import { lostCharacters } from './defaults-template.js';
import { sampleOf } from './pattern-sample.js';
import { isPlainObject, leafRules, memberOf, type Shape, type ShapeOf } from './shape.js';

/** Texts that break what is not careful: YAML, templates, names, sizes, numbers. */
const texts = [
  '',
  'a',
  'web',
  'true',
  'yes',
  'No',
  'on',
  'off',
  'y',
  'null',
  '~',
  '0',
  '1',
  '007',
  '1_000',
  '0x1F',
  '0o17',
  '1e3',
  '1.10',
  '12:30:45',
  '2020-01-01',
  '.inf',
  '=',
  '<<',
  '{{ .Values.x }}',
  '}}',
  '{{',
  '%s %d 100%',
  '"',
  "'",
  '\\',
  '\\n',
  'it\'s "quoted"',
  'a: b',
  'a #b',
  '- a',
  '# a',
  '&a',
  '*a',
  '!a',
  '|',
  '>',
  '@a',
  '`a`',
  '[a]',
  '{a: 1}',
  ' a',
  'a ',
  'a\nb',
  'a\nb\n',
  '\n',
  'a\r\nb',
  'a\tb',
  '\u0085',
  'a\u0085b',
  'a\u2028b',
  '\u00a0',
  '\ufeffa',
  '\u0001',
  '\u007f',
  'é漢',
  '😀',
  '<a&b>',
  '$HOME $(x)',
  '-',
  'a--',
  '---',
  '...',
  `${'x'.repeat(62)}-${'y'.repeat(40)}`,
  'x'.repeat(300),
  'Abc',
  'vald-agent',
  'my.host.example',
  'https://s3.example.com:8443',
  'http://minio:9000',
  'host:4317',
  '/var/ngt/index',
  '/tmp//a/../b/',
  '/',
  '//',
  '.',
  '..',
  'a/b',
  '100Gi',
  '1.5Ti',
  '500m',
  '0.5',
  '10m',
  '1h30m',
  '1500ms',
  'v1.8.0',
  'nginx',
  'registry.example.com:5000/team/image',
  '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2',
  '*/5 * * * *',
  '10.0.0.0/8',
  'user@example.com',
  'ca.crt',
];
const keys = [
  'a',
  'app',
  'team',
  'app.kubernetes.io/name',
  'disk',
  'yes',
  'n',
  '1e3',
  'x-y',
  'Key',
  'a.b/c_d',
  'null',
  '12:30',
];
const numbers = [
  0,
  1,
  -1,
  2,
  3,
  17,
  80,
  443,
  8080,
  999999,
  1e6,
  1000001,
  65535,
  1e9,
  2 ** 31,
  2 ** 40 + 1,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
];
const floats = [0.5, 0.1, -0.25, 1e-7, 1.5e21, 1e100, 2.75, 5e-324, 1e20];

/** A value that is tried at one place. */
interface Edge {
  /** The shapes on the way to the place, its own last. */
  readonly way: readonly Shape[];
  readonly value: unknown;
}

/** Random values of a chart as its users would give them: partial, valid, and nasty. */
export class ValueSampler {
  readonly #texts: string[];
  readonly #numbers: number[];
  readonly #keys: string[];
  #edge: Edge | undefined;
  readonly #candidates = new Map<Shape, readonly unknown[]>();

  /** @param literals texts and numbers of the author's source: what a comparison there would be with */
  constructor(
    readonly random: () => number,
    literals: readonly (string | number)[] = [],
    ownKeys: readonly string[] = [],
  ) {
    const own = literals.filter((literal) => typeof literal === 'string');
    const counts = literals.filter((literal) => typeof literal === 'number');
    this.#texts = [...new Set([...own, ...texts, ...own.map((text) => `${text}x`)])];
    this.#numbers = [...new Set([...counts.flatMap((count) => [count - 1, count, count + 1]), ...numbers])];
    this.#keys = [...new Set([...ownKeys, ...keys])];
  }

  /**
   * What is worth being tried at each place, with the shapes on the way to it: the empty text and zero, which authors
   * forget.
   */
  edges(root: Shape): Edge[] {
    const found: Edge[] = [];
    const visit = (shape: Shape, before: readonly Shape[]): void => {
      const way = [...before, shape];
      if (shape.kind === 'object') for (const field of shape.fields.values()) visit(field, way);
      else if (shape.kind === 'union') for (const member of shape.members.values()) visit(member, way);
      else if (shape.kind === 'list') visit(shape.element, way);
      else if (shape.kind === 'text' || shape.kind === 'number')
        for (const value of ['', 0]) if (this.candidates(shape).includes(value)) found.push({ way, value });
    };
    visit(root, []);
    return found;
  }

  /** A value with an edge in it; the rest is as in a known value, or drawn. */
  withEdge(shape: Shape, edge: Edge, known: unknown): unknown {
    this.#edge = edge;
    try {
      return known === undefined ? this.value(shape) : this.changed(shape, known, 0);
    } finally {
      this.#edge = undefined;
    }
  }

  #isOnWay = (shape: Shape): boolean => this.#edge?.way.includes(shape) ?? false;
  #isEdge = (shape: Shape): boolean => this.#edge?.way.at(-1) === shape;

  /** A value for a shape, or undefined where it is left out. */
  value(shape: Shape): unknown {
    if (this.#isEdge(shape)) return this.#edge!.value;
    const isNeeded = this.#isOnWay(shape);
    if (!isNeeded && shape.optional && this.random() < 0.4) return undefined;
    if (!isNeeded && 'default' in shape && this.random() < 0.25) return undefined;
    switch (shape.kind) {
      case 'object':
        return this.#object(shape.fields);
      case 'boolean':
        return this.random() < 0.5;
      case 'option':
        return this.#pick(shape.options);
      case 'union': {
        const members = [...shape.members];
        const [name, member] = members.find(([, one]) => this.#isOnWay(one)) ?? this.#pick(members);
        return { ...this.#object((member as ShapeOf<'object'>).fields), [shape.discriminator]: name };
      }
      case 'list':
        return this.#several(Math.max(shape.least, isNeeded ? 1 : 0)).map(() => this.value(shape.element));
      case 'record':
        return Object.fromEntries(
          this.#several(0).flatMap(() => {
            const key = this.#pick(this.#keys);
            return shape.key.safeParse(key).success ? [[key, this.value(shape.element)]] : [];
          }),
        );
      case 'any':
        return this.#any();
      default:
        return this.leaf(shape);
    }
  }

  /** A value like another one: some of its parts are drawn anew. */
  changed(shape: Shape, value: unknown, share = 4 / Math.max(4, partsOf(shape))): unknown {
    if (this.random() < share || this.#isEdge(shape)) return this.value(shape);
    if (this.#isOnWay(shape) && !this.#leadsOn(shape, value)) return this.value(shape);
    if (shape.kind === 'list' && Array.isArray(value))
      return value.map((element: unknown) => this.changed(shape.element, element, share));
    const member = shape.kind === 'union' ? memberOf(shape, value) : shape;
    if (member?.kind !== 'object' || (!isPlainObject(value) && (shape.optional || value !== undefined))) return value;
    const given = isPlainObject(value) ? value : {};
    const fixed = shape.kind === 'union' ? { [shape.discriminator]: given[shape.discriminator] } : {};
    const parts = [...member.fields].flatMap(([key, field]) => {
      const inner = key in fixed ? undefined : this.changed(field, given[key], share);
      return inner === undefined ? [] : [[key, inner] as const];
    });
    return { ...fixed, ...Object.fromEntries(parts) };
  }

  /** Whether what is there has the place in it to which an edge belongs. */
  #leadsOn(shape: Shape, value: unknown): boolean {
    if (shape.kind === 'list') return Array.isArray(value) && value.length > 0;
    if (shape.kind === 'union')
      return this.#isOnWay(memberOf(shape, value) ?? shape) && memberOf(shape, value) !== undefined;
    return value !== undefined || !shape.optional;
  }

  #object(fields: ReadonlyMap<string, Shape>): Record<string, unknown> {
    return Object.fromEntries(
      [...fields].flatMap(([key, field]) => {
        const value = this.value(field);
        return value === undefined ? [] : [[key, value]];
      }),
    );
  }

  /** Every candidate of a leaf satisfies its schema; there may be none. */
  candidates(shape: Shape): readonly unknown[] {
    const known = this.#candidates.get(shape);
    if (known) return known;
    const given = 'default' in shape ? [shape.default] : [];
    const meta = (shape.schema.meta() ?? {}) as { examples?: unknown[] };
    const pool =
      shape.kind === 'number'
        ? [...this.#numbers, ...(shape.whole ? this.#within(shape) : floats)]
        : [...this.#texts, ...this.#matching(shape)];
    const found = [...given, ...(meta.examples ?? []), ...pool].filter(
      (candidate) => shape.schema.safeParse(candidate).success,
    );
    this.#candidates.set(shape, found);
    return found;
  }

  /** A value of a text or number, or undefined where none is known that the schema takes. */
  leaf(shape: Shape): unknown {
    const candidates = this.candidates(shape);
    return candidates.length > 0 ? this.#pick(candidates) : undefined;
  }

  #within({ low, high }: ShapeOf<'number'>): number[] {
    return Array.from({ length: 6 }, () => Math.floor(low + this.random() * Math.min(high - low, 2 ** 52)));
  }

  #matching(shape: Shape): string[] {
    const patterns = JSON.stringify(leafRules(shape.schema)).includes('"pattern"') ? patternsOf(shape) : [];
    return patterns.flatMap((pattern) =>
      Array.from({ length: 24 }, () => sampleOf(pattern, this.random) ?? '').filter((text) => text !== ''),
    );
  }

  #any(): Record<string, unknown> {
    const kinds = [
      () => ({}),
      () => ({ limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: 2 } }),
      () => ({ [this.#pick(this.#keys)]: this.#passed(), on: [true, 1.5, 1000000, this.#passed()] }),
      () => ({ nested: { deep: [{ a: this.#pick(this.#numbers) }, []], empty: {} } }),
    ];
    return this.#pick(kinds)();
  }

  #passed(): string {
    return this.#pick(this.#texts.filter((text) => !lostCharacters.test(text)));
  }

  #several(least: number): number[] {
    return Array.from({ length: least + Math.floor(this.random() * 4) }, (_, index) => index);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)]!;
  }
}

/** How many parts a value has that are drawn by themselves. */
function partsOf(shape: Shape): number {
  const fields =
    shape.kind === 'object'
      ? [...shape.fields.values()]
      : shape.kind === 'union'
        ? [...shape.members.values()]
        : shape.kind === 'list'
          ? [shape.element]
          : [];
  return fields.reduce((sum, field) => sum + partsOf(field), 1);
}

function patternsOf(shape: Shape): RegExp[] {
  const rules = leafRules(shape.schema) as { pattern?: string; allOf?: { pattern?: string }[] };
  return [rules.pattern, ...(rules.allOf ?? []).map(({ pattern }) => pattern)].flatMap((source) => {
    if (source === undefined) return [];
    try {
      return [new RegExp(source, source.includes('\\p{') ? 'u' : '')];
    } catch {
      return [];
    }
  });
}

/** Random numbers from 0 to 1 that are the same in every build. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The texts and numbers that are written in a function's source. */
export function literalsOf(source: string): (string | number)[] {
  const found = new Set<string | number>();
  for (const [, single, double, plain, number] of source.matchAll(
    /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\$]|\\.)*)`|(?<![\w.$])(\d[\d_]*(?:\.\d+)?)(?![\w.])/g,
  )) {
    if (number !== undefined) found.add(Number(number.replaceAll('_', '')));
    else found.add((single ?? double ?? plain ?? '').replace(/\\(.)/g, '$1'));
  }
  return [...found];
}
