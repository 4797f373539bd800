import { printProblems } from './print.js';
import type { Problem } from './problem.js';

/** Thrown once with everything that is wrong; `problems` is the data, the message is the same as text. */
export class ProblemsError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n\n${printProblems(problems)}`);
    this.name = 'ProblemsError';
  }
}
