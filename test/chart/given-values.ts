import { sampleOf } from '../../src/chart/pattern-sample.js';
import { leafRules, type Shape, type ShapeOf } from '../../src/chart/shape.js';
import { valuesFile } from '../../src/chart/values-file.js';
import type { HelmRequest } from './helm-engine.js';

/** Values as a chart's user gives them, and the ways in which they reach Helm. */
export interface Given {
  /** All of them as one object: what `synth` is given. */
  readonly values: unknown;
  readonly request: Pick<HelmRequest, 'values' | 'set' | 'setString' | 'setJson'>;
}

type Random = () => number;
type Fields = Record<string, unknown>;

const texts = (
  '| a|web|true|True|yes|NO|on|Off|y|n|null|Null|~|0|-0|1|007|0o17|1_000|0x1F|1e3|1234e5|1.10|.inf|-.INF|.nan|12:30:45|' +
  '2020-01-01|=|<<|{{ .Values.x }}|{{|}}|{{- fail "x" -}}|{{/* x */}}|{{`a`}}|%s|%!d(float64=1)|100%|"|\'|\\|\\n|\\u0041|it\'s "so"|a: b|a #b|- a|# a|&a|' +
  '*a|!a|@a|`a`|[a]|{a: 1}| a|a |$x|$(x)|a,b|a=b|a.b|a[0]|é|日本語|👍|<a href="x">&amp;</a>|app|team|x86_64|v1.8.0|100Gi|500m|' +
  'host.example.com|https://a.example:8443/p?q=1|/data//x/../y|10m|--flag|__proto__|constructor|toString|*/5 * * * *'
).split('|');
const lines = [
  '|',
  'a|b',
  '',
  '\n',
  'a\nb',
  'a\nb\n',
  '\n\na',
  'a\r\nb',
  'a\tb',
  '\t',
  '\r',
  '\u0085',
  'a\u0085b',
  '\u00a0',
  '\u2028x\u2029',
  '\ufeffa',
  '---',
  'a\n---\nb',
  '...',
  '  indented\n {{ x }}\n',
  'x'.repeat(300),
  `${'long-'.repeat(20)}-`,
];
const whole = [0, 1, -1, 2, 7, 80, 443, 8080, 65535, 999_999, 1e6, 1_000_001, 12_345_678, 2 ** 31, 2 ** 32 + 1, 1e15];
const largest = [2 ** 53 - 1, 2 ** 53 - 2, -(2 ** 53 - 1), 2 ** 40 + 1];
const floats = [0.5, 0.1, -0.25, 1e-7, 5e-324, 1.5e21, 1e100, 2.75, 1e20, 1e6, 123_456_789.125, -1e-9, 0.1 + 0.2];
const keys = (
  'a|b|app|team|tier|app.kubernetes.io/name|x-y|Key|yes|no|on|n|null|true|~|1e3|0x1|1.5|12:30|a b|a:b|{{ k }}|"|\'|é|' +
  'limits|disk|=|-|#|!|*'
).split('|');

/** Keys that no chart takes, and characters that no passed-on object may have. */
const refusedKeys = ['<<', '0', '17', ...Object.getOwnPropertyNames(Object.prototype)];
const lost = /[\u007f-\u009f\u2028\u2029\ufeff]/g;

/** Random values for a chart's users: most are valid, some are not, and all are nasty. */
export class GivenValues {
  readonly #pools = new Map<Shape, readonly unknown[]>();

  constructor(
    readonly shape: Shape,
    readonly random: Random,
  ) {}

  next(): Given {
    let values = (this.value(this.shape) ?? {}) as Fields;
    if (this.random() < 0.08) values = this.#spoiled(values, true) as Fields;
    const way = this.random();
    if (way < 0.3) return { values, request: { values: [json(values)] } };
    if (way < 0.45 && isPlain(values)) return { values, request: { values: [valuesFile(values, this.shape, ['x'])] } };
    if (way < 0.7) {
      const below = (this.value(this.shape) ?? {}) as Fields;
      return { values: mergeFiles(below, values), request: { values: [json(below), json(values)] } };
    }
    return this.#bySet(values);
  }

