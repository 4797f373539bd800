import type { Severity } from '../../problem/index.js';
import { type Finding, positionAt, printPath } from '../../values/index.js';

/** A finding as machines read it. */
export interface FindingEntry {
  readonly rule: string;
  readonly severity: Severity;
  /** Path of the values file as it was given, or the option (`--set`). */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly endLine: number;
  /** The column behind the last character. */
  readonly endColumn: number;
  /** The value's path: `agent.volumes[0].name`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
}

export function entryOf({ rule, span, path, message, fix }: Finding): FindingEntry {
  const start = positionAt(span.source, span.start);
  const end = positionAt(span.source, Math.max(span.start, span.end));
  return {
    rule: rule.id,
    severity: rule.severity,
    file: span.source.name,
    ...start,
    endLine: end.line,
    endColumn: end.column,
    path: printPath(path),
    message,
    why: rule.why,
    fix: fix ?? rule.fix,
  };
}
