import {
  applySetOption,
  coalesceChart,
  emptyMap,
  type Finding,
  type HelmVersion,
  LayeredValues,
  mergeMaps,
  readValues,
  type SetOption,
  Spans,
  setOptions,
  startOf,
  type ValuesMap,
  type ValuesSource,
  type ValuesSubchart,
} from '../../src/values/index.js';

/** Values files as text and options, layered as the command does it, over defaults. */
export function layer(
  texts: readonly string[],
  {
    defaults = '',
    subcharts = [],
    options = [],
    helm = 4,
  }: {
    readonly defaults?: string;
    readonly subcharts?: readonly ValuesSubchart[];
    readonly options?: readonly (readonly [SetOption, string])[];
    readonly helm?: HelmVersion;
  } = {},
): { readonly values: LayeredValues | undefined; readonly findings: Finding[] } {
  const spans = new Spans();
  const findings: Finding[] = [];
  const read = (text: string, name: string): ValuesMap | undefined =>
    readValues({ name, kind: 'file', text }, helm, spans, (finding) => findings.push(finding));
  const root = startOf({ name: 'f0.yaml', kind: 'file', text: texts[0] ?? '' });
  const maps = texts.map((text, index) => read(text, `f${index}.yaml`));
  if (maps.some((map) => map === undefined)) return { values: undefined, findings };
  let user = maps.reduce<ValuesMap>((below, map) => mergeMaps(below, map!, spans), emptyMap());
  for (const name of setOptions)
    for (const [option, text] of options)
      if (option === name) {
        const source: ValuesSource = { name, kind: 'option', text };
        user = applySetOption(user, source, spans, helm, () => 'content');
      }
  const chart = { defaults: read(defaults, 'defaults') ?? emptyMap(), subcharts };
  return { values: new LayeredValues(user, spans, root, coalesceChart(user, chart, helm)), findings };
}

/** One file read by itself: its values as plain data, or undefined where it is refused, and the rules it breaks. */
export function readText(text: string, helm: HelmVersion = 4): { values: unknown; rules: string[] } {
  const findings: Finding[] = [];
  const values = readValues({ name: 'a.yaml', kind: 'file', text }, helm, new Spans(), (one) => findings.push(one));
  return { values: values && plain(values), rules: findings.map(({ rule }) => rule.id) };
}

/** With the prototypes that test comparisons expect. */
export const plain = (values: unknown): unknown => JSON.parse(JSON.stringify(values));
