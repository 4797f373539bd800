import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { findChart, knownCharts, sarifReport, validate } from '../../src/validate/index.js';
import { describeWith } from '../programs/find.js';

const root = join(import.meta.dirname, '../..');
const published = existsSync(join(root, 'node_modules/@types/sarif'));

describeWith(
  [],
  'SARIF',
  () => {
    test('is what the published types of SARIF 2.1.0 describe, and nothing besides', async () => {
      const folder = mkdtempSync(join(import.meta.dirname, '.sarif-'));
      try {
        const values = join(folder, 'a.yaml');
        writeFileSync(values, 'agent: {sidecar: {enabled: yes}}\npassword: x\nnothing: {a: 1, a: 2}\n');
        const report = validate({ files: [values], chart: await findChart('vald', knownCharts) });
        expect(report.findings.length).toBeGreaterThan(3);
        const log = sarifReport(report, { version: '1.0.0', homepage: 'https://example.com/p' });
        writeFileSync(
          join(folder, 'log.ts'),
          `import type { Log } from 'sarif';\nexport const log: Log = ${log};\nexport const wrong: Log = { version: '2.1.0', run: [] };\n`,
        );
        const program = ts.createProgram([join(folder, 'log.ts')], { strict: true, noEmit: true, types: ['sarif'] });
        const file = program.getSourceFile(join(folder, 'log.ts'))!;
        const lines = ts
          .getPreEmitDiagnostics(program)
          .map(({ start }) => file.getLineAndCharacterOfPosition(start ?? 0).line + 1);
        // The last line is wrong on purpose: the types were really there.
        expect(lines).toEqual([log.split('\n').length + 2]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }, 120_000);
  },
  { '@types/sarif': published },
);
