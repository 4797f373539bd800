import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Problem } from '../problem/index.js';
import { type Chart, findChart, knownCharts, validate } from '../validate/index.js';
import { positionAt } from '../values/index.js';
import { listFiles } from './comparison.js';

/**
 * Checks values files against the charts that they are for, where those charts are at hand: their schema and keys, and
 * the rules for them.
 *
 * @param fresh folder with the values files
 * @param shown how that folder will be called, for messages
 * @param charts folders of unpacked charts, separated as in PATH; a file is checked with those whose version is among
 * the versions that its head names
 */
export async function checkValues(fresh: string, shown: string, charts: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  const paths = listFiles(fresh).filter((file) => file.endsWith('.values.yaml'));
  for (const folder of charts.split(delimiter).filter((text) => text !== '')) {
    if (!existsSync(join(folder, 'Chart.yaml')) || !existsSync(join(folder, 'values.schema.json'))) {
      problems.push(noChart(folder));
      continue;
    }
    const chart = await findChart(folder, knownCharts);
    for (const path of paths)
      if (isFor(readFileSync(join(fresh, path), 'utf8'), chart.version))
        problems.push(...problemsOf(join(fresh, path), `${shown}/${path}`, chart));
  }
  return problems;
}

function problemsOf(file: string, shown: string, chart: Chart): Problem[] {
  return validate({ files: [file], chart }).findings.map(({ rule, span, message }) => {
    const { line, column } = positionAt(span.source, span.start);
    return {
      code: 'invalid-field',
      severity: rule.severity,
      where: { file: shown, line, column },
      message: `${message}, says ${rule.id} for chart ${chart.version}`,
      hint: 'Change the prop that this value comes from, or the version of the chart.',
    };
  });
}

function noChart(folder: string): Problem {
  return {
    code: 'unreadable-file',
    severity: 'warning',
    where: { file: folder },
    message: 'is no unpacked chart with a values.schema.json, so no values file was checked with it',
    hint: 'Give the folder of an unpacked chart in VALD_CHART (helm pull --untar).',
  };
}

/** Whether the head of a values file says that it is for a chart version: `versions v1.7.11 to v1.8.0`. */
function isFor(text: string, version: string): boolean {
  const [, from, to] = /versions (v[0-9.]+[0-9]) to\s+#?\s*(v[0-9.]+[0-9])/.exec(text) ?? [];
  return from !== undefined && order(from) <= order(version) && order(version) <= order(to!);
}

function order(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.replace(/^v/, '').split('.').map(Number);
  return (major * 1000 + minor) * 1000 + patch;
}
