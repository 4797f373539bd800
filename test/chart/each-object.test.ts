import { ApiObject } from 'cdk8s';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { defineChart } from '../../src/chart/index.js';
import { describeWith } from '../programs/find.js';
import { HelmEngines, helmEngines } from './helm-engine.js';
import { proveChart } from './prove.js';

const values = z.object({
  where: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('disk'),
      bind: z.object({ disks: z.array(z.object({ name: z.string().regex(/^[a-z]+$/) })).min(1) }).optional(),
    }),
    z.object({ type: z.literal('store') }),
  ]),
});

const chart = defineChart({ name: 'disks', version: '1.0.0', values }, (scope, { where }) => {
  if (where.type !== 'disk' || !where.bind) return;
  where.bind.disks.forEach(({ name }, index) => {
    new ApiObject(scope, `disk-${index}`, { apiVersion: 'example.com/v1', kind: 'Disk', metadata: { name }, spec: {} });
  });
});

describeWith(helmEngines, 'an object for each element of a list that may not be there', () => {
  let engines: HelmEngines;
  beforeAll(() => {
    engines = new HelmEngines();
  });
  afterAll(() => engines?.stop());

  test('is there for each element, and none where there is no list', async () => {
    const { files } = chart.generate({ checks: 300 });
    const { same } = await proveChart(chart, { engines, files, count: 100 });
    expect(same).toBeGreaterThan(20);
  });
});
