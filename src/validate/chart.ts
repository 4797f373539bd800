import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { nearest } from '../problem/index.js';
import {
  emptyMap,
  type KnownChart,
  readPlainYaml,
  readValues,
  SchemaDocument,
  Spans,
  toValues,
  type ValuesChart,
  type ValuesMap,
} from '../values/index.js';
import { type ChartFiles, readChartFiles } from './chart-files.js';
import { findSubcharts, type Subchart } from './subcharts.js';
import { UnreadableError } from './unreadable.js';

/** The chart that values are checked for. */
export interface Chart extends ValuesChart {
  readonly name: string;
  readonly version: string;
  readonly defaults: ValuesMap;
  /** Whether the defaults are all that the chart has, and not only those that rules read. */
  readonly complete: boolean;
  readonly schema?: SchemaDocument;
  /** Keys that are not among the defaults and yet known: in comments of values.yaml. */
  readonly mentioned: ReadonlySet<string>;
  readonly subcharts: readonly Subchart<Chart>[];
  /** Keys of subcharts that Chart.yaml names and that are not at hand. */
  readonly missing: ReadonlySet<string>;
  readonly known?: KnownChart;
  /** What was not checked, and why. */
  readonly notes: readonly string[];
}

/**
 * Finds the chart that a command line names: one of the known by name, with `@version` or without, else a chart's
 * folder or archive.
 *
 * @throws {@link UnreadableError} for what is none of these
 */
export async function findChart(text: string, knownCharts: readonly KnownChart[]): Promise<Chart> {
  const [, name, version] = /^([a-z][a-z0-9-]*)(?:@(.*))?$/.exec(text) ?? [];
  const known = knownCharts.find((chart) => chart.name === name);
  if (known) return knownChart(known, version);
  const stats = statSync(text, { throwIfNoEntry: false });
  if (!stats) throw noChart(text, knownCharts);
  return readChart(await readChartFiles(text), knownCharts);
}

function noChart(text: string, knownCharts: readonly KnownChart[]): UnreadableError {
  const names = knownCharts.map((chart) => chart.name);
  const meant = nearest(text.split('@', 1)[0]!, names);
  return new UnreadableError({
    where: { file: '--chart' },
    message: 'there is no chart of this name and no such file',
    got: text,
    allowed: [...names, 'the path of a chart’s folder or .tgz file'].join(', '),
    hint: meant ? `Did you mean "${meant}"?` : 'Get the chart with "helm pull" and give its path.',
  });
}

function knownChart(known: KnownChart, wanted: string | undefined): Chart {
  const bare = (version: string) => version.replace(/^v/, '');
  const version =
    wanted === undefined ? known.versions.at(-1) : known.versions.find((one) => bare(one) === bare(wanted));
  if (version === undefined)
    throw new UnreadableError({
      where: { file: '--chart' },
      message: `the defaults of this version of ${known.name} are not known`,
      got: wanted ?? '',
      allowed: known.versions.join(', '),
      hint: 'Give the version that is nearest, or the path of the chart itself.',
    });
  return {
    name: known.name,
    version,
    defaults: toValues(known.defaults(version)) as ValuesMap,
    complete: false,
    mentioned: new Set(),
    subcharts: [],
    missing: new Set(),
    known,
    notes: ['Schema and unknown keys: skipped: give the chart’s path.'],
  };
}

function readChart(from: ChartFiles, knownCharts: readonly KnownChart[]): Chart {
  const { path, files } = from;
  const metadata = readYaml(path, 'Chart.yaml', files);
  const name = metadata?.['name'];
  if (!metadata || typeof name !== 'string')
    throw new UnreadableError({
      where: { file: path },
      message: 'this is no chart: it has no Chart.yaml with a name',
      hint: 'Give the folder that holds Chart.yaml, or a .tgz file that "helm package" or "helm pull" made.',
    });
  const schema = files.get('values.schema.json');
  const known = knownCharts.find((chart) => chart.name === name);
  // Charts of the first version of the format list them in a file of their own.
  const { dependencies } = readYaml(path, 'requirements.yaml', files) ?? metadata;
  const { subcharts, missing, notes } = findSubcharts(dependencies, from.subcharts, (inner) =>
    readChart(inner, knownCharts),
  );
  return {
    name,
    version: String(metadata['version'] ?? ''),
    defaults: readYaml(path, 'values.yaml', files) ?? emptyMap(),
    complete: true,
    ...(schema ? { schema: new SchemaDocument(schema.toString('utf8')) } : {}),
    mentioned: keysInComments(files.get('values.yaml')?.toString('utf8') ?? ''),
    subcharts,
    missing,
    ...(known ? { known } : {}),
    notes: [
      ...(schema ? [] : [`${basename(path)} has no values.schema.json: keys were compared with its values.yaml.`]),
      ...notes,
    ],
  };
}

function readYaml(path: string, name: string, files: ReadonlyMap<string, Buffer>): ValuesMap | undefined {
  const content = files.get(name);
  if (!content) return undefined;
  const source = { name: join(path, name), kind: 'file', text: content.toString('utf8') } as const;
  const plain = readPlainYaml(source.text);
  if (plain) return plain;
  const errors: string[] = [];
  // Helm 3 and 4 both: a chart's own values are one document.
  const values = readValues(source, 4, new Spans(), ({ message }) => errors.push(message));
  if (values) return values;
  throw new UnreadableError({
    where: { file: source.name },
    message: `Helm refuses this file of the chart: ${errors.at(-1)}`,
    hint: 'Give a chart that Helm can load ("helm lint").',
  });
}

/** Keys that authors of charts show in comments only: `# existingSecret: my-secret`. */
function keysInComments(text: string): Set<string> {
  return new Set([...text.matchAll(/^[ \t]*#+[#@\- \t]*([A-Za-z0-9_.-]+):/gm)].map(([, key]) => key!));
}
