import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Place, Problem } from '../problem/index.js';
import { placeOfError } from './app-report.js';

/** What the process that loads somebody's module shall do. */
export interface ModuleRequest {
  /** Absolute path of the module. */
  readonly file: string;
  /** Folder that the user is in, from which places are told. */
  readonly folder: string;
  /** Where to write the {@link ModuleReport}. */
  readonly report: string;
  readonly wanted: 'charts' | 'values';
  /** On how many values each chart is checked. @default - as many as the engine does by itself */
  readonly checks?: number;
  /** Environments whose values are wanted. @default - all */
  readonly environments?: readonly string[];
}

/** A chart as the module's process made it. */
export interface MadeChart {
  readonly name: string;
  readonly version: string;
  readonly mode: 'exhaustive' | 'sampled';
  readonly runs: number;
  readonly checks: number;
  /** With which messages the chart refuses some values, as its templates have them. */
  readonly refusals: readonly string[];
  /** Path below the chart's folder, and text. */
  readonly files: readonly (readonly [string, string])[];
}

/** The values files of one chart. */
export interface MadeValues {
  readonly chart: string;
  /** All that the module defines, also those that were not wanted. */
  readonly environments: readonly string[];
  readonly files: readonly (readonly [string, string])[];
}

/** What came of a request. */
export interface ModuleReport {
  readonly problems: readonly Problem[];
  readonly charts: readonly MadeChart[];
  readonly values: readonly MadeValues[];
}

/** What is used of a chart of the module. It may be of another copy of this package, so its class is not asked for. */
interface ChartLike {
  readonly definition: {
    readonly name: string;
    readonly version: string;
    readonly values: { parse(values: unknown): unknown };
  };
  generate(options: object): {
    readonly files: ReadonlyMap<string, string>;
    readonly mode: MadeChart['mode'];
    readonly runs: number;
    readonly checks: number;
    readonly template: { readonly failure: { readonly kind: string; readonly value?: unknown } };
  };
  render(values: unknown, release: { readonly name: string; readonly namespace: string }): unknown;
}

interface ValuesLike {
  readonly chart: { readonly definition: { readonly name: string } };
  readonly environments: readonly string[];
  file(environment: string): string;
}

/** Where this file is, once it is bundled: the command starts a process with it. */
export const location = import.meta.url;

/** Loads a module, makes what is wanted of it, and leaves a {@link ModuleReport}. For a process of its own. */
export async function runModule(request: ModuleRequest): Promise<void> {
  const problems: Problem[] = [];
  const charts: MadeChart[] = [];
  const values: MadeValues[] = [];
  const attempt = <Made>(make: () => Made): Made | undefined => {
    try {
      return make();
    } catch (error) {
      problems.push(...problemsOf(error, request));
      return undefined;
    }
  };
  try {
    const found = [...exportsOf(await import(pathToFileURL(request.file).href))];
    if (request.wanted === 'charts') {
      const sources = found.some(isChart) ? moduleTexts(request.file) : [];
      for (const chart of found.filter(isChart)) {
        const made = attempt(() => makeChart(chart, sources, request.checks));
        if (made) charts.push(made);
      }
    } else
      for (const one of found.filter(isValues)) {
        const { environments } = one;
        const wanted = environments.filter((name) => request.environments?.includes(name) ?? true);
        const files = wanted.flatMap((name) => attempt(() => [[name, one.file(name)] as const]) ?? []);
        values.push({ chart: one.chart.definition.name, environments, files });
      }
  } catch (error) {
    problems.push(...problemsOf(error, request));
  }
  const report: ModuleReport = { problems, charts, values };
  writeFileSync(request.report, JSON.stringify(report));
}

function makeChart(chart: ChartLike, sources: readonly string[], checks: number | undefined): MadeChart {
  const made = chart.generate({ sources, ...(checks === undefined ? {} : { checks }) });
  const { files, mode, runs, checks: checked } = made;
  if (made.template.failure.kind === 'constant') throw alwaysRefused(chart, made.template.failure.value);
  const { name, version } = chart.definition;
  const texts = files.get('templates/checks.yaml') ?? '';
  const refusals = [...texts.matchAll(/\{\{- fail (.*) \}\}$/gm)].map(([, message]) => message!);
  return { name, version, mode, runs, checks: checked, refusals, files: [...files] };
}

