import type { Chart } from 'cdk8s';
import type { z } from 'zod';
import { type Problem, ProblemsError } from '../problem/index.js';
import { type Dependencies, type Dependency, type DependencyChart, refuseDependencies } from './dependency.js';
import { dependencyProblems, withDependencies } from './dependency-values.js';
import { type Evaluated, evaluate, type Template } from './evaluate.js';
import { type ChartFiles, chartFolder } from './folder.js';
import { fileDefaults, fill, layer } from './layering.js';
import { type ChartMetadata, refuseMetadata } from './metadata.js';
import { ChartNames } from './names.js';
import type { Rule } from './pattern.js';
import { type Policies, type PolicyCase, runPolicies } from './policy.js';
import { UnprintableError } from './print-expression.js';
import { type Labels, type Release, render } from './render.js';
import { literalsOf, seededRandom, ValueSampler } from './sample-values.js';
import { settle } from './settle.js';
import { isPlainObject, readShape, type Shape } from './shape.js';
import { UntraceableError } from './stand-in.js';
import type { Run } from './trace.js';
import { lostTexts, unknownKeys } from './unknown-keys.js';
import { immutableFieldsOf, type UpgradeRecord, versionedFields } from './upgrade.js';
import { valuesSchema } from './values-schema.js';
import { synthesize } from './verify.js';

/** Values as a chart's user gives them: whatever is left out comes from values.yaml. */
export type GivenValues<Values> = Values extends readonly unknown[]
  ? Values
  : Values extends object
    ? { readonly [Key in keyof Values]?: GivenValues<Values[Key]> | null | undefined }
    : Values;

/** Values of a chart and of its dependencies, each below its name. */
export type ChartInput<Values extends z.ZodObject, Own extends Dependencies> = OwnInput<Values> & {
  readonly [Key in keyof Own]?: Own[Key] extends Dependency<infer Given>
    ? Given & { readonly enabled?: boolean | null }
    : never;
} & { readonly global?: object | null; readonly tags?: Readonly<Record<string, boolean>> | null };

/** An object without keys would allow no other key. */
type OwnInput<Values extends z.ZodObject> = string extends keyof z.input<Values>
  ? object
  : GivenValues<z.input<Values>>;

/** What a chart is, beside the function that makes its objects. */
export interface ChartDefinition<Values extends z.ZodObject, Own extends Dependencies = Dependencies>
  extends ChartMetadata {
  /** Everything that the chart's users may set: gives types, defaults, values.yaml, the schema and the README. */
  readonly values: Values;
  /** Values files that show the chart's uses; each is checked, and chart-testing installs each. @default - none */
  readonly examples?: Readonly<Record<string, ChartInput<Values, NoInfer<Own>>>>;
  /** Charts that come with this one, by the names below which their values stand. @default - none */
  readonly dependencies?: Own;
  /**
   * Labels of every object.
   * @default - `helm.sh/chart` and `app.kubernetes.io/` name, instance, version and managed-by
   */
  readonly labels?: Labels;
  /** Checks of one's own on what the chart generates, by name. @default - none */
  readonly policies?: Policies;
}

/** The function that makes a chart's objects; an ordinary one, with ordinary constructs. */
export type ChartFunction<Values extends z.ZodObject> = (
  scope: Chart,
  values: z.output<Values>,
  release: Required<Release>,
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
  /** Policies beside the chart's own. @default - none */
  readonly policies?: Policies;
  /** Told how often the function has run by now, after each time: a large chart takes a minute. @default - nobody */
  readonly onProgress?: (progress: { readonly runs: number }) => void;
}

