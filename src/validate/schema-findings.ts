import { nearest } from '../problem/index.js';
import {
  type Finding,
  type LayeredValues,
  printPath,
  SchemaCheck,
  type SchemaDocument,
  type SchemaViolation,
} from '../values/index.js';
import { valuesRules } from './values-rules.js';

/** What a chart's schema says against values, as findings in the user's files. */
export function schemaFindings(values: LayeredValues, schema: SchemaDocument): Finding[] {
  const violations = new SchemaCheck(schema).run(values.values);
  const defects = schema.defects.map(
    ({ kind, message }): Finding => ({
      rule: kind === 'remote reference' ? valuesRules.remote : valuesRules.brokenSchema,
      span: values.root,
      path: [],
      message: `the chart’s values.schema.json cannot be used as it is: ${message}`,
    }),
  );
  return [...defects, ...violations.map((violation) => toFinding(violation, values))];
}

function toFinding(violation: SchemaViolation, values: LayeredValues): Finding {
  const { path, keyword, message, allowed, knownKeys } = violation;
  const name = path.length === 0 ? 'the values' : printPath(path);
  const key = String(path.at(-1) ?? '');
  const meant = knownKeys && nearest(key, knownKeys);
  const aboutKey = knownKeys !== undefined || keyword === 'propertyNames';
  return {
    rule: meant ? valuesRules.misspelt : valuesRules.schema,
    span: values.place(path, aboutKey ? 'key' : 'value'),
    path,
    message: `${name} ${message}${allowed === undefined ? '' : `; allowed: ${allowed}`}`,
    ...(meant ? { fix: `Did you mean "${meant}"?` } : {}),
    ...(knownKeys && !meant ? { fix: knownKeysText(knownKeys) } : {}),
  };
}

const knownKeysText = (keys: readonly string[]): string =>
  keys.length === 0 ? 'Remove it: no key is allowed here.' : `Use one of: ${keys.slice(0, 30).join(', ')}.`;
