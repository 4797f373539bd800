import { createInterface } from 'node:readline/promises';
import { ClusterError } from '../cluster/index.js';
import type { BackupsSession } from './backups-session.js';

/** Refuses a command that would have to ask, where nobody can answer. */
export function refuseWithoutAnswer(session: BackupsSession, yes: boolean | undefined): void {
  if (yes || (process.stdin.isTTY && process.stderr.isTTY && session.options.output === 'text')) return;
  throw new ClusterError(
    'usage',
    'command line',
    'nobody can be asked here',
    'Add --yes, once the plan is as it should be.',
  );
}

/** Asks, and takes nothing but the expected word for a yes. */
export async function ask(question: string, expected: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${question} `, { signal })).trim() === expected;
  } catch {
    return false; // interrupted
  } finally {
    terminal.close();
  }
}
