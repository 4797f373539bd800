import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HelmValue, KnownChart } from '../../../src/values/index.js';
import { plain, run, runFleet } from './rule-run.js';

/** What is expected of the rules of a chart. */
export interface RulesExpectation {
  /** The letters of each id. */
  readonly prefix: string;
  /** The number of the last rule. */
  readonly count: number;
  /** For each rule and each of its hits: what is found, as `line:column path: message`. */
  readonly places: Readonly<Record<string, readonly (readonly string[])[]>>;
}

/** The tests that any set of rules must pass. */
export function describeRules(chart: KnownChart, { prefix, count, places }: RulesExpectation): void {
  const valuesRules = chart.rules.filter((rule) => 'check' in rule);
  const fleetRules = chart.rules.filter((rule) => 'checkFleet' in rule);

  describe(`the rules of ${chart.name}`, () => {
    test('are numbered without a gap and sorted', () => {
      const expected = Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1).padStart(3, '0')}`);
      expect(chart.rules.map(({ id }) => id)).toEqual(expected);
    });

    test.each(chart.rules)('$id is explained', (rule) => {
      for (const text of [rule.why, rule.fix, rule.fact]) expect(text).toMatch(/^[^\s].{15,400}\.$/su);
      expect(rule.title).toMatch(/^.{10,100}[^.\s]$/u);
      const kinds = ['check', 'needsCluster', 'checkFleet'].filter((key) => key in rule);
      expect(kinds).toHaveLength(1);
    });

    test('have one title each', () => {
      expect(new Set(chart.rules.map(({ title }) => title)).size).toBe(chart.rules.length);
    });

    test.each(valuesRules)('$id finds its examples where they are wrong', (rule) => {
      expect(rule.hits.length).toBeGreaterThan(0);
      const found = rule.hits.map((example) =>
        run(chart, example, [rule]).map(({ path, place, message }) => `${place} ${path}: ${message}`),
      );
      expect(found).toEqual(places[rule.id]);
      expect(found.filter((one) => one.length === 0)).toEqual([]);
    });

    test.each(valuesRules)('$id passes its near misses', (rule) => {
      expect(rule.passes.length).toBeGreaterThan(0);
      expect(rule.passes.flatMap((example) => run(chart, example, [rule]))).toEqual([]);
    });

    test.each(fleetRules)('$id finds its sets of releases, and passes the near misses', (rule) => {
      const only = { ...chart, rules: [rule] };
      expect(rule.fleetHits.length * rule.fleetPasses.length).toBeGreaterThan(0);
      expect(rule.fleetHits.map((example) => runFleet(only, example))).toEqual(places[rule.id]);
      for (const example of rule.fleetPasses) expect(runFleet(only, example)).toEqual([]);
    });

    test('no rule throws on values of any shape', { timeout: 120_000 }, () => {
      const paths = pathsOf(chart.defaults(chart.versions.at(-1)!));
      const junk = fc.oneof(
        fc.jsonValue(),
        fc.string(),
        ...[null, '', 0, -1, 1e300, true, 'true', '5', [], [null], {}].map((value) => fc.constant(value)),
      );
      const change = fc.tuple(fc.oneof(...paths.map((value) => fc.constant(value))), junk);
      const scattered = fc.array(change, { maxLength: 12 }).map((changes) => {
        const values: Record<string, unknown> = {};
        for (const [path, value] of changes) put(values, path, structuredClone(value));
        return values;
      });
      fc.assert(
        fc.property(
          fc.oneof(scattered, fc.dictionary(fc.string(), fc.jsonValue())),
          fc.oneof(...chart.versions.map((value) => fc.constant(value))),
          (user, chartVersion) => {
            const values = plain(user, chart.defaults(chartVersion));
            const release = { name: 'one', namespace: 'one' };
            const context = { chartVersion, release };
            const hits = [
              ...valuesRules.flatMap((rule) => rule.check(values, context)),
              ...fleetRules.flatMap((rule) =>
                rule.checkFleet([
                  { ...context, values },
                  { ...context, values },
                ]),
              ),
            ];
            for (const { path, message } of hits) {
              expect(path.length).toBeGreaterThan(0);
              expect(message).toMatch(/[^.]$/s);
            }
          },
        ),
        { numRuns: 300 },
      );
    });
  });
}

type Path = readonly (string | number)[];

/** The paths of all entries of a tree. */
function pathsOf(tree: HelmValue, above: Path = []): Path[] {
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = [...above, Array.isArray(tree) ? Number(key) : key];
    return [path, ...pathsOf(value, path)];
  });
}

/** Puts a value at a path, and maps or lists around it where something else is. */
function put(tree: Record<string | number, unknown>, path: Path, value: unknown): void {
  const [key, next] = path;
  if (Array.isArray(tree)) while (tree.length < Number(key)) tree.push(null);
  if (next === undefined) {
    tree[key!] = value;
    return;
  }
  const inner = tree[key!];
  if (typeof inner !== 'object' || inner === null) tree[key!] = typeof next === 'number' ? [] : {};
  put(tree[key!] as Record<string | number, unknown>, path.slice(1), value);
}
