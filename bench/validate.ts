import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../test/programs/find.js';
import { chartsAtHand } from '../test/vald/upstream-render.js';
import { alternate, type Figure, type Measurement, runProcess, type Subject } from './measure.js';

const root = join(import.meta.dirname, '..');
const commandLine = join(root, 'dist/lib/esm/cli/main.js');

/** Measurements of `chartwright validate` with one chart. */
export interface ValidateMeasurement {
  readonly chart: string;
  /** One file: ours first, then `node -e 0`, then `helm lint`; whole cold processes. */
  readonly cold: readonly Measurement[];
  /** Many files: ours in one process for fewer and for more of them, then `helm lint` in a loop. For each file. */
  readonly many: readonly Measurement[];
  readonly files: readonly [fewer: number, more: number];
}

/**
 * Measures one file, and many in one process, against a chart with a small schema and, where `VALD_CHART` names some,
 * against upstream’s chart of Vald with its schema of 1.6 MB.
 */
export async function measureValidate(
  quick: boolean,
  folder: string,
  progress: (text: string) => void,
): Promise<ValidateMeasurement[]> {
  const charts = [
    { chart: 'a small chart', path: smallChart(join(folder, 'small')), text: 'replicas: 3\nimage: {tag: "1.2"}\n' },
    ...chartsAtHand().map(({ path, version, chartVersions }) => ({
      chart: `Vald’s chart ${version}`,
      path,
      text: readFileSync(join(root, `values/vald/chart-${chartVersions}/pv-and-s3-cow.values.yaml`), 'utf8'),
    })),
  ];
  const files = quick ? ([50, 200] as const) : ([100, 1000] as const);
  const results: ValidateMeasurement[] = [];
  for (const { chart, path, text } of charts) {
    const values = join(folder, 'values', chart);
    mkdirSync(values, { recursive: true });
    const names = Array.from({ length: files[1] }, (_, index) => join(values, `${index}.yaml`));
    for (const name of names) writeFileSync(name, text);
    const tell = (what: string) => progress(`${chart}: ${what}`);
    const cold = [
      validate(path, names.slice(0, 1), folder, 'chartwright validate'),
      bare('node -e 0', process.execPath, ['-e', '0']),
      ...lint(path, names.slice(0, 1)),
    ];
    const many = [
      ...files.map((count) => validate(path, names.slice(0, count), folder, `${count} files in one process`)),
      ...lint(path, names.slice(0, quick ? 10 : 50)),
    ];
    results.push({
      chart,
      files,
      cold: await alternate(cold, quick ? 5 : 15, tell),
      many: await alternate(many, quick ? 2 : 5, tell),
    });
  }
  return results;
}

function smallChart(path: string): string {
  mkdirSync(join(path, 'templates'), { recursive: true });
  writeFileSync(join(path, 'Chart.yaml'), 'apiVersion: v2\nname: small\nversion: 1.0.0\n');
  writeFileSync(join(path, 'values.yaml'), 'replicas: 1\nimage:\n  repository: web\n  tag: ""\n');
  const image = { type: 'object', properties: { repository: { type: 'string' }, tag: { type: 'string' } } };
  writeFileSync(
    join(path, 'values.schema.json'),
    JSON.stringify({ type: 'object', properties: { replicas: { type: 'integer', minimum: 0 }, image } }),
  );
  return path;
}

/** Ours, with its processor time and the most memory that it had; time is that of one file. */
function validate(chart: string, files: readonly string[], folder: string, name: string): Subject {
  const figures = join(folder, 'figures.json');
  const tell = `data:text/javascript,${encodeURIComponent(
    `import { writeFileSync } from 'node:fs'; process.on('exit', () => writeFileSync(${JSON.stringify(figures)}, JSON.stringify(process.resourceUsage())));`,
  )}`;
  const parameters = ['--import', tell, commandLine, 'validate', '--fail-on', 'never', '--chart', chart, ...files];
  return {
    name,
    run: async (): Promise<Figure> => {
      const { milliseconds } = await runProcess({ program: process.execPath, parameters });
      const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(readFileSync(figures, 'utf8'));
      return {
        milliseconds: milliseconds / files.length,
        cpu: (userCPUTime + systemCPUTime) / 1000 / files.length,
        memory: maxRSS * 1024,
      };
    },
  };
}

function bare(name: string, program: string, parameters: readonly string[]): Subject {
  return { name, run: async () => ({ milliseconds: (await runProcess({ program, parameters })).milliseconds }) };
}

/** `helm lint` of the chart with each file, one process after the other, as a pipeline would do it. */
function lint(chart: string, files: readonly string[]): Subject[] {
  return ['helm3', 'helm4'].flatMap((helm) => {
    const program = findProgram(helm);
    if (!program) return [];
    const run = async (): Promise<Figure> => {
      let milliseconds = 0;
      for (const file of files) {
        const parameters = ['lint', chart, '-f', file];
        milliseconds += (await runProcess({ program, parameters })).milliseconds;
      }
      return { milliseconds: milliseconds / files.length };
    };
    return [{ name: `${helm} lint`, run }];
  });
}
