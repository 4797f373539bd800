import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { exitCodes, type Problem } from '../problem/index.js';
import { packChart } from './chart-archive.js';
import { readChartFile } from './chart-file.js';
import { readChartFiles } from './chart-files.js';
import { Failure } from './failure.js';
import type { Screen } from './screen.js';
import { isWithin } from './target.js';
import { writeWhole } from './write-whole.js';

/** Options of `chartwright package`; its help says what each is for. */
export interface PackageOptions {
  readonly out: string;
  readonly check?: boolean;
}

/**
 * Packs a chart's folder into an archive that is the same, byte for byte, for the same files.
 *
 * @param folder of the chart
 * @throws {@link Failure} for a folder that Helm would not take for a chart, with everything that is wrong
 */
export async function packageChart(folder: string, options: PackageOptions, screen: Screen): Promise<number> {
  const problems: Problem[] = [];
  const path = resolve(folder);
  const shown = relative(process.cwd(), path) || basename(path);
  const chartFile = join(path, 'Chart.yaml');
  if (!existsSync(chartFile) || !statSync(chartFile).isFile()) throw noChart(folder);
  if (isWithin(resolve(options.out), path)) throw insideItself(options.out);
  const chart = readChartFile(readFileSync(chartFile, 'utf8'), `${shown}/Chart.yaml`, problems);
  const files = readChartFiles(path, shown, problems);
  refuseUnreadable(files, shown, problems);
  if (chart) refuseMissing(chart.dependencies, files, shown, problems);
  if (!chart || problems.length > 0) throw new Failure(problems, exitCodes.findings);

  const archive = await packChart(chart.name, files);
  const file = join(options.out, `${chart.name}-${chart.version}.tgz`);
  const present = existsSync(file) ? readFileSync(file) : undefined;
  const unchanged = present?.equals(archive) ?? false;
  const differs = options.check && !unchanged ? [outOfDate(file, present !== undefined, folder, options.out)] : [];
  if (!options.check && !unchanged) writeWhole(file, archive);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const state = unchanged ? 'unchanged' : options.check ? 'differs' : 'written';
  if (screen.options.json) {
    const packed = { file, state, sha256, bytes: archive.length, files: [...files.keys()] };
    screen.document({ ok: differs.length === 0, problems: differs, outputs: [packed] });
  } else {
    if (!screen.options.quiet) screen.result(`${file}  ${state}  ${files.size} files  sha256:${sha256}\n`);
    screen.problems(differs);
  }
  return differs.length > 0 ? exitCodes.findings : exitCodes.ok;
}

/** What Helm reads when it loads a chart, whatever is done with it. */
function refuseUnreadable(files: ReadonlyMap<string, Buffer>, shown: string, problems: Problem[]): void {
  const refuse = (path: string, message: string) =>
    problems.push({
      code: 'unreadable-file',
      severity: 'error',
      where: { file: `${shown}/${path}` },
      message,
      hint: 'Correct it; Helm refuses the chart too.',
    });
  const schema = files.get('values.schema.json');
  const values = files.get('values.yaml');
  try {
    if (schema) JSON.parse(schema.toString());
  } catch (error) {
    refuse('values.schema.json', `not JSON: ${(error as Error).message}`);
  }
  const [fault] = values ? parseDocument(values.toString()).errors : [];
  if (fault) refuse('values.yaml', `not YAML: ${fault.message.split('\n', 1)[0]}`);
}

/** A dependency has to be in the archive: whoever installs it gets nothing else. */
function refuseMissing(
  wanted: readonly string[],
  files: ReadonlyMap<string, Buffer>,
  shown: string,
  problems: Problem[],
): void {
  const below = [...files.keys()].filter((path) => path.startsWith('charts/')).map((path) => path.split('/')[1]!);
  for (const name of wanted) {
    if (below.some((entry) => entry === name || (entry.startsWith(`${name}-`) && entry.endsWith('.tgz')))) continue;
    problems.push({
      code: 'missing-reference',
      severity: 'error',
      where: { file: `${shown}/Chart.yaml` },
      message: `dependency ${name} is not in the folder charts`,
      hint: `Run "helm dependency build ${shown}".`,
    });
  }
}

function noChart(folder: string): Failure {
  const problem: Problem = {
    code: 'unreadable-file',
    severity: 'error',
    where: { file: folder },
    message: 'is no chart: it has no Chart.yaml',
    allowed: 'the folder of a chart',
    hint: 'Give the folder that "chartwright chart" wrote.',
  };
  return new Failure([problem], exitCodes.unreadable);
}

function insideItself(out: string): Failure {
  const problem: Problem = {
    code: 'unwritable-output',
    severity: 'error',
    where: { file: '--out' },
    message: 'the archive would become a part of the chart',
    got: out,
    hint: 'Give a folder outside of the chart.',
  };
  return new Failure([problem], exitCodes.usage);
}

function outOfDate(file: string, isThere: boolean, folder: string, out: string): Problem {
  return {
    code: 'output-differs',
    severity: 'error',
    where: { file },
    message: isThere ? 'packing the chart again would change this file' : 'this file is not there yet',
    hint: `Run "chartwright package ${folder} --out ${out}".`,
  };
}
