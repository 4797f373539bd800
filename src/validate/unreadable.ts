import { type Problem, ProblemsError } from '../problem/index.js';

/** Thrown for a file, folder or chart that cannot be read at all. */
export class UnreadableError extends ProblemsError {
  constructor(problem: Omit<Problem, 'code' | 'severity'>) {
    super([{ code: 'unreadable-file', severity: 'error', ...problem }]);
    this.name = 'UnreadableError';
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file',
  ELOOP: 'its symbolic links go round in a circle',
};

/** The same for an error of the system. */
export function unreadable(file: string, error: unknown, hint: string): UnreadableError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new UnreadableError({ where: { file }, message: reasons[code] ?? message.split('\n', 1)[0]!, hint });
}
