import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readArchive, type UnpackBudget, unpackBudget } from './archive.js';
import { UnreadableError, unreadable } from './unreadable.js';

/** The files of a chart that values are checked with, by name, and the charts inside of it. */
export interface ChartFiles {
  /** Where they are, for messages. */
  readonly path: string;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly subcharts: readonly ChartFiles[];
}

const names: readonly string[] = ['Chart.yaml', 'requirements.yaml', 'values.yaml', 'values.schema.json'];
const wantedInArchive = new RegExp(`^(?:charts/[^/]+/)*(?:${names.join('|')}|charts/[^/_.][^/]*\\.tgz)$`);
/** Charts inside of charts; more is a link that leads round in a circle. */
const deepest = 10;

/**
 * Reads a chart’s folder or archive, and those in its `charts/`.
 *
 * @throws {@link UnreadableError} for what cannot be read or is no chart
 */
export async function readChartFiles(path: string, depth = 0): Promise<ChartFiles> {
  if (depth > deepest)
    throw new UnreadableError({
      where: { file: path },
      message: `there are charts in charts, more than ${deepest} deep`,
      hint: 'Look for a link in a charts/ folder that leads back to where it is.',
    });
  if (!statSync(path).isDirectory()) return packedFiles(path, read(path), depth, unpackBudget());
  const files = new Map<string, Buffer>();
  for (const name of names) {
    const content = readIfThere(join(path, name));
    if (content) files.set(name, content);
  }
  const subcharts: ChartFiles[] = [];
  for (const name of subchartNames(join(path, 'charts'))) {
    const inner = join(path, 'charts', name);
    // As for Helm, what is neither is a note to somebody.
    if (name.endsWith('.tgz') || statSync(inner, { throwIfNoEntry: false })?.isDirectory())
      subcharts.push(await readChartFiles(inner, depth + 1));
  }
  return { path, files, subcharts };
}

async function packedFiles(path: string, packed: Buffer, depth: number, budget: UnpackBudget): Promise<ChartFiles> {
  const all = await readArchive(path, packed, (inside) => wantedInArchive.test(inside), budget);
  return unpackedFiles(path, all, depth, budget);
}

/** A chart among the files of an archive, which start with its own name. */
async function unpackedFiles(
  path: string,
  all: ReadonlyMap<string, Buffer>,
  depth: number,
  budget: UnpackBudget,
): Promise<ChartFiles> {
  const files = new Map<string, Buffer>();
  const below = new Map<string, Map<string, Buffer>>();
  const subcharts: ChartFiles[] = [];
  for (const [name, content] of all) {
    const [, folder, rest] = /^charts\/([^/]+)\/(.*)$/.exec(name) ?? [];
    if (folder !== undefined && rest !== undefined) {
      const inner = below.get(folder) ?? new Map<string, Buffer>();
      below.set(folder, inner.set(rest, content));
    } else if (!name.startsWith('charts/')) files.set(name, content);
    else if (depth < deepest) subcharts.push(await packedFiles(`${path}/${name}`, content, depth + 1, budget));
  }
  for (const [folder, inner] of below)
    if (!/^[_.]/.test(folder))
      subcharts.push(await unpackedFiles(`${path}/charts/${folder}`, inner, depth + 1, budget));
  return { path, files, subcharts };
}

/** Helm passes over names that start with these. */
function subchartNames(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder)
    .filter((name) => !/^[_.]/.test(name))
    .sort();
}

function readIfThere(path: string): Buffer | undefined {
  return statSync(path, { throwIfNoEntry: false }) ? read(path) : undefined;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error, 'Make it readable.');
  }
}
