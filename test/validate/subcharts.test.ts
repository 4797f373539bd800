import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chart, findChart, knownCharts, validate } from '../../src/validate/index.js';
import { positionAt, printPath } from '../../src/values/index.js';
import { describeWith, programPath } from '../programs/find.js';

const schema = (properties: object, more: object = {}) =>
  JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties, ...more });
const metadata = (name: string, more: object = {}) =>
  JSON.stringify({ apiVersion: 'v2', name, version: '1.0.0', ...more });

/** An umbrella with a chart that a value turns on, the same one under another name, and one inside of it. */
const files: Readonly<Record<string, string>> = {
  'Chart.yaml': metadata('umbrella', {
    dependencies: [
      { name: 'db', version: '*', condition: 'db.enabled' },
      { name: 'db', version: '*', alias: 'audit', tags: ['audit'] },
      { name: 'cache', version: '*' },
    ],
  }),
  'values.yaml': 'replicas: 1\naudit:\n  size: 5\n',
  'values.schema.json': schema({ replicas: { type: 'integer' } }),
  'charts/db/Chart.yaml': metadata('db'),
  'charts/db/values.yaml': 'size: 1\nbackup:\n  schedule: ""\n',
  'charts/db/values.schema.json': schema({
    size: { type: 'integer', maximum: 10 },
    backup: { type: 'object' },
    global: { properties: { zone: { type: 'string' } } },
  }),
  'charts/db/charts/metrics/Chart.yaml': metadata('metrics'),
  'charts/db/charts/metrics/values.yaml': 'port: 9100\n',
  'charts/db/charts/metrics/values.schema.json': schema(
    { port: { type: 'integer' }, global: {} },
    { additionalProperties: false },
  ),
  'charts/cache/Chart.yaml': metadata('cache'),
  'charts/cache/values.yaml': 'memory: 1Gi\n',
};

let folder: string;
let chart: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-subcharts-'));
  chart = join(folder, 'umbrella');
  write(chart, files);
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(into: string, all: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(into, path)), { recursive: true });
    writeFileSync(join(into, path), text);
  }
}

function check(against: Chart, text: string): string[] {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, text);
  return validate({ files: [file], chart: against }).findings.map(({ rule, span, path }) => {
    const { line, column } = positionAt(span.source, span.start);
    return `${line}:${column} ${rule.id} ${printPath(path)}`;
  });
}

const table: [name: string, text: string, findings: string[]][] = [
  ['nothing of theirs', 'replicas: 2\n', []],
  ['a value that the subchart’s schema refuses', 'db:\n  size: 50\n', ['2:9 SCHEMA001 db.size']],
  ['the same under the alias', 'audit:\n  size: big\n', ['2:9 SCHEMA001 audit.size']],
  ['one in a chart inside of it', 'db:\n  metrics:\n    port: http\n', ['3:11 SCHEMA001 db.metrics.port']],
  ['a key that the schema inside does not allow', 'db:\n  metrics:\n    prt: 1\n', ['3:5 SCHEMA002 db.metrics.prt']],
  ['one of a chart that is off', 'db:\n  enabled: false\n  size: 50\n', []],
  ['one of a chart whose tag is off', 'tags:\n  audit: false\naudit:\n  size: 50\n', []],
  [
    'what all share and one of them refuses',
    'global:\n  zone: 5\n',
    ['2:9 SCHEMA001 db.global.zone', '2:9 SCHEMA001 audit.global.zone'],
  ],
  ['no map', 'cache: 5\n', ['1:1 VALUES006 cache']],
  ['a list', 'db: [1]\n', ['1:1 VALUES006 db']],
  ['a null', 'db: null\n', ['1:1 VALUES006 db']],
  ['a null where the parent has values for it', 'audit: null\n', []],
  ['a default of the parent’s taken away', 'audit:\n  size: null\n', []],
];

