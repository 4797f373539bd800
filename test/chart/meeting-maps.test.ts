import { rmSync } from 'node:fs';
import { ApiObject } from 'cdk8s';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineChart } from '../../src/chart/index.js';
import { describeWith } from '../programs/find.js';
import { HelmEngines, helmEngines } from './helm-engine.js';
import { writeChart } from './prove.js';

const record = () => z.record(z.string(), z.string()).default({});
const values = z.object({ a: record(), b: record(), c: record() });
type Texts = Record<string, string>;

/** Gives entries of `more` where there are none of that name. */
const fillUp = (data: Texts, more: Texts): Texts => {
  for (const [key, value] of Object.entries(more)) if (data[key] === undefined) data[key] = value;
  return data;
};

/** Which of the maps wins, in words. */
const orders: readonly (readonly [string, (given: z.output<typeof values>) => Texts])[] = [
  ['the later of two', ({ a, b }) => ({ ...a, ...b })],
  ['the earlier of two', ({ a, b }) => fillUp({ ...a }, b)],
  ['the author over both', ({ a, b }) => ({ ...a, ...b, shared: 'ours' })],
  ['the first, the author, the last', ({ a, b }) => fillUp({ shared: 'ours', ...a }, b)],
  ['the last, the author, the first', ({ a, b }) => ({ ...fillUp({ shared: 'ours' }, a), ...b })],
  ['the first of three', ({ a, b, c }) => fillUp(fillUp({ ...a }, b), c)],
  ['the middle of three', ({ a, b, c }) => fillUp({ ...a, ...b }, c)],
];

/** Every way in which three maps have a key, or another one. */
const givens = ['shared', 'other', undefined].flatMap((a) =>
  ['shared', 'other', undefined].flatMap((b) =>
    ['shared', 'other', undefined].map((c) => ({
      a: a ? { [a]: 'a' } : {},
      b: b ? { [b]: 'b' } : {},
      c: c ? { [c]: 'c' } : {},
    })),
  ),
);

describeWith(helmEngines, 'maps of the user that come together in one', () => {
  let engines: HelmEngines;
  beforeAll(() => {
    engines = new HelmEngines();
  });
  afterAll(() => engines?.stop());

  describe.each(orders)('where wins: %s', (_, data) => {
    test('the chart gives what the function gives', async () => {
      const chart = defineChart({ name: 'maps', version: '1.0.0', values }, (scope, given) => {
        new ApiObject(scope, 'one', {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'one' },
          data: data(given),
        });
      });
      const folder = writeChart(chart.generate({ checks: 100 }).files);
      for (const given of givens) {
        const [expected] = chart.synth(given) as { data: unknown }[];
        for (const { engine, documents, error } of await engines.render({
          chart: folder,
          values: [JSON.stringify(given)],
        })) {
          expect(error, engine).toBeUndefined();
          expect((documents[0] as { data: unknown }).data, `${engine} ${JSON.stringify(given)}`).toEqual(
            expected!.data,
          );
        }
      }
      rmSync(folder, { recursive: true });
    }, 120_000);
  });
});

const many = z.object({ labels: record() });

describeWith(helmEngines, 'a map of the user that wins in many objects', () => {
  let engines: HelmEngines;
  beforeAll(() => {
    engines = new HelmEngines();
  });
  afterAll(() => engines?.stop());

  test('wins in each of them', async () => {
    const chart = defineChart({ name: 'many', version: '1.0.0', values: many }, (scope, { labels }) => {
      for (let index = 0; index < 12; index++)
        new ApiObject(scope, `object-${index}`, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `object-${index}`, labels },
        });
    });
    const folder = writeChart(chart.generate({ checks: 100 }).files);
    const given = { labels: { 'app.kubernetes.io/name': 'theirs', more: 'x' } };
    for (const { engine, documents, error } of await engines.render({
      chart: folder,
      values: [JSON.stringify(given)],
    })) {
      expect(error, engine).toBeUndefined();
      expect(documents, engine).toHaveLength(12);
      for (const document of documents) expect(document).toMatchObject({ metadata: { labels: given.labels } });
    }
    rmSync(folder, { recursive: true });
  }, 120_000);
});
