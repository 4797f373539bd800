import { coalesce, mergeTables } from './layers.js';
import { emptyMap, type HelmVersion, isMapNode, type ValuesMap, type ValuesNode } from './values-map.js';

/** What a chart brings to the values: its defaults, and those of the charts inside of it. */
export interface ValuesChart {
  readonly defaults: ValuesMap;
  readonly subcharts: readonly ValuesSubchart[];
}

/** A chart inside of another one. */
export interface ValuesSubchart {
  /** The key that its values are under: its alias, or else its name. */
  readonly key: string;
  readonly chart: ValuesChart;
  /** Paths of values that turn it on or off, separated by commas, as in Chart.yaml. @default - always on */
  readonly condition?: string;
  readonly tags: readonly string[];
}

/** Values over the defaults of a chart and of the charts inside of it. */
export interface ChartValues {
  readonly values: ValuesMap;
  /** The charts inside of it, at any depth, that are turned on. */
  readonly enabled: ReadonlySet<ValuesSubchart>;
  /** Those whose values are no map, at which Helm stops; also of charts that are turned off. */
  readonly mismatched: ReadonlySet<ValuesSubchart>;
}

/**
 * Lays the user's values over a chart's defaults, with those of its subcharts, as Helm does: a chart's values for one
 * inside of it count more than that one's own, `global` goes down to all of them, and what is turned off gets nothing.
 */
export function coalesceChart(user: ValuesMap, chart: ValuesChart, helm: HelmVersion): ChartValues {
  const all = withSubcharts(user, chart, helm);
  const enabled = new Set<ValuesSubchart>();
  const mismatched = new Set<ValuesSubchart>();
  const choose = ({ subcharts }: ValuesChart, here: ValuesNode | undefined, above: readonly string[]): void => {
    for (const subchart of subcharts) {
      const values = isMapNode(here) ? here[subchart.key] : undefined;
      if (!isMapNode(values)) mismatched.add(subchart);
      if (!isEnabled(subchart, all, above)) continue;
      enabled.add(subchart);
      choose(subchart.chart, values, [...above, subchart.key]);
    }
  };
  choose(chart, all, []);
  return { values: withSubcharts(user, prepare(chart, enabled), helm), enabled, mismatched };
}

/**
 * A chart as Helm keeps it before it looks at the user's values: without what is turned off, and with the defaults of
 * each chart laid over those of the ones inside of it. A null of the user does not reach what has gone down by then.
 */
function prepare(chart: ValuesChart, enabled: ReadonlySet<ValuesSubchart>): ValuesChart {
  const subcharts = chart.subcharts
    .filter((subchart) => enabled.has(subchart))
    .map((subchart) => ({ ...subchart, chart: prepare(subchart.chart, enabled) }));
  return { subcharts, defaults: withSubcharts(emptyMap(), { ...chart, subcharts }, undefined) };
}

/** @param helm undefined to keep every null: they take other charts' defaults away later */
function withSubcharts(user: ValuesMap, chart: ValuesChart, helm: HelmVersion | undefined): ValuesMap {
  const keys = new Set(chart.subcharts.map(({ key }) => key));
  const result = helm ? coalesce(user, chart.defaults, helm, keys) : mergeTables(user, chart.defaults);
  for (const { key, chart: inner } of chart.subcharts) {
    const own = key in result ? result[key]! : emptyMap();
    // What is no map makes Helm stop: it stays for a finding about it.
    result[key] = isMapNode(own) ? withSubcharts(withGlobals(own, result), inner, helm) : own;
  }
  return result;
}

/** A subchart's values with what all charts share: maps are merged, the parent's entries over the subchart's. */
function withGlobals(values: ValuesMap, parent: ValuesMap): ValuesMap {
  const own = values['global'] ?? emptyMap();
  const shared = parent['global'] ?? emptyMap();
  if (!isMapNode(own) || !isMapNode(shared)) return values;
  const globals = Object.assign(emptyMap(), own);
  for (const [key, value] of Object.entries(shared)) {
    const before = globals[key];
    if (isMapNode(value)) {
      if (before === undefined) globals[key] = value;
      else if (isMapNode(before)) globals[key] = mergeTables(value, before);
    } else if (!isMapNode(before)) globals[key] = value;
  }
  return Object.assign(emptyMap(), values, { global: globals });
}

/** The first condition that is true or false decides, else the tags, of which one that is true suffices. */
function isEnabled({ condition = '', tags }: ValuesSubchart, values: ValuesMap, above: readonly string[]): boolean {
  for (const path of condition.trim().split(',')) {
    let value: ValuesNode | undefined = values;
    for (const part of [...above, ...path.split('.')])
      value = isMapNode(value) && Object.hasOwn(value, part) ? value[part] : undefined;
    if (typeof value === 'boolean') return value;
  }
  const settings = isMapNode(values['tags']) ? values['tags'] : {};
  const decided = tags.map((tag) => settings[tag]).filter((value) => typeof value === 'boolean');
  return decided.length === 0 || decided.includes(true);
}