/**
 * Why a chart refuses all values. For the engine every exception in the author's function is a refusal, which is equal
 * to its source and of no use to anybody; run once more on the defaults it comes with its place.
 */
function alwaysRefused(chart: ChartLike, message: unknown): Error {
  try {
    chart.render(chart.definition.values.parse({}), { name: 'release-name', namespace: 'default' });
  } catch (error) {
    if (error instanceof Error && error.message === message) return error;
  }
  return new Error(`chart ${chart.definition.name} refuses all values: ${message}`);
}

/** All that a module exports, each once: by name, in lists, and as CommonJS modules do, below `default`. */
function exportsOf(module: object): Set<object> {
  const found = new Set<object>();
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || found.has(value)) return;
    if (isChart(value) || isValues(value)) found.add(value);
    else if (depth > 0) for (const inner of Object.values(value)) visit(inner, depth - 1);
  };
  visit(module, 3);
  return found;
}

function isChart(value: object): value is ChartLike {
  const { generate, definition } = value as Partial<ChartLike>;
  return typeof generate === 'function' && typeof definition?.name === 'string';
}

function isValues(value: object): value is ValuesLike {
  const { file, environments } = value as Partial<ValuesLike>;
  return typeof file === 'function' && Array.isArray(environments);
}

/** The text of a module and of everything that it imports by a relative path: what they compare with is tried. */
function moduleTexts(file: string): string[] {
  const texts = new Map<string, string>();
  const visit = (path: string): void => {
    if (texts.has(path)) return;
    const text = readFileSync(path, 'utf8');
    texts.set(path, text);
    for (const [, specifier] of text.matchAll(/(?:from|import|require)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
      const found = sourceOf(resolve(dirname(path), specifier!));
      if (found) visit(found);
    }
  };
  visit(file);
  return [...texts.values()];
}

/** The file that an import means: TypeScript's sources are imported by the name that they have once compiled. */
function sourceOf(path: string): string | undefined {
  const typeScript = path.replace(/\.([mc]?)js$/, '.$1ts');
  const candidates = [typeScript, path, `${path}.ts`, `${path}.js`, `${path}/index.ts`, `${path}/index.js`];
  return candidates.find((one) => /\.[mc]?[jt]sx?$/.test(one) && existsSync(one) && statSync(one).isFile());
}

function problemsOf(error: unknown, { file, folder }: ModuleRequest): readonly Problem[] {
  const { problems, stack, message } = (error ?? {}) as Partial<Error> & { problems?: readonly Problem[] };
  if (Array.isArray(problems)) return problems;
  const text = message ?? String(error);
  const place = placeOfSyntax(`${text}\n${stack ?? ''}`, folder) ?? placeOfError(stack ?? '', folder);
  const rest = text.split('\n').slice(1).join('\n').trim();
  return [
    {
      code: 'app-failed',
      severity: 'error',
      where: place ?? { file: relative(folder, file) },
      message: `the module failed: ${text.split('\n', 1)[0]}`,
      ...(rest ? { got: rest } : {}),
      hint: 'Correct the module.',
    },
  ];
}

/** Where a file cannot be read as TypeScript or JavaScript: as esbuild says it, and as Node says it. */
function placeOfSyntax(text: string, folder: string): Place | undefined {
  const [, path, line, column] = /^((?:file:\/\/)?\/.+?):(\d+)(?::(\d+): ERROR.*)?$/m.exec(text) ?? [];
  if (!path || path.includes('node_modules')) return undefined;
  const file = relative(folder, path.startsWith('file:') ? fileURLToPath(path) : path);
  return { file, line: Number(line), ...(column ? { column: Number(column) + 1 } : {}) };
}
