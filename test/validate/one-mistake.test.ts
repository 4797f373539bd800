import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Chart, findChart, knownCharts, validate } from '../../src/validate/index.js';
import { printPath, SchemaDocument, toValues, type ValuesMap } from '../../src/values/index.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-one-mistake-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The chart known by a name as if it were at hand as a whole, or one that is not known. */
async function chartOf(name: string, schema: object): Promise<Chart> {
  const whole = { complete: true, notes: [], schema: new SchemaDocument(JSON.stringify(schema)) };
  if (name !== 'demo') return { ...(await findChart(name, knownCharts)), ...whole };
  const defaults = toValues({ replicas: 1, image: { tag: '' }, list: [] }) as ValuesMap;
  return { name, version: '1.0.0', defaults, mentioned: new Set(), subcharts: [], missing: new Set(), ...whole };
}

const closed = {
  properties: { replicas: { type: 'integer' }, image: { type: 'object' } },
  additionalProperties: false,
};

test.each<[name: string, chart: string, schema: object, text: string, findings: string[]]>([
  [
    'a key of Vald’s',
    'vald',
    {},
    'agent: {ngt: {enable_copy_on_wirte: true}}',
    ['VALD060 agent.ngt.enable_copy_on_wirte'],
  ],
  ['a key of RonDB’s', 'rondb', {}, 'backups: {shedule: x}', ['RONDB002 backups.shedule']],
  [
    'a secret of Vald’s',
    'vald',
    {},
    'agent: {sidecar: {config: {blob_storage: {s3: {secret_access_key: x}}}}}',
    ['VALD029 agent.sidecar.config.blob_storage.s3.secret_access_key'],
  ],
  ['a key that the schema refuses', 'demo', closed, 'replica: 3', ['SCHEMA002 replica']],
  ['a key like none that the schema refuses', 'demo', closed, 'zzz: 3', ['SCHEMA001 zzz']],
  ['a value of another kind that the schema refuses', 'demo', closed, 'image: web', ['SCHEMA001 image']],
  ['a value of another kind that the schema takes', 'demo', {}, 'image: web', ['VALUES004 image']],
  [
    'two mistakes in one place',
    'demo',
    closed,
    'image: {tag: yes}\nreplicas: "1"',
    ['YAML011 image.tag', 'SCHEMA001 replicas'],
  ],
])('one finding for one mistake: %s', async (_, name, schema, text, findings) => {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, text);
  const report = validate({ files: [file], chart: await chartOf(name, schema) });
  // Other rules may have something to say about the same values; what counts is that nothing is said twice.
  const paths = new Set(findings.map((one) => one.split(' ')[1]));
  const said = report.findings.map(({ rule, path }) => ({ id: rule.id, path: printPath(path) }));
  expect(said.filter(({ path }) => paths.has(path)).map(({ id, path }) => `${id} ${path}`)).toEqual(findings);
});
