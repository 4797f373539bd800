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
