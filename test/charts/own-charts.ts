import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { ChartFiles, HelmChart } from '../../src/chart/index.js';
import { rondbBackupChart } from '../../src/rondb/index.js';
import { valdAgentChart } from '../../src/vald/index.js';

/** The repository's root. */
export const root = join(import.meta.dirname, '../..');

/** A chart of this repository: its source, and its folder as it is committed. */
export interface CommittedChart {
  readonly name: string;
  readonly chart: HelmChart<z.ZodObject>;
  readonly folder: string;
  /** Values files for chart-testing, by name. */
  readonly examples: Readonly<Record<string, unknown>>;
  /** Values that name a second release’s objects. */
  readonly second: object;
  /** What a user must set. */
  readonly required: readonly string[];
}

function committed(chart: HelmChart<z.ZodObject>, second: object, required: readonly string[]): CommittedChart {
  const { name, examples = {} } = chart.definition;
  return { name, chart, folder: join(root, 'charts', name), examples, second, required };
}

/** The charts with objects of their own; the umbrella has a test of its own. */
export const ownCharts: readonly CommittedChart[] = [
  committed(valdAgentChart() as unknown as HelmChart<z.ZodObject>, { fullnameOverride: 'second-agent' }, [
    'backup',
    'dimension',
  ]),
  committed(rondbBackupChart() as unknown as HelmChart<z.ZodObject>, { fullnameOverride: 'second' }, ['repository']),
];

/** Whether a chart’s folder is there: "npm run charts" makes it. */
export const isWritten = ({ folder }: Pick<CommittedChart, 'folder'>): boolean =>
  existsSync(join(folder, 'Chart.yaml'));

/** The files of a chart’s folder as text, dependencies left out. */
export function filesOf(folder: string): ChartFiles {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .filter((path) => !path.startsWith('charts/'))
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
}

/** A Kubernetes object as data. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: the fields differ by kind
  readonly [field: string]: any;
}
