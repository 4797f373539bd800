import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageContract } from '../../src/scripts/contract.js';
import { programPath } from './find.js';

/** What happens to the command with this number, counted from 1; `timeout` is part of what it runs. */
export interface CommandFault {
  readonly at: number;
  /** Killed with the whole container before it runs; not run and failed; run and failed. */
  readonly how: 'killed' | 'failed' | 'failed after its work';
}

export interface ContractPathOptions {
  readonly fault?: CommandFault | undefined;
  /** Lines of bash that every command runs first: `$name` is the command, `"$@"` its arguments, `$real` the real one. */
  readonly before?: string | undefined;
  /** A program that the image lacks. */
  readonly without?: string | undefined;
}

/**
 * Fills a folder with the programs of an image contract and no others. Each command first writes itself down, then becomes
 * the real one or suffers the fault.
 *
 * @param state a folder as the commands see it, for {@link readCalls} and {@link killAsked}
 * @param places where a program is that is not this machine's own, as the commands see it
 */
export function writeContractPath(
  folder: string,
  image: ImageContract,
  state: string,
  places: Readonly<Record<string, string>>,
  options: ContractPathOptions,
): void {
  mkdirSync(folder, { recursive: true });
  const commands = image.programs.flatMap(({ name, commands }) => commands ?? [name]);
  for (const name of new Set(['bash', ...commands])) {
    const file = join(folder, name);
    if (name === options.without) continue;
    if (name === 'bash' || name === 'timeout') symlinkSync(programPath(name), file);
    else writeProgram(file, wrapper(name, places[name] ?? programPath(name), state, options));
  }
}

/** The commands that have started, each in one line with its arguments, cut at 900 characters. */
export function readCalls(state: string): string[] {
  const file = join(state, 'calls');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => line.slice(line.indexOf(' ') + 1));
}

/** Whether a command waits to be killed with its container. */
export function killAsked(state: string): boolean {
  return existsSync(join(state, 'kill'));
}

export function writeProgram(file: string, text: string): void {
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

function wrapper(name: string, real: string, state: string, { fault, before }: ContractPathOptions): string {
  const calls = `'${state}/calls'`;
  const last = 'exec "$real" "$@"\n';
  const start = `name=${name} real='${real}'`;
  // In one line, however many lines the arguments have. A small shell where it will do: a script starts hundreds.
  if (!fault && before === undefined)
    return [
      '#!/bin/sh',
      start,
      'line() { IFS=\' \'; arguments="$*"; }',
      "set -f; IFS='\n'",
      'line $*',
      `printf '%s %s %.900s\\n' "$$" "$name" "$arguments" >>${calls}`,
      last,
    ].join('\n');
  const faults = {
    killed: `: >'${state}/kill'; exec /usr/bin/sleep 600`,
    failed: 'exit 1',
    'failed after its work': `"$real" "$@"; exit 1`,
  };
  return [
    '#!/bin/bash',
    start,
    `arguments=$*; arguments=\${arguments//$'\\n'/ }; printf '%s %s %s\\n' "$$" "$name" "\${arguments:0:900}" >>${calls}`,
    before ?? '',
    // By the line and not by how many there are: of two that write at the same time, neither would find itself there.
    ...(fault
      ? [
          `mapfile -t -s ${fault.at - 1} -n 1 line <${calls}`,
          `if [[ \${line-} == "$$ "* ]]; then`,
          faults[fault.how],
          'fi',
        ]
      : []),
    last,
  ].join('\n');
}
