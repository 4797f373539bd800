import { z } from 'zod';
import { choose, contains, isTraced, named, same, trunc } from '../units/index.js';
import type { Release } from './render.js';

/** What Kubernetes takes as the name of most objects and as a label, or nothing. */
const nameOrNothing = () =>
  z
    .string()
    .max(63)
    .regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/)
    .default('');

/**
 * The values that Helm's users expect for the names of a chart's objects: `nameOverride` and `fullnameOverride`. For the
 * chart's own `values`, beside all others.
 *
 * @example
 * ```ts
 * import { nameValues } from 'chartwright/chart';
 * import { z } from 'zod';
 *
 * const values = z.object({ ...nameValues(), replicas: z.int().default(1) });
 * ```
 */
export const nameValues = () => ({
  nameOverride: nameOrNothing().describe("Name in place of the chart's, in names and labels."),
  fullnameOverride: nameOrNothing().describe('Name in place of "<release>-<chart>" for the objects.'),
});

/** What {@link nameValues} gives a chart's function. */
export interface NameOverrides {
  readonly nameOverride: string;
  readonly fullnameOverride: string;
}

/**
 * Names and labels of a release's objects, as charts made by `helm create` have them: `<release>-<chart>`, or only the
 * release's name where it has the chart's in it. Two releases, and two aliases of a dependency, have different ones.
 *
 * @example
 * ```ts
 * import { k8s } from 'cdk8s-plus-28';
 * import { chartNames, defineChart, nameValues } from 'chartwright/chart';
 * import { z } from 'zod';
 *
 * export default defineChart(
 *   { name: 'web', version: '1.0.0', values: z.object(nameValues()) },
 *   (scope, values, release) => {
 *     const names = chartNames(values, release);
 *     new k8s.KubeService(scope, 'service', {
 *       metadata: { name: names.fullname },
 *       spec: { selector: { ...names.selectorLabels }, ports: [{ port: 80 }] },
 *     });
 *   },
 * );
 * ```
 */
export function chartNames(values: NameOverrides, release: Required<Release>): ChartNames {
  return new ChartNames(values, release);
}

/** Names of one release's objects, made by {@link chartNames}. */
export class ChartNames {
  /** The chart's name or what overrides it: at most 63 characters. */
  readonly name: string;
  /** Name of the release's main objects: at most 63 characters. */
  readonly fullname: string;
  /**
   * What finds the release's own objects: name and instance. They stay the same from one version of the chart to the
   * next, because Kubernetes lets nobody change a selector.
   */
  readonly selectorLabels: Readonly<Record<string, string>>;

  constructor({ nameOverride, fullnameOverride }: NameOverrides, release: Required<Release>) {
    this.name = named('name', choose(same(nameOverride, ''), release.chart, nameOverride));
    const usual = trunc(`${release.name}-${this.name}`, 63);
    const own = choose(contains(release.name, this.name), release.name, usual);
    this.fullname = named('fullname', choose(same(fullnameOverride, ''), own, fullnameOverride));
    this.selectorLabels = {
      'app.kubernetes.io/name': this.name,
      'app.kubernetes.io/instance': release.name,
    };
  }

  /**
   * Name of a further object: {@link fullname}, cut so that the suffix stays whole, and the suffix.
   *
   * @param suffix fixed text, such as `config`
   * @param longest 52 for a StatefulSet or a CronJob, whose objects get longer names. @default 63
   */
  of(suffix: string, longest = 63): string {
    if (isTraced(suffix)) throw new TypeError('the suffix of a name is a fixed text: join() joins names with values');
    if (suffix === '') return trunc(this.fullname, longest);
    return `${trunc(this.fullname, longest - suffix.length - 1)}-${suffix}`;
  }
}
