import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Problem } from '../problem/index.js';
import {
  applySetOption,
  coalesceChart,
  emptyMap,
  type Finding,
  type HelmVersion,
  isMapNode,
  LayeredValues,
  mergeMaps,
  printPath,
  type Release,
  type RuleContext,
  readDocuments,
  readValues,
  type SetOption,
  SetOptionError,
  type Span,
  Spans,
  setOptions,
  startOf,
  textRules,
  type ValuesMap,
  type ValuesSource,
} from '../values/index.js';
import type { Chart } from './chart.js';
import { applyIgnoreComments } from './ignore-comments.js';
import { keyFindings } from './key-findings.js';
import { readFile } from './read-file.js';
import { holdsObjects, isNamed, releasesIn } from './release-objects.js';
import type { FoundObject, ReleaseSurroundings } from './release-reader.js';
import { inOrder, type Report, unique, withoutEchoes } from './report.js';
import { fleetFindings, ruleFindings } from './rule-findings.js';
import { leftOver } from './rules.js';
import { schemaFindings } from './schema-findings.js';
import { UnreadableError } from './unreadable.js';
import { valuesRules } from './values-rules.js';

/** What to check. */
export interface ValidateRequest {
  /** Files that are layered, the later over the earlier, as several `-f`. */
  readonly files: readonly string[];
  /** Groups of files, each laid over those for itself. @default - `files` alone are checked, once */
  readonly each?: readonly (readonly string[])[];
  /** Options that set values, applied in Helm's order. */
  readonly set?: readonly { readonly option: SetOption; readonly text: string }[];
  /** @default - only what is wrong for any chart */
  readonly chart?: Chart;
  readonly release?: RuleContext['release'];
  /** Whether the groups are releases that are there at the same time, to be compared with each other. @default false */
  readonly fleet?: boolean;
  /** @default 4 */
  readonly helm?: HelmVersion;
}

/** Values from one place, a file or an object in one. */
interface Layer {
  readonly source: ValuesSource;
  /** Undefined where Helm refuses the file. */
  readonly values: ValuesMap | undefined;
  readonly root: Span;
  readonly release?: RuleContext['release'];
}

/** Checks values files; in one run as many as wanted. */
export function validate(request: ValidateRequest): Report {
  return new Validator(request).run();
}

class Validator {
  readonly #spans = new Spans();
  readonly #unreadable: Problem[] = [];
  readonly #releases: Release[] = [];
  readonly #helm: HelmVersion;
  readonly #isLeftOver: (id: string) => boolean;
  /** Files that the objects of a group have named. */
  readonly #alsoRead: ValuesSource[] = [];
  readonly #skipped = new Set<string>();
  #objects: readonly FoundObject[] | undefined;
  #findings: Finding[] = [];

  constructor(readonly request: ValidateRequest) {
    this.#helm = request.helm ?? 4;
    this.#isLeftOver = leftOver(request.chart);
  }

