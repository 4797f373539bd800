import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { drift, generate } from '../build/generate.js';

/** Files that are made from a real program, each held by a test that needs it. */
const madeFromPrograms = ['src/kube/schema.generated.ts', 'src/store/backend-options.generated.ts'];

test('every generated file is what its generator writes now: npm run generate', async () => {
  expect([...(await drift()).keys()]).toEqual([]);
});

test('every file that says it is generated has a generator', async () => {
  const files = readdirSync(join(import.meta.dirname, '../src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes('.generated.'))
    .map((file) => `src/${file.replaceAll('\\', '/')}`);
  const generated = [...(await generate()).keys(), ...madeFromPrograms];
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !generated.includes(file))).toEqual([]);
});
