import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Chart, findFiles, textReport, validate } from '../../src/validate/index.js';
import { positionAt, SchemaDocument, toValues, type ValuesMap } from '../../src/values/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-releases-'));
  mkdirSync(join(folder, '.git'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Refuses what is larger than 5, so that findings tell which value has won. */
const number = { type: 'integer', maximum: 5 };
const chart: Chart = {
  name: 'web',
  version: '1.0.0',
  defaults: toValues({ a: 1, b: 1, c: 1, text: '', list: [], url: 'x' }) as ValuesMap,
  complete: true,
  schema: new SchemaDocument(
    JSON.stringify({ properties: { a: number, b: number, c: number, text: { maxLength: 3 }, list: { maxItems: 1 } } }),
  ),
  mentioned: new Set(),
  subcharts: [],
  missing: new Set(),
  notes: [],
};

/** Findings of all files below `objects/`, with places, and what was said to be skipped. */
async function check(files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const report = validate({
    files: [],
    each: (await findFiles([join(folder, 'objects')])).map((file) => [file]),
    chart,
  });
  const short = (name: string) => name.replace(`${relative('.', folder)}/`, '').replace(`${folder}/`, '');
  return {
    report,
    findings: report.findings.map(({ rule, span, message }) => {
      const { line, column } = positionAt(span.source, span.start);
      return `${short(span.source.name)}:${line}:${column} ${rule.id} ${message.split(';', 1)[0]}`;
    }),
    skipped: report.notes.map(short),
  };
}

const application = (source: string) =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec:\n  source:\n${source}`;

test('an Application: value files, under values, under parameters, each in its place', async () => {
  const { findings, skipped } = await check({
    'objects/argo.yaml': application(`    path: deploy/web
    helm:
      valueFiles:
        - values-prod.yaml
        - ../common.yaml
        - /shared/all.yaml
      values: |
        b: 7
        c: 7
      parameters:
        - name: c
          value: "8"
        - {name: list, value: "{x,y}"}
        - {name: text, value: "1,234", forceString: true}
`),
    'deploy/web/values-prod.yaml': 'a: 6\nb: 6\nc: 6\n',
    'deploy/common.yaml': 'url: "y"\n',
    'shared/all.yaml': 'a: yes\n',
  });
  expect(findings).toEqual([
    'objects/argo.yaml:13:12 SCHEMA001 b is 7',
    'objects/argo.yaml:17:11 SCHEMA001 c is 8',
    'objects/argo.yaml:18:24 SCHEMA001 list has 2 items',
    'objects/argo.yaml:19:24 SCHEMA001 text has 5 characters',
    'shared/all.yaml:1:4 YAML011 yes is read as true',
    'shared/all.yaml:1:4 SCHEMA001 a is true',
  ]);
  expect(skipped).toEqual([]);
});

test('an Application: the map counts in place of the text', async () => {
  const { findings } = await check({
    'objects/argo.yaml': application(
      '    chart: web\n    helm:\n      values: "a: 9"\n      valuesObject:\n        b: 9\n',
    ),
  });
  expect(findings).toEqual(['objects/argo.yaml:10:12 SCHEMA001 b is 9']);
});

test('an Application of several sources: a file of another source, and each chart for itself', async () => {
  const { findings, skipped } = await check({
    'objects/argo.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec:
  sources:
    - {repoURL: "https://example.com/config", ref: config}
    - chart: web
      helm: {valueFiles: ["$config/env/prod.yaml"]}
    - {chart: other, helm: {values: "a: 9"}}
    - {path: plain/manifests}
`,
    'env/prod.yaml': '# chartwright-ignore SCHEMA001: tested\na: 6\nb: 6\n',
  });
  expect(findings).toEqual(['env/prod.yaml:3:4 SCHEMA001 b is 6']);
  expect(skipped).toEqual([]);
});

