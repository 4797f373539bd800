import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../test/programs/find.js';
import { chartsAtHand } from '../test/vald/upstream-render.js';
import { alternate, type Command, type Measurement, runProcess, type Subject } from './measure.js';

const root = join(import.meta.dirname, '..');
const commandLine = join(root, 'dist/lib/esm/cli/main.js');

/** Measurements of one app, with those of Helm on a chart of the same objects. */
export interface AppMeasurement {
  readonly app: string;
  readonly objects: number;
  readonly measurements: readonly Measurement[];
}

/**
 * Measures whole cold processes: the built command line on an app, and `helm template` of a chart that holds the same
 * objects as plain templates. Each writes its files to an empty folder.
 */
export async function measureCommandLine(
  rounds: number,
  folder: string,
  progress: (text: string) => void,
): Promise<AppMeasurement[]> {
  const results: AppMeasurement[] = [];
  for (const [app, project] of [
    ['this repository’s app', root],
    ['one agent', makeProject(join(folder, 'project'))],
  ] as const) {
    const output = join(folder, 'manifests');
    const synth = { program: process.execPath, parameters: [commandLine, 'synth', '--out', output], folder: project };
    await runProcess(synth);
    const chart = join(folder, 'chart');
    const objects = makeChart(output, chart);
    const subjects = [subject('chartwright synth', synth, output), ...helmSubjects(chart, join(folder, 'rendered'))];
    if (app === 'one agent') subjects.push(...upstreamSubjects(join(folder, 'rendered')));
    const measurements = await alternate(subjects, rounds, (text) => progress(`${app}: ${text}`));
    results.push({ app, objects, measurements });
  }
  return results;
}

function subject(name: string, command: Command, output: string): Subject {
  return {
    name,
    run: async () => {
      rmSync(output, { recursive: true, force: true });
      const { milliseconds } = await runProcess(command);
      return { milliseconds };
    },
  };
}

/** A project of its own as a user has it: the example, with the packages that it depends on. */
function makeProject(folder: string): string {
  cpSync(join(root, 'examples/minimal'), folder, { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['cdk8s', 'constructs', 'tsx'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  symlinkSync(root, join(folder, 'node_modules/chartwright'));
  return folder;
}

/** Writes a chart with each synthesized file as a template without marks; gives the number of files. */
function makeChart(manifests: string, chart: string): number {
  rmSync(chart, { recursive: true, force: true });
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: bench\nversion: 0.1.0\n');
  const files = readdirSync(manifests, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  for (const file of files) {
    const text = readFileSync(join(manifests, file), 'utf8').replaceAll('{{', '{{ "{{" }}');
    writeFileSync(join(chart, 'templates', file.replaceAll(/[/\\]/g, '.')), text);
  }
  return files.length;
}

/** `helm template` of a chart with each Helm that is there. */
function helmSubjects(chart: string, output: string, more: readonly string[] = [], what = ''): Subject[] {
  return ['helm3', 'helm4'].flatMap((helm) => {
    const program = findProgram(helm);
    const parameters = ['template', 'bench', chart, '--output-dir', output, ...more];
    return program ? [subject(`${helm} template${what}`, { program, parameters }, output)] : [];
  });
}

/** Upstream's own charts, where `VALD_CHART` names some, with values for the same backup as the example's. */
function upstreamSubjects(output: string): Subject[] {
  return chartsAtHand().flatMap(({ path, version, chartVersions }) => {
    const values = join(root, `values/vald/chart-${chartVersions}/pv-and-s3-cow.values.yaml`);
    return helmSubjects(path, output, ['-f', values, '--kube-version', '1.29.0'], ` of Vald’s chart ${version}`);
  });
}
