import { exitCodes, nearest, type Problem, ProblemsError } from '../problem/index.js';

/** Thrown by a command that stops: what is wrong, and the exit code that says so to a script. */
export class Failure extends ProblemsError {
  constructor(
    problems: readonly Problem[],
    readonly exitCode: (typeof exitCodes)[keyof typeof exitCodes],
  ) {
    super(problems);
    this.name = 'Failure';
  }
}

/** The problem of an option with a name that there is not, with the one that was probably meant. */
export function unknownName(option: string, message: string, got: string, known: readonly string[]): Problem {
  const meant = nearest(got, known);
  return {
    code: 'invalid-command-line',
    severity: 'error',
    where: { file: option },
    message,
    got,
    allowed: known.join(', '),
    hint: meant ? `Did you mean "${meant}"?` : 'Name one of the allowed ones.',
  };
}

/** Thrown when SIGINT, SIGTERM or SIGHUP ended the work, after everything temporary is gone. */
export class Interrupted extends Error {
  constructor(readonly signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
  }
}

/** The system's code of an error (`EACCES`, `ENOSPC`), or undefined for an error of another kind. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/**
 * Any expected error as problems with an exit code: wrong command lines (of `commander`), files and folders that the
 * system refuses. Undefined for an error that only a fault of this program explains.
 */
export function asFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof ProblemsError) return new Failure(error.problems, exitCodes.findings);
  const code = systemCode(error);
  if (code?.startsWith('commander.')) return new Failure([wrongCommandLine(error as Error)], exitCodes.usage);
  if (code && 'syscall' in (error as object))
    return new Failure([refusedBySystem(error as NodeJS.ErrnoException, code)], exitCodes.unreadable);
  return undefined;
}

function wrongCommandLine(error: Error): Problem {
  const [message, suggestion] = error.message.replace(/^error: /, '').split('\n');
  return {
    code: 'invalid-command-line',
    severity: 'error',
    where: { file: 'command line' },
    message: message!,
    hint: `${suggestion ? `${suggestion.replace(/[()]/g, '')} ` : ''}See "chartwright --help".`,
  };
}

const hints: Readonly<Record<string, string>> = {
  EACCES: 'Give yourself the right to write there, or choose another folder.',
  EPERM: 'Give yourself the right to write there, or choose another folder.',
  EEXIST: 'A file is in the way: choose another folder.',
  ENOTDIR: 'A file is in the way: choose another folder.',
  EROFS: 'The file system is read-only: choose another folder.',
  ENOSPC: 'The disk is full: make room.',
  EXDEV: 'The folder is a mount point, which cannot be replaced as a whole: choose a folder inside it.',
  EBUSY: 'The folder is a mount point, which cannot be replaced as a whole: choose a folder inside it.',
};

function refusedBySystem(error: NodeJS.ErrnoException & { dest?: string }, code: string): Problem {
  return {
    code: 'unwritable-output',
    severity: 'error',
    where: { file: error.path ?? 'file system' },
    message: `the system refuses to ${error.syscall} this (${code})`,
    hint: hints[code] ?? 'Make it a folder that you may write to, or choose another one.',
  };
}
