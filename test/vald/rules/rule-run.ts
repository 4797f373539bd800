import {
  coalesceChart,
  emptyMap,
  type FleetExample,
  type KnownChart,
  LayeredValues,
  partsOf,
  positionAt,
  printPath,
  type Release,
  type Rule,
  type RuleExample,
  readValues,
  Spans,
  startOf,
  toValues,
  type ValuesMap,
} from '../../../src/values/index.js';

/** A finding as a test compares it. */
export interface Found {
  readonly id: string;
  readonly severity: string;
  readonly path: string;
  readonly place: string;
  readonly message: string;
}

/** An example with all that it may leave out. */
export function whole(example: RuleExample, chart: KnownChart) {
  const given = typeof example === 'string' ? { values: example } : example;
  return { chartVersion: chart.versions.at(-1)!, ...given };
}

/** The values of a text over a chart’s defaults; fails where the text cannot be read. */
export function layered(text: string, defaults: unknown): LayeredValues {
  const source = { name: 'values.yaml', kind: 'file', text } as const;
  const spans = new Spans();
  const wrong: string[] = [];
  const values = readValues(source, 4, spans, ({ rule, message }) => wrong.push(`${rule.id} ${message}`));
  if (!values) throw new Error(`${wrong.join(', ')} in\n${text}`);
  return new LayeredValues(values, spans, startOf(source), over(values, defaults));
}

/** Values that no text has to be read for. */
export function plain(user: unknown, defaults: unknown): LayeredValues {
  const root = { source: { name: 'values.yaml', kind: 'file', text: '' } as const, start: 0, end: 0 };
  const values = toValues(user) as ValuesMap;
  return new LayeredValues(values, new Spans(), root, over(values, defaults));
}

const over = (user: ValuesMap, defaults: unknown) =>
  coalesceChart(user, { defaults: toValues(defaults ?? emptyMap()) as ValuesMap, subcharts: [] }, 4);

/** What the rules of a chart find in an example, in the order of the rules. */
export function run(chart: KnownChart, example: RuleExample, rules: readonly Rule[] = chart.rules): Found[] {
  const { values: text, chartVersion, release } = whole(example, chart);
  const values = layered(text, chart.defaults(chartVersion));
  const context = { chartVersion, ...(release ? { release } : {}) };
  return rules
    .filter((rule) => appliesTo(rule, chartVersion))
    .flatMap((rule) =>
      'check' in rule
        ? rule.check(values, context).map(({ path, message }) => {
            const { source, start } = values.place(partsOf(path));
            const { line, column } = positionAt(source, start);
            const { id, severity } = rule;
            return { id, severity, path: printPath(partsOf(path)), place: `${line}:${column}`, message };
          })
        : [],
    );
}

/** What a fleet’s rules find, as `release path: message`. */
export function runFleet(chart: KnownChart, example: FleetExample, namespaces: Readonly<Record<string, string>> = {}) {
  const chartVersion = chart.versions.at(-1)!;
  const releases = Object.entries(example).map(
    ([name, text]): Release => ({
      chartVersion,
      release: { name, ...(namespaces[name] === undefined ? {} : { namespace: namespaces[name] }) },
      values: layered(text, chart.defaults(chartVersion)),
    }),
  );
  return chart.rules.flatMap((rule) =>
    'checkFleet' in rule
      ? rule
          .checkFleet(releases)
          .map(({ release, path, message }) => `${release.release?.name} ${printPath(partsOf(path))}: ${message}`)
      : [],
  );
}

function appliesTo({ since, until }: Rule, version: string): boolean {
  const number = (text: string) =>
    text
      .replace(/^v/, '')
      .split('.')
      .reduce((total, part) => total * 1000 + Number(part), 0);
  return (
    (since === undefined || number(version) >= number(since)) &&
    (until === undefined || number(version) < number(until))
  );
}
