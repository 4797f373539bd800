/**
 * `npm run bench`: what a synthesis costs, side by side with what one would use instead, measured in one run.
 *
 * - the whole command line, cold, against `helm template` of a chart with the same objects
 * - many agents in one process against nothing but cdk8s that writes the same objects
 * - the chart engine: growth with the number of switches, and `helm template` of our Vald chart against upstream's
 * - upload and restore of a Vald index (`--only vald-repository`) against the same of bare rclone
 * - a backup of RonDB against `rclone copy` and `rclone cat | sha256sum` of the same files
 * - `chartwright validate` of one file, cold, against `node -e 0`, and of many files in one process against `helm lint`
 *
 * `--quick` takes fewer rounds, agents and bytes, `--output json` prints every single figure, `--only command-line`,
 * `--only agents`, `--only chart`, `--only backup` or `--only validate` leaves the others out. `TMPDIR` says where the files
 * are written.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BackupMeasurement, measureBackups, missingPrograms } from './backup.js';
import { type ChartMeasurement, measureCharts } from './chart.js';
import { type AppMeasurement, measureCommandLine } from './command-line.js';
import { type AgentsMeasurement, measureManyAgents } from './many-agents.js';
import { printTable } from './table.js';
import { measureValdRepository } from './vald-repository.js';
import { measureValidate, type ValidateMeasurement } from './validate.js';

/** Everything that was measured, as `--output json` prints it. */
export interface Results {
  readonly machine: { readonly node: string; readonly processors: number; readonly model: string };
  readonly commandLine: readonly AppMeasurement[];
  readonly agents: readonly AgentsMeasurement[];
  readonly charts: readonly ChartMeasurement[];
  readonly backups: readonly BackupMeasurement[];
  readonly validate: readonly ValidateMeasurement[];
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    output: { type: 'string', default: 'text' },
    only: { type: 'string' },
  },
});
const counts = options.quick ? [1, 10, 100] : [1, 100, 1000];
const progress = (text: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
};

// What is measured is what the sources are now.
const built = spawnSync(process.execPath, [join(import.meta.dirname, '../build/compile.mjs')], { stdio: 'inherit' });
if (built.status !== 0) process.exit(1);

const folder = mkdtempSync(join(tmpdir(), 'chartwright-bench-'));
try {
  const wants = (part: string) => options.only === undefined || options.only === part;
  const missing = missingPrograms();
  if (wants('backup') && missing.length > 0) console.error(`backup: not measured without ${missing.join(', ')}`);
  const results: Results = {
    machine: { node: process.version, processors: cpus().length, model: cpus()[0]?.model ?? '' },
    commandLine: wants('command-line') ? await measureCommandLine(options.quick ? 3 : 10, folder, progress) : [],
    agents: wants('agents') ? await measureManyAgents(counts, options.quick ? 2 : 5, folder, progress) : [],
    charts: [
      ...(wants('chart') ? await measureCharts(options.quick ? 1 : 3, folder, progress) : []),
      ...(wants('vald-repository') && missing.length === 0
        ? await measureValdRepository(options.quick ? 256 : 1024, options.quick ? 1 : 3, progress)
        : []),
    ],
    backups:
      wants('backup') && missing.length === 0
        ? await measureBackups([2, 4, 8], options.quick ? 256 : 1024, options.quick ? 1 : 3, folder, progress)
        : [],
    validate: wants('validate') ? await measureValidate(options.quick, folder, progress) : [],
  };
  progress('');
  console.log(options.output === 'json' ? JSON.stringify(results, undefined, 2) : printTable(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
