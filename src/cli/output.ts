import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, type Problem } from '../problem/index.js';
import { type Comparison, compareFolders, countOf, isUnchanged, isYaml } from './comparison.js';
import { Failure, unknownName } from './failure.js';
import { ignoredByGit } from './git-ignored.js';
import type { OutputSummary } from './outcome.js';
import type { Replacement } from './swap.js';

/** An output with what it would change. */
export interface ComparedOutput extends Replacement {
  readonly comparison: Comparison;
}

/**
 * Decides what of the fresh output is put in place: all of the manifests folder, of the values folder the entries that
 * the app wrote, and of both only the named entries where some are named.
 *
 * @throws {@link Failure} for a name that the app did not write
 */
export function selectOutputs(written: readonly Replacement[], only: readonly string[] | undefined): Replacement[] {
  const known = written.map((output) => ({ output, names: readdirSync(output.work.fresh).sort() }));
  if (only) {
    const all = known.flatMap(({ names }) => names);
    const problems = only
      .filter((name) => !all.includes(name))
      .map((name) => unknownName('--only', 'the app writes no entry of this name at the top of its output', name, all));
    if (problems.length > 0) throw new Failure(problems, exitCodes.usage);
  }
  return known.flatMap(({ output, names }) => {
    if (!only) return output.target.set === 'values' ? [{ ...output, entries: names }] : [output];
    const entries = names.filter((name) => only.includes(name));
    return entries.length > 0 ? [{ ...output, entries }] : [];
  });
}

/** Finds out what putting an output in place would change. */
export function compareOutput(output: Replacement): ComparedOutput {
  return { ...output, comparison: compareFolders(output.work.fresh, output.target.path, output.entries) };
}

/**
 * The last guard before a whole folder is replaced: one that holds files, none of them a manifest and none that the app
 * writes now, is no output of an earlier synthesis but a wrong path (`--out src`).
 *
 * @throws {@link Failure} for such a folder
 */
export function refuseStrangersFiles({ target, entries, comparison }: ComparedOutput): void {
  const present = comparison.changes.filter(({ kind, path }) => kind !== 'new' && !path.startsWith('.'));
  const known = present.some(({ kind, path }) => kind !== 'removed' || isYaml(path));
  if (entries || known || present.length === 0) return;
  const problem: Problem = {
    code: 'unwritable-output',
    severity: 'error',
    where: target.where,
    message: `this folder holds ${present.length} files and no manifest, and all of them would be removed`,
    got: target.shown,
    allowed: 'a folder of its own, for example dist/manifests',
    hint: 'Give another folder, or empty this one if it is the right one.',
  };
  throw new Failure([problem], exitCodes.usage);
}

/** The facts about an output for the table and for JSON. */
export function summarize(
  { target, comparison }: ComparedOutput,
  state: OutputSummary['state'] = isUnchanged(comparison) ? 'unchanged' : 'written',
): OutputSummary {
  return {
    set: target.set,
    folder: target.shown,
    state,
    files: comparison.files,
    objects: comparison.objects,
    bytes: comparison.bytes,
    new: countOf(comparison, 'new'),
    changed: countOf(comparison, 'changed'),
    unchanged: countOf(comparison, 'unchanged'),
    removed: countOf(comparison, 'removed'),
  };
}

/** How an output is made again, for messages. */
export interface MadeAgain {
  readonly what: string;
  readonly command: string;
}

const synthesis: MadeAgain = { what: 'a new synthesis', command: 'chartwright synth' };

/** What `--check` finds: for each output what would change, and a problem where something would. */
export async function differencesOf(
  compared: readonly ComparedOutput[],
  folder: string,
  again: MadeAgain = synthesis,
): Promise<{ problems: Problem[]; outputs: OutputSummary[] }> {
  const found = await Promise.all(compared.map((output) => differencesOfOne(output, folder, again)));
  return { problems: found.flatMap(({ problem }) => problem ?? []), outputs: found.map(({ summary }) => summary) };
}

async function differencesOfOne(
  output: ComparedOutput,
  folder: string,
  again: MadeAgain,
): Promise<{ problem?: Problem; summary: OutputSummary }> {
  const { target, work, comparison } = output;
  const ignored = ignoredByGit(
    comparison.changes.map(({ path }) => join(target.path, path)),
    folder,
  );
  const compared = comparison.changes.filter(({ path }) => !ignored.has(join(target.path, path)));
  if (compared.length === 0) return { summary: summarize(output, 'ignored') };
  const changes = compared.filter(({ kind }) => kind !== 'unchanged');
  if (changes.length === 0) return { summary: summarize(output, 'unchanged') };
  const { differenceOf } = await import('./difference.js');
  const differences = changes.map((change) => ({
    ...change,
    diff: differenceOf(change, work.fresh, target.path, target.shown),
  }));
  const problem: Problem = {
    code: 'output-differs',
    severity: 'error',
    where: { file: target.shown },
    message: `${again.what} would change ${changes.length} ${changes.length === 1 ? 'file' : 'files'}`,
    hint: `Run "${again.command}" and commit what it writes.`,
  };
  return { problem, summary: { ...summarize(output, 'differs'), differences } };
}
