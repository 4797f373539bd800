import type { EffectiveValues, HelmValue, ValueOrigin, ValuePath } from './effective-values.js';
import { type PathParts, printPath } from './finding.js';
import { positionAt, type Span } from './source.js';
import type { Spans } from './spans.js';
import type { ChartValues } from './subcharts.js';
import { emptyMap, isMapNode, type ValuesMap, type ValuesNode } from './values-map.js';

/** A path as its parts: a text is split at its dots. */
export const partsOf = (path: ValuePath): PathParts => (typeof path === 'string' ? path.split('.') : path);

/** The user's values over a chart's defaults, with where they come from. */
export class LayeredValues implements EffectiveValues {
  /** What the templates get. */
  readonly values: ValuesMap;

  /**
   * @param user all files and options of the user, layered
   * @param spans where they were written
   * @param root the place of a finding about something that the user has not written at all
   * @param coalesced the same over the chart's defaults, with which of its subcharts count
   */
  constructor(
    readonly user: ValuesMap,
    readonly spans: Spans,
    readonly root: Span,
    readonly coalesced: ChartValues,
  ) {
    this.values = coalesced.values;
  }

  get(path: ValuePath): Exclude<HelmValue, null> | undefined {
    return follow(this.values, partsOf(path)) ?? undefined;
  }

  text(path: ValuePath): string | undefined {
    const value = this.get(path);
    return value === undefined || typeof value === 'object' ? undefined : String(value);
  }

  number(path: ValuePath): number | undefined {
    const value = this.get(path);
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
  }

  isTrue(path: ValuePath): boolean {
    const value = this.get(path);
    return typeof value === 'object' ? Object.keys(value).length > 0 : Boolean(value);
  }

  list(path: ValuePath): readonly HelmValue[] {
    const value = this.get(path);
    return Array.isArray(value) ? value : [];
  }

  map(path: ValuePath): Readonly<Record<string, HelmValue>> {
    const value = this.get(path);
    return isMapNode(value) ? value : {};
  }

  isSet(path: ValuePath): boolean {
    return follow(this.user, partsOf(path)) !== undefined;
  }

  origin(path: ValuePath): ValueOrigin {
    const span = this.spans.find(this.user, partsOf(path), 'value');
    if (!span) return { from: 'chart default' };
    const { source } = span;
    if (source.kind === 'option') return { from: 'option', option: `${source.name} ${source.text}` };
    return { from: 'file', file: source.name, ...positionAt(source, span.start) };
  }

  /** The values of a subchart, as its own templates get them. */
  within(key: string): LayeredValues {
    const [user, values] = [this.user[key], this.values[key]];
    return new LayeredValues(isMapNode(user) ? user : emptyMap(), this.spans, this.place([key], 'key'), {
      ...this.coalesced,
      values: isMapNode(values) ? values : emptyMap(),
    });
  }

  /** Where a finding about a value stands: at the value, or at the nearest thing around it that the user wrote. */
  place(path: PathParts, want: 'key' | 'value' = 'value'): Span {
    return this.spans.find(this.user, path, want) ?? this.root;
  }

  /** For messages: the value's path. */
  describe(path: PathParts): string {
    return path.length === 0 ? 'the values' : printPath(path);
  }
}

function follow(from: ValuesNode, path: PathParts): ValuesNode | undefined {
  let value: ValuesNode | undefined = from;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else value = isMapNode(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}
