import { rmSync } from 'node:fs';
import { ApiObject } from 'cdk8s';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { defineChart } from '../../src/chart/index.js';
import { describeWith } from '../programs/find.js';
import { HelmEngines, helmEngines } from './helm-engine.js';
import { writeChart } from './prove.js';

const values = z.object({
  key: z
    .string()
    .regex(/^(?!\.\.)(?!-|_)[-._a-z]+$/)
    .default('password'),
});

const chart = defineChart({ name: 'keys', version: '1.0.0', values }, (scope, { key }) => {
  new ApiObject(scope, 'one', { apiVersion: 'example.com/v1', kind: 'One', spec: { key } });
});

describeWith(helmEngines, 'a pattern that says what a text must not be', () => {
  const folder = writeChart(chart.generate({ checks: 100 }).files);
  let engines: HelmEngines;
  beforeAll(() => {
    engines = new HelmEngines();
  });
  afterAll(() => {
    engines.stop();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['null', 'password'],
    ['"a-key"', 'a-key'],
    ['"..data"', undefined],
    ['"-key"', undefined],
    ['"_key"', undefined],
    ['"KEY"', undefined],
  ])('%s gives %s', async (given, key) => {
    const text = `{"key":${given}}`;
    for (const { engine, documents, error } of await engines.render({ chart: folder, values: [text] })) {
      if (key === undefined) expect(error, engine).toContain('/key');
      else expect((documents[0] as { spec: unknown }).spec, `${engine} ${error}`).toEqual({ key });
    }
  });
});
