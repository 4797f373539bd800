import { printable, type Severity } from '../../problem/index.js';
import { type Finding, positionAt, printPath } from '../../values/index.js';
import { countsOf, type Report } from '../report.js';
import { lineWithoutSecrets } from './without-secrets.js';

/** Colours a piece of text for a terminal, or leaves it as it is. */
export type Paint = (text: string, style: Severity | 'dim' | 'bold') => string;

/** Longest source line that is shown; a longer one is cut around the place. */
const widest = 110;

/** A report for people: grouped by file, each finding with its source line and a caret, why it matters once for each rule. */
export function textReport(report: Report, paint: Paint): string {
  const explained = new Set<string>();
  const blocks = report.findings.map((finding) => {
    const first = !explained.has(finding.rule.id);
    explained.add(finding.rule.id);
    return block(finding, first, paint);
  });
  const { findings, files, chart, unreadable } = report;
  const inFiles = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
  const unread = unreadable.length === 0 ? '' : `; ${unreadable.length} could not be read`;
  const summary = `${countsOf(findings)} in ${inFiles}${chart ? ` for chart ${chart}` : ''}${unread}`;
  return [...blocks, [paint(summary, 'bold'), ...report.notes.map((note) => paint(note, 'dim'))].join('\n'), '']
    .join('\n\n')
    .replace(/\n\n$/, '\n');
}

function block({ rule, span, path, message, fix }: Finding, explain: boolean, paint: Paint): string {
  const { line, column } = positionAt(span.source, span.start);
  const place = printable(`${span.source.name}:${line}:${column}`);
  const lines = [
    `${paint(place, 'bold')}: ${paint(rule.severity, rule.severity)}: ${printable(message)} ${paint(`[${rule.id}]`, 'dim')}`,
  ];
  lines.push(
    ...excerpt(lineWithoutSecrets(span.source, line), line, column, span.end - span.start, (text) =>
      paint(text, rule.severity),
    ),
  );
  const name = printable(printPath(path));
  if (name !== '' && !message.split(/[ :;,]/).includes(name)) lines.push(`  at:  ${name}`);
  if (explain) lines.push(`  why: ${rule.why}`);
  lines.push(`  do:  ${printable(fix ?? rule.fix)}`);
  return lines.join('\n');
}

function excerpt(text: string, line: number, column: number, length: number, mark: (text: string) => string): string[] {
  const from = column > widest - 30 ? column - 30 : 0;
  const shown = printable(text.slice(from, from + widest));
  if (shown.trim() === '') return [];
  const start = column - 1 - from;
  const carets = '^'.repeat(Math.max(1, Math.min(length, shown.trimEnd().length - start)));
  const gutter = String(line);
  return [`  ${gutter} | ${shown}`, `  ${' '.repeat(gutter.length)} | ${' '.repeat(start)}${mark(carets)}`];
}
