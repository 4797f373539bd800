import { isMapNode, type ValuesChart, type ValuesMap, type ValuesNode, type ValuesSubchart } from '../values/index.js';
import type { ChartFiles } from './chart-files.js';

/** A chart inside of another one, with all that was read of it. */
export interface Subchart<Chart extends ValuesChart> extends ValuesSubchart {
  readonly chart: Chart;
}

/** The charts inside of a chart, and what could not be done with them. */
export interface Subcharts<Chart extends ValuesChart> {
  readonly subcharts: readonly Subchart<Chart>[];
  /** Keys of those that Chart.yaml names and that are not there. */
  readonly missing: ReadonlySet<string>;
  readonly notes: readonly string[];
}

/**
 * Finds the charts inside of a chart as Helm does: each dependency by its name, once for each alias, and whatever else
 * is in `charts/`.
 *
 * @param dependencies as Chart.yaml lists them
 * @param folders what is in `charts/`
 * @param read reads one of them; called for each alias, because each has values of its own
 */
export function findSubcharts<Chart extends ValuesChart & { readonly name: string }>(
  dependencies: ValuesNode | undefined,
  folders: readonly ChartFiles[],
  read: (files: ChartFiles) => Chart,
): Subcharts<Chart> {
  const listed = Array.isArray(dependencies) ? dependencies.filter(isMapNode) : [];
  const names = new Map(folders.map((files) => [files, read(files).name]));
  const wanted = listed.map((one) => ({ one, files: folders.find((files) => names.get(files) === one['name']) }));
  const others = folders.filter((files) => !listed.some((one) => one['name'] === names.get(files)));
  const missing = wanted.filter(({ files }) => !files).map(({ one }) => keyOf(one));
  const imports = listed.filter((one) => one['import-values'] !== undefined).map(keyOf);
  return {
    subcharts: [
      ...others.map((files): Subchart<Chart> => ({ key: names.get(files)!, chart: read(files), tags: [] })),
      ...wanted.flatMap(({ one, files }) => (files ? [toSubchart(one, read(files))] : [])),
    ],
    missing: new Set(missing),
    notes: [
      ...(missing.length > 0
        ? [`Values of ${missing.join(', ')}: skipped: charts/ does not hold it (helm dependency build).`]
        : []),
      ...(imports.length > 0 ? [`Values that Chart.yaml imports from ${imports.join(', ')}: skipped.`] : []),
    ],
  };
}

function toSubchart<Chart extends ValuesChart>(dependency: ValuesMap, chart: Chart): Subchart<Chart> {
  const { condition, tags } = dependency;
  return {
    key: keyOf(dependency),
    chart,
    ...(typeof condition === 'string' ? { condition } : {}),
    tags: Array.isArray(tags) ? tags.map(String) : [],
  };
}

const keyOf = ({ alias, name }: ValuesMap): string => String(alias || name);
