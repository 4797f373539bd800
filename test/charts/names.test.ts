import { describe, expect, test } from 'vitest';
import { type KubeObject, ownCharts } from './own-charts.js';

const namespace = 'databases';

describe.each(ownCharts)('$name, installed twice in one namespace', ({ chart, examples, second }) => {
  const cases = Object.entries(examples).filter(([name]) => name !== 'everything');

  test.each(cases)('%s: has no object and no selector in common with the other under another name', (_, values) => {
    const one = chart.synth(values, { name: 'one', namespace }) as KubeObject[];
    const other = chart.synth({ ...(values as object), ...second }, { name: 'two', namespace }) as KubeObject[];
    const names = new Set(one.map(nameOf));
    expect(other.map(nameOf).filter((name) => names.has(name))).toEqual([]);
    for (const [selecting, selected] of [
      [one, other],
      [other, one],
    ] as const)
      for (const selector of selectorsOf(selecting))
        expect(podsOf(selected).filter((labels) => matches(selector, labels))).toEqual([]);
  });
});

const nameOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;

type Labels = Readonly<Record<string, string>>;

/** What a workload, a Service, a policy or a budget selects pods by. */
const selectorsOf = (objects: readonly KubeObject[]): Labels[] =>
  objects.flatMap(({ kind, spec }) => {
    const selector =
      kind === 'Service' ? spec.selector : (spec?.selector?.matchLabels ?? spec?.podSelector?.matchLabels);
    return selector ? [selector as Labels] : [];
  });

const podsOf = (objects: readonly KubeObject[]): Labels[] =>
  objects.flatMap(({ spec }) => {
    const template = spec?.jobTemplate?.spec?.template ?? spec?.template;
    return template ? [template.metadata.labels as Labels] : [];
  });

const matches = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);
