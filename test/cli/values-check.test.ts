import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkValues } from '../../src/cli/values-check.js';
import { printPlace } from '../../src/problem/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-values-check-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const schema = { $schema: 'https://json-schema.org/draft-07/schema#', properties: { replicas: { maximum: 2 } } };

function write(files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

function chart(name: string, version: string): string {
  write({
    [`${name}/Chart.yaml`]: `name: demo\nversion: ${version}\n`,
    [`${name}/values.schema.json`]: JSON.stringify(schema),
  });
  return join(folder, name);
}

const values = (from: string, to: string, replicas: number) =>
  `# Values of Vald's own chart, unmodified, versions ${from} to ${to}: agents\nreplicas: ${replicas}\n`;

const found = async (charts: string) =>
  (await checkValues(join(folder, 'values'), 'values', charts)).map(
    ({ severity, where, message }) => `${severity}: ${printPlace(where)}: ${message}`,
  );

test.each([
  [
    'in the range',
    'v1.7.11',
    'v1.8.0',
    3,
    ['error: values/a.values.yaml:2:11: replicas is 3; allowed: 2 or less, says SCHEMA001 for chart v1.7.12'],
  ],
  ['that the schema takes', 'v1.7.11', 'v1.8.0', 2, []],
  ['for older charts', 'v1.7.7', 'v1.7.10', 3, []],
  ['for newer charts', 'v1.8.1', 'v1.8.2', 3, []],
])('a values file %s is checked as it should be', async (_, from, to, replicas, expected) => {
  write({ 'values/a.values.yaml': values(from, to, replicas), 'values/a.objects.yaml': 'replicas: 9' });
  expect(await found(chart('chart', 'v1.7.12'))).toEqual(expected);
});

test('each chart at hand is used, and what is none is told', async () => {
  write({ 'values/a.values.yaml': values('v1.7.11', 'v1.8.0', 3) });
  const charts = [chart('old', 'v1.7.11'), join(folder, 'nowhere'), chart('new', 'v1.8.0')].join(delimiter);
  expect(await found(charts)).toEqual([
    'error: values/a.values.yaml:2:11: replicas is 3; allowed: 2 or less, says SCHEMA001 for chart v1.7.11',
    `warning: ${join(folder, 'nowhere')}: is no unpacked chart with a values.schema.json, so no values file was checked with it`,
    'error: values/a.values.yaml:2:11: replicas is 3; allowed: 2 or less, says SCHEMA001 for chart v1.8.0',
  ]);
});
