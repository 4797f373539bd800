import { mergeMaps } from './layers.js';
import type { Span, ValuesSource } from './source.js';
import type { Spans } from './spans.js';
import { emptyMap, type HelmVersion, isMapNode, toValues, type ValuesMap, type ValuesNode } from './values-map.js';

/** Options of Helm that set values, in the order in which they are applied, all of them after the files. */
export const setOptions = ['--set-json', '--set', '--set-string', '--set-file', '--set-literal'] as const;
export type SetOption = (typeof setOptions)[number];

/** An option with its text that Helm refuses: what is wrong and where in the text. */
export class SetOptionError extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

const highestIndex = 65536;
const deepestName = 30;

/**
 * Applies one `--set…` option to values, as Helm does.
 *
 * @param source the option with its text
 * @param readFile reads the file that `--set-file` names
 * @param place where the option itself is written, for one that is not on a command line. @default - its own text
 * @returns new values; the given ones stay
 * @throws {@link SetOptionError} for a text that Helm refuses
 */
export function applySetOption(
  values: ValuesMap,
  source: ValuesSource,
  spans: Spans,
  helm: HelmVersion,
  readFile: (path: string) => string,
  place?: Span,
): ValuesMap {
  return new SetOptionParser(source, spans, readFile, place).apply(values, helm);
}

class SetOptionParser {
  #at = 0;
  readonly #characters: readonly string[];
  readonly #option: SetOption;

  constructor(
    readonly source: ValuesSource,
    readonly spans: Spans,
    readonly readFile: (path: string) => string,
    readonly place: Span | undefined,
  ) {
    this.#option = source.name as SetOption;
    this.#characters = [...source.text];
  }

