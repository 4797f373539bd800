import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject } from 'cdk8s';
import { z } from 'zod';
import { defineChart, type GeneratedChart } from '../src/chart/index.js';
import { rondbBackupChart } from '../src/rondb/index.js';
import { valdAgentChart } from '../src/vald/index.js';
import { findProgram } from '../test/programs/find.js';
import { chartsAtHand } from '../test/vald/upstream-render.js';
import { alternate, type Figure, type Measurement, runProcess, type Subject } from './measure.js';

const root = join(import.meta.dirname, '..');

/** Measurements that belong together, the one that the others stand beside first. */
export interface ChartMeasurement {
  readonly title: string;
  readonly measurements: readonly Measurement[];
  /** How many times as long as each of the others the first one may take. @default - no aim */
  readonly aim?: number;
}

/**
 * Measures the chart engine: how the generation of a chart grows with the number of its independent switches, what the
 * charts of this repository take, and `helm template` of the Vald chart against upstream's for the agent's objects.
 */
export async function measureCharts(
  rounds: number,
  folder: string,
  progress: (text: string) => void,
): Promise<ChartMeasurement[]> {
  const counts = [40, 30, 20, 10];
  const growth = await alternate(
    counts.map((count) => generation(`${count} switches`, () => switches(count).generate())),
    rounds,
    (text) => progress(`switches: ${text}`),
  );
  const own: Measurement[] = [];
  for (const [name, chart] of [
    ['rondb-backup', rondbBackupChart],
    ['vald-agent', valdAgentChart],
  ] as const) {
    progress(`making ${name}`);
    // Once: it takes long, and what warms up is nothing beside it.
    const { run } = generation(name, () => chart().generate());
    own.push({ name, figures: [await run()] });
  }
  return [
    { title: 'a chart, generated', measurements: growth },
    ...own.map((measurement) => ({ title: 'our own, generated', measurements: [measurement] })),
    ...(await measureTemplates(rounds, folder, progress)),
  ];
}

/** A chart whose structure has 2^count forms: each switch adds a field, and each eighth an object. */
function switches(count: number) {
  const names = Array.from({ length: count }, (_, index) => `switch${index}`);
  const values = z.object(Object.fromEntries(names.map((name) => [name, z.boolean().default(false)])));
  return defineChart({ name: 'switches', version: '1.0.0', values }, (scope, given) => {
    const spec = Object.fromEntries(names.flatMap((name) => (given[name] ? [[name, { on: true }]] : [])));
    new ApiObject(scope, 'all', { apiVersion: 'example.com/v1', kind: 'Switches', spec });
    for (const name of names.filter((_, index) => index % 8 === 7))
      if (given[name]) new ApiObject(scope, name, { apiVersion: 'example.com/v1', kind: 'Switch' });
  });
}

function generation(name: string, generate: () => GeneratedChart): Subject {
  return {
    name,
    run: async (): Promise<Figure> => {
      const started = performance.now();
      const before = process.cpuUsage();
      generate();
      const { user, system } = process.cpuUsage(before);
      return { milliseconds: performance.now() - started, cpu: (user + system) / 1000 };
    },
  };
}

/** The agent alone of both charts, with a volume: what upstream's chart can do without further images. */
async function measureTemplates(
  rounds: number,
  folder: string,
  progress: (text: string) => void,
): Promise<ChartMeasurement[]> {
  const ours = join(root, 'charts/vald-agent');
  const upstream = chartsAtHand().filter(({ path }) => existsSync(path));
  if (upstream.length === 0 || !existsSync(ours)) return [];
  const alone = join(folder, 'agent-alone.yaml');
  writeFileSync(alone, agentAlone);
  const results: ChartMeasurement[] = [];
  for (const helm of ['helm3', 'helm4']) {
    const program = findProgram(helm);
    if (!program) continue;
    const subject = (name: string, chart: string, more: readonly string[] = []): Subject => ({
      name,
      run: async () => {
        const output = join(folder, 'rendered');
        rmSync(output, { recursive: true, force: true });
        const parameters = ['template', 'vald', chart, '--output-dir', output, '--kube-version', '1.29.0', ...more];
        const { milliseconds } = await runProcess({ program, parameters });
        return { milliseconds };
      },
    });
    const measurements = await alternate(
      [
        subject(`${helm} template of charts/vald-agent`, ours),
        ...upstream.map(({ path, version }) => subject(`of Vald’s chart ${version}`, path, ['-f', alone])),
      ],
      rounds,
      (text) => progress(`${helm} template: ${text}`),
    );
    results.push({ title: 'one agent', measurements, aim: 1 });
  }
  return results;
}

/** Upstream's chart with nothing but its agent. */
const agentAlone = `
agent: { enabled: true, persistentVolume: { enabled: true, size: 10Gi, storageClass: standard } }
gateway: { lb: { enabled: false }, mirror: { enabled: false }, filter: { enabled: false } }
discoverer: { enabled: false }
manager: { index: { enabled: false } }
`;