  /** A value for a shape, or undefined where it is left out. */
  value(shape: Shape): unknown {
    const mayMiss = shape.optional || 'default' in shape;
    if (mayMiss && this.random() < 0.35) return this.random() < 0.15 ? null : undefined;
    if (!mayMiss && this.random() < 0.01) return undefined;
    switch (shape.kind) {
      case 'object':
        return this.#fields(shape.fields);
      case 'union': {
        const [name, member] = this.#pick([...shape.members]);
        const fields = this.#fields((member as ShapeOf<'object'>).fields);
        if (this.random() < 0.03) return fields;
        return { ...fields, [shape.discriminator]: name };
      }
      case 'boolean':
        return this.random() < 0.5;
      case 'option':
        return this.#pick(shape.options);
      case 'list':
        return Array.from({ length: shape.least + this.#below(4) }, () => this.value(shape.element) ?? null);
      case 'record':
        return Object.fromEntries(
          Array.from({ length: this.#below(4) }, () => this.#key())
            .filter((key) => shape.key.safeParse(key).success)
            .map((key) => [key, this.value(shape.element) ?? null]),
        );
      case 'any':
        return this.#tree(2, true);
      default:
        return this.#leaf(shape);
    }
  }

  #fields(fields: ReadonlyMap<string, Shape>): Fields {
    const given: Fields = {};
    for (const [key, field] of fields) {
      const value = this.value(field);
      if (value !== undefined) given[key] = value;
    }
    return given;
  }

  #leaf(shape: ShapeOf<'text'> | ShapeOf<'number'>): unknown {
    const known = this.#pools.get(shape);
    if (known && this.random() < 0.7) return this.#pick(known);
    const fresh = Array.from({ length: 30 }, () => (shape.kind === 'text' ? this.#text() : this.#number(shape)));
    const all = known ? fresh : [...fresh, ...this.#pool(shape)];
    const fit = all.filter((value) => shape.schema.safeParse(value).success);
    const pool = [...(known ?? []), ...fit];
    if (pool.length === 0) return shape.kind === 'text' ? 'nothing fits' : 0;
    this.#pools.set(shape, pool.slice(0, 400));
    return this.#pick(fit.length > 0 ? fit : pool);
  }

  #pool(shape: ShapeOf<'text'> | ShapeOf<'number'>): unknown[] {
    if (shape.kind === 'number')
      return shape.whole ? [...whole, ...largest, ...whole.map((number) => -number)] : [...whole, ...floats];
    const own = ((shape.schema.meta() ?? {}) as { examples?: unknown[] }).examples ?? [];
    const rules = leafRules(shape.schema) as { pattern?: string; allOf?: { pattern?: string }[] };
    const patterns = [rules.pattern, ...(rules.allOf ?? []).map(({ pattern }) => pattern)].flatMap((pattern) =>
      pattern === undefined ? [] : [new RegExp(pattern, pattern.includes('\\p{') ? 'u' : '')],
    );
    const made = patterns.flatMap((pattern) =>
      Array.from({ length: 40 }, () => sampleOf(pattern, this.random) ?? '').filter((text) => text !== ''),
    );
    const standing = 'default' in shape ? [shape.default] : [];
    return [...texts, ...lines, ...own, ...made, ...standing];
  }

  #text(): string {
    const way = this.random();
    if (way < 0.5) return this.#pick(texts);
    if (way < 0.65) return this.#pick(lines);
    const alphabet = way < 0.8 ? 'abcxyz0189.-_/:' : ' \n\t"\'\\{}[]:#&*!|>%@`,?-~=<$é\u0085\u2028👍a1';
    const letters = [...alphabet];
    return Array.from({ length: this.#below(9) }, () => this.#pick(letters)).join('');
  }

  #number({ whole: isWhole, low, high }: ShapeOf<'number'>): number {
    const from = Math.max(low, -(2 ** 53 - 1));
    const to = Math.min(high, 2 ** 53 - 1);
    const number = from + this.random() * (this.random() < 0.5 ? to - from : Math.min(to - from, 2e6));
    return isWhole ? Math.round(number) : number / 10 ** this.#below(8);
  }

  /** An object that is passed on: anything but control characters, which are refused. */
  #tree(depth: number, root = false): unknown {
    const way = this.random();
    if (root || (depth > 0 && way < 0.35))
      return Object.fromEntries(Array.from({ length: this.#below(4) }, () => [this.#key(), this.#tree(depth - 1)]));
    if (depth > 0 && way < 0.5) return Array.from({ length: this.#below(3) }, () => this.#tree(depth - 1));
    if (way < 0.75) return this.random() < 0.03 ? this.#text() : this.#text().replace(lost, '');
    return this.#pick<unknown>([true, false, null, this.#pick(whole), this.#pick(floats), {}, []]);
  }

  /** One thing that no schema takes, or that nobody meant. */
  #spoiled(value: unknown, root = false): unknown {
    if (isPlain(value) && (root || this.random() < 0.7)) {
      const names = Object.keys(value);
      if (names.length === 0 || this.random() < 0.15) return { ...value, unknown: 1 };
      const name = this.#pick(names);
      return { ...value, [name]: this.#spoiled(value[name]) };
    }
    if (Array.isArray(value) && value.length > 0 && this.random() < 0.8)
      return [this.#spoiled(value[0]), ...value.slice(1)];
    return this.#pick<unknown>(['a', 1, 1.5, true, [], {}, null, [null], { a: null }, '1', -1, 1e21]);
  }

  /** Each value by the flag that can say it, what is left in a file. */
  #bySet(values: Fields): Given {
    const set: string[] = [];
    const setString: string[] = [];
    const setJson: string[] = [];
    const file: Fields = {};
    const visit = (value: unknown, path: string): boolean => {
      if (typeof value === 'boolean' || value === null || (Number.isSafeInteger(value) && !Object.is(value, -0)))
        return set.push(`${path}=${String(value)}`) > 0;
      if (typeof value === 'string' && this.random() < 0.8) return setString.push(`${path}=${escaped(value)}`) > 0;
      if (isPlain(value) && Object.keys(value).length > 0 && Object.keys(value).every((key) => /^[\w/-]+$/.test(key)))
        return Object.entries(value).every(([key, inner]) => visit(inner, `${path}.${key}`));
      return setJson.push(`${path}=${json(value)}`) > 0;
    };
    for (const [key, value] of Object.entries(values))
      if (this.random() < 0.4 || !/^[\w-]+$/.test(key)) file[key] = value;
      else visit(value, key);
    return { values, request: { values: [json(file)], set, setString, setJson } };
  }

  #key(): string {
    return this.#pick(this.random() < 0.01 ? refusedKeys : keys);
  }

  #below(count: number): number {
    return Math.floor(this.random() * count);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)]!;
  }
}

const isPlain = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text as the right side of `--set-string`. */
const escaped = (text: string): string => text.replace(/[\\,]/g, '\\$&').replace(/^\{/, '\\{');

/** What Helm makes of two value files, before the chart's defaults come below. */
function mergeFiles(below: unknown, above: unknown): unknown {
  if (!isPlain(below) || !isPlain(above)) return above;
  const merged: Fields = Object.fromEntries(Object.entries(below));
  for (const [key, value] of Object.entries(above))
    Object.defineProperty(merged, key, {
      value: Object.hasOwn(merged, key) ? mergeFiles(merged[key], value) : value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return merged;
}

/** JSON in ASCII: a raw next-line character would be read as a space, as in every YAML file. */
const json = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\ud7ff\ue000-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
