/**
 * `npm run bench`: what a synthesis costs, side by side with what one would use instead, measured in one run.
 *
 * - the whole command line, cold, against `helm template` of a chart with the same objects
 * - many agents in one process against nothing but cdk8s that writes the same objects
 *
 * `--quick` takes fewer rounds and agents, `--output json` prints every single figure, `--only command-line` or
 * `--only agents` leaves the other half out. `TMPDIR` says where the files are written.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AppMeasurement, measureCommandLine } from './command-line.js';
import { type AgentsMeasurement, measureManyAgents } from './many-agents.js';
import { printTable } from './table.js';

/** Everything that was measured, as `--output json` prints it. */
export interface Results {
  readonly machine: { readonly node: string; readonly processors: number; readonly model: string };
  readonly commandLine: readonly AppMeasurement[];
  readonly agents: readonly AgentsMeasurement[];
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
  const results: Results = {
    machine: { node: process.version, processors: cpus().length, model: cpus()[0]?.model ?? '' },
    commandLine: options.only === 'agents' ? [] : await measureCommandLine(options.quick ? 3 : 10, folder, progress),
    agents:
      options.only === 'command-line' ? [] : await measureManyAgents(counts, options.quick ? 2 : 5, folder, progress),
  };
  progress('');
  console.log(options.output === 'json' ? JSON.stringify(results, undefined, 2) : printTable(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
