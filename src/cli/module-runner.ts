import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
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
  /** Where to write how far it is, for whoever waits. */
  readonly progress: string;
  /** Absolute paths of modules with policies for the charts. */
  readonly policies: readonly string[];
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
  /** How many of the values of the checks are not refused. */
  readonly accepted?: number;
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
    readonly accepted?: number;
    readonly warnings?: readonly Problem[];
    readonly template: { readonly failure: { readonly kind: string; readonly value?: unknown } };
  };
  render(
    values: unknown,
    release: { readonly name: string; readonly namespace: string; readonly chart: string },
  ): unknown;
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
      const policies = Object.assign({}, ...(await Promise.all(request.policies.map(policiesOf))));
      for (const chart of found.filter(isChart)) {
        const made = attempt(() => makeChart(chart, { sources, policies }, request));
        if (!made) continue;
        charts.push(made.chart);
        problems.push(...made.warnings);
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

function makeChart(
  chart: ChartLike,
  options: object,
  { checks, progress }: ModuleRequest,
): { chart: MadeChart; warnings: readonly Problem[] } {
  const { name, version } = chart.definition;
  let told = 0;
  const onProgress = ({ runs }: { readonly runs: number }) => {
    if (Date.now() - told < 500) return;
    told = Date.now();
    writeFileSync(progress, `${name}, ${runs} times`);
  };
  const made = chart.generate({ ...options, onProgress, ...(checks === undefined ? {} : { checks }) });
  const { files, mode, runs, checks: checked, accepted, warnings = [] } = made;
  if (made.template.failure.kind === 'constant') throw alwaysRefused(chart, made.template.failure.value);
  const texts = files.get('templates/checks.yaml') ?? '';
  const refusals = [...texts.matchAll(/\{\{- fail (.*) \}\}$/gm)].map(([, message]) => message!);
  const counts = { runs, checks: checked, ...(accepted === undefined ? {} : { accepted }) };
  return { chart: { name, version, mode, ...counts, refusals, files: [...files] }, warnings };
}

/** The functions that a module of policies exports, by name: each for itself, or in an object. */
async function policiesOf(file: string): Promise<Record<string, unknown>> {
  const exported: Record<string, unknown> = await import(pathToFileURL(file).href);
  const found: Record<string, unknown> = {};
  const visit = (value: unknown, name: string, depth: number): void => {
    if (typeof value === 'function') found[name === 'default' ? basename(file).replace(/\.[^.]*$/, '') : name] = value;
    else if (typeof value === 'object' && value !== null && depth > 0)
      for (const [key, inner] of Object.entries(value)) visit(inner, key, depth - 1);
  };
  visit(exported, '', 3);
  if (Object.keys(found).length === 0)
    throw new Error(`${file} exports no policy: export a function, such as (objects, context) => []`);
  return found;
}

/**
 * Why a chart refuses all values. For the engine every exception in the author's function is a refusal, which is equal
 * to its source and of no use to anybody; run once more on the defaults it comes with its place.
 */
function alwaysRefused(chart: ChartLike, message: unknown): Error {
  try {
    const release = { name: 'release-name', namespace: 'default', chart: chart.definition.name };
    chart.render(chart.definition.values.parse({}), release);
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
