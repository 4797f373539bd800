import type { ProblemCode } from './catalogue.js';

/** How much a problem matters: an `error` stops the work, a `warning` is shown and the work goes on. */
export type Severity = 'error' | 'warning' | 'info';

/**
 * Where a problem is. One of
 * - a place in a file (`line` and `column` count from 1),
 * - a construct path with the property below it (`app/vald/agent`, `backup.volume.size`),
 * - a Kubernetes object with the path of the field inside it (`StatefulSet vald/vald-agent`, `spec.replicas`).
 */
export type Place =
  | { readonly file: string; readonly line?: number; readonly column?: number }
  | { readonly construct: string; readonly property?: string }
  | { readonly object: string; readonly field?: string };

/**
 * One finding, as data. Printers turn it into text, JSON or an annotation; nothing else in the package writes prose
 * about what is wrong.
 */
export interface Problem {
  /** Stable name from the catalogue (`catalogue.ts`), for example `invalid-property`. */
  readonly code: ProblemCode;
  readonly severity: Severity;
  readonly where: Place;
  /** The fact, in lower case and without a full stop. */
  readonly message: string;
  /** What was given. Never a secret's value. */
  readonly got?: string;
  /** What would have been accepted. */
  readonly allowed?: string;
  /** What to do next, as a sentence. */
  readonly hint: string;
}
