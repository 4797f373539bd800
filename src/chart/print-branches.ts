import { UnprintableError } from './print-expression.js';
import type { Option } from './tree.js';

/** Options of a decision by what is there with them: trees, or entries with trees. */
export function alike<Branch>(
  branches: readonly (readonly [Option, Branch])[],
): { options: Option[]; branch: Branch }[] {
  const groups: { options: Option[]; branch: Branch }[] = [];
  for (const [option, branch] of branches) {
    const same = groups.find((group) => isSame(group.branch, branch));
    if (same) same.options.push(option);
    else groups.push({ options: [option], branch });
  }
  return groups;
}

function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && (a as object[]).every((part, index) => isSamePart(part, b[index] as object));
}

/** Trees are interned, so the same one is the same object; an entry or an item with its index is made anew. */
const isSamePart = (a: object, b: object): boolean =>
  a === b || Object.entries(a).every(([name, value]) => value === (b as Record<string, unknown>)[name]);

interface PrintedBranch {
  readonly options: Option[];
  readonly lines: string[];
}

/** What several options have in common is printed once, with what differs decided inside, where that is shorter. */
export function together(options: Option[], apart: PrintedBranch[], print: () => string[]): PrintedBranch[] {
  if (new Set(apart.map(({ lines }) => lines.join('\n'))).size < 2) return apart;
  try {
    const lines = print();
    return lines.length < apart.reduce((sum, one) => sum + one.lines.length, 0) ? [{ options, lines }] : apart;
  } catch (error) {
    // Only with an option taken it is sure that a list has items.
    if (error instanceof UnprintableError) return apart;
    throw error;
  }
}
