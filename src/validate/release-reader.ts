import {
  applySetOption,
  emptyMap,
  type Finding,
  type HelmVersion,
  isMapNode,
  mergeMaps,
  type PathParts,
  type RuleContext,
  readValues,
  type SetOption,
  SetOptionError,
  type Span,
  Spans,
  startOf,
  type ValuesMap,
  type ValuesNode,
  type ValuesSource,
} from '../values/index.js';
import { valuesRules } from './values-rules.js';

/** The values that an object for a deployment tool holds, with those that it takes from elsewhere. */
export interface ReleaseValues {
  readonly source: ValuesSource;
  /** Undefined where Helm refuses a part of them. */
  readonly values: ValuesMap | undefined;
  /** Where a finding stands about what is not written anywhere. */
  readonly root: Span;
  readonly release: NonNullable<RuleContext['release']>;
  /** Name of the chart, where the object gives it. */
  readonly chart?: string;
}

/** An object in a file that was given. */
export interface FoundObject {
  readonly object: ValuesMap;
  readonly source: ValuesSource;
}

/** What reading of releases needs of the run around it. */
export interface ReleaseSurroundings {
  readonly helm: HelmVersion;
  readonly spans: Spans;
  readonly report: (finding: Finding) => void;
  /** Told what was not looked at, and why. */
  readonly skip: (what: string) => void;
  /** The values of a file, or undefined where Helm refuses it. */
  readonly readValuesFile: (path: string) => ValuesMap | undefined;
  /** The text of a file; throws where it cannot be read. */
  readonly readText: (path: string) => string;
  /** An object among all files of the run. */
  readonly find: (kind: string, namespace: string | undefined, name: string) => FoundObject | undefined;
}

/** Collects the values of one release, each part over those before. */
export class ReleaseCollector {
  #values: ValuesMap | undefined = emptyMap();

  constructor(
    readonly object: ValuesMap,
    readonly source: ValuesSource,
    readonly around: ReleaseSurroundings,
  ) {}

  get values(): ValuesMap | undefined {
    return this.#values;
  }

  skip(what: string): void {
    const name = `${textAt(this.object, ['kind'])} ${textAt(this.object, ['metadata', 'name']) ?? ''}`;
    this.around.skip(`${this.source.name}: ${name}: ${what}`);
  }

  /** Lays values over what is there; undefined says that Helm refuses them, and with them the release. */
  add(values: ValuesMap | undefined): void {
    this.#values = this.#values && values && mergeMaps(this.#values, values, this.around.spans);
  }

  /** Values that are a text inside of an object: read in their place where the text stands there as it is. */
  addText(text: string, path: PathParts, from: FoundObject = this): void {
    const { spans, helm, report } = this.around;
    const span = spans.find(from.object, path, 'value') ?? startOf(from.source);
    const block = /^\|[^\n]*\n/.exec(from.source.text.slice(span.start, span.end))?.[0];
    if (block && textAt(from.object, ['kind']) !== 'Secret') {
      // With blanks in place of all around it, every character of the text keeps its line and column.
      const start = span.start + block.length;
      const around = from.source.text.slice(0, start).replaceAll(/[^\n]/g, ' ');
      const source = { ...from.source, text: around + from.source.text.slice(start, span.end) };
      this.add(readValues(source, helm, spans, report));
      return;
    }
    const place = this.#hiddenPlace(from, path, span);
    const values = readValues({ ...from.source, text }, helm, new Spans(), (finding) =>
      report({ ...finding, span: place }),
    );
    if (values) markAll(values, place, spans);
    this.add(values);
  }

  /** Sets one value as an option does. */
  set(option: SetOption, text: string, path: PathParts, from: FoundObject = this): void {
    if (!this.#values) return;
    const span = this.around.spans.find(from.object, path, 'value') ?? startOf(from.source);
    const place = this.#hiddenPlace(from, path, span);
    const source: ValuesSource = { name: option, kind: 'option', text };
    const { spans, helm, readText } = this.around;
    try {
      this.#values = applySetOption(this.#values, source, spans, helm, readText, place);
    } catch (error) {
      if (!(error instanceof SetOptionError)) throw error;
      this.around.report({ rule: valuesRules.setOption, span: place, path: [], message: error.message });
      this.#values = undefined;
    }
  }

  /** A place by its key; what a Secret holds is not shown from there. */
  #hiddenPlace({ object, source }: FoundObject, path: PathParts, { start, end }: Span): Span {
    const key = this.around.spans.find(object, path, 'key') ?? startOf(source);
    if (textAt(object, ['kind']) !== 'Secret') return key;
    const { text } = source;
    const hidden = text.slice(0, start) + text.slice(start, end).replaceAll(/[^\n]/g, '*') + text.slice(end);
    return { ...key, source: { ...source, text: hidden } };
  }
}

/** Gives every value the place of the text that it is in. */
function markAll(value: ValuesMap | ValuesNode[], place: Span, spans: Spans): void {
  for (const [key, inner] of Object.entries(value)) {
    spans.set(value, Array.isArray(value) ? Number(key) : key, { key: place, value: place });
    if (typeof inner === 'object' && inner !== null) markAll(inner, place, spans);
  }
}

export function at(from: ValuesNode, path: PathParts): ValuesNode | undefined {
  let value: ValuesNode | undefined = from;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else value = isMapNode(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

export function textAt(from: ValuesNode, path: PathParts): string | undefined {
  const value = at(from, path);
  return typeof value === 'string' ? value : undefined;
}

/** A single value as a text; empty for anything else. */
export function wordAt(from: ValuesNode, path: PathParts): string {
  const value = at(from, path);
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

/** The items of a list with their paths; none where it is no list. */
export function itemsAt(from: ValuesNode, path: PathParts): { item: ValuesNode; path: PathParts }[] {
  const list = at(from, path);
  return Array.isArray(list) ? list.map((item, index) => ({ item, path: [...path, index] })) : [];
}
