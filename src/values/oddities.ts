import type { PathParts } from './finding.js';
import type { ResolvedScalar } from './helm-scalar.js';
import type { RuleFacts } from './rule.js';
import { textRules } from './text-rules.js';

type Report = (rule: RuleFacts, message: string, fix?: string) => void;

/** Reports a word that a person may have meant as a text. */
export function reportWord(text: string, report: Report): void {
  if (/^(true|false)$/i.test(text)) return;
  const value = /^(y|yes|on)$/i.test(text);
  report(textRules.word, `${text} is read as ${value}`, `Write ${value}, or "${text}" if the chart takes a text.`);
}

/** Keys whose numbers are usually octal: file modes. */
const fileMode = /mode$/i;
/** Keys whose values are texts that look like numbers. */
const textKey = /(tag|version|revision|sha|digest|commit|build|id)$/i;

/** Reports a number that is not what it looks like, or that Helm changes on the way. */
export function reportNumber(
  text: string,
  number: Extract<ResolvedScalar, { kind: 'number' }>,
  path: PathParts,
  report: Report,
): void {
  const key = String(path.at(-1) ?? '');
  const { value, whole } = number;
  const unsafe = whole !== undefined && BigInt(value) !== whole;
  if (unsafe) report(textRules.precision, `${text} is read as ${BigInt(value)}`, `Write "${text}" in quotes.`);
  else if (whole !== undefined && /^[-+]?0[0-9oxb]/i.test(text) && !fileMode.test(key))
    report(
      textRules.number,
      `${text} is read as ${value}`,
      `Write "${text}" for the text, or ${value} for the number.`,
    );
  else if (text.includes('_'))
    report(
      textRules.number,
      `${text} is read as ${value}`,
      `Write "${text}" for the text, or ${value} for the number.`,
    );
  else if (textKey.test(key) && String(value) !== text)
    report(textRules.number, `${text} is read as ${value}`, `Write "${text}" in quotes.`);
  else if (Number.isInteger(value) && Math.abs(value) >= 1_000_000 && !isIntegerField(path))
    report(textRules.exponent, `${text} may come out as ${goExponent(value)}`);
}

/**
 * Whether a value goes into a field of Kubernetes that is a whole number and may be so large. There an exponent does no
 * harm: on its way to the API server the text becomes a number, and the number is written out.
 */
function isIntegerField(path: PathParts): boolean {
  const [key = '', above = ''] = path.filter((part) => typeof part === 'string').reverse();
  return (
    /^(runAsUser|runAsGroup|fsGroup|supplementalGroups|priority)$/.test(key) ||
    (key === 'value' && /priority/i.test(above))
  );
}

/** A float as Go prints it by itself. */
function goExponent(value: number): string {
  const [digits, exponent = '0'] = value.toExponential().split('e');
  return `${digits}e+${exponent.replace('+', '').padStart(2, '0')}`;
}
