import type { Place, Problem } from './problem.js';

/** A place as one word that an editor or a person can follow: `file:line:column`, or a path with the property behind it. */
export function printPlace(where: Place): string {
  if ('file' in where) return [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
  if ('construct' in where) return where.property ? `${where.construct}: ${where.property}` : where.construct;
  return where.field ? `${where.object}: ${where.field}` : where.object;
}

/**
 * A problem as text: the fact, then what was got (several lines stay in its column), what is allowed and what to do.
 *
 * @example
 * ```ts
 * printProblem({
 *   code: 'invalid-property', severity: 'error', where: { construct: 'app/agent', property: 'replicas' },
 *   message: 'not a whole number', got: '1.5', allowed: 'a whole number from 1', hint: 'Give the number of pods.',
 * });
 * ```
 */
export function printProblem(problem: Problem): string {
  const lines = [`${problem.severity}: ${printPlace(problem.where)}: ${problem.message} [${problem.code}]`];
  if (problem.got !== undefined) lines.push(`  got:     ${problem.got.replaceAll('\n', '\n           ')}`);
  if (problem.allowed !== undefined) lines.push(`  allowed: ${problem.allowed}`);
  lines.push(`  do:      ${problem.hint}`);
  return lines.join('\n');
}

/**
 * All problems as text, in the order given, with an empty line between two. What is wrong in several places alike is
 * told once, with the other places under it.
 */
export function printProblems(problems: readonly Problem[]): string {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const property = 'construct' in problem.where ? problem.where.property : undefined;
    const { where: _, ...fact } = problem;
    const key = JSON.stringify(property === undefined ? problem : [property, fact]);
    groups.set(key, [...(groups.get(key) ?? []), problem]);
  }
  return [...groups.values()]
    .map(([first, ...others]) => {
      const also = others.map(({ where }) => ('construct' in where ? where.construct : printPlace(where)));
      return also.length > 0 ? `${printProblem(first!)}\n  also in: ${also.join(', ')}` : printProblem(first!);
    })
    .join('\n\n');
}
