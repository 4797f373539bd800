import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  findChart,
  githubReport,
  jsonReport,
  junitReport,
  knownCharts,
  type Report,
  sarifReport,
  textReport,
  validate,
} from '../../src/validate/index.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-secrets-'));
  writeFileSync(join(folder, 'Chart.yaml'), 'name: demo\nversion: 1.0.0\n');
  writeFileSync(join(folder, 'values.yaml'), 'password: ""\n');
  writeFileSync(
    join(folder, 'values.schema.json'),
    '{"properties": {"password": {"maxLength": 1, "type": "string", "enum": [""]}, "db": {"type": "string"}}}',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const formats: readonly [name: string, print: (report: Report) => string][] = [
  ['text', (report) => textReport(report, (text) => text)],
  ['json', jsonReport],
  ['sarif', (report) => sarifReport(report, { version: '1.0.0' })],
  ['junit', (report) => junitReport(report, 'info')],
  ['github', githubReport],
];

/** Ways to write the secret 80772 or hunter2, in files that Helm takes and in broken ones. */
const texts: readonly string[] = [
  'password: hunter2\n',
  'password: "hunter2"\n',
  "password:\n  'hunter2'\n",
  'password:\n  hunter2\n',
  'password: |\n  hunter2\n  more\n',
  'password: >-\n  more\n  hunter2\n',
  'password: "more\n  hunter2"\n',
  'password: &anchor hunter2\nother: 1\n',
  'db: {password: hunter2}\n',
  'db: {"password" : "hunter2"}\n',
  'db:\n  - password: hunter2\n    user: yes\n',
  'password: 0o80772\n',
  'password: 08_0772\n',
  'password: 807720000000000000001\n',
  'password: !!int hunter2\n',
  'password: "hunter2\n',
  'password: hunter2: x\n',
  'password: [hunter2\n',
  'password: "hunter2" hunter2\n',
  'password: | hunter2\n  x\n',
  'password: @hunter2\n',
  'password: hunter2\n password: hunter2\n',
  '\tpassword: hunter2\n',
  'password: hunter2\n---\npassword: hunter2\n',
];

test.each(texts)('no report says the secret of %j', async (text) => {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, text);
  const report = validate({ files: [file], chart: await findChart(folder, knownCharts) });
  expect(report.findings.length).toBeGreaterThan(0);
  for (const [name, print] of formats) expect(print(report), name).not.toMatch(/hunter2|80772|8_0772/);
});

test.each(['password=hunter2', 'db.password=hunter2,password=x', 'password={hunter2,x}'])(
  'nor of the option %s',
  async (text) => {
    const report = validate({
      files: [],
      set: [{ option: '--set', text }],
      chart: await findChart(folder, knownCharts),
    });
    expect(report.findings.length).toBeGreaterThan(0);
    for (const [name, print] of formats) expect(print(report), name).not.toMatch(/hunter2/);
  },
);
