import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

/** What one run took. */
export interface Figure {
  readonly milliseconds: number;
  /** Processor time in milliseconds, where the measured process tells it: it does not depend on what else runs. */
  readonly cpu?: number;
  /** Largest resident memory in bytes, where the measured process tells it. */
  readonly memory?: number;
}

/** Something to measure, side by side with others. */
export interface Subject {
  readonly name: string;
  readonly run: () => Promise<Figure>;
}

/** The figures of a subject, in the order of the rounds. */
export interface Measurement {
  readonly name: string;
  readonly figures: readonly Figure[];
}

/**
 * Measures subjects in turns, each round starting with another one, so that whatever else slows the machine down
 * slows them all. One round before is not counted: it fills the disk's cache.
 */
export async function alternate(
  subjects: readonly Subject[],
  rounds: number,
  progress: (text: string) => void,
): Promise<Measurement[]> {
  const figures = new Map<string, Figure[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(turn + round) % subjects.length]!;
      const figure = await subject.run();
      if (round > 0) figures.get(subject.name)!.push(figure);
    }
  }
  return [...figures].map(([name, all]) => ({ name, figures: all }));
}

/** The middle one of numbers, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How a process is started. */
export interface Command {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly folder?: string;
}

/**
 * Runs a process from start to end and gives what it wrote to stdout, with the time that took.
 *
 * @throws Error with what it wrote to stderr, if it fails
 */
export function runProcess(command: Command): Promise<{ milliseconds: number; stdout: string }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command.program, command.parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(command.folder ? { cwd: command.folder } : {}),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const milliseconds = performance.now() - started;
      if (code === 0) resolve({ milliseconds, stdout });
      else
        reject(new Error(`${command.program} ${command.parameters.join(' ')} ended with ${code}\n${stderr}${stdout}`));
    });
  });
}
