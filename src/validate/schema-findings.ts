import { nearest } from '../problem/index.js';
import {
  type Finding,
  isMapNode,
  type LayeredValues,
  type PathParts,
  printPath,
  SchemaCheck,
  type SchemaDocument,
  type SchemaViolation,
  type ValuesNode,
} from '../values/index.js';
import type { Chart } from './chart.js';
import { valuesRules } from './values-rules.js';

/** What the schemas of a chart and of its subcharts say against values, as findings in the user's files. */
export function schemaFindings(values: LayeredValues, chart: Chart): Finding[] {
  const inChart = ({ schema, subcharts }: Chart, here: ValuesNode, base: PathParts): Finding[] => [
    ...(schema ? inSchema(values, schema, here, base) : []),
    ...subcharts.flatMap((subchart) => {
      const inner = isMapNode(here) ? here[subchart.key] : undefined;
      if (!values.coalesced.enabled.has(subchart) || !isMapNode(inner)) return [];
      return inChart(subchart.chart, inner, [...base, subchart.key]);
    }),
  ];
  return inChart(chart, values.values, []);
}

function inSchema(values: LayeredValues, schema: SchemaDocument, here: ValuesNode, base: PathParts): Finding[] {
  const violations = new SchemaCheck(schema).run(here);
  const whose = base.length === 0 ? 'the chart’s' : `${printPath(base)}: the subchart’s`;
  const defects = schema.defects.map(
    ({ kind, message }): Finding => ({
      rule: kind === 'remote reference' ? valuesRules.remote : valuesRules.brokenSchema,
      span: values.root,
      path: base,
      message: `${whose} values.schema.json cannot be used as it is: ${message}`,
    }),
  );
  const found = violations.map((one) => toFinding({ ...one, path: [...base, ...one.path] }, values));
  return [...defects, ...found];
}

function toFinding(violation: SchemaViolation, values: LayeredValues): Finding {
  const { path, keyword, message, allowed, knownKeys } = violation;
  const name = path.length === 0 ? 'the values' : printPath(path);
  const key = String(path.at(-1) ?? '');
  const meant = knownKeys && nearest(key, knownKeys);
  const aboutKey = knownKeys !== undefined || keyword === 'propertyNames';
  return {
    rule: meant ? valuesRules.misspelt : valuesRules.schema,
    span: values.place(writtenPath(path, values), aboutKey ? 'key' : 'value'),
    path,
    message: `${name} ${message}${allowed === undefined ? '' : `; allowed: ${allowed}`}`,
    ...(meant ? { fix: `Did you mean "${meant}"?` } : {}),
    ...(knownKeys && !meant ? { fix: knownKeysText(knownKeys) } : {}),
  };
}

const knownKeysText = (keys: readonly string[]): string =>
  keys.length === 0 ? 'Remove it: no key is allowed here.' : `Use one of: ${keys.slice(0, 30).join(', ')}.`;

/** Where the user wrote a value: what all charts share comes from the top, if the subchart has it not for itself. */
function writtenPath(path: PathParts, values: LayeredValues): PathParts {
  const shared = path.indexOf('global');
  return shared > 0 && !values.isSet(path) && values.isSet(path.slice(shared)) ? path.slice(shared) : path;
}
