import { nearest } from '../problem/index.js';
import { ruleMarkdown } from './rule-page.js';
import { allRules } from './rules.js';

/** What `--explain` prints about a rule, or, for a name that is none, the rule that was probably meant. */
export function explain(id: string): { readonly text: string } | { readonly meant: string | undefined } {
  const rules = allRules();
  const rule = rules.find((one) => one.id === id.toUpperCase());
  if (!rule)
    return {
      meant: nearest(
        id,
        rules.map((one) => one.id),
      ),
    };
  // The same text as on the rule's page, without the marks.
  const body = ruleMarkdown(rule)
    .replaceAll('**', '')
    .replaceAll(/^```(yaml)?\n/gm, '');
  return { text: `${rule.id} (${rule.severity}): ${rule.title}\n\n${body}\n` };
}
