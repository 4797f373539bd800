import type { z } from 'zod';
import { type Problem, ProblemsError } from '../problem/index.js';
import type { ChartInput, HelmChart } from './define-chart.js';
import type { Dependencies } from './dependency.js';
import { valuesFile } from './values-file.js';

/** What stands in the second line of every values file that is written from code. */
export const valuesFileMark = 'Made by "chartwright values". Change its source, not this file.';

/**
 * Values of a chart for several environments, typed and checked by the chart itself.
 *
 * @param environments by name: letters, digits, `.`, `_` and `-`; what is left out keeps the chart's default
 *
 * @example
 * ```ts
 * import { defineChart, defineValues } from 'chartwright/chart';
 * import { z } from 'zod';
 *
 * const web = defineChart({ name: 'web', version: '1.0.0', values: z.object({ replicas: z.int() }) }, () => {});
 * const values = defineValues(web, { staging: { replicas: 1 }, prod: { replicas: 6 } });
 * ```
 */
export function defineValues<Values extends z.ZodObject, Own extends Dependencies, Environment extends string>(
  chart: HelmChart<Values, Own>,
  environments: Readonly<Record<Environment, ChartInput<Values, Own>>>,
): ChartValues<Values, Own> {
  return new ChartValues(chart, environments);
}

/** Values files of a chart, one for each environment. */
export class ChartValues<Values extends z.ZodObject, Own extends Dependencies> {
  readonly #given: ReadonlyMap<string, unknown>;

  constructor(
    readonly chart: HelmChart<Values, Own>,
    environments: Readonly<Record<string, ChartInput<Values, Own>>>,
  ) {
    this.#given = new Map(Object.entries(environments));
  }

  /** Names of the environments, in the order in which they were given. */
  get environments(): readonly string[] {
    return [...this.#given.keys()];
  }

  /**
   * A values file, as YAML with comments.
   *
   * @param environment one of {@link environments}
   * @throws {@link ProblemsError} for values that the chart refuses, by its schema or by its function, and for an
   * environment that there is not
   */
  file(environment: string): string {
    const { name, version } = this.chart.definition;
    const given = this.#given.get(environment);
    if (given === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(environment))
      throw new ProblemsError([this.#unknown(environment, given !== undefined)]);
    try {
      this.chart.synth(given);
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      const problems = error.problems.map((one) => ({ ...one, message: `environment ${environment}: ${one.message}` }));
      throw new ProblemsError(problems);
    }
    const head = [`Values of chart ${name} ${version} for ${environment}.`, valuesFileMark];
    return valuesFile(given as Readonly<Record<string, unknown>>, this.chart.shape, head);
  }

  #unknown(environment: string, isThere: boolean): Problem {
    return {
      code: 'invalid-property',
      severity: 'error',
      where: { construct: `values of chart ${this.chart.definition.name}` },
      message: isThere ? 'this name of an environment cannot be a file’s name' : 'there is no such environment',
      got: environment,
      allowed: isThere ? 'letters, digits, ".", "_" and "-"' : this.environments.join(', '),
      hint: 'Correct the name.',
    };
  }
}
