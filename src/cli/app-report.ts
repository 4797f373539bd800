import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes, type Place, type Problem } from '../problem/index.js';
import type { AppCommand } from './app-command.js';
import type { AppEnd } from './app-process.js';
import { Failure } from './failure.js';

/** What the library in the app's process found: `kube/report.ts` writes it, this room reads it. */
export interface AppReport {
  readonly problems: readonly Problem[];
  /** How many objects were checked in the app; 0 for an app without constructs of this package. */
  readonly checked: number;
}

const nothingReported: AppReport = { problems: [], checked: 0 };

/** The report that an app left in `file`; an empty one where it left none, as a bare cdk8s app does. */
export function readReport(file: string): AppReport {
  try {
    const report: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isReport(report) ? report : nothingReported;
  } catch {
    return nothingReported;
  }
}

function isReport(report: unknown): report is AppReport {
  const { problems, checked } = (report ?? {}) as Partial<AppReport>;
  return Array.isArray(problems) && typeof checked === 'number';
}

/**
 * Goes on only after an app that ended well and reported no error.
 *
 * @throws {@link Failure} with what the app reported; with what is known of its end where it reported nothing
 */
export function refuseFailedApp(command: AppCommand, end: AppEnd, report: AppReport, folder: string): void {
  const wrong = report.problems.some(({ severity }) => severity === 'error');
  if (wrong) throw new Failure(report.problems, exitCodes.findings);
  if (end.exitCode === 0) return;
  // 126 and 127 are what a shell answers for a command that it cannot run or find.
  const notStarted = end.notStarted !== undefined || end.exitCode === 126 || end.exitCode === 127;
  const stderr = lastLines(end.stderr);
  const problem: Problem = {
    code: 'app-failed',
    severity: 'error',
    where: placeOfError(end.stderr, folder) ?? command.where,
    message: `"${command.text}" ${howItEnded(end)}`,
    ...(stderr ? { got: stderr } : {}),
    hint: notStarted
      ? 'Install what the command needs, or correct the command.'
      : 'Correct the app; with CHARTWRIGHT_DEBUG=1 all that it wrote is shown.',
  };
  throw new Failure([...report.problems, problem], notStarted ? exitCodes.unreadable : exitCodes.findings);
}

/** The problem of an app that ended well and left both folders empty. */
export function wroteNothing(command: AppCommand): Problem {
  return {
    code: 'app-wrote-nothing',
    severity: 'error',
    where: command.where,
    message: `"${command.text}" ended well but wrote no file to the folder that CDK8S_OUTDIR names`,
    hint: 'Call app.synth() at the end, and make the app with new App() without "outdir": an "outdir" of its own wins over the folder that this command gives.',
  };
}

function howItEnded({ exitCode, signal, notStarted }: AppEnd): string {
  if (notStarted) return `could not be started (${notStarted})`;
  return signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
}

const noise = [
  /^\s+at /, // stack frames
  /^\s*(\^|~)+\s*$/, // the marker below a quoted source line
  /^Node\.js v\d/,
  /^node:[\w/]+:\d+$/,
  /^file:\/\/\S+:\d+$/,
  /^\/\S+:\d+$/,
  /^\s*$/,
];

/** The end of an app's stderr without stack traces, at most twelve lines. */
function lastLines(stderr: string): string {
  return stderr
    .split(/\r?\n/)
    .filter((line) => !noise.some((pattern) => pattern.test(line)))
    .slice(-12)
    .join('\n');
}

/** The place in the user's own sources that an error came from: the first stack frame outside of any package. */
export function placeOfError(stderr: string, folder: string): Place | undefined {
  for (const [, source, line, column] of stderr.matchAll(
    /^\s+at .*?\(?((?:file:\/\/)?\/[^()\n]*?):(\d+):(\d+)\)?$/gm,
  )) {
    const path = relative(folder, source!.startsWith('file:') ? fileURLToPath(source!) : source!);
    if (path.startsWith('..') || isAbsolute(path) || path.includes('node_modules')) continue;
    return { file: path, line: Number(line), column: Number(column) };
  }
  return undefined;
}
