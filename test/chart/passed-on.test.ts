import { rmSync } from 'node:fs';
import { ApiObject } from 'cdk8s';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { defineChart, passThrough, yamlText } from '../../src/chart/index.js';
import { describeWith } from '../programs/find.js';
import { HelmEngines, helmEngines } from './helm-engine.js';
import { writeChart } from './prove.js';

const values = z.object({
  on: z.boolean().default(false),
  extra: passThrough().default({}),
  labels: z.record(z.string(), z.string()).default({}),
  store: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('none') }),
      z.object({ type: z.literal('own'), labels: z.record(z.string(), z.string()).default({}) }),
    ])
    .default({ type: 'none' }),
  items: z.array(z.object({ name: z.string(), extra: passThrough().default({}) })).default([]),
});
type Values = z.output<typeof values>;

const chartOf = (name: string, spec: (values: Values) => unknown) =>
  defineChart({ name, version: '1.0.0', values }, (scope, given) => {
    new ApiObject(scope, 'one', { apiVersion: 'example.com/v1', kind: 'One', spec: spec(given) });
  });

const read = (text: string): unknown => parse(text) as unknown;

/** Where an object that is passed on stands, and what is read of it in the end. */
const places: readonly (readonly [string, (values: Values) => unknown, (spec: never) => unknown])[] = [
  ['last, or before a field that may be there', ({ extra, on }) => ({ extra, ...(on ? { on } : {}) }), (spec) => spec],
  [
    'among other entries',
    ({ extra, on }) => ({ map: { ...extra, app: 'ours' }, ...(on ? { on } : {}) }),
    (spec) => spec,
  ],
  [
    'in a text',
    ({ extra, on }) => ({ text: yamlText({ first: 1, extra }), ...(on ? { on } : {}) }),
    ({ text, ...rest }: { text: string }) => ({ ...rest, text: read(text) }),
  ],
  [
    'in a text of each element of a list',
    ({ items }) => ({ items: items.map(({ name, extra }) => ({ name, text: yamlText({ deep: { extra }, name }) })) }),
    ({ items }: { items: { text: string }[] }) => items.map((item) => ({ ...item, text: read(item.text) })),
  ],
];

describeWith(helmEngines, 'an object that is passed on', () => {
  let engines: HelmEngines;
  beforeAll(() => {
    engines = new HelmEngines();
  });
  afterAll(() => engines?.stop());

  test.each(places)(
    '%s: keeps the line breaks at the end of its texts',
    async (_, spec, meaning) => {
      const chart = chartOf('passed-on', spec);
      const folder = writeChart(chart.generate({ checks: 100 }).files);
      for (const extra of [{ a: '\n' }, { a: ['x', '\n\n'] }, { a: 'x\n\n' }, { a: { b: 'x\ny\n' } }, { a: { b: 1 } }])
        for (const on of [true, false]) {
          const given = { on, extra, items: [{ name: 'a', extra }, { name: 'b' }] };
          const [expected] = chart.synth(given) as { spec: never }[];
          for (const { engine, documents, error } of await engines.render({
            chart: folder,
            values: [JSON.stringify(given)],
          })) {
            expect(error, engine).toBeUndefined();
            expect(meaning((documents[0] as { spec: never }).spec), engine).toEqual(meaning(expected!.spec));
          }
        }
      rmSync(folder, { recursive: true });
    },
    120_000,
  );

  test('stands beside a map that only one member of a union has, which wins', async () => {
    const chart = chartOf('beside', ({ labels, store }) => ({
      labels: { app: 'ours', ...labels, ...(store.type === 'own' ? store.labels : {}) },
    }));
    const folder = writeChart(chart.generate({ checks: 300 }).files);
    for (const labels of [{}, { a: 'b' }, { app: 'x', a: 'b' }])
      for (const store of [
        { type: 'none' },
        { type: 'own' },
        { type: 'own', labels: { a: 'c' } },
        { type: 'own', labels: { app: 'd' } },
      ]) {
        const given = { labels, store };
        const expected = chart.synth(given as never) as { spec: unknown }[];
        for (const { engine, documents, error } of await engines.render({
          chart: folder,
          values: [JSON.stringify(given)],
        })) {
          expect(error, engine).toBeUndefined();
          expect((documents[0] as { spec: unknown }).spec, engine).toEqual(expected[0]!.spec);
        }
      }
    rmSync(folder, { recursive: true });
  }, 120_000);

  test('has no key that every object of JavaScript has, nor has a map: synth and both Helms refuse it', async () => {
    const chart = chartOf('keys', ({ extra, labels }) => ({ extra, labels: { ...labels } }));
    const folder = writeChart(chart.generate({ checks: 100 }).files);
    for (const key of Object.getOwnPropertyNames(Object.prototype))
      for (const text of [
        `{"extra":{"${key}":"x"}}`,
        `{"extra":{"a":[{"${key}":{}}]}}`,
        `{"labels":{"${key}":"x"}}`,
        `{"labels":{"${key}":null}}`,
      ]) {
        expect(() => chart.synth(JSON.parse(text) as object), text).toThrow('problem');
        for (const { engine, error } of await engines.render({ chart: folder, values: [text] }))
          expect(error, `${engine}: ${text}`).toContain(key);
      }
    rmSync(folder, { recursive: true });
  }, 120_000);
});
