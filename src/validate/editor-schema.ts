import {
  coalesceChart,
  emptyMap,
  isMapNode,
  LayeredValues,
  type PathParts,
  partsOf,
  readValues,
  Spans,
  startOf,
  toValues,
  type ValuesMap,
  type ValuesRule,
} from '../values/index.js';
import type { Chart } from './chart.js';
import { inferSchema } from './infer-schema.js';
import { appliesTo, isValuesRule } from './rule-findings.js';

/**
 * A JSON schema of a chart's values for editors (yaml-language-server): the chart's own, or one made from its default
 * values, with the texts of our rules at the values that they are about.
 */
export function editorSchema(chart: Chart): string {
  const own = chart.schema?.root;
  const schema = toValues(isMapNode(own) ? own : inferSchema(chart.defaults)) as ValuesMap;
  schema['title'] = `Values of the chart ${chart.name} ${chart.version}`;
  for (const rule of chart.known?.rules ?? []) {
    if (!isValuesRule(rule) || !appliesTo(rule, chart.version)) continue;
    for (const path of pathsOf(rule, chart))
      describe(schema, path, `${rule.id} (${rule.severity}): ${rule.title}. ${rule.why} ${rule.fix}`);
  }
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** The values that a rule is about: those that it names for its own examples. */
function pathsOf(rule: ValuesRule, chart: Chart): PathParts[] {
  const paths = rule.hits.flatMap((example) => {
    const text = typeof example === 'string' ? example : example.values;
    const source = { name: rule.id, kind: 'file', text } as const;
    const spans = new Spans();
    const user = readValues(source, 4, spans, () => undefined) ?? emptyMap();
    const values = new LayeredValues(user, spans, startOf(source), coalesceChart(user, chart, 4));
    return rule.check(values, { chartVersion: chart.version }).map(({ path }) => partsOf(path));
  });
  return [...new Map(paths.map((path) => [path.join('\0'), path])).values()];
}

/** Adds a text to the description of a value. Behind a reference the description would be that of other values too. */
function describe(schema: ValuesMap, path: PathParts, text: string): void {
  let here = schema;
  for (const part of path) {
    if (typeof part === 'number' || '$ref' in here) return;
    const properties = isMapNode(here['properties']) ? here['properties'] : emptyMap();
    here['properties'] = properties;
    const below = properties[part];
    properties[part] = isMapNode(below) ? below : emptyMap();
    here = properties[part];
  }
  const before = here['description'];
  here['description'] = typeof before === 'string' ? `${before}\n\n${text}` : text;
}
