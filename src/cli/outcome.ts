import type { exitCodes, Problem } from '../problem/index.js';
import type { FileChange } from './comparison.js';
import type { Screen } from './screen.js';
import type { OutputSet } from './target.js';

/** What happened to one output folder. */
export interface OutputSummary {
  readonly set: OutputSet;
  readonly folder: string;
  /** `differs` and `ignored` are of `--check`: it would change, or git ignores it and it was not compared. */
  readonly state: 'written' | 'unchanged' | 'differs' | 'ignored';
  readonly files: number;
  readonly objects: number;
  readonly bytes: number;
  readonly new: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly removed: number;
  /** For `--check`: each file that would change, with the unified diff. */
  readonly differences?: readonly { readonly path: string; readonly kind: FileChange['kind']; readonly diff: string }[];
}

/** What a synthesis comes to. */
export interface Outcome {
  readonly exitCode: (typeof exitCodes)[keyof typeof exitCodes];
  readonly problems: readonly Problem[];
  readonly outputs: readonly OutputSummary[];
}

/** Shows an outcome: one JSON document, or diffs and a short table. */
export function showOutcome({ exitCode, problems, outputs }: Outcome, screen: Screen): void {
  if (screen.options.json) {
    screen.document({ ok: exitCode === 0, problems, outputs });
    return;
  }
  if (!screen.options.quiet) {
    for (const { differences = [] } of outputs) for (const { diff } of differences) screen.diff(diff);
    const ignored = outputs.filter(({ state }) => state === 'ignored');
    for (const { set, folder } of ignored) screen.note(`${set} in ${folder}: not compared, git ignores this folder`);
    const shown = outputs.filter((output) => !ignored.includes(output));
    if (shown.length > 0) screen.result(table(shown));
  }
  screen.problems(problems);
}

const columns = ['files', 'objects', 'size', 'new', 'changed', 'unchanged', 'removed'] as const;

function table(outputs: readonly OutputSummary[]): string {
  const rows = outputs.map((output) => [
    output.set,
    output.folder,
    ...columns.map((column) => {
      if (column === 'size') return printSize(output.bytes);
      // Values files hold settings, so a count of objects would be a zero that says nothing.
      return column === 'objects' && output.set === 'values' ? '' : String(output[column]);
    }),
  ]);
  const all = [['', '', ...columns], ...rows];
  const widths = all[0]!.map((_, index) => Math.max(...all.map((row) => row[index]!.length)));
  return all
    .map((row) => row.map((cell, index) => (index < 2 ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!))))
    .map((row) => `${row.join('  ').trimEnd()}\n`)
    .join('');
}

function printSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
