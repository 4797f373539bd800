import { readdirSync, readFileSync } from 'node:fs';

/** Kills a process and all that have its session, the process first so that it sees none of the others end. */
export function killSession(session: number): void {
  const members = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== session && sessionOf(pid) === session);
  for (const pid of [session, ...members]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended by itself in the meantime
    }
  }
}

function sessionOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    return undefined;
  }
}
