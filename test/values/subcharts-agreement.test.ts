import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ValuesSubchart } from '../../src/values/index.js';
import { type HelmVersion, toValues, type ValuesMap } from '../../src/values/index.js';
import { describeWith } from '../programs/find.js';
import { PrintingChart } from './helm-chart.js';
import { layer, plain } from './layered.js';

const helms = [
  ['helm3', 3],
  ['helm4', 4],
] as const;

/** A chart with one that a value turns on, one under another name with tags, and one inside of the first. */
const defaults = {
  parent: {
    a: 1,
    red: { x: 1, m: { y: 1 }, green: { g: 5 }, own: null },
    sky: { s: 2, none: null },
    global: { all: 1, map: { p: 1 } },
  },
  red: { x: 2, m: { y: 2, z: 2 }, own: true, global: { all: 2, red: 1, map: { q: 1 } }, green: { g: 4, h: 4 } },
  green: { g: 3, h: null, i: { j: 3, k: null } },
  blue: { s: 1, on: true, text: '' },
};
const files = {
  'Chart.yaml': JSON.stringify({
    apiVersion: 'v2',
    name: 'printing',
    version: '1.0.0',
    dependencies: [
      { name: 'red', version: '*', condition: 'red.enabled,switches.red', tags: ['warm'] },
      { name: 'blue', version: '*', alias: 'sky', tags: ['cold', 'warm'] },
    ],
  }),
  'charts/red/Chart.yaml': JSON.stringify({
    apiVersion: 'v2',
    name: 'red',
    version: '1.0.0',
    dependencies: [{ name: 'green', version: '*', condition: 'green.enabled' }],
  }),
  'charts/red/values.yaml': JSON.stringify(defaults.red),
  'charts/red/charts/green/Chart.yaml': 'apiVersion: v2\nname: green\nversion: 1.0.0\n',
  'charts/red/charts/green/values.yaml': JSON.stringify(defaults.green),
  'charts/blue/Chart.yaml': 'apiVersion: v2\nname: blue\nversion: 1.0.0\n',
  'charts/blue/values.yaml': JSON.stringify(defaults.blue),
};
const values = (data: object) => toValues(data) as ValuesMap;
const green = { key: 'green', tags: [], condition: 'green.enabled' };
const subcharts: readonly ValuesSubchart[] = [
  {
    key: 'red',
    tags: ['warm'],
    condition: 'red.enabled,switches.red',
    chart: {
      defaults: values(defaults.red),
      subcharts: [{ ...green, chart: { defaults: values(defaults.green), subcharts: [] } }],
    },
  },
  { key: 'sky', tags: ['cold', 'warm'], chart: { defaults: values(defaults.blue), subcharts: [] } },
];

describeWith(['helm3', 'helm4'], 'Helm itself and values of subcharts', () => {
  let chart: PrintingChart;
  beforeAll(() => {
    chart = new PrintingChart(JSON.stringify(defaults.parent), undefined, files);
  });
  afterAll(() => chart.remove());

  const ours = (text: string, helm: HelmVersion) =>
    plain(layer([text], { defaults: JSON.stringify(defaults.parent), subcharts, helm }).values!.values);

  const table: [name: string, values: object][] = [
    ['nothing', {}],
    ['a value of a subchart', { red: { x: 9, m: { z: 9 } } }],
    ['one under its alias', { sky: { s: 9 } }],
    ['a null for a default of the subchart', { red: { own: null, m: { z: null } } }],
    ['a null for a default of the parent’s', { red: { x: null, m: null }, sky: { s: null } }],
    ['one inside of a subchart', { red: { green: { g: null, i: { j: 9 } } } }],
    ['what all share', { global: { all: 9, map: { q: 9, r: 9 } } }],
    ['what all share, and one for itself', { global: { all: 9, new: 1 }, red: { global: { all: 8, red: null } } }],
    ['what all share is null', { global: null }],
    ['a map over a single value in what all share', { global: { all: { x: 1 }, map: 5 } }],
    ['one that is off', { red: { enabled: false } }],
    ['one that is off by its second condition', { switches: { red: false } }],
    ['conditions that disagree', { red: { enabled: true }, switches: { red: false } }],
    ['a condition that is no boolean', { red: { enabled: 'no' }, switches: { red: false } }],
    ['one that is off inside', { red: { green: { enabled: false, g: 9 } } }],
    ['a tag', { tags: { cold: false } }],
    ['tags that disagree', { tags: { cold: false, warm: true } }],
    ['a condition against a tag', { tags: { warm: false }, red: { enabled: true } }],
    ['the name in place of the alias', { blue: { s: 9 } }],
  ];
  test.each(table)('agree about %s', (_, given) => {
    const text = JSON.stringify(given);
    for (const [helm, version] of helms) {
      const answer = chart.ask(helm, [chart.file(text)]);
      expect(ours(text, version), helm).toEqual('values' in answer ? answer.values : answer.error);
    }
  });

  test('agree about random values', () => {
    const key = fc.constantFrom('x', 'm', 'y', 'z', 'own', 'g', 'h', 'i', 'j', 's', 'on', 'enabled', 'new');
    const leaf = fc.constantFrom<unknown[]>(null, true, false, 7, 'text', [1]);
    const map = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { maxKeys: 3 })), { maxKeys: 4 });
    const globals = fc.dictionary(
      fc.constantFrom('all', 'red', 'map', 'new'),
      fc.oneof(leaf, fc.dictionary(fc.constantFrom('p', 'q', 'r'), leaf, { maxKeys: 2 })),
      { maxKeys: 3 },
    );
    const part = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
    const red = fc
      .tuple(map, part(map), part(globals))
      .map(([own, green, global]) => ({ ...own, ...(green ? { green } : {}), ...(global ? { global } : {}) }));
    const stack = fc.record(
      { a: leaf, red, sky: map, global: globals, tags: fc.dictionary(fc.constantFrom('cold', 'warm'), fc.boolean()) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(stack, fc.constantFrom<(typeof helms)[number]>(...helms), (given, [helm, version]) => {
        const text = JSON.stringify(given);
        const answer = chart.ask(helm, [chart.file(text)]);
        expect(ours(text, version)).toEqual('values' in answer ? answer.values : answer.error);
      }),
      { numRuns: Number(process.env['VALUES_RUNS'] ?? 20) },
    );
  }, 300_000);
});
