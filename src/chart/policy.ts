import type { Problem, Severity } from '../problem/index.js';
import type { Release } from './render.js';
import { isPlainObject } from './shape.js';
import { shrink } from './verify.js';

/** An object of a chart as plain data, as it goes to Kubernetes. */
export interface ChartObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string; readonly [field: string]: unknown };
  // biome-ignore lint/suspicious/noExplicitAny: a policy reads the fields of any kind.
  readonly [field: string]: any;
}

/** Where the objects that a policy looks at come from. */
export interface PolicyContext {
  readonly chart: { readonly name: string; readonly version: string; readonly appVersion?: string };
  readonly release: Release;
  /** The values, with all defaults filled in. */
  readonly values: unknown;
  /** Whose values they are; `random` ones are any that the schema takes. */
  readonly origin: 'defaults' | 'example' | 'random';
}

/** Something that a policy does not allow. */
export interface Finding {
  /** What is wrong, such as `the container web has no memory limit`. */
  readonly message: string;
  /** The object that it is about. @default - all of them together */
  readonly object?: ChartObject;
  /** The field inside of the object, such as `spec.template.spec.containers`. @default - the whole object */
  readonly field?: string;
  /** An `error` stops the writing of the chart. @default 'error' */
  readonly severity?: Severity;
  /** What to do, as a sentence. @default - that the chart is to be changed */
  readonly hint?: string;
}

/**
 * A check of one's own on what a chart generates. It is run on the objects of the defaults, of each example and of
 * random values.
 *
 * @example
 * ```ts
 * import type { Policy } from 'chartwright/chart';
 *
 * export const noLatest: Policy = (objects) =>
 *   objects
 *     .filter(({ kind }) => kind === 'Deployment')
 *     .flatMap((object) => object.spec.template.spec.containers
 *       .filter(({ image }: { image: string }) => image.endsWith(':latest'))
 *       .map(({ name }: { name: string }) => ({ object, message: `the container ${name} runs whatever is latest` })));
 * ```
 */
export type Policy = (objects: readonly ChartObject[], context: PolicyContext) => Iterable<Finding>;

/** Policies by name: it is told with each finding. */
export type Policies = Readonly<Record<string, Policy>>;

/** Values that policies are tried with. */
export interface PolicyCase {
  readonly origin: PolicyContext['origin'];
  /** In words, for a finding: `the defaults`, `the example small`. @default - the values themselves */
  readonly name?: string;
  readonly given: unknown;
}

interface PolicyRun {
  readonly policies: Policies;
  readonly chart: PolicyContext['chart'];
  readonly cases: Iterable<PolicyCase>;
  /** What the chart gives for values, or undefined where it refuses them. */
  readonly objectsOf: (
    given: unknown,
  ) => { readonly objects: readonly unknown[]; readonly values: unknown; readonly release: Release } | undefined;
}

/** A policy that complains of everything would hide what the others say. */
const mostOfOne = 10;

/** What policies say: each fault of an object once, with the first and fewest values that show it. */
export function runPolicies({ policies, chart, cases, objectsOf }: PolicyRun): Problem[] {
  const problems: Problem[] = [];
  const told = new Set<string>();
  const counts = new Map<string, number>();
  const findings = (policy: Policy, given: unknown, origin: PolicyContext['origin']): readonly Finding[] => {
    const made = objectsOf(given);
    if (!made) return [];
    const { objects, ...rest } = made;
    // A policy may change what it looks at, and the next one must not see it.
    return [...policy(structuredClone(objects) as ChartObject[], { chart, origin, ...rest })];
  };
  for (const { name: example, given, origin } of cases)
    for (const [name, policy] of Object.entries(policies))
      for (const finding of attempt(name, () => findings(policy, given, origin))) {
        const identity = JSON.stringify([name, nameOf(finding.object), withoutIndices(finding.field)]);
        if (told.has(identity)) continue;
        told.add(identity);
        const count = (counts.get(name) ?? 0) + 1;
        counts.set(name, count);
        if (count > mostOfOne) continue;
        const same = (other: Finding) =>
          JSON.stringify([name, nameOf(other.object), withoutIndices(other.field)]) === identity;
        const values = example
          ? `with ${example}`
          : `with ${JSON.stringify(shrink(given, (candidate) => attempt(name, () => findings(policy, candidate, origin)).some(same)))}`;
        problems.push(problemOf(chart.name, name, finding, values));
      }
  for (const [name, count] of counts)
    if (count > mostOfOne)
      problems.push({
        code: 'policy-violated',
        severity: 'warning',
        where: { construct: `chart ${chart.name}` },
        message: `${name} found ${count - mostOfOne} more`,
        hint: 'Mend those above first.',
      });
  return problems;
}

function attempt<Result>(name: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw new Error(`the policy ${name} failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

const withoutIndices = (field = ''): string => field.replace(/\d+/g, '');

function nameOf(object: unknown): string | undefined {
  if (!isPlainObject(object)) return undefined;
  const { kind, metadata } = object as unknown as ChartObject;
  return `${kind} ${[metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join('/')}`;
}

function problemOf(chart: string, policy: string, finding: Finding, values: string): Problem {
  const object = nameOf(finding.object);
  return {
    code: 'policy-violated',
    severity: finding.severity ?? 'error',
    where: object
      ? { object, ...(finding.field === undefined ? {} : { field: finding.field }) }
      : { construct: `chart ${chart}` },
    message: `${policy}: ${finding.message}`,
    got: values,
    hint: finding.hint ?? 'Change the chart, or the policy.',
  };
}