describeWith(['helm3', 'helm4'], 'Helm itself and charts in a chart', () => {
  test.each(table)('agree about %s', async (_, text, findings) => {
    expect(check(await findChart(chart, knownCharts), text)).toEqual(findings);
    for (const helm of ['helm3', 'helm4']) {
      const words = ['template', 'r', chart, '-f', join(folder, 'values.yaml')];
      const { status, stderr } = spawnSync(programPath(helm), words, { encoding: 'utf8' });
      expect(status === 0 ? 'taken' : 'refused', stderr).toBe(findings.length === 0 ? 'taken' : 'refused');
    }
  });

  test('a chart that Helm has packed is read as its folder', async () => {
    spawnSync(programPath('helm3'), ['package', chart, '-d', folder]);
    const packed = await findChart(join(folder, 'umbrella-1.0.0.tgz'), knownCharts);
    for (const [, text, findings] of table) expect(check(packed, text)).toEqual(findings);
  });
});

const typo = 'db:\n  bakup: {schedule: x}\n  backup: {shedule: x}\ncache:\n  memry: 2Gi\n';
const typos = ['2:3 SCHEMA002 db.bakup', '3:12 SCHEMA002 db.backup.shedule', '5:3 SCHEMA002 cache.memry'];

describe('keys of subcharts', () => {
  test('are compared with the subchart’s own', async () => {
    expect(check(await findChart(chart, knownCharts), typo)).toEqual(typos);
  });

  test('also where it lies packed in the chart', async () => {
    const copy = join(folder, 'with-archive');
    const { ...own } = Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('charts/cache/')));
    write(copy, own);
    const entries = Object.entries(files).filter(([path]) => path.startsWith('charts/cache/'));
    const tar = await packTar(
      entries.map(([path, body]) => ({
        header: { name: path.replace('charts/', ''), size: Buffer.byteLength(body) },
        body,
      })),
    );
    writeFileSync(join(copy, 'charts/cache-1.0.0.tgz'), gzipSync(tar));
    expect(check(await findChart(copy, knownCharts), typo)).toEqual(typos);
  });

  test('are said to be skipped where the chart is not there', async () => {
    const copy = join(folder, 'without');
    write(copy, files);
    renameSync(join(copy, 'charts/cache'), join(folder, 'moved'));
    const without = await findChart(copy, knownCharts);
    expect(without.notes).toEqual(['Values of cache: skipped: charts/ does not hold it (helm dependency build).']);
    expect(check(without, typo)).toEqual(typos.slice(0, 2));
  });

  test('come with the rules for it, where it is one that is known', async () => {
    const copy = join(folder, 'with-vald');
    write(copy, {
      'Chart.yaml': metadata('platform', { dependencies: [{ name: 'vald', version: '*', alias: 'search' }] }),
      'charts/vald/Chart.yaml': metadata('vald', { version: 'v1.8.0' }),
      'charts/vald/values.yaml': 'agent:\n  enabled: true\n',
    });
    const platform = await findChart(copy, knownCharts);
    const s3 = 'search:\n  agent: {sidecar: {config: {blob_storage: {s3: {secret_access_key: example}}}}}\n';
    const found = check(platform, s3);
    expect(found).toContain('2:69 VALD029 search.agent.sidecar.config.blob_storage.s3.secret_access_key');
    expect(found.join()).not.toContain('VALUES003');
  });

  test('are not unpacked without end: archives in an archive count together', async () => {
    const pack = async (entries: readonly (readonly [string, Buffer])[]) =>
      gzipSync(await packTar(entries.map(([name, body]) => ({ header: { name, size: body.length }, body }))), {
        level: 1,
      });
    const inner = await pack([
      ['big/Chart.yaml', Buffer.from(metadata('big'))],
      ['big/values.yaml', Buffer.alloc(40 * 1024 * 1024, '#')],
    ]);
    const names = ['a', 'b', 'c'].map((name) => [`outer/charts/${name}.tgz`, inner] as const);
    const path = join(folder, 'bomb.tgz');
    writeFileSync(path, await pack([['outer/Chart.yaml', Buffer.from(metadata('outer'))], ...names]));
    await expect(findChart(path, knownCharts)).rejects.toThrow(/charts\/c\.tgz: its files have more than 100 MiB/);
  });

  test('do not go round in a circle', async () => {
    const copy = join(folder, 'circle');
    write(copy, { 'Chart.yaml': metadata('circle'), 'charts/.gitkeep': '' });
    symlinkSync(copy, join(copy, 'charts/itself'));
    await expect(findChart(copy, knownCharts)).rejects.toThrow(/charts in charts, more than 10 deep/);
  });
});
