import { nearest } from '../problem/index.js';
import {
  describedKeys,
  type Finding,
  isMapNode,
  type LayeredValues,
  looksSecret,
  type PathParts,
  printPath,
  type ValuesMap,
  type ValuesNode,
} from '../values/index.js';
import type { Chart } from './chart.js';
import { valuesRules } from './values-rules.js';

/** Keys that Helm itself gives a meaning in every chart. */
const helmsOwn = new Set(['global', 'enabled', 'tags']);

/** Maps whose keys are the user's own, by their name. */
const freeForm =
  /(annotations|labels|selectors?|nodeselector|matchlabels|data|stringdata|env|envs|extra[a-z]*|overrides?|parameters|options|args|limits|requests|headers|hosts|config|configuration|settings|properties)$/i;

/** Secrets that are written out, keys that the chart does not know, and values of another kind than the default. */
export function keyFindings(values: LayeredValues, chart: Chart | undefined): Finding[] {
  const findings: Finding[] = [];
  const walk = (value: ValuesNode, defaults: ValuesNode | undefined, path: PathParts): void => {
    if (typeof value === 'string' && value !== '' && looksSecret(path) && !isReference(value))
      findings.push({
        rule: valuesRules.secret,
        span: values.place(path),
        path,
        message: `${printPath(path)} holds a secret in plain text`,
      });
    if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(item, undefined, [...path, index]);
    if (!isMapNode(value)) return;
    const beside = isMapNode(defaults) ? defaults : undefined;
    if (chart && beside) findings.push(...unknownKeys(value, beside, path, values, chart));
    for (const key of Object.keys(value)) {
      const here = [...path, key];
      const fallback = beside?.[key];
      if (chart && fallback !== undefined) findings.push(...otherKind(value[key]!, fallback, here, values));
      walk(value[key]!, path.length === 0 && chart?.subcharts.has(key) ? undefined : fallback, here);
    }
  };
  walk(values.user, chart?.defaults, []);
  return findings;
}

/** Values that stand for a secret in place of holding it: templates, variables, references of secret stores. */
const isReference = (value: string): boolean =>
  /^(\$[{(A-Z]|\{\{|ref\+|vault:|<[^>]*>$|ENC\[)/.test(value.trim()) || /^_[A-Z0-9_]+_$/.test(value);

function unknownKeys(
  map: ValuesMap,
  defaults: ValuesMap,
  path: PathParts,
  values: LayeredValues,
  chart: Chart,
): Finding[] {
  if (!chart.complete) return [];
  const described = chart.schema && describedKeys(chart.schema, path);
  const isFreeForm = described ? described.open : freeForm.test(String(path.at(-1) ?? ''));
  const known = new Set([...Object.keys(defaults), ...(described?.keys ?? [])]);
  if (isFreeForm || known.size === 0) return [];
  return Object.keys(map).flatMap((key) => {
    if (known.has(key) || helmsOwn.has(key) || chart.mentioned.has(key)) return [];
    if (path.length === 0 && chart.subcharts.has(key)) return [];
    const meant = nearest(key, known);
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
