import type { Problem, Severity } from '../problem/index.js';
import { type Finding, printPath } from '../values/index.js';

/** Everything that one run found. */
export interface Report {
  /** By file and place. */
  readonly findings: readonly Finding[];
  /** Names of all values files that were looked at, in order; one that cannot be read is not among them. */
  readonly files: readonly string[];
  /** The chart with its version, or undefined where only the files themselves were looked at. */
  readonly chart?: string;
  /** What was not checked, and why. */
  readonly notes: readonly string[];
  /** Files that could not be read. */
  readonly unreadable: readonly Problem[];
}

/** From which severity on findings fail a run; `never` for a run that only tells. */
export type FailOn = Severity | 'never';

const order: readonly Severity[] = ['error', 'warning', 'info'];

/** Whether a finding of a severity fails the run. */
export const isFailure = (severity: Severity, failOn: FailOn): boolean =>
  failOn !== 'never' && order.indexOf(severity) <= order.indexOf(failOn);

/** Whether a report has findings that fail the run. */
export const fails = (report: Report, failOn: FailOn): boolean =>
  report.findings.some(({ rule }) => isFailure(rule.severity, failOn));

/** How many findings of each severity there are: `2 errors, 1 warning`. */
export function countsOf(findings: readonly Finding[]): string {
  const counts = order.flatMap((severity) => {
    const count = findings.filter(({ rule }) => rule.severity === severity).length;
    const name = severity === 'info' ? 'note' : severity;
    return count === 0 ? [] : [`${count} ${name}${count === 1 ? '' : 's'}`];
  });
  return counts.length === 0 ? 'no findings' : counts.join(', ');
}

/** Without those that say the same of the same place: a file that several releases share is told of once. */
export function unique(findings: readonly Finding[]): Finding[] {
  const known = new Set<string>();
  return findings.filter(({ rule, span, message }) => {
    const key = [rule.id, span.source.name, span.start, message].join('\0');
    return !known.has(key) && known.add(key);
  });
}

/** Without those of general rules at values of which a rule for the chart says the same and more. */
export function withoutEchoes(findings: readonly Finding[]): Finding[] {
  const told = new Set(findings.flatMap(({ rule, path }) => (rule.says ?? []).map((id) => `${id} ${printPath(path)}`)));
  return findings.filter(({ rule, path }) => !told.has(`${rule.id} ${printPath(path)}`));
}

/** By file, in the order of their names, then by place. */
export function inOrder(findings: readonly Finding[], names: readonly string[]): Finding[] {
  const rank = new Map(names.map((name, index) => [name, index]));
  const rankOf = ({ span }: Finding) => rank.get(span.source.name) ?? names.length;
  return [...findings].sort((a, b) => rankOf(a) - rankOf(b) || a.span.start - b.span.start);
}
