import { ApiObject } from 'cdk8s';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { defineChart } from '../../src/chart/index.js';
import { describeWith } from '../programs/find.js';
import { HelmEngines, helmEngines } from './helm-engine.js';
import { proveChart } from './prove.js';

const volume = z.object({ labels: z.record(z.string().regex(/^[a-z]+$/), z.string()).optional() });

const chart = defineChart(
  {
    name: 'storage',
    version: '1.0.0',
    values: z.object({
      where: z.discriminatedUnion('type', [
        z.object({ type: z.literal('disk'), volume }),
        z.object({ type: z.literal('both'), volume, bucket: z.string() }),
        z.object({ type: z.literal('store'), bucket: z.string() }),
      ]),
    }),
  },
  (scope, { where }) => {
    const labels = where.type === 'store' ? undefined : where.volume.labels;
    new ApiObject(scope, 'claim', {
      apiVersion: 'example.com/v1',
      kind: 'Claim',
      spec: labels ? { matchLabels: Object.fromEntries(Object.entries(labels)) } : {},
    });
  },
);

describeWith(helmEngines, 'a union of which several members hold the same record', () => {
  const { files } = chart.generate({ checks: 300 });
  let engines: HelmEngines;
  beforeAll(() => {
    engines = new HelmEngines();
  });
  afterAll(() => engines.stop());

  test('gives the keys of that record in each of them', async () => {
    const { same } = await proveChart(chart, { engines, files, count: 100 });
    expect(same).toBeGreaterThan(20);
  });
});

const stored = (type: string, credentials: readonly [string, string]) =>
  z.object({ type: z.literal(type), credentials: z.object({ type: z.enum(credentials) }) });

const stores = defineChart(
  {
    name: 'stores',
    version: '1.0.0',
    values: z.object({
      store: z.discriminatedUnion('type', [
        stored('one', ['secret', 'identity']),
        stored('two', ['password', 'token']),
        stored('three', ['secret', 'token']),
      ]),
    }),
  },
  (scope, { store }) => {
    new ApiObject(scope, 'store', {
      apiVersion: 'example.com/v1',
      kind: 'Store',
      spec: { ...(store.credentials.type === 'token' ? { token: store.type } : { other: store.credentials.type }) },
    });
  },
);

describeWith(helmEngines, 'a union whose members have fields of one name with other options', () => {
  // So few that not all structures are gone through: what is learned of one member must not stand for another.
  const generated = [stores.generate({ checks: 300 }), stores.generate({ checks: 300, maxPaths: 2 })];
  let engines: HelmEngines;
  beforeAll(() => {
    engines = new HelmEngines();
  });
  afterAll(() => engines.stop());

  test.each(generated)('gives each of them, $mode', async ({ files }) => {
    const { same } = await proveChart(stores, { engines, files, count: 100 });
    expect(same).toBeGreaterThan(20);
  });

  test('has one row for each path in the README, with all that it may be', () => {
    const rows = generated[0]!.files.get('README.md')!.split('\n');
    expect(rows.filter((row) => row.startsWith('| `store'))).toEqual([
      '| `store` | object by `type` | required |  |',
      '| `store.type` | `one`, `two`, `three` | required |  |',
      '| `store.credentials.type` | `secret`, `identity`, `password`, `token` | required |  |',
    ]);
  });

  test('was learned in both modes', () => {
    expect(generated.map(({ mode }) => mode)).toEqual(['exhaustive', 'sampled']);
  });
});
