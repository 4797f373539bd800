import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { programPath } from '../programs/find.js';

/** A moment inside a save: the first time that what the agent asks of the kernel looks like this. */
export interface KillPoint {
  readonly name: string;
  readonly seen: RegExp;
  /**
   * What a save that writes over the index it has (copy-on-write off) has made of the files by then: the index before,
   * the new one, or none. Undefined where there is no such moment.
   */
  readonly inPlace?: 'before' | 'after' | 'none';
  /** The same with copy-on-write. @default 'before' */
  readonly copied?: 'after';
}

const opened = (file: string): RegExp => new RegExp(`openat\\([^\\n]*/${file}", O_WRONLY`);

/**
 * Where a save is killed, in the order of a save: NGT's files, the key store, the metadata that makes them an index, and
 * with copy-on-write the switch of generations.
 */
export const killPoints: readonly KillPoint[] = [
  { name: 'as the first file is opened', seen: opened('obj'), inPlace: 'before' },
  { name: 'as the graph is opened', seen: opened('grp'), inPlace: 'none' },
  { name: 'in the middle of the graph', seen: /\/grp", O_WRONLY(?:[\s\S]*?writev){10}/, inPlace: 'none' },
  { name: 'as the keys are made durable', seen: /ngt-meta\.kvsdb", O_WRONLY[^\n]*\n[\s\S]*?fsync/, inPlace: 'none' },
  { name: 'after the graph', seen: opened('prf'), inPlace: 'none' },
  { name: 'as the tree is opened', seen: opened('tre'), inPlace: 'none' },
  { name: 'as the metadata is opened', seen: opened('metadata.json'), inPlace: 'none' },
  { name: 'as the metadata is made durable', seen: /metadata\.json", O_WRONLY[\s\S]*fsync\(/, inPlace: 'after' },
  { name: 'as the oldest generation moves away', seen: /renameat\([^\n]*\/backup", / },
  { name: 'as the generation before moves', seen: /renameat\([^\n]*\/origin", / },
  { name: 'with no generation in place', seen: /renameat\([^\n]*, "[^\n]*\/origin"/ },
  { name: 'after the switch', seen: /mkdirat\([^\n]*\/vald\//, copied: 'after' },
];

/**
 * Does `work` and kills the process at that moment of it; calls `killed` as soon as that is known. Returns whether the
 * moment came before `work` was done. Meanwhile each call that changes files takes `pause` milliseconds.
 */
export async function killAt(
  point: KillPoint,
  pid: number,
  work: () => Promise<unknown>,
  killed: () => unknown,
  pause = 20,
): Promise<boolean> {
  const killer = new Worker(join(import.meta.dirname, 'round-trip-killer.mjs'), {
    workerData: { strace: programPath('strace'), pid, pattern: point.seen, pause },
  });
  const ended = once(killer, 'exit');
  let seen = false;
  const attached = new Promise<void>((done) => {
    killer.on('message', (message: string) => {
      if (message === 'attached') return done();
      seen = true;
      killed();
    });
  });
  try {
    await Promise.race([attached, ended]);
    // A killed agent breaks the call off: that is the point.
    await work().catch((failure: unknown) => {
      if (!(failure instanceof Error)) throw failure;
    });
  } finally {
    killer.postMessage('end');
    await ended;
  }
  return seen;
}