/** A chart as files, and what was done to make sure of it. */
export interface GeneratedChart {
  readonly files: ChartFiles;
  readonly template: Template;
  /** `exhaustive`: every structure was seen. `sampled`: until no further one was found. */
  readonly mode: 'exhaustive' | 'sampled';
  /** How often the function was run on stand-ins. */
  readonly runs: number;
  /** On how many values the chart was compared with the function. */
  readonly checks: number;
  /** Of how many of them the function made objects; it refuses the others, and so does the chart. */
  readonly accepted: number;
  /** What policies said that is no error. */
  readonly warnings: readonly Problem[];
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
export function defineChart<Values extends z.ZodObject, Own extends Dependencies = Record<never, never>>(
  definition: ChartDefinition<Values, Own>,
  author: ChartFunction<Values> = () => undefined,
): HelmChart<Values, Own> {
  return new HelmChart(definition, author);
}

/** A chart: gives objects for values, or the chart's folder. */
export class HelmChart<Values extends z.ZodObject, Own extends Dependencies = Record<never, never>>
  implements DependencyChart<ChartInput<Values, Own>>
{
  /** What the values may be. */
  readonly shape: Shape;
  readonly #problems: Problem[] = [];
  readonly #dependencies: Dependencies;
  /** Runs the function on values that are filled in already, without any check. */
  readonly render: Run;
  declare readonly given?: ChartInput<Values, Own>;

  constructor(
    readonly definition: ChartDefinition<Values, Own>,
    readonly author: ChartFunction<Values>,
  ) {
    const { name } = definition;
    refuseMetadata(definition, this.#problems);
    this.shape = readShape(definition.values, name, this.#problems);
    this.#dependencies = definition.dependencies ?? {};
    refuseDependencies(this.#dependencies, this.shape, name, this.#problems);
    this.render = (values, release, around) => {
      const labels = definition.labels ?? ((of) => standardLabels(definition, values, of));
      return render(name, release, labels, (scope) => author(scope, values as z.output<Values>, release), around);
    };
  }

  /**
   * The objects for values as a user gives them: defaults are filled in as Helm does it, null takes away.
   *
   * @throws {@link ProblemsError} where the values do not fit the schema or the function refuses them
   */
  synth(values: unknown = {}, release: Release = { name: 'release-name', namespace: 'default' }): unknown[] {
    if (this.#problems.length > 0) throw new ProblemsError(this.#problems);
    const filled = this.#check(values);
    const { refused, documents } = synthesize(this.render, filled, { chart: this.definition.name, ...release });
    if (refused.length > 0)
      throw new ProblemsError(refused.map((message) => this.#problem('values', message, 'Change the values.')));
    return [...documents];
  }

  /** The second meaning of the chart, for tests: what its template tree gives for values. */
  evaluate(template: Template, values: unknown, release: Release): Evaluated {
    return evaluate(template, this.#check(values), { chart: this.definition.name, ...release });
  }

  /**
   * The chart's folder.
   *
   * @throws {@link ProblemsError} for a function that cannot be a chart, with the value, the line and what to write
   */
  generate(options: GenerateOptions = {}): GeneratedChart {
    const { maxPaths = 4096, checks = 2000, sources = [], policies = {}, onProgress } = options;
    const problems = [...this.#problems];
    const schema = this.schema(problems);
    const { examples = {} } = this.definition;
    for (const [name, values] of Object.entries(examples))
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
      const { template, mode, runs, checked, accepted } = settle({
        chart: this.definition.name,
        shape: this.shape,
        run: onProgress ? counted(this.render, onProgress) : this.render,
        maxPaths,
        checks,
        sources: [String(this.author), ...sources],
        examples: Object.values(examples).map((values) => this.#ownValues(values)),
      });
      const files = chartFolder({
        metadata: this.definition,
        dependencies: this.#dependencies,
        shape: this.shape,
        schema,
        template,
        examples,
        upgrade: this.#upgradeRecord(),
      });
      const found = this.#violations({ ...this.definition.policies, ...policies }, Math.min(checks, 200));
      if (found.some(({ severity }) => severity === 'error')) throw new ProblemsError(found);
      return { files, template, mode, runs, checks: checked, accepted, warnings: found };
    } catch (error) {
      if (!(error instanceof UntraceableError) && !(error instanceof UnprintableError)) throw error;
      throw new ProblemsError([
        this.#problem('values', error.message, 'Use the leaf operations, or decide by a z.boolean or z.enum.'),
      ]);
    }
  }

  /** The objects of values as a user gives them, or undefined where the chart refuses them. */
  #objectsOf(given: unknown) {
    const release = { name: 'release-name', namespace: 'default', chart: this.definition.name };
    const { filled, problems } = this.#read(given);
    if (problems.length > 0) return undefined;
    const { refused, documents } = synthesize(this.render, filled, release);
    return refused.length > 0 ? undefined : { objects: documents, values: filled, release };
  }

  /** What policies say of the defaults, the examples and random values. */
  #violations(policies: Policies, randomOnes: number): Problem[] {
    if (Object.keys(policies).length === 0) return [];
    const { name, version, appVersion, examples = {} } = this.definition;
    const sampler = new ValueSampler(seededRandom(2), literalsOf(String(this.author)));
    const cases: PolicyCase[] = [
      { origin: 'defaults', name: 'the defaults', given: {} },
      ...Object.entries(examples).map(
        ([example, given]): PolicyCase => ({ origin: 'example', name: `the example ${example}`, given }),
      ),
      ...Array.from({ length: randomOnes }, (): PolicyCase => ({ origin: 'random', given: sampler.value(this.shape) })),
    ];
    const chart = { name, version, ...(appVersion ? { appVersion } : {}) };
    return runPolicies({ policies, chart, cases, objectsOf: (given) => this.#objectsOf(given) });
  }

  /** @throws {@link ProblemsError} for what the next version could not be upgraded over */
  #upgradeRecord(): UpgradeRecord {
    const { name, version, examples = {} } = this.definition;
    const cases = Object.entries({ defaults: {}, ...examples }).flatMap(([example, values]) => {
      const made = this.#objectsOf(values);
      return made ? [[example, { values, objects: immutableFieldsOf(made.objects) }] as const] : [];
    });
    const record = { chart: name, version, cases: Object.fromEntries(cases) };
    const problems = versionedFields(record);
    if (problems.length > 0) throw new ProblemsError(problems);
    return record;
  }

  /**
   * The chart's values.schema.json.
   *
   * @param problems what no JSON schema in Helm can check is added here
   */
  schema(problems: Problem[] = []): Rule {
    return withDependencies(valuesSchema(this.shape, this.definition.name, problems), this.#dependencies);
  }

  /** What is wrong with values as a user gives them; the function is not asked. */
  problemsWith(values: unknown): readonly Problem[] {
    return this.#read(values).problems;
  }

  #check(values: unknown): unknown {
    const { filled, problems } = this.#read(values);
    if (problems.length > 0) throw new ProblemsError(problems);
    return filled;
  }

  #read(values: unknown): { filled: unknown; problems: Problem[] } {
    if (!isPlainObject(values)) {
      const problem = this.#problem(
        'values',
        'values are no object',
        'Give an object, {} where there is nothing to set.',
      );
      return { filled: {}, problems: [problem] };
    }
    const below = fileDefaults(this.shape) ?? {};
    const layered = layer(below, this.#ownValues(values));
    const filled = fill(this.shape, layered);
    const result = this.definition.values.safeParse(filled);
    // A schema sees the names of what is null too.
    const unknown = new Set([...unknownKeys(this.shape, layered), ...unknownKeys(this.shape, filled)]);
    const problems = [
      ...[...unknown].map((path) =>
        this.#problem(`values.${path}`, 'there is no such value', 'Remove it, or correct its name.'),
      ),
      ...lostTexts(this.shape, filled).map((path) =>
        this.#problem(`values.${path}`, 'a key or a control character that no template can write', 'Remove it.'),
      ),
      ...(result.error?.issues ?? []).map(({ path, message }) =>
        this.#problem(`values.${path.join('.')}`, message, `Set or correct "${path.join('.')}".`),
      ),
      ...dependencyProblems(this.#dependencies, values, below),
    ];
    return { filled, problems };
  }

  /** Without what is for Helm and for the dependencies: the chart's function sees none of it. */
  #ownValues(values: Record<string, unknown>): unknown {
    if (this.shape.kind !== 'object') return values;
    const { fields } = this.shape;
    const others = new Set(['global', 'enabled', ...Object.keys(this.#dependencies), ...tagsIn(this.#dependencies)]);
    const own = Object.entries(values).filter(([key]) => fields.has(key) || !others.has(key));
    const global = fields.get('global');
    // Other charts of the same release have values of their own there.
    return Object.fromEntries(
      own.map(([key, value]) =>
        key === 'global' && global?.kind === 'object' && isPlainObject(value)
          ? [key, Object.fromEntries(Object.entries(value).filter(([inner]) => global.fields.has(inner)))]
          : [key, value],
      ),
    );
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

function counted(run: Run, onProgress: (progress: { readonly runs: number }) => void): Run {
  let runs = 0;
  return (...given) => {
    onProgress({ runs: ++runs });
    return run(...given);
  };
}

/** The labels that Helm's and Kubernetes' own pages ask for; the name follows what {@link nameValues} gives. */
function standardLabels({ name, version, appVersion }: ChartMetadata, values: unknown, release: Required<Release>) {
  const { nameOverride = '' } = values as { nameOverride?: unknown };
  const overridden = typeof nameOverride === 'string' ? nameOverride : '';
  return {
    ...new ChartNames({ nameOverride: overridden, fullnameOverride: '' }, release).selectorLabels,
    ...(appVersion ? { 'app.kubernetes.io/version': appVersion } : {}),
    'app.kubernetes.io/managed-by': 'Helm',
    'helm.sh/chart': `${name}-${version}`.replaceAll('+', '_'),
  };
}

const tagsIn = (dependencies: Dependencies): string[] =>
  Object.values(dependencies).some(({ tags = [] }) => tags.length > 0) ? ['tags'] : [];
