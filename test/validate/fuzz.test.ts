import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findChart, jsonReport, knownCharts, type Report, textReport, validate } from '../../src/validate/index.js';

/** A usual run changes a few files, `CHARTWRIGHT_FUZZ=all` ten thousand. */
const runs = process.env['CHARTWRIGHT_FUZZ'] === 'all' ? 10_000 : 300;

const values = join(import.meta.dirname, '../../values');
const whole = readdirSync(values, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.values.yaml'))
  .map((file) => readFileSync(join(values, file)));
const objects = [
  'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source:\n    chart: vald\n    helm:\n      valueFiles: [a.yaml]\n      values: |\n        agent: {enabled: true}\n      parameters: [{name: agent.name, value: x}]\n',
  'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec:\n  valuesFrom: [{kind: ConfigMap, name: c}]\n  values: {agent: {enabled: true}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  values.yaml: |\n    agent: {minReplicas: 1}\n',
].map((text) => Buffer.from(text));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-fuzz-'));
  mkdirSync(join(folder, 'chart/charts/part'), { recursive: true });
  writeFileSync(join(folder, 'chart/Chart.yaml'), 'name: vald\nversion: v1.8.0\n');
  writeFileSync(join(folder, 'chart/values.yaml'), 'agent: {enabled: true, name: vald-agent}\n');
  writeFileSync(
    join(folder, 'chart/values.schema.json'),
    '{"$defs": {"map": {"type": "object"}}, "properties": {"agent": {"$ref": "#/$defs/map"}, "part": {"type": "object"}}}',
  );
  writeFileSync(join(folder, 'chart/charts/part/Chart.yaml'), 'name: part\nversion: 1.0.0\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const piece = fc.oneof(
  fc
    .constantFrom(
      ...[
        '\t',
        '[',
        '{',
        '}',
        '"',
        "'",
        '|\n',
        '>',
        '&a ',
        '*a',
        '<<: ',
        '!!int ',
        '- ',
        '? ',
        ': ',
        '#',
        '\n',
        '---\n',
        '%',
        '@',
        '\\',
      ],
      ...[
        '\uFEFF',
        '\u0000',
        '\u2028',
        '😀',
        '\r\n',
        'yes',
        '.inf',
        '0x',
        '1e400',
        'null',
        'part: ',
        'global: ',
        'agent:',
        'password: x',
      ],
      ...['apiVersion: v1\nkind: X\n', '# chartwright-ignore YAML011: x\n', '__proto__: ', 'constructor: '],
    )
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
);
const change = fc.record({ at: fc.nat(), cut: fc.nat({ max: 60 }), piece, times: fc.nat({ max: 3 }) });

test(`${runs} changed files: no crash, and every finding has a place`, async () => {
  const charts = [undefined, await findChart('vald', knownCharts), await findChart(join(folder, 'chart'), knownCharts)];
  const file = join(folder, 'a.yaml');
  const run = (content: Buffer, chart: (typeof charts)[number], helm: 3 | 4): Report => {
    writeFileSync(file, content);
    return validate({ files: [], each: [[file]], fleet: true, helm, ...(chart ? { chart } : {}) });
  };
  fc.assert(
    fc.property(
      fc.constantFrom(...whole, ...objects),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(...charts),
      fc.constantFrom<(3 | 4)[]>(3, 4),
      (original, changes, chart, helm) => {
        let content = original;
        for (const { at, cut, piece: more, times } of changes) {
          const start = at % (content.length + 1);
          const inserted = Array.from({ length: times }, () => more);
          content = Buffer.concat([content.subarray(0, start), ...inserted, content.subarray(start + cut)]);
        }
        const report = run(content, chart, helm);
        const lines = content.toString('utf8').split('\n').length + content.toString('utf16le').split('\n').length;
        for (const { file: name, line, column, endLine, endColumn, message } of JSON.parse(jsonReport(report))) {
          expect({ name, isText: message.length > 0 }).toEqual({ name: file, isText: true });
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
          expect(endLine > line || (endLine === line && endColumn >= column)).toBe(true);
          expect(endLine).toBeLessThanOrEqual(lines);
        }
        expect(textReport(report, (text) => text)).not.toMatch(/undefined|\[object/);
      },
    ),
    { numRuns: runs },
  );
}, 1_800_000);