test('an Application: what is not at hand is said, and nothing outside of the repository is read', async () => {
  writeFileSync(join(folder, '../chartwright-outside.yaml'), 'a: 9\n');
  symlinkSync(join(folder, '../chartwright-outside.yaml'), join(folder, 'link.yaml'));
  const { findings, skipped } = await check({
    'objects/argo.yaml': application(
      '    path: .\n    helm:\n      valueFiles: [no.yaml, "https://example.com/x.yaml", link.yaml, ../chartwright-outside.yaml]\n',
    ),
    'objects/chart.yaml': application('    chart: web\n    helm: {valueFiles: [values-ha.yaml]}\n'),
    'objects/lax.yaml': application('    path: .\n    helm: {valueFiles: [no.yaml], ignoreMissingValueFiles: true}\n'),
  });
  rmSync(join(folder, '../chartwright-outside.yaml'));
  expect(findings).toEqual([]);
  expect(skipped.map((note) => note.replace(folder, ''))).toEqual([
    expect.stringMatching(/argo\.yaml: Application shop: no\.yaml: skipped: it is not in this repository\./),
    expect.stringMatching(/x\.yaml: skipped: nothing is fetched\./),
    expect.stringMatching(/link\.yaml: skipped: it is outside of this repository\./),
    expect.stringMatching(/chartwright-outside\.yaml: skipped: it is outside of this repository\./),
    expect.stringMatching(
      /chart\.yaml: Application shop: values-ha\.yaml: skipped: it is a file inside of the chart\./,
    ),
  ]);
});

test('a parameter that Helm cannot read is a finding in its place', async () => {
  const { findings } = await check({
    'objects/argo.yaml': application(
      '    chart: web\n    helm:\n      parameters:\n        - name: a[x]\n          value: 1\n',
    ),
  });
  expect(findings).toEqual(['objects/argo.yaml:10:11 VALUES005 "x" is no position in a list']);
});

const flux = (spec: string) =>
  `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: shop, namespace: live}\nspec:\n${spec}`;

test('a HelmRelease: ConfigMaps and Secrets of the given files in their order, under its own values', async () => {
  const secret = Buffer.from('c: 6\nurl: postgres://u:hunter2@db\ntext: long\n').toString('base64');
  const { findings, skipped, report } = await check({
    'objects/flux.yaml': `${flux(`  valuesFrom:
    - {kind: ConfigMap, name: base}
    - {kind: Secret, name: keys, valuesKey: prod.yaml}
    - {kind: ConfigMap, name: one, valuesKey: b, targetPath: b}
    - {kind: Secret, name: elsewhere}
    - {kind: ConfigMap, name: base, valuesKey: nothing}
  values:
    a: 7
`)}---
apiVersion: v1
kind: ConfigMap
metadata: {name: base}
data:
  values.yaml: |
    a: 6
    b: 6
    list: [1, 2]
`,
    'objects/others.yaml': `apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: live}
data:
  prod.yaml: ${secret}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: one, namespace: live}
data: {b: "8"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: base, namespace: other}
data: {values.yaml: "a: 99"}
`,
  });
  expect(findings).toEqual([
    'objects/flux.yaml:12:8 SCHEMA001 a is 7',
    'objects/flux.yaml:21:5 SCHEMA001 list has 2 items',
    'objects/others.yaml:5:3 SCHEMA001 c is 6',
    'objects/others.yaml:5:3 SCHEMA001 text has 4 characters',
    'objects/others.yaml:10:8 SCHEMA001 b is 8',
  ]);
  expect(skipped).toEqual([
    'objects/flux.yaml: HelmRelease shop: values from Secret elsewhere: skipped: it is not among the files.',
    'objects/flux.yaml: HelmRelease shop: values from ConfigMap base: skipped: it has no "nothing".',
  ]);
  const text = textReport(report, (part) => part);
  expect(text).toContain('  5 |   prod.yaml: ****');
  expect(text).not.toContain(secret.slice(0, 8));
});

test('a ConfigMap whose values Helm refuses is a finding in its place', async () => {
  const { findings } = await check({
    'objects/flux.yaml': `${flux('  valuesFrom: [{kind: ConfigMap, name: base}]\n')}---
apiVersion: v1
kind: ConfigMap
metadata: {name: base}
data:
  values.yaml: |
    a: [1
`,
  });
  expect(findings).toEqual([expect.stringMatching(/^objects\/flux\.yaml:12:\d+ YAML001 /)]);
});
