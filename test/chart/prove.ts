import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { documentsDiffer } from '../../src/chart/differences.js';
import type { ChartFiles, HelmChart, Release } from '../../src/chart/index.js';
import { seededRandom } from '../../src/chart/sample-values.js';
import { readShape } from '../../src/chart/shape.js';
import { beyondMessage } from '../../src/chart/stand-in.js';
import { ProblemsError } from '../../src/problem/index.js';
import { type Given, GivenValues } from './given-values.js';
import { ChartOnDisk } from './helm.js';
import type { HelmAnswer, HelmEngines } from './helm-engine.js';

/** Whether the nightly sizes are wanted: `CHARTWRIGHT_CHARTS=all`. */
export const everything = process.env['CHARTWRIGHT_CHARTS'] === 'all';

export interface ProveOptions {
  readonly engines: HelmEngines;
  /** The chart's folder, as `generate` gave it. */
  readonly files: ChartFiles;
  /** How many sets of values. */
  readonly count: number;
  /** @default 1 */
  readonly seed?: number;
}

/** What was compared. */
export interface Proof {
  /** Sets of values for which `synth` and both Helms gave the same objects. */
  readonly same: number;
  /** Sets of values that `synth` and both Helms refused. */
  readonly refused: number;
}

export const releases: readonly Release[] = [
  { name: 'release-name', namespace: 'default' },
  { name: 'r', namespace: 'kube-system' },
  { name: `long-${'n'.repeat(47)}z`, namespace: 'a-namespace' },
  { name: 'true', namespace: '1' },
  { name: '0.1e3', namespace: 'x' },
  { name: '123', namespace: 'null' },
];

const batch = 50;

/**
 * Compares a chart with its source on random values, as files, layered files and `--set`, through both Helms: what
 * `synth` refuses both refuse, and everything else gives the same objects.
 *
 * @throws Error with the values, how they were given, and the first difference
 */
export async function proveChart<Values extends z.ZodObject>(
  chart: HelmChart<Values>,
  { engines, files, count, seed = 1 }: ProveOptions,
): Promise<Proof> {
  const random = seededRandom(seed);
  const given = new GivenValues(readShape(chart.definition.values, chart.definition.name, []), random);
  const folder = writeChart(files);
  let same = 0;
  try {
    for (let done = 0; done < count; done += batch) {
      const sets = Array.from({ length: Math.min(batch, count - done) }, (_, index) => ({
        ...(done + index === 0 ? { values: {}, request: {} } : given.next()),
        release: releases[Math.floor(random() * releases.length)]!,
      }));
      const asked = sets.map(({ request, release }) => engines.render({ ...request, chart: folder, release }));
      // What `synth` gives is calculated while the engines work.
      const expected = sets.map(({ values, release }) => synthesized(chart, values, release));
      const answers = await Promise.all(asked);
      for (const [index, set] of sets.entries()) if (compare(set, expected[index]!, answers[index]!)) same++;
    }
    return { same, refused: count - same };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same through the `helm` program itself, on few sets of values: that the engines are what people run. */
export function proveWithPrograms<Values extends z.ZodObject>(
  chart: HelmChart<Values>,
  { helm, files, count }: { readonly helm: string; readonly files: ChartFiles; readonly count: number },
): void {
  const given = new GivenValues(readShape(chart.definition.values, chart.definition.name, []), seededRandom(7));
  const onDisk = new ChartOnDisk(files);
  for (let index = 0; index < count; index++) {
    const values = index === 0 ? {} : given.value(given.shape);
    const release = releases[index % releases.length]!;
    const { documents, error } = onDisk.template(helm, { values, release });
    const difference = differenceOf(synthesized(chart, values, release), { documents, ...(error ? { error } : {}) });
    if (difference) throw new Error(`${helm}: ${difference}\nvalues ${JSON.stringify(values)}`);
  }
}

/** Writes a chart's folder to a temporary place, which the caller removes. */
export function writeChart(files: ChartFiles): string {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

type Synthesized = { readonly documents: readonly unknown[] } | { readonly refused: string };

function synthesized(chart: HelmChart<z.ZodObject>, values: unknown, release: Release): Synthesized {
  try {
    return { documents: JSON.parse(JSON.stringify(chart.synth(values, release))) as unknown[] };
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return { refused: error.message };
  }
}

/** Whether both gave objects. @throws Error where they do not agree */
function compare(
  { values, request, release }: Given & { release: Release },
  expected: Synthesized,
  answers: Awaited<ReturnType<HelmEngines['render']>>,
): boolean {
  for (const answer of answers) {
    const difference = differenceOf(expected, answer);
    if (difference)
      throw new Error(
        [
          `${answer.engine}: ${difference}`,
          `values ${JSON.stringify(values)}`,
          `given as ${JSON.stringify(request)}`,
          `release ${JSON.stringify(release)}`,
        ].join('\n'),
      );
  }
  return 'documents' in expected && answers[0]!.error === undefined;
}

function differenceOf(expected: Synthesized, { documents, error, warnings }: HelmAnswer): string | undefined {
  if ('refused' in expected) return error ? undefined : `taken, and synth refuses it: ${expected.refused}`;
  // Beyond what JavaScript counts exactly the installation stops, see docs/chart.md.
  if (error) return isBeyond(error) ? undefined : `refused, and synth takes it: ${error}`;
  if (warnings) return `a warning: ${warnings}`;
  return objectsDiffer(expected.documents, documents);
}

/** The first difference of what a chart's source gives and what Helm makes of the chart; undefined where they mean the same. */
export function objectsDiffer(expected: readonly unknown[], rendered: readonly unknown[]): string | undefined {
  if (canonical(expected) === canonical(rendered)) return undefined;
  const [wanted, got] = [expected, rendered].map((list) => list.map(withReadYaml));
  if (canonical(wanted!) === canonical(got!)) return undefined;
  return documentsDiffer(wanted!, got!) ?? 'objects of the same name differ';
}

const isBeyond = (error: string): boolean =>
  error.includes(beyondMessage) || error.includes('larger than a chart can calculate with');

/** YAML inside of a text is equal as YAML, not byte for byte, and its checksum is another one, see docs/chart.md. */
function withReadYaml(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReadYaml);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const isChecksum = key.startsWith('checksum/') && /^[0-9a-f]{64}$/.test(String(inner));
        return [key, isChecksum ? 'a checksum' : withReadYaml(inner)];
      }),
    );
  if (typeof value !== 'string' || !/[:{-]/.test(value)) return value;
  try {
    const read: unknown = parse(value, { version: '1.1', merge: false, logLevel: 'error' });
    return typeof read === 'object' ? { yaml: read } : value;
  } catch {
    return value;
  }
}

/** The same text for the same objects, in whatever order they and their keys are. */
const canonical = (documents: readonly unknown[]): string =>
  documents
    .map((document) => JSON.stringify(document, sorted))
    .sort()
    .join('\n');

const sorted = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
