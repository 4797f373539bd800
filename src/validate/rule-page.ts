import type { Rule, RuleExample, RuleFacts } from '../values/index.js';

/** What a rule says, without a heading, as Markdown. */
export function ruleMarkdown(rule: RuleFacts | Rule): string {
  const lines = [`**Why.** ${rule.why}`, `**Do.** ${rule.fix}`];
  const { since, until } = rule;
  if (since !== undefined || until !== undefined) {
    const versions = [since && `from ${since}`, until && `before ${until}`].filter(Boolean).join(', ');
    lines.push(`**Versions of the chart.** ${versions.charAt(0).toUpperCase()}${versions.slice(1)}.`);
  }
  if ('needsCluster' in rule)
    lines.push('**Needs a cluster.** Values alone do not show it; `chartwright doctor` looks at the cluster.');
  if ('checkFleet' in rule)
    lines.push('**Needs several releases.** It compares the releases of one run with each other.');
  lines.push(`**Fact.** ${rule.fact}`);
  if ('hits' in rule) {
    const { hits, passes } = rule;
    if (hits[0]) lines.push(`Breaks it:\n\n${example(hits[0])}`);
    if (passes[0]) lines.push(`Keeps to it:\n\n${example(passes[0])}`);
  }
  return lines.join('\n\n');
}

/** A rule's page. */
export const rulePageText = (rule: RuleFacts | Rule): string =>
  `# ${rule.id}: ${rule.title}\n\nSeverity: ${rule.severity}\n\n${ruleMarkdown(rule)}\n`;

const example = (one: RuleExample): string =>
  `\`\`\`yaml\n${(typeof one === 'string' ? one : one.values).trim()}\n\`\`\``;
