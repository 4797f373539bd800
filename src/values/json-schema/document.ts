import { isMapNode, type ValuesMap, type ValuesNode } from '../values-map.js';

/** The drafts of JSON Schema, by the year they came out; draft 4, 6 and 7 as numbers. */
export type Draft = 4 | 6 | 7 | 2019 | 2020;

/** A schema: a map of keywords, or true (anything) or false (nothing). */
export type Schema = boolean | ValuesMap;

/** What makes a schema unusable: a reference that leads nowhere or elsewhere, text that is no schema. */
export interface SchemaDefect {
  readonly kind: 'remote reference' | 'missing reference' | 'invalid';
  /** What is wrong, with the reference or keyword. */
  readonly message: string;
}

/** Keywords whose content is data, not schemas. */
const dataKeywords = new Set(['enum', 'const', 'default', 'examples', 'example']);

const pattern = {
  draft: /^https?:\/\/json-schema\.org\/(?:draft-0?([467])|draft\/(2019|2020)-\d+)\/schema#?$/,
  absolute: /^[a-z][a-z0-9+.-]*:/i,
};

/** A schema document with its references resolved inside of it; nothing is ever fetched or read. */
export class SchemaDocument {
  readonly root: Schema;
  readonly draft: Draft;
  readonly defects: SchemaDefect[] = [];
  readonly #byName = new Map<string, Schema>();
  readonly #baseOf = new Map<ValuesMap, string>();
  readonly #resolved = new Map<ValuesMap, Schema>();
  readonly #expressions = new Map<string, RegExp | undefined>();

  /** @param text of values.schema.json */
  constructor(text: string) {
    const data = this.#parse(text);
    this.root = typeof data === 'boolean' ? data : isMapNode(data) ? data : true;
    this.draft = this.#findDraft();
    this.#byName.set('', this.root);
    // Most schemas refer to nothing, and walking a large one takes longer than all of the rest.
    if (/"\$(ref|dynamicRef|recursiveRef)"/.test(text)) this.#index(this.root, '');
  }

  #parse(text: string): ValuesNode {
    try {
      const data = JSON.parse(text.replace(/^\uFEFF/, '')) as ValuesNode;
      if (typeof data !== 'boolean' && !isMapNode(data))
        this.#defect('invalid', 'it is neither a map nor true or false');
      return data;
    } catch (error) {
      const message =
        error instanceof RangeError ? 'it is nested too deeply' : `it is no JSON: ${(error as Error).message}`;
      this.#defect('invalid', message);
      return true;
    }
  }

  #findDraft(): Draft {
    const name = isMapNode(this.root) ? this.root['$schema'] : undefined;
    if (typeof name !== 'string') return 2020;
    const [, number, year] = pattern.draft.exec(name) ?? [];
    if (number === undefined && year === undefined)
      this.#defect('remote reference', `its "$schema" is "${name}", a dialect that would have to be fetched`);
    return number ? (Number(number) as Draft) : year === '2019' ? 2019 : 2020;
  }

  /** Takes note of every place that a reference can name, and of every reference that leads away. */
  #index(schema: ValuesNode, base: string): void {
    if (Array.isArray(schema)) for (const item of schema) this.#index(item, base);
    if (!isMapNode(schema)) return;
    let here = base;
    const id = schema[this.draft === 4 ? 'id' : '$id'];
    if (typeof id === 'string' && !(this.draft <= 7 && '$ref' in schema)) {
      here = resolve(base, id).replace(/#$/, '');
      this.#byName.set(here, schema);
    }
    this.#baseOf.set(schema, here);
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const anchor = schema[keyword];
      if (typeof anchor === 'string') this.#byName.set(`${here}#${anchor}`, schema);
    }
    for (const key of Object.keys(schema)) if (!dataKeywords.has(key)) this.#index(schema[key]!, here);
  }

  /** The schema that a reference of `schema` leads to; undefined, and a defect once, where it leads nowhere. */
  resolve(schema: ValuesMap, reference: string): Schema | undefined {
    const known = this.#resolved.get(schema);
    if (known !== undefined) return known;
    const name = resolve(this.#baseOf.get(schema) ?? '', reference);
    const found = this.#find(name);
    if (found === undefined) {
      const remote = pattern.absolute.test(reference) || (!reference.startsWith('#') && !pattern.absolute.test(name));
      if (remote) this.#defect('remote reference', `it refers to "${reference}", outside of the file`);
      else this.#defect('missing reference', `it refers to "${reference}", which is not there`);
    }
    this.#resolved.set(schema, found ?? true);
    return found;
  }

  #find(name: string): Schema | undefined {
    const direct = this.#byName.get(name) ?? this.#byName.get(name.replace(/#$/, ''));
    if (direct !== undefined) return direct;
    const [document = '', fragment = ''] = name.split('#', 2);
    if (fragment !== '' && !fragment.startsWith('/')) return undefined;
    let value: ValuesNode | undefined = this.#byName.get(document);
    for (const part of fragment.split('/').slice(1)) {
      const key = decode(part).replaceAll('~1', '/').replaceAll('~0', '~');
      if (Array.isArray(value)) value = value[Number(key)];
      else value = isMapNode(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }
    return typeof value === 'boolean' || isMapNode(value) ? value : undefined;
  }

  /** A regular expression of the schema; undefined, and a defect once, where it is none. */
  expression(text: string): RegExp | undefined {
    if (!this.#expressions.has(text)) this.#expressions.set(text, this.#compile(text));
    return this.#expressions.get(text);
  }

  #compile(text: string): RegExp | undefined {
    // Go's way to write "ignore case" and the ends of a text.
    const flags = /^\(\?([ims]+)\)/.exec(text);
    const source = text
      .slice(flags?.[0].length ?? 0)
      .replaceAll('\\A', '^')
      .replaceAll('\\z', '$');
    for (const mode of ['u', ''])
      try {
        return new RegExp(source, mode + (flags?.[1] ?? ''));
      } catch {
        // written for another dialect: without "u" more is allowed
      }
    this.#defect('invalid', `its pattern "${text}" is no regular expression`);
    return undefined;
  }

  #defect(kind: SchemaDefect['kind'], message: string): void {
    if (!this.defects.some((defect) => defect.message === message)) this.defects.push({ kind, message });
  }
}

/** A reference as a full name: with the name of the document that it is in. */
function resolve(base: string, reference: string): string {
  if (reference.startsWith('#')) return base.split('#', 1)[0] + reference;
  if (pattern.absolute.test(reference) || base === '') return reference;
  try {
    return new URL(reference, base).href;
  } catch {
    return reference;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