  run(): Report {
    const { files, each, chart, fleet = false } = this.request;
    const below = files.flatMap((file) => this.#read(file, false));
    const commented = new Set(below.map(({ source }) => source));
    const kept = this.#findings;
    if (!each) this.#check(below);
    for (const group of each ?? []) {
      this.#findings = [];
      const layers = group.flatMap((file) => this.#read(file, true));
      const fromObjects = layers.filter(({ release }) => release);
      for (const layer of fromObjects) this.#check([...below, layer]);
      const files = layers.filter(({ release }) => !release);
      if (files.length > 0) this.#check([...below, ...files], fleet ? { name: releaseName(group) } : undefined);
      // Alone, a group's files are not needed any more after this; compared, their comments count until the end.
      const sources = [...layers.map(({ source }) => source), ...this.#alsoRead.splice(0)];
      if (fleet) for (const source of sources) commented.add(source);
      kept.push(...(fleet ? this.#findings : this.#withoutIgnored(this.#findings, sources)));
    }
    if (each) this.#findings = kept;
    if (fleet && chart?.known) this.#findings.push(...fleetFindings(this.#releases, chart.known.rules, chart.version));
    const names = [...files, ...(each ?? []).flat()];
    const unread = new Set(this.#unreadable.flatMap(({ where }) => ('file' in where ? where.file : [])));
    return {
      findings: inOrder(unique(this.#withoutIgnored(this.#findings, [...commented])), names),
      files: names.filter((name) => !unread.has(name)),
      ...(chart ? { chart: `${chart.name} ${chart.version}` } : {}),
      notes: [
        ...(chart ? chart.notes : ['No chart was given: only what is wrong for any chart was looked for.']),
        ...this.#skipped,
      ],
      unreadable: this.#unreadable,
    };
  }

  #withoutIgnored(findings: readonly Finding[], sources: readonly ValuesSource[]): Finding[] {
    return applyIgnoreComments(unique(findings), sources, this.#isLeftOver);
  }

  /** What a file holds for releases: itself, or the values of the objects in it. */
  #read(name: string, mayHoldObjects: boolean): Layer[] {
    const report = (finding: Finding): void => {
      if (!this.#isUsual(finding)) this.#findings.push(finding);
    };
    try {
      const { source, finding } = readFile(name);
      if (finding) report(finding);
      const root = startOf(source);
      if (finding) return [{ source, root, values: undefined }];
      if (!mayHoldObjects || !holdsObjects(source.text))
        return [{ source, root, values: readValues(source, this.#helm, this.#spans, report) }];
      const objects = readDocuments(source, this.#spans, report) ?? [];
      const { chart } = this.request;
      const found = objects.map((object) => ({ object, source }));
      return releasesIn(found, this.#around(found, report)).filter(
        (one) => one.chart === undefined || !chart || one.chart === chart.name,
      );
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      this.#unreadable.push(...error.problems);
      return [];
    }
  }

  /** What releases take from elsewhere: values files of the repository, and objects in any file of this run. */
  #around(here: readonly FoundObject[], report: (finding: Finding) => void): ReleaseSurroundings {
    return {
      helm: this.#helm,
      spans: this.#spans,
      report,
      skip: (what) => this.#skipped.add(what),
      readValuesFile: (path) => {
        const [layer] = this.#read(path, false);
        if (layer) this.#alsoRead.push(layer.source);
        return layer?.values;
      },
      readText: (path) => readFileSync(path, 'utf8'),
      find: (kind, namespace, name) =>
        [...here, ...this.#givenObjects()].find(({ object }) => isNamed(object, kind, namespace, name)),
    };
  }

  /** The ConfigMaps and Secrets of all files, read once, when the first release asks for one. */
  #givenObjects(): readonly FoundObject[] {
    this.#objects ??= (this.request.each ?? []).flat().flatMap((name) => {
      try {
        const { source, finding } = readFile(name);
        if (finding || !/^kind: *(ConfigMap|Secret)\b/m.test(source.text)) return [];
        return (readDocuments(source, this.#spans, () => undefined) ?? []).map((object) => ({ object, source }));
      } catch (error) {
        // Told when the file itself has its turn.
        if (error instanceof UnreadableError) return [];
        throw error;
      }
    });
    return this.#objects;
  }

  /** Whether a number is written as the chart itself writes it, so that its templates are made for that. */
  #isUsual({ rule, path }: Finding): boolean {
    if (rule.id !== textRules.exponent.id) return false;
    let value: unknown = this.request.chart?.defaults;
    for (const part of path) value = isMapNode(value) ? value[part] : undefined;
    return typeof value === 'number' && Math.abs(value) >= 1_000_000;
  }

  /** Checks layers as one release gets them. Nothing more is said about files of which Helm refuses one. */
  #check(layers: readonly Layer[], named: RuleContext['release'] = undefined): void {
    if (layers.some(({ values }) => values === undefined)) return;
    const { chart, set = [] } = this.request;
    let user = layers.reduce((below, { values }) => mergeMaps(below, values!, this.#spans), emptyMap());
    let root = layers.at(-1)?.root;
    for (const option of setOptions)
      for (const { text } of set.filter((one) => one.option === option)) {
        const source: ValuesSource = { name: option, kind: 'option', text };
        root ??= startOf(source);
        const changed = this.#set(user, source);
        if (!changed) return;
        user = changed;
      }
    root ??= startOf({ name: '--chart', kind: 'option', text: chart?.name ?? '' });
    const values = new LayeredValues(user, this.#spans, root, coalesceChart(user, chart ?? noChart, this.#helm));
    const release = this.request.release ?? layers.at(-1)?.release ?? named;
    const context: RuleContext = { chartVersion: chart?.version ?? '', ...(release ? { release } : {}) };
    if (this.request.fleet) this.#releases.push({ ...context, values });
    const bySchema = chart ? schemaFindings(values, chart) : [];
    const told = new Set(bySchema.map(({ path }) => printPath(path)));
    const byRules = chart ? ruleFindings(values, chart, release) : [];
    this.#findings.push(...withoutEchoes([...bySchema, ...keyFindings(values, chart, told), ...byRules]));
  }

  #set(values: ValuesMap, source: ValuesSource): ValuesMap | undefined {
    try {
      return applySetOption(values, source, this.#spans, this.#helm, (path) => readFileSync(path, 'utf8'));
    } catch (error) {
      if (!(error instanceof SetOptionError)) throw error;
      const span = { source, start: error.offset, end: source.text.length };
      this.#findings.push({ rule: valuesRules.setOption, span, path: [], message: error.message });
      return undefined;
    }
  }
}

const noChart = { defaults: emptyMap(), subcharts: [] };

/** What a release is called whose files do not say it: like their folder, or like the one file. */
function releaseName(files: readonly string[]): string {
  const [first = ''] = files;
  const file = basename(first).replace(/\.ya?ml$/, '');
  return files.length > 1 || file === 'values' ? basename(dirname(first)) : file;
}
