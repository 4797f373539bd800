import { valid } from 'semver';
import { LineCounter, parseDocument } from 'yaml';
import type { Problem } from '../problem/index.js';

/** What packing needs of a Chart.yaml. */
export interface ChartFile {
  readonly name: string;
  readonly version: string;
  /** Names of the charts that have to be below `charts/`. */
  readonly dependencies: readonly string[];
}

/**
 * Reads a Chart.yaml.
 *
 * @param shown how the file is called in messages
 * @param problems everything that Helm would refuse is added here, with its line
 * @returns undefined where it cannot be a chart
 */
export function readChartFile(text: string, shown: string, problems: Problem[]): ChartFile | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const before = problems.length;
  const refuse = (offset: number | undefined, message: string, allowed: string, got?: unknown) => {
    const { line, col } = lines.linePos(offset ?? 0);
    problems.push({
      code: 'invalid-field',
      severity: 'error',
      where: { file: shown, ...(offset === undefined ? {} : { line, column: col }) },
      message,
      ...(got === undefined ? {} : { got: JSON.stringify(got) }),
      allowed,
      hint: 'Correct Chart.yaml.',
    });
  };
  for (const error of document.errors)
    refuse(error.pos[0], `not YAML: ${error.message.split('\n', 1)[0]}`, 'YAML of a chart’s metadata');
  const content: unknown = document.errors.length > 0 ? {} : document.toJS();
  if (document.errors.length > 0) return undefined;
  const fields = (typeof content === 'object' && content !== null ? content : {}) as Record<string, unknown>;
  const check = (key: string, isRight: (value: string) => boolean, allowed: string) => {
    const value = fields[key];
    if (typeof value === 'string' && isRight(value)) return;
    const node = document.getIn([key], true) as { range?: readonly [number, number, number] } | undefined;
    refuse(node?.range?.[0], value === undefined ? `${key} is missing` : `${key} cannot be used`, allowed, value);
  };
  check('apiVersion', (value) => value === 'v1' || value === 'v2', 'v2, or v1 for Helm 2');
  check('name', (value) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(value), 'letters, digits, ".", "_" and "-"');
  check('version', (value) => valid(value) !== null, 'a version as SemVer 2 writes it, as text: 1.2.3');
  if (fields['type'] !== undefined)
    check('type', (value) => value === 'application' || value === 'library', 'application, library');
  if (problems.length > before) return undefined;
  const dependencies = (Array.isArray(fields['dependencies']) ? fields['dependencies'] : []) as { name?: unknown }[];
  return {
    name: fields['name'] as string,
    version: fields['version'] as string,
    dependencies: dependencies.flatMap(({ name }) => (typeof name === 'string' ? [name] : [])),
  };
}
