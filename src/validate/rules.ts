import { type Rule, type RuleFacts, textRules } from '../values/index.js';
import type { Chart } from './chart.js';
import { ignoreRules } from './ignore-comments.js';
import { knownCharts } from './known-charts.js';
import { appliesTo } from './rule-findings.js';
import { valuesRules } from './values-rules.js';

/** Every rule that a finding can name, those for any chart first. */
export function allRules(): readonly (RuleFacts | Rule)[] {
  return [
    ...Object.values(textRules),
    ...Object.values(valuesRules),
    ...Object.values(ignoreRules),
    ...knownCharts.flatMap(({ rules }) => rules),
  ];
}

/**
 * Tells for a rule's name whether a comment for it is left over where a run for a chart finds nothing: the rule was looked
 * at, or there is none of this name. For other rules the comment may be of use in another run.
 */
export function leftOver(chart: Chart | undefined): (id: string) => boolean {
  const known = chart?.known?.rules.filter((rule) => 'check' in rule && appliesTo(rule, chart.version)) ?? [];
  const active = new Set(known.map(({ id }): string => id));
  for (const { id } of [...Object.values(textRules), ...Object.values(valuesRules)])
    if (!id.startsWith('SCHEMA') || chart?.complete) active.add(id);
  const all = new Set(allRules().map(({ id }): string => id));
  return (id) => active.has(id) || !all.has(id);
}
