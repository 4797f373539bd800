import { coerce, compare } from 'semver';
import {
  type Finding,
  LayeredValues,
  partsOf,
  printPath,
  type Release,
  type Rule,
  type RuleContext,
  type RuleHit,
  type ValuesRule,
} from '../values/index.js';

/** Whether a rule holds for a version of its chart. A version that is none is taken for the newest. */
export function appliesTo(rule: Rule, chartVersion: string): boolean {
  const version = coerce(chartVersion);
  if (!version) return rule.until === undefined;
  const since = coerce(rule.since ?? '0.0.0')!;
  const until = coerce(rule.until);
  return compare(version, since) >= 0 && (!until || compare(version, until) < 0);
}

export const isValuesRule = (rule: Rule): rule is ValuesRule => 'check' in rule;

/** What the rules of a chart say against values. */
export function ruleFindings(values: LayeredValues, rules: readonly Rule[], context: RuleContext): Finding[] {
  return rules.filter(isValuesRule).flatMap((rule) => {
    if (!appliesTo(rule, context.chartVersion)) return [];
    return rule.check(values, context).map((hit) => toFinding(rule, hit, values));
  });
}

/** What the rules of a chart say against several releases together. */
export function fleetFindings(releases: readonly Release[], rules: readonly Rule[], chartVersion: string): Finding[] {
  return rules.flatMap((rule) => {
    if (!('checkFleet' in rule) || !appliesTo(rule, chartVersion)) return [];
    return rule.checkFleet(releases).flatMap((hit) => {
      const { values, release } = hit.release;
      if (!(values instanceof LayeredValues)) return [];
      const finding = toFinding(rule, hit, values);
      return [release ? { ...finding, message: `release ${release.name}: ${finding.message}` } : finding];
    });
  });
}

function toFinding(rule: Rule, { path, message, fix }: RuleHit, values: LayeredValues): Finding {
  const parts = partsOf(path);
  return {
    rule,
    span: values.place(parts),
    path: parts,
    message: `${printPath(parts)}: ${message}`,
    ...(fix === undefined ? {} : { fix }),
  };
}
