import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { parse } from 'yaml';
import type { Problem } from '../problem/index.js';
import { listFiles } from './comparison.js';

interface Chart {
  readonly folder: string;
  readonly version: string;
}

/**
 * Checks values files against the schemas of the charts they are for, where those charts are at hand.
 *
 * @param fresh folder with the values files
 * @param shown how that folder will be called, for messages
 * @param charts folders of unpacked charts, separated as in PATH; a file is checked with those whose version is among
 * the versions that its head names
 */
export function checkValues(fresh: string, shown: string, charts: string): Problem[] {
  const problems: Problem[] = [];
  const atHand = charts.split(delimiter).flatMap((folder) => readChart(folder, problems));
  for (const { folder, version } of atHand) {
    // The draft's own name is left out: upstream's is spelled in a way that no validator knows.
    const { $schema: _, ...schema } = JSON.parse(readFileSync(join(folder, 'values.schema.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    const validate = new Ajv({ strict: false, allErrors: true, logger: false }).compile(schema);
    for (const path of listFiles(fresh).filter((file) => file.endsWith('.values.yaml'))) {
      const text = readFileSync(join(fresh, path), 'utf8');
      if (!isFor(text, version) || validate(parse(text))) continue;
      for (const error of validate.errors ?? []) problems.push(toProblem(error, `${shown}/${path}`, version));
    }
  }
  return problems;
}

function readChart(folder: string, problems: Problem[]): Chart[] {
  if (folder === '') return [];
  if (existsSync(join(folder, 'Chart.yaml')) && existsSync(join(folder, 'values.schema.json'))) {
    const { version } = parse(readFileSync(join(folder, 'Chart.yaml'), 'utf8')) as { version: string };
    return [{ folder, version }];
  }
  problems.push({
    code: 'unreadable-file',
    severity: 'warning',
    where: { file: folder },
    message: 'is no unpacked chart with a values.schema.json, so no values file was checked with it',
    hint: 'Give the folder of an unpacked chart in VALD_CHART (helm pull --untar).',
  });
  return [];
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

function toProblem(error: ErrorObject, file: string, version: string): Problem {
  const field = error.instancePath.slice(1).replaceAll('/', '.');
  return {
    code: 'invalid-field',
    severity: 'error',
    where: { file },
    message: `${field || 'the file'} ${error.message}, says the schema of chart ${version}`,
    ...(error.params['allowedValues'] ? { allowed: (error.params['allowedValues'] as unknown[]).join(', ') } : {}),
    hint: 'Change the prop that this value comes from, or the version of the chart.',
  };
}
