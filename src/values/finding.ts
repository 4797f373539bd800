import type { RuleFacts } from './rule.js';
import type { Span } from './source.js';

/** A path as a list of keys and list positions. */
export type PathParts = readonly (string | number)[];

/** One thing that is wrong in one place. Reporters turn it into text, JSON, SARIF, JUnit or annotations. */
export interface Finding {
  readonly rule: RuleFacts;
  /** Where to change something. */
  readonly span: Span;
  /** The value's path; empty for the whole file. */
  readonly path: PathParts;
  /** The fact, in lower case and without a full stop; never a secret's value. */
  readonly message: string;
  /** What to write here. @default - the rule's `fix` */
  readonly fix?: string;
}

/** A path as people write it: `agent.volumes[0].name`, with quotes around keys that need them. */
export function printPath(path: PathParts): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[A-Za-z0-9_/-]+$/.test(part)) return `["${part}"]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}