  apply(values: ValuesMap, helm: HelmVersion): ValuesMap {
    const copy = this.#copy(values) as ValuesMap;
    // One map for all values: Helm 4 merges it like a file, Helm 3 does not know this form.
    if (helm === 4 && this.#option === '--set-json' && this.source.text.trim().startsWith('{')) {
      const above = this.#json();
      if (this.#at < this.#characters.length || !isMapNode(above)) throw this.#error('no JSON', 0);
      this.#mark(above);
      return mergeMaps(copy, above, this.spans);
    }
    while (this.#at < this.#characters.length) this.#key(copy, 0);
    return copy;
  }

  /** Gives all entries of a value from JSON the place of the whole option. */
  #mark(map: ValuesMap): void {
    for (const [key, value] of Object.entries(map)) {
      this.spans.set(map, key, { value: this.#span(0, this.#characters.length) });
      if (isMapNode(value)) this.#mark(value);
    }
  }

  /** A deep copy that keeps the places: options write into what files have set. */
  #copy(value: ValuesNode): ValuesNode {
    if (Array.isArray(value)) {
      const list = value.map((item) => this.#copy(item));
      for (const index of value.keys()) this.spans.set(list, index, this.spans.get(value, index));
      return list;
    }
    if (!isMapNode(value)) return value;
    const map = emptyMap();
    for (const key of Object.keys(value)) {
      map[key] = this.#copy(value[key]!);
      this.spans.set(map, key, this.spans.get(value, key));
    }
    return map;
  }

  #key(map: ValuesMap, level: number): void {
    const start = this.#at;
    const [name, stop] = this.#until(this.#option === '--set-literal' ? '=[.' : '=[,.');
    const keySpan = this.#span(start, this.#at - 1);
    switch (stop) {
      case undefined:
        if (name === '') return;
        throw this.#error(`key "${name}" has no value`, start);
      case ',':
        throw this.#error(`key "${name}" has no value`, start);
      case '=':
        this.#set(map, name, this.#value(), keySpan);
        return;
      case '[': {
        const index = this.#index();
        const list = map[name] ?? (name in map ? this.#notA('list', null, start) : []);
        if (!Array.isArray(list)) throw this.#notA('list', list, start);
        this.#set(map, name, this.#item(list, index, level), keySpan);
        return;
      }
      default: {
        if (level + 1 > deepestName) throw this.#error(`more than ${deepestName} levels in one name`, start);
        const inner = name in map ? map[name] : emptyMap();
        if (!isMapNode(inner)) throw this.#notA('map', inner ?? null, start);
        this.#key(inner, level + 1);
        if (Object.keys(inner).length === 0) throw this.#error(`key "${name}" has no value`, start);
        this.#set(map, name, inner, keySpan);
      }
    }
  }

  #set(map: ValuesMap, key: string, value: ValuesNode, keySpan: Span): void {
    if (key === '') return;
    map[key] = value;
    this.spans.set(map, key, { key: keySpan, value: this.#span(keySpan.start, this.#at) });
  }

  #index(): number {
    const start = this.#at;
    const [text, stop] = this.#until(']');
    if (stop === undefined || !/^[-+]?[0-9]+$/.test(text))
      throw this.#error(`"${text}" is no position in a list`, start);
    const index = Number(text);
    if (index < 0) throw this.#error('a position in a list is not negative', start);
    if (index > highestIndex) throw this.#error(`a position in a list is at most ${highestIndex}`, start);
    return index;
  }

  #item(list: readonly ValuesNode[], index: number, level: number): ValuesNode[] {
    const start = this.#at;
    const [text, stop] = this.#until('[.=');
    if (text === '' && stop === undefined) return [...list];
    if (text !== '' || stop === undefined) throw this.#error('after ] comes =, . or [', start);
    const before = list[index];
    let value: ValuesNode;
    if (stop === '=') value = this.#value();
    else if (stop === '[') {
      const inner = this.#index();
      if (before !== undefined && before !== null && !Array.isArray(before)) throw this.#notA('list', before, start);
      value = this.#item(before ?? [], inner, level);
    } else {
      value = isMapNode(before) ? before : emptyMap();
      this.#key(value, level);
    }
    const changed: ValuesNode[] = [...list];
    for (const position of list.keys()) this.spans.set(changed, position, this.spans.get(list, position));
    while (changed.length < index) changed.push(null);
    changed[index] = value;
    this.spans.set(changed, index, { value: this.#span(start, this.#at) });
    return changed;
  }

  #value(): ValuesNode {
    switch (this.#option) {
      case '--set-json':
        return this.#json();
      case '--set-literal': {
        const text = this.#characters.slice(this.#at).join('');
        this.#at = this.#characters.length;
        return text;
      }
      default: {
        if (this.#characters[this.#at] === '{') return this.#list();
        const start = this.#at;
        const [text] = this.#until(',');
        return this.#scalar(text, start);
      }
    }
  }

  #list(): ValuesNode[] {
    const list: ValuesNode[] = [];
    this.#at++;
    for (;;) {
      const start = this.#at;
      const [text, stop] = this.#until(',}');
      if (stop === undefined) throw this.#error('a list ends with }', start);
      list.push(this.#scalar(text, start));
      this.spans.set(list, list.length - 1, { value: this.#span(start, this.#at - 1) });
      if (stop === '}') {
        if (this.#characters[this.#at] === ',') this.#at++;
        return list;
      }
    }
  }

  #scalar(text: string, start: number): ValuesNode {
    if (this.#option === '--set-file') {
      try {
        return this.readFile(text);
      } catch {
        throw this.#error(`the file "${text}" cannot be read`, start);
      }
    }
    if (this.#option === '--set-string') return text;
    const lower = text.toLowerCase();
    if (lower === 'true' || lower === 'false') return lower === 'true';
    if (lower === 'null') return null;
    if (text === '0') return 0;
    // No floats and nothing that starts with zero; what does not fit into 64 bits stays a text.
    if (/^[-+]?[1-9][0-9]*$/.test(text) || /^[-+]0+[0-9]*$/.test(text)) {
      const whole = BigInt(text.replace(/^\+/, ''));
      if (whole >= -(2n ** 63n) && whole < 2n ** 63n) return Number(whole);
    }
    return text;
  }

  #json(): ValuesNode {
    const start = this.#at;
    this.#blanks();
    const first = this.#characters[this.#at];
    if (first === undefined || first === ',') {
      this.#at++;
      return null;
    }
    const end = this.#jsonEnd();
    const text = this.#characters.slice(this.#at, end).join('');
    try {
      const value = toValues(JSON.parse(text));
      this.#at = end;
      this.#blanks();
      if (this.#characters[this.#at] === ',') this.#at++;
      return value;
    } catch {
      throw this.#error('no JSON', start);
    }
  }

  /** Where a JSON value ends: at a comma or blank outside of brackets and quotes. */
  #jsonEnd(): number {
    let depth = 0;
    let quoted = false;
    for (let at = this.#at; at < this.#characters.length; at++) {
      const character = this.#characters[at]!;
      if (quoted) {
        if (character === '\\') at++;
        else if (character === '"') quoted = false;
      } else if (character === '"') quoted = true;
      else if ('[{'.includes(character)) depth++;
      else if (']}'.includes(character)) depth--;
      else if (depth === 0 && (character === ',' || /\s/.test(character))) return at;
    }
    return this.#characters.length;
  }

  #blanks(): void {
    while (/^\s$/.test(this.#characters[this.#at] ?? '')) this.#at++;
  }

  /** Reads up to one of the characters, which is passed over; a backslash takes the next character as it is. */
  #until(stops: string): [text: string, stop: string | undefined] {
    let text = '';
    while (this.#at < this.#characters.length) {
      const character = this.#characters[this.#at++]!;
      if (stops.includes(character)) return [text, character];
      text += character === '\\' && this.#option !== '--set-literal' ? (this.#characters[this.#at++] ?? '') : character;
    }
    return [text, undefined];
  }

  #span(start: number, end: number): Span {
    return this.place ?? { source: this.source, start, end: Math.max(start, end) };
  }

  #notA(wanted: 'map' | 'list', value: ValuesNode, offset: number): never {
    const kind =
      value === null ? 'null' : Array.isArray(value) ? 'a list' : isMapNode(value) ? 'a map' : 'a single value';
    throw this.#error(`this would make a ${wanted} of what is ${kind}`, offset);
  }

  #error(message: string, offset: number): SetOptionError {
    return new SetOptionError(message, offset);
  }
}
