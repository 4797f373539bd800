import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { allRules, knownCharts } from '../../src/validate/index.js';
import { appliesTo, ruleFindings } from '../../src/validate/rule-findings.js';
import type { KnownChart, Rule, RuleContext, RuleExample } from '../../src/values/index.js';
import { partsOf, printPath } from '../../src/values/index.js';
import { layer } from '../values/layered.js';

const textOf = (example: RuleExample) => (typeof example === 'string' ? example : example.values);

/** A values file over the defaults that a chart has at the example's version. */
function valuesOf(chart: KnownChart, example: RuleExample) {
  const given = typeof example === 'string' ? { values: example } : example;
  const chartVersion = given.chartVersion ?? chart.versions.at(-1)!;
  const { values, findings } = layer([textOf(example)], { defaults: JSON.stringify(chart.defaults(chartVersion)) });
  expect(findings.filter(({ rule }) => rule.severity === 'error').map(({ message }) => message)).toEqual([]);
  const context: RuleContext = { chartVersion, ...(given.release ? { release: given.release } : {}) };
  return { values: values!, context };
}

const title = (example: RuleExample) => textOf(example).replaceAll(/\s+/g, ' ').slice(0, 60);

describe.each(knownCharts.map((chart) => [chart.name, chart] as const))('rules for %s', (name, chart) => {
  const cases = (kind: 'hits' | 'passes') =>
    chart.rules.flatMap((rule) =>
      'check' in rule ? rule[kind].map((example) => [`${rule.id} ${title(example)}`, rule, example] as const) : [],
    );

  test.each(cases('hits'))('hit: %s', (_, rule, example) => {
    const { values, context } = valuesOf(chart, example);
    expect(appliesTo(rule, context.chartVersion)).toBe(true);
    const hits = rule.check(values, context);
    expect(hits.length).toBeGreaterThan(0);
    for (const { message, path } of hits) {
      expect(message, printPath(partsOf(path))).toMatch(/[^.]$/);
      // A finding has a place in the file even where the value is the chart's default.
      expect(values.place(partsOf(path)).source.name).toBe('f0.yaml');
    }
  });

  test.each(cases('passes'))('pass: %s', (_, rule, example) => {
    const { values, context } = valuesOf(chart, example);
    const only = { known: { ...chart, rules: [rule] }, subcharts: [], version: context.chartVersion };
    expect(ruleFindings(values, only, context.release)).toEqual([]);
  });

  test('have test cases, and fleet rules too', () => {
    const without = chart.rules.filter(
      (rule) =>
        ('check' in rule && (rule.hits.length === 0 || rule.passes.length === 0)) ||
        ('checkFleet' in rule && (rule.fleetHits.length === 0 || rule.fleetPasses.length === 0)),
    );
    expect(without.map(({ id }) => id)).toEqual([]);
  });

  const fleetCases = (kind: 'fleetHits' | 'fleetPasses') =>
    chart.rules.flatMap((rule) =>
      'checkFleet' in rule ? rule[kind].map((example) => [rule.id, rule, example] as const) : [],
    );
  const releasesOf = (example: Readonly<Record<string, string>>) =>
    Object.entries(example).map(([release, text]) => {
      const { values, context } = valuesOf(chart, text);
      return { ...context, values, release: { name: release } };
    });
  if (fleetCases('fleetHits').length > 0) {
    test.each(fleetCases('fleetHits'))('fleet hit: %s', (_, rule, example) =>
      expect(rule.checkFleet(releasesOf(example)).length).toBeGreaterThan(0),
    );
    test.each(fleetCases('fleetPasses'))('fleet pass: %s', (_, rule, example) =>
      expect(rule.checkFleet(releasesOf(example))).toEqual([]),
    );
  }

  test('find nothing in values of any shape that is not there', () => {
    const checked = chart.rules.filter((rule) => 'check' in rule);
    const shapes: unknown[] = [null, 5, 'text', [], [[1]], { a: null }, true];
    for (const shape of shapes)
      for (const key of Object.keys(chart.defaults(chart.versions.at(-1)!))) {
        const { values, context } = valuesOf(chart, JSON.stringify({ [key]: shape }));
        for (const rule of checked) expect(() => rule.check(values, context), `${rule.id} ${name}`).not.toThrow();
      }
  });
});

describe('every rule', () => {
  const rules = allRules();

  test('has a name of its own', () => {
    const ids = rules.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(ids.filter((id) => !/^(VALD|RONDB|YAML|VALUES|SCHEMA|IGNORE)\d{3}$/.test(id))).toEqual([]);
  });

  test('is told in the form that reporters expect', () => {
    const sentence = /^[^\s].*[.)]$/s;
    const wrong = rules.flatMap(({ id, title, why, fix, fact }) => [
      ...(/\.$/.test(title) || title.includes('\n') ? [`${id}: title`] : []),
      ...[why, fix, fact].filter((text) => !sentence.test(text)).map((text) => `${id}: ${text}`),
    ]);
    expect(wrong).toEqual([]);
  });

  test('has examples that are YAML without traps of their own', () => {
    const examples = rules.flatMap((rule) => ('hits' in rule ? [...rule.hits, ...rule.passes] : []));
    for (const example of examples) expect(parse(textOf(example), { version: '1.1' })).toEqual(parse(textOf(example)));
  });
});

test('a rule holds from its first version to before its last', () => {
  const rule = { since: 'v1.7.11', until: '1.8.1' } as Rule;
  const versions = ['v1.7.10', 'v1.7.11', '1.8.0', 'v1.8.1', 'latest'];
  expect(versions.filter((version) => appliesTo(rule, version))).toEqual(['v1.7.11', '1.8.0']);
});
