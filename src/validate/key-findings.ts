import { nearest } from '../problem/index.js';
import {
  describedKeys,
  emptyMap,
  type Finding,
  isMapNode,
  type LayeredValues,
  looksSecret,
  mergeTables,
  type PathParts,
  printPath,
  type ValuesMap,
  type ValuesNode,
} from '../values/index.js';
import type { Chart } from './chart.js';
import type { Subchart } from './subcharts.js';
import { valuesRules } from './values-rules.js';

/** Keys that Helm itself gives a meaning in every chart. */
const helmsOwn = new Set(['global', 'enabled', 'tags']);

/** Maps whose keys are the user's own, by their name. */
const freeForm =
  /(annotations|labels|selectors?|nodeselector|matchlabels|data|stringdata|env|envs|extra[a-z]*|overrides?|parameters|options|args|limits|requests|headers|hosts|config|configuration|settings|properties)$/i;

/** Where in the values a walk is, and the chart that reads them there. */
interface Scope {
  readonly chart: Chart;
  /** Path of that chart’s values. */
  readonly base: PathParts;
}

/**
 * Secrets that are written out, keys that the chart does not know, and values of another kind than the default.
 *
 * @param told paths that another finding is about already
 */
export function keyFindings(
  values: LayeredValues,
  chart: Chart | undefined,
  told: ReadonlySet<string> = new Set(),
): Finding[] {
  const findings: Finding[] = [];
  const walk = (
    value: ValuesNode,
    defaults: ValuesNode | undefined,
    path: PathParts,
    scope: Scope | undefined,
  ): void => {
    if (typeof value === 'string' && value !== '' && looksSecret(path) && !isReference(value))
      findings.push({
        rule: valuesRules.secret,
        span: values.place(path),
        path,
        message: `${printPath(path)} holds a secret in plain text`,
      });
    if (Array.isArray(value))
      for (const [index, item] of value.entries()) walk(item, undefined, [...path, index], undefined);
    if (!isMapNode(value)) return;
    const beside = isMapNode(defaults) ? defaults : undefined;
    if (scope && beside) findings.push(...unknownKeys(value, beside, path, values, scope));
    for (const key of Object.keys(value)) {
      const here = [...path, key];
      const fallback = beside?.[key];
      const subchart = scope?.base.length === path.length ? subchartAt(scope.chart, key) : undefined;
      if (subchart) {
        // What is turned off reads nothing, and Helm does not look at it either.
        const inner = subchart !== 'missing' && values.coalesced.enabled.has(subchart) ? subchart.chart : undefined;
        const all = inner && mergeTables(isMapNode(fallback) ? fallback : emptyMap(), inner.defaults);
        if (subchart !== 'missing' && values.coalesced.mismatched.has(subchart))
          findings.push(noMap(value[key]!, here, values));
        walk(value[key]!, all, here, inner && { chart: inner, base: here });
        continue;
      }
      if (scope && fallback !== undefined) findings.push(...otherKind(value[key]!, fallback, here, values));
      walk(value[key]!, fallback, here, scope);
    }
  };
  walk(values.user, chart?.defaults, [], chart && { chart, base: [] });
  return findings.filter(({ rule, path }) => rule === valuesRules.secret || !told.has(printPath(path)));
}

const subchartAt = ({ subcharts, missing }: Chart, key: string): Subchart<Chart> | 'missing' | undefined =>
  missing.has(key) ? 'missing' : subcharts.find((one) => one.key === key);

function noMap(value: ValuesNode, path: PathParts, values: LayeredValues): Finding {
  const message = `${printPath(path)} is ${value === null ? 'null' : `a ${kindOf(value)}`}, and holds the values of a chart inside of this one`;
  return { rule: valuesRules.subchart, span: values.place(path, 'key'), path, message };
}

/** Values that stand for a secret in place of holding it: templates, variables, references of secret stores. */
const isReference = (value: string): boolean =>
  /^(\$[{(A-Z]|\{\{|ref\+|vault:|<[^>]*>$|ENC\[)/.test(value.trim()) || /^_[A-Z0-9_]+_$/.test(value);

function unknownKeys(
  map: ValuesMap,
  defaults: ValuesMap,
  path: PathParts,
  values: LayeredValues,
  { chart, base }: Scope,
): Finding[] {
  if (!chart.complete) return [];
  const described = chart.schema && describedKeys(chart.schema, path.slice(base.length));
  const isVague = described?.vague ?? true;
  const isFreeForm = described?.open || (isVague && freeForm.test(String(path.at(-1) ?? '')));
  const known = new Set([...Object.keys(defaults), ...(described?.keys ?? [])]);
  if (isFreeForm || known.size === 0) return [];
  return Object.keys(map).flatMap((key) => {
    if (known.has(key) || helmsOwn.has(key) || chart.mentioned.has(key)) return [];
    if (path.length === base.length && subchartAt(chart, key)) return [];
    const meant = nearest(key, known);
    // Where the schema takes any key only one that was meant otherwise is told of.
    if (!meant && described?.vague) return [];
    const here = [...path, key];
    return [
      {
        rule: meant ? valuesRules.misspelt : valuesRules.unknown,
        span: values.place(here, 'key'),
        path: here,
        message: `the chart has no value ${printPath(here)}`,
        ...(meant ? { fix: `Did you mean "${meant}"?` } : {}),
      },
    ];
  });
}

function otherKind(value: ValuesNode, fallback: ValuesNode, path: PathParts, values: LayeredValues): Finding[] {
  if (value === null || fallback === null) return [];
  const [got, wanted] = [kindOf(value), kindOf(fallback)];
  // An empty text is how charts write "none", whatever belongs there.
  if (got === wanted || fallback === '') return [];
  // Between single values templates make no difference that could be told from here.
  if (wanted === 'single value' && got === 'single value') return [];
  return [
    {
      rule: valuesRules.kind,
      span: values.place(path, 'key'),
      path,
      message: `${printPath(path)} is a ${got}, the chart’s default is a ${wanted}`,
    },
  ];
}

const kindOf = (value: ValuesNode): string =>
  Array.isArray(value) ? 'list' : isMapNode(value) ? 'map' : 'single value';
