import { spawn } from 'node:child_process';
import type { AppCommand } from './app-command.js';
import { systemCode } from './failure.js';
import type { Interruption } from './interruption.js';

/** How an app ended. */
export interface AppEnd {
  /** Exit code; null where a signal ended it or it could not be started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** System code of the reason why it could not be started at all. */
  readonly notStarted?: string;
  /** The end of what it wrote to stderr, at most 1 MiB. */
  readonly stderr: string;
}

const keptOfStderr = 1024 * 1024;
/** How long an app may take to end after a signal, in milliseconds. */
const grace = 2_000;
/** How long to wait for the rest of the app's output when a process that it left behind holds the pipe open. */
const drain = 500;

/**
 * Runs an app to its end. Its stdout is passed on as it comes; its stderr is kept, because a failed app's stderr is
 * mostly the stack trace of an error that is then told properly.
 *
 * @param passOn takes what the app writes to stdout
 */
export function runApp(
  command: AppCommand,
  environment: NodeJS.ProcessEnv,
  folder: string,
  interruption: Interruption,
  passOn: (chunk: string) => void,
): Promise<AppEnd> {
  const ownGroup = process.platform !== 'win32';
  // A process group of its own: the shell, npx and node between us and the app all get the signal that ends it, and
  // Ctrl-C reaches the app through us, after we know about it.
  const child = spawn(command.program, command.arguments, {
    cwd: folder,
    env: environment,
    shell: command.shell,
    detached: ownGroup,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (ownGroup && child.pid !== undefined) process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch {
      // it has ended already
    }
  };
  let stopping: NodeJS.Timeout | undefined;
  let interrupted = false;
  interruption.listen((again) => {
    interrupted = true;
    kill(again ? 'SIGKILL' : 'SIGTERM');
    stopping ??= setTimeout(() => kill('SIGKILL'), grace);
  });

  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', passOn);
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-keptOfStderr);
  });

  return new Promise((resolve) => {
    const finish = (end: Omit<AppEnd, 'stderr'>) => {
      clearTimeout(stopping);
      interruption.listen(undefined);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ ...end, stderr });
    };
    child.once('error', (error) =>
      finish({ exitCode: null, signal: null, notStarted: systemCode(error) ?? error.message }),
    );
    child.once('exit', (exitCode, signal) => {
      // Whoever the app started and left behind must not go on writing when the user has stopped the run.
      if (interrupted) kill('SIGKILL');
      const drained = setTimeout(() => finish({ exitCode, signal }), drain);
      child.once('close', () => {
        clearTimeout(drained);
        finish({ exitCode, signal });
      });
    });
  });
}
