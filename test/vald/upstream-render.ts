import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { App } from '../../src/index.js';
import { isOfLine, type UpstreamChartVersions, upstreamCharts } from '../../src/vald/upstream-chart.js';
import { ValdUpstreamValues, type ValdUpstreamValuesProps } from '../../src/vald/upstream-values.js';
import { findProgram, programPath } from '../programs/find.js';
import type { Manifest } from './sets.js';

/** How the chart is rendered. */
export interface RenderOptions {
  /** @default helm4, or helm3 where that is missing */
  readonly program?: 'helm3' | 'helm4';
  /** @default vald */
  readonly namespace?: string;
  /** More arguments for `helm template`. */
  readonly options?: readonly string[];
}

const clusterWide = ['PriorityClass', 'ClusterRole', 'ClusterRoleBinding'];

/**
 * What upstream's chart renders for a values file with real Helm, together with the objects of the file
 * `<set>.objects.yaml` beside it: everything that a pod of the installation refers to, but Secrets. Rendered objects
 * carry no namespace; here they have the one that Helm installs them into.
 *
 * @param valuesFile path of `<set>.values.yaml`
 * @param chart a folder or a packaged chart
 * @throws Error with what Helm says when it cannot render
 */
export async function renderUpstream(valuesFile: string, chart: string, how: RenderOptions = {}): Promise<Manifest[]> {
  const beside = readFileSync(valuesFile.replace(/\.values\.yaml$/, '.objects.yaml'), 'utf8');
  const rendered = await renderChart(valuesFile, chart, how);
  for (const { kind, metadata } of rendered)
    if (!clusterWide.includes(kind)) metadata.namespace ??= how.namespace ?? 'vald';
  return [...rendered, ...documents(beside)];
}

/** What upstream's chart alone renders. */
export async function renderChart(valuesFile: string, chart: string, how: RenderOptions = {}): Promise<Manifest[]> {
  const { namespace = 'vald', options = [], program = findProgram('helm4') ? 'helm4' : 'helm3' } = how;
  // A Helm 3 that was not built by its makers takes itself for one of Kubernetes 1.20.
  const args = ['template', 'vald', chart, '-n', namespace, '-f', valuesFile, '--kube-version', '1.29.0', ...options];
  const { stdout } = await promisify(execFile)(programPath(program), args, { maxBuffer: 64 * 2 ** 20 });
  return documents(stdout);
}

/** The agent's objects among those of the whole chart: what our construct makes too. */
export function ofAgent(objects: readonly Manifest[]): Manifest[] {
  return objects.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'agent');
}

/**
 * Writes the two files of a values construct below a folder, as its app would below `values/`.
 *
 * @returns the path of the values file
 * @throws ProblemsError where the props are refused
 */
export function writeUpstream(props: ValdUpstreamValuesProps, folder: string): string {
  const app = appIn(folder);
  new ValdUpstreamValues(app, 'values', { path: 'set', ...props });
  app.synth();
  return join(folder, `${props.path ?? 'set'}.values.yaml`);
}

/** An app that writes below a folder. Where values files go is read from the environment when an app is made. */
function appIn(folder: string): App {
  const before = process.env['CHARTWRIGHT_VALUES_OUTDIR'];
  process.env['CHARTWRIGHT_VALUES_OUTDIR'] = folder;
  try {
    return new App({ outdir: join(folder, 'manifests') });
  } finally {
    if (before === undefined) delete process.env['CHARTWRIGHT_VALUES_OUTDIR'];
    else process.env['CHARTWRIGHT_VALUES_OUTDIR'] = before;
  }
}

/** An upstream chart that is at hand, with the line that it belongs to. */
export interface ChartAtHand {
  readonly path: string;
  readonly version: string;
  readonly chartVersions: UpstreamChartVersions;
}

/** The charts that `VALD_CHART` names: folders or packages, separated like PATH. */
export function chartsAtHand(): ChartAtHand[] {
  const helm = findProgram('helm4') ?? findProgram('helm3');
  const paths = (process.env['VALD_CHART'] ?? '').split(delimiter).filter((path) => path !== '');
  if (!helm) return [];
  return paths.map((path) => {
    const { version } = parse(execFileSync(helm, ['show', 'chart', path], { encoding: 'utf8' }));
    const line = (Object.keys(upstreamCharts) as UpstreamChartVersions[]).find((name) =>
      isOfLine(version, upstreamCharts[name]),
    );
    if (!line) throw new Error(`VALD_CHART: ${path} is version ${version}, which no values file is for`);
    return { path, version, chartVersions: line };
  });
}

/** The objects of a YAML text, read as Kubernetes and Helm do. */
export function documents(text: string): Manifest[] {
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0]!;
      return document.toJS() as Manifest | null;
    })
    .filter((object) => object !== null);
}
