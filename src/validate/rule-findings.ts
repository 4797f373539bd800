import { coerce, compare } from 'semver';
import {
  type Finding,
  LayeredValues,
  type PathParts,
  partsOf,
  printPath,
  type Release,
  type Rule,
  type RuleContext,
  type RuleHit,
  type ValuesRule,
} from '../values/index.js';
import type { Chart } from './chart.js';

/** Whether a rule holds for a version of its chart. A version that is none is taken for the newest. */
export function appliesTo(rule: Rule, chartVersion: string): boolean {
  const version = coerce(chartVersion);
  if (!version) return rule.until === undefined;
  const since = coerce(rule.since ?? '0.0.0')!;
  const until = coerce(rule.until);
  return compare(version, since) >= 0 && (!until || compare(version, until) < 0);
}

export const isValuesRule = (rule: Rule): rule is ValuesRule => 'check' in rule;

/** What the rules of a chart, and of those of its subcharts that are known, say against values. */
export function ruleFindings(
  values: LayeredValues,
  chart: Pick<Chart, 'known' | 'subcharts' | 'version'>,
  release: RuleContext['release'],
  base: PathParts = [],
): Finding[] {
  const context: RuleContext = { chartVersion: chart.version, ...(release ? { release } : {}) };
  const rules = (chart.known?.rules ?? []).filter(isValuesRule).filter((rule) => appliesTo(rule, chart.version));
  const own = rules.flatMap((rule) => rule.check(values, context).map((hit) => toFinding(rule, hit, values, base)));
  const inner = chart.subcharts.flatMap((subchart) =>
    values.coalesced.enabled.has(subchart)
      ? ruleFindings(values.within(subchart.key), subchart.chart, release, [...base, subchart.key])
      : [],
  );
  return [...own, ...inner];
}

/** What the rules of a chart say against several releases together. */
export function fleetFindings(releases: readonly Release[], rules: readonly Rule[], chartVersion: string): Finding[] {
  return rules.flatMap((rule) => {
    if (!('checkFleet' in rule) || !appliesTo(rule, chartVersion)) return [];
    return rule.checkFleet(releases).flatMap((hit) => {
      const { values, release } = hit.release;
      if (!(values instanceof LayeredValues)) return [];
      const finding = toFinding(rule, hit, values, []);
      return [release ? { ...finding, message: `release ${release.name}: ${finding.message}` } : finding];
    });
  });
}

function toFinding(rule: Rule, { path, message, fix }: RuleHit, values: LayeredValues, base: PathParts): Finding {
  const parts = partsOf(path);
  const whole = [...base, ...parts];
  return {
    rule,
    span: values.place(parts),
    path: whole,
    message: `${printPath(whole)}: ${message}`,
    ...(fix === undefined ? {} : { fix }),
  };
}
