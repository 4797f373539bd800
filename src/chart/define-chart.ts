import type { Chart } from 'cdk8s';
import type { z } from 'zod';
import { type Problem, ProblemsError } from '../problem/index.js';
import { type Evaluated, evaluate, type Template } from './evaluate.js';
import { explore, learnTemplate } from './explore.js';
import { type ChartFiles, chartFolder } from './folder.js';
import { adviceFor } from './inspect.js';
import { fileDefaults, fill, layer } from './layering.js';
import type { ChartMetadata } from './metadata.js';
import { UnprintableError } from './print-expression.js';
import { type Labels, type Release, render } from './render.js';
import { literalsOf, seededRandom, ValueSampler } from './sample-values.js';
import { readShape, type Shape } from './shape.js';
import { describe, type StandIns, UntraceableError } from './stand-in.js';
import { type Run, type Sample, trace } from './trace.js';
import { children, type Option, type Tree, type Variable } from './tree.js';
import { lostTexts, unknownKeys } from './unknown-keys.js';
import { valuesSchema } from './values-schema.js';
import { type Counterexample, findCounterexample, synthesize } from './verify.js';

/** Values as a chart's user gives them: whatever is left out comes from values.yaml. */
export type GivenValues<Values> = Values extends readonly unknown[]
  ? Values
  : Values extends object
    ? { readonly [Key in keyof Values]?: GivenValues<Values[Key]> | null | undefined }
    : Values;

/** What a chart is, beside the function that makes its objects. */
export interface ChartDefinition<Values extends z.ZodObject> extends ChartMetadata {
  /** Everything that the chart's users may set: gives types, defaults, values.yaml, the schema and the README. */
  readonly values: Values;
  /** Values files that show the chart's uses; each is checked, and chart-testing installs each. @default - none */
  readonly examples?: Readonly<Record<string, GivenValues<z.input<Values>>>>;
  /**
   * Labels of every object.
   * @default - `helm.sh/chart` and `app.kubernetes.io/` name, instance, version and managed-by
   */
  readonly labels?: Labels;
}

/** The function that makes a chart's objects; an ordinary one, with ordinary constructs. */
export type ChartFunction<Values extends z.ZodObject> = (
  scope: Chart,
  values: z.output<Values>,
  release: Release,
) => void;

/** How thoroughly a chart is explored and checked. */
export interface GenerateOptions {
  /** Up to how many structures all of them are gone through. @default 4096 */
  readonly maxPaths?: number;
  /** On how many random values the chart must be what the function gives. @default 2000 */
  readonly checks?: number;
  /**
   * Text of the modules that the function calls. A comparison with a text or number (`===`) leaves no trace; what is
   * written in them is tried as a value.
   * @default - only the function's own text
   */
  readonly sources?: readonly string[];
}

/** A chart as files, and what was done to make sure of it. */
export interface GeneratedChart {
  readonly files: ChartFiles;
  readonly template: Template;
  /** `exhaustive`: every structure was seen. `sampled`: until no further one was found. */
  readonly mode: 'exhaustive' | 'sampled';
  /** How often the function was run on stand-ins. */
  readonly runs: number;
  /** On how many values the chart was checked against the function. */
  readonly checks: number;
}

/**
 * A Helm chart from ordinary TypeScript. The function is run on stand-ins for the values; what it makes of them, for
 * each outcome of its decisions, becomes templates that are checked against the function itself before they are given.
 *
 * @example
 * ```ts
 * import { k8s } from 'cdk8s-plus-28';
 * import { defineChart } from 'chartwright/chart';
 * import { z } from 'zod';
 *
 * const web = defineChart(
 *   { name: 'web', version: '1.0.0', values: z.object({ greeting: z.string().default('hello') }) },
 *   (scope, values) => {
 *     new k8s.KubeConfigMap(scope, 'config', { data: { greeting: values.greeting } });
 *   },
 * );
 * console.log(web.generate().mode);
 * ```
 */
export function defineChart<Values extends z.ZodObject>(
  definition: ChartDefinition<Values>,
  author: ChartFunction<Values>,
): HelmChart<Values> {
  return new HelmChart(definition, author);
}

/** A chart: gives objects for values, or the chart's folder. */
export class HelmChart<Values extends z.ZodObject> {
  readonly #shape: Shape;
  readonly #problems: Problem[] = [];
  /** Runs the function on values that are filled in already, without any check. */
  readonly render: Run;

