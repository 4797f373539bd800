import type { Problem } from '../problem/index.js';
import type { Rule } from './pattern.js';
import { isPlainObject, type Shape } from './shape.js';

/** What every dependency of a chart may say. */
interface DependencySettings<Given extends object> {
  /**
   * Whether it is installed, as the path of a boolean among the chart's values: `<dependency>.enabled`, which is made,
   * or one of the chart's own.
   * @default - always installed
   */
  readonly condition?: string;
  /** It is left out where one of these is false below `tags` and none is true. @default - none */
  readonly tags?: readonly string[];
  /**
   * Its values in this chart, over its own defaults. They stand in values.yaml, so that the chart's users can change
   * them. Without null, which Helm 3 and Helm 4 read differently here.
   * @default - its own defaults
   */
  readonly values?: Given;
}

/** A chart of somebody else's. */
export interface ForeignDependency<Given extends object> extends DependencySettings<Given> {
  /** Name of the chart, where it is called otherwise here: then that is its alias. @default - as it is called here */
  readonly name?: string;
  /** Where Helm finds it: `https://…`, `oci://…`, or `file://…` from the folder of the chart. */
  readonly repository: string;
  /** A version, or a range of versions such as `~1.8.0`. */
  readonly version: string;
}

/** A chart made by `defineChart`: its values are checked and completed as its own. */
export interface OwnDependency<Given extends object> extends DependencySettings<Given> {
  readonly chart: DependencyChart<Given>;
  /** Where Helm finds it. @default - `file://../<name>`, the folder beside this chart's */
  readonly repository?: string;
  /** A version, or a range of versions. @default - the chart's own version */
  readonly version?: string;
}

/** What a dependency needs of a chart made by `defineChart`. */
export interface DependencyChart<Given extends object> {
  readonly definition: { readonly name: string; readonly version: string };
  /** What the chart's users may give; only its type is used. */
  readonly given?: Given;
  readonly shape: Shape;
  schema(): Rule;
  problemsWith(values: unknown): readonly Problem[];
}

/** A chart that another one brings with it, made by {@link dependency}. */
export interface Dependency<Given extends object = object> extends DependencySettings<Given> {
  /** Name of the chart itself. @default - as it is called here */
  readonly name?: string;
  readonly repository: string;
  readonly version: string;
  readonly chart?: DependencyChart<Given>;
}

/** The dependencies of a chart, by the names below which their values stand. */
export type Dependencies = Readonly<Record<string, Dependency>>;

/**
 * A chart that this one brings with it. Below its name stand its values, typed: by its own schema for a chart made by
 * `defineChart`, else by a type such as `chartwright import` writes.
 *
 * @example
 * ```ts
 * import { defineChart, dependency } from 'chartwright/chart';
 * import { z } from 'zod';
 *
 * // As "chartwright import" writes it.
 * interface ValdValues { readonly agent?: { readonly enabled?: boolean } }
 * const agentValues = z.object({ replicas: z.int().default(1) });
 * const agentChart = defineChart({ name: 'agent', version: '1.0.0', values: agentValues });
 *
 * export default defineChart({
 *   name: 'search',
 *   version: '1.0.0',
 *   values: z.object({}),
 *   dependencies: {
 *     vald: dependency<ValdValues>({
 *       repository: 'https://vald.vdaas.org/charts',
 *       version: 'v1.8.0',
 *       condition: 'vald.enabled',
 *       values: { agent: { enabled: false } },
 *     }),
 *     agent: dependency({ chart: agentChart, values: { replicas: 3 } }),
 *   },
 * });
 * ```
 */
export function dependency<Given extends object>(options: OwnDependency<Given>): Dependency<Given>;
export function dependency<Given extends object = Readonly<Record<string, unknown>>>(
  options: ForeignDependency<Given>,
): Dependency<Given>;
export function dependency<Given extends object>(
  options: OwnDependency<Given> | ForeignDependency<Given>,
): Dependency<Given> {
  if (!('chart' in options)) return options;
  const { name, version } = options.chart.definition;
  return { repository: `file://../${name}`, version, ...options, name };
}

/** What Chart.yaml says of dependencies. */
export const chartYamlEntries = (dependencies: Dependencies): object[] =>
  Object.entries(dependencies).map(([key, { name = key, version, repository, condition, tags }]) => ({
    name,
    version,
    repository,
    ...(condition ? { condition } : {}),
    ...(tags ? { tags } : {}),
    ...(name === key ? {} : { alias: key }),
  }));

/** What cannot be, each with what to write instead. */
export function refuseDependencies(dependencies: Dependencies, shape: Shape, chart: string, problems: Problem[]): void {
  const fields = shape.kind === 'object' ? shape.fields : new Map<string, Shape>();
  for (const [key, { repository, version, condition, values }] of Object.entries(dependencies)) {
    const refuse = (message: string, hint: string, got?: string) =>
      problems.push({
        code: 'invalid-property',
        severity: 'error',
        where: { construct: `chart ${chart}`, property: `dependencies.${key}` },
        message,
        ...(got === undefined ? {} : { got }),
        hint,
      });
    if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(key) || key === 'global' || key === 'tags')
      refuse('a dependency cannot be called so', 'Use letters, digits, "-" and "_"; "global" and "tags" are Helm’s.');
    if (fields.has(key)) refuse('the chart has a value of this name', 'Call one of them otherwise.');
    if (!/^(https?|oci|file):\/\/.+$|^@.+$/.test(repository))
      refuse('Helm finds no chart there', 'Begin with https://, oci:// or file://.', repository);
    if (version.trim() === '') refuse('no version', 'Give a version or a range such as ~1.8.0.');
    const nulls = pathOfNull(values);
    if (nulls) refuse(`${nulls} is null, which Helm 3 and Helm 4 read differently here`, 'Give the value itself.');
    if (condition !== undefined && condition !== `${key}.enabled` && !isBoolean(condition, fields, values, key))
      refuse(
        'the condition is no boolean of the chart’s values',
        `Write "${key}.enabled", or the path of a z.boolean() with a default.`,
        condition,
      );
  }
}

function isBoolean(condition: string, fields: ReadonlyMap<string, Shape>, values: unknown, key: string): boolean {
  const [first, ...rest] = condition.split('.');
  if (first === key) return typeof valueAt(values, rest) === 'boolean';
  let found = fields.get(first!);
  for (const step of rest) found = found?.kind === 'object' && !found.optional ? found.fields.get(step) : undefined;
  return found?.kind === 'boolean' && 'default' in found;
}

function pathOfNull(value: unknown, path = ''): string | undefined {
  if (value === null) return path;
  if (typeof value !== 'object') return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = pathOfNull(inner, path ? `${path}.${key}` : key);
    if (found) return found;
  }
  return undefined;
}

/** What is at a path of plain data. */
export const valueAt = (values: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, step) => (isPlainObject(value) ? value[step] : undefined), values);
