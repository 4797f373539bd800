import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Chart, findChart, knownCharts, validate } from '../../src/validate/index.js';
import { printPath } from '../../src/values/index.js';
import { describeWith, sharedFolder } from '../programs/find.js';

const upstream = sharedFolder('upstream');
const golden = sharedFolder('golden');
const charts = {
  'vald v1.8.0': ['vald', 'v1.8.0'],
  'vald v1.7.10': ['vald', 'v1.7.10'],
  'rondb 0.8.0': ['rondb', '0.8.0'],
} as const;

describeWith(
  [],
  'upstream’s own files',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'chartwright-upstream-'));
    const loaded = new Map<string, Chart>();
    beforeAll(async () => {
      for (const [title, [name, version]] of Object.entries(charts)) {
        const chart = mkdtempSync(join(folder, `${name}-`));
        writeFileSync(join(chart, 'Chart.yaml'), `name: ${name}\nversion: ${version}\n`);
        copyFileSync(join(upstream!, name, `values-${version}.yaml`), join(chart, 'values.yaml'));
        copyFileSync(join(upstream!, name, `values-${version}.schema.json`), join(chart, 'values.schema.json'));
        loaded.set(title, await findChart(chart, knownCharts));
      }
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    const findings = (chart: string, file: string) =>
      validate({ files: [file], chart: loaded.get(chart)! }).findings.map(
        ({ rule, path }) => `${rule.id} ${printPath(path)}`,
      );

    test.each(Object.entries(charts))('%s: its default values have no finding', (title, [name, version]) => {
      expect(findings(title, join(upstream!, name, `values-${version}.yaml`))).toEqual([]);
    });

    const cow = 'VALD061 agent.resources.requests.ephemeral-storage';
    const history = 'VALD037 agent.ngt.broken_index_history_limit';
    const secrets = 'VALD064 agent.sidecar.logging.level';
    const unrendered = 'VALD001 agent.sidecar.enabled';
    const stuck = 'VALD011 agent.sidecar.initContainerEnabled';
    const watch = 'VALD002 agent.sidecar.config.watch_dir';
    const retries = 'VALD062 agent.sidecar.config.restore_backoff_enabled';
    const timer = 'VALD063 agent.sidecar.config.auto_backup_duration';
    const prefix = 'RONDB011 backups.pathPrefix';
    // Each is a fact: what these settings do was measured when the rules were made.
    const expected: [file: string, chart: keyof typeof charts, findings: string[]][] = [
      ['vald/in-memory', 'vald v1.8.0', []],
      ['vald/pv', 'vald v1.8.0', [history]],
      ['vald/pv-cow', 'vald v1.8.0', [cow]],
      ['vald/s3', 'vald v1.8.0', [cow, history, secrets, unrendered, watch, retries]],
      ['vald/s3-cow', 'vald v1.8.0', [cow, secrets, unrendered, retries, timer]],
      ['vald/pv-and-s3', 'vald v1.8.0', [history, secrets, unrendered, stuck, watch, retries]],
      ['vald/pv-and-s3-cow', 'vald v1.8.0', [cow, secrets, unrendered, stuck, retries, timer]],
      ['rondb/cluster-with-backups', 'rondb 0.8.0', [prefix]],
      ['rondb/cluster-with-restore', 'rondb 0.8.0', [prefix, 'RONDB045 restoreFromBackup.backupId']],
    ];
    test.each(expected)('%s has exactly the findings that the facts justify', (file, chart, wanted) => {
      expect(findings(chart, join(golden!, `${file}.values.yaml`))).toEqual(wanted);
    });

    test('no golden file is left out', () => {
      const files = ['vald', 'rondb'].flatMap((name) =>
        readdirSync(join(golden!, name))
          .filter((file) => file.endsWith('.values.yaml'))
          .map((file) => `${name}/${file.replace('.values.yaml', '')}`),
      );
      expect(expected.map(([file]) => file).sort()).toEqual(files.sort());
    });

    const values = join(import.meta.dirname, '../../values');
    const own = readdirSync(values, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.values.yaml'),
    );
    const chartOf = (file: string): keyof typeof charts =>
      file.startsWith('rondb') ? 'rondb 0.8.0' : file.includes('to-v1.8.0') ? 'vald v1.8.0' : 'vald v1.7.10';
    test.each(own)('the values of this repository have none: %s', (file) => {
      expect(findings(chartOf(file), join(values, file))).toEqual([]);
    });
    test.each(own)('nor have they with the chart’s name alone, and with either Helm: %s', async (file) => {
      const chart = await findChart(chartOf(file).replace(' ', '@'), knownCharts);
      for (const helm of [3, 4] as const)
        expect(validate({ files: [join(values, file)], chart, helm }).findings).toEqual([]);
    });
  },
  { upstream, golden },
);