  constructor(
    readonly definition: ChartDefinition<Values>,
    readonly author: ChartFunction<Values>,
  ) {
    const { name, version, appVersion } = definition;
    this.#shape = readShape(definition.values, name, this.#problems);
    const labels: Labels =
      definition.labels ??
      ((release) => ({
        'app.kubernetes.io/name': name,
        'app.kubernetes.io/instance': release.name,
        ...(appVersion ? { 'app.kubernetes.io/version': appVersion } : {}),
        'app.kubernetes.io/managed-by': 'Helm',
        'helm.sh/chart': `${name}-${version}`.replaceAll('+', '_'),
      }));
    this.render = (values, release, around) =>
      render(name, release, labels, (scope) => author(scope, values as z.output<Values>, release), around);
  }

  /**
   * The objects for values as a user gives them: defaults are filled in as Helm does it, null takes away.
   *
   * @throws {@link ProblemsError} where the values do not fit the schema or the function refuses them
   */
  synth(values: unknown = {}, release: Release = { name: 'release-name', namespace: 'default' }): unknown[] {
    if (this.#problems.length > 0) throw new ProblemsError(this.#problems);
    const filled = this.#check(values);
    const { refused, documents } = synthesize(this.render, filled, release);
    if (refused.length > 0)
      throw new ProblemsError(refused.map((message) => this.#problem('values', message, 'Change the values.')));
    return [...documents];
  }

  /** The second meaning of the chart, for tests: what its template tree gives for values. */
  evaluate(template: Template, values: unknown, release: Release): Evaluated {
    return evaluate(template, this.#check(values), release);
  }

  /**
   * The chart's folder.
   *
   * @throws {@link ProblemsError} for a function that cannot be a chart, with the value, the line and what to write
   */
  generate({ maxPaths = 4096, checks = 2000, sources = [] }: GenerateOptions = {}): GeneratedChart {
    const problems = [...this.#problems];
    const schema = valuesSchema(this.#shape, this.definition.name, problems);
    for (const [name, values] of Object.entries(this.definition.examples ?? {}))
      try {
        this.synth(values);
      } catch (error) {
        if (!(error instanceof ProblemsError)) throw error;
        problems.push(
          ...error.problems.map((problem) => ({ ...problem, message: `example ${name}: ${problem.message}` })),
        );
      }
    if (problems.length > 0) throw new ProblemsError(problems);
    try {
      const { template, mode, runs } = this.#learn(maxPaths, checks, [String(this.author), ...sources]);
      const files = chartFolder({
        metadata: this.definition,
        shape: this.#shape,
        schema,
        template,
        examples: this.definition.examples ?? {},
      });
      return { files, template, mode, runs, checks };
    } catch (error) {
      if (!(error instanceof UntraceableError) && !(error instanceof UnprintableError)) throw error;
      throw new ProblemsError([
        this.#problem('values', error.message, 'Use the leaf operations, or decide by a z.boolean or z.enum.'),
      ]);
    }
  }

  #learn(maxPaths: number, checks: number, sources: readonly string[]) {
    const random = seededRandom(1);
    const inspections = new Map<string, { problem: Problem; inLibrary: boolean }>();
    const own = () => [...inspections.values()].filter(({ inLibrary }) => !inLibrary);
    const exploration = attempt(
      () =>
        explore({
          shape: this.#shape,
          run: this.render,
          maxPaths,
          quietRuns: 300,
          random,
          inspected: (inspection, standIns) => {
            const value = readable(inspection.value, standIns);
            const { what, place, inLibrary } = inspection;
            inspections.set(`${what} ${place}`, {
              inLibrary,
              problem: this.#problem(
                `values: ${value}`,
                `${what}() at ${place} looks into a value that is set when the chart is installed`,
                adviceFor(inspection),
              ),
            });
          },
        }),
      own,
    );
    if (own().length > 0) throw new ProblemsError(own().map(({ problem }) => problem));

    const { samples, mode, variables } = exploration;
    let template: Template = { ...learnTemplate(samples), userWins: new Set() };
    const literals = sources.flatMap(literalsOf);
    for (let round = 0; ; round++) {
      const sampler = new ValueSampler(random, literals, fixedKeysOf(template));
      const found = findCounterexample({ shape: this.#shape, run: this.render, sampler, checks }, template);
      template = found.template;
      if (!found.counterexample) {
        if (found.checked < Math.min(checks, 1))
          throw new UntraceableError('no values were found that the schema takes');
        return { template, mode, runs: samples.length };
      }
      const sample = round < 500 && mode === 'sampled' ? this.#sampleFor(found.counterexample, variables) : undefined;
      if (!sample || samples.some(({ choices }) => sameChoices(choices, sample.choices)))
        throw new ProblemsError([
          this.#wrong(found.counterexample),
          ...[...inspections.values()].map(({ problem }) => ({ ...problem, severity: 'warning' as const })),
        ]);
      samples.push(sample);
      template = { ...learnTemplate(samples), userWins: template.userWins };
    }
  }

  /** A run with the structure of values for which the template was wrong. */
  #sampleFor({ filled }: Counterexample, variables: ReadonlyMap<string, Variable>): Sample {
    const wanted = new Map<string, Option>();
    for (const [id, variable] of variables) {
      const option = optionIn(filled, variable);
      if (option !== undefined) wanted.set(id, option);
    }
    return trace({ shape: this.#shape, run: this.render }, wanted);
  }

  #wrong({ given, difference }: Counterexample): Problem {
    return {
      code: 'invalid-property',
      severity: 'error',
      where: { construct: `chart ${this.definition.name}`, property: 'values' },
      message: 'the function does something with a value that no template can follow',
      got: `with ${JSON.stringify(given)}\n${difference}`,
      hint: 'Do not compare, cut or calculate with the values that differ: use the leaf operations (choose, same, less, add, mul, join, trunc …), or make it a z.enum or z.boolean.',
    };
  }

  #check(values: unknown): unknown {
    const below = fileDefaults(this.#shape) ?? {};
    const filled = fill(this.#shape, layer(below, withoutHelmKeys(this.#shape, values)));
    const result = this.definition.values.safeParse(filled);
    const problems = [
      ...unknownKeys(this.#shape, filled).map((path) =>
        this.#problem(`values.${path}`, 'there is no such value', 'Remove it, or correct its name.'),
      ),
      ...lostTexts(this.#shape, filled).map((path) =>
        this.#problem(`values.${path}`, 'a control character that no template can write', 'Remove it.'),
      ),
      ...(result.error?.issues ?? []).map(({ path, message }) =>
        this.#problem(`values.${path.join('.')}`, message, `Set or correct "${path.join('.')}".`),
      ),
    ];
    if (problems.length > 0) throw new ProblemsError(problems);
    return filled;
  }

  #problem(property: string, message: string, hint: string): Problem {
    return {
      code: 'invalid-property',
      severity: 'error',
      where: { construct: `chart ${this.definition.name}`, property },
      message,
      hint,
    };
  }
}

/** What was done to a value tells more than what became of it. */
function attempt<Result>(run: () => Result, inspected: () => readonly { problem: Problem }[]): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof UntraceableError) || inspected().length === 0) throw error;
    throw new ProblemsError(inspected().map(({ problem }) => problem));
  }
}

function readable(value: string | number, standIns: StandIns): string {
  try {
    return describe(standIns.decode(value));
  } catch {
    return 'a value';
  }
}

const sameChoices = (a: Sample['choices'], b: Sample['choices']): boolean =>
  a.size === b.size && [...a].every(([id, { option }]) => b.get(id)?.option === option);

function optionIn(values: unknown, { path, kind }: Variable): Option | undefined {
  let value: unknown = values;
  for (const step of path.slice(1)) {
    if (value === undefined || value === null) return undefined;
    value = typeof step === 'string' ? (value as Record<string, unknown>)[step] : Object.values(value as object)[0];
  }
  if (kind === 'present') return value !== undefined;
  if (kind === 'filled') return value === undefined ? undefined : Object.keys(value as object).length > 0;
  return value as Option | undefined;
}

/** Keys that the author gives to maps in which the user may have entries too. */
function fixedKeysOf(template: Template): string[] {
  const found = new Set<string>();
  const visit = (tree: Tree): void => {
    if (tree.kind === 'map' && tree.entries.some(({ key }) => typeof key !== 'string'))
      for (const { key } of tree.entries) if (typeof key === 'string') found.add(key);
    for (const child of children(tree)) visit(child);
  };
  visit(template.documents);
  return [...found];
}

/** What Helm itself puts at the root of a dependency's values. */
function withoutHelmKeys(shape: Shape, values: unknown): unknown {
  if (shape.kind !== 'object' || typeof values !== 'object' || values === null) return values;
  return Object.fromEntries(
    Object.entries(values).filter(([key]) => shape.fields.has(key) || (key !== 'global' && key !== 'enabled')),
  );
}
