import { ApiObject } from 'cdk8s';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineChart } from '../../src/chart/index.js';

const chart = (fault: () => void) =>
  defineChart(
    { name: 'web', version: '1.0.0', values: z.object({ rare: z.boolean().default(false) }) },
    (scope, values) => {
      if (values.rare) fault();
      new ApiObject(scope, 'settings', { apiVersion: 'v1', kind: 'ConfigMap' });
    },
  );

test.each<[string, () => void, RegExp]>([
  ['a field of nothing', () => (undefined as unknown as { name: string }).name, /reading 'name'/],
  ['a name that does not exist', () => (globalThis as { missing?: () => void }).missing!(), /is not a function/],
])('a mistake in the function is an error and never a chart that refuses: %s', (_, fault, message) => {
  expect(() => chart(fault).generate({ checks: 50 })).toThrow(message);
});

test('what the function throws on purpose is a refusal of the chart', () => {
  const { files } = chart(() => {
    throw new Error('rare is not supported here');
  }).generate({ checks: 50 });
  expect([...files.values()].join('\n')).toContain('rare is not supported here');
});
