import {
  BackupProgress,
  type CronJob,
  createJob,
  followJob,
  type Job,
  type JobOutcome,
  jobFrom,
  lastReport,
  refusal,
} from '../cluster/index.js';
import { exitCodes, type Problem } from '../problem/index.js';
import type { BackupsSession } from './backups-session.js';
import { printAge, printBytes } from './columns.js';
import { Failure } from './failure.js';

/** A Job that a command starts. */
export interface Run {
  readonly template: CronJob | Job;
  readonly purpose: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  /** For what is no run of the template itself. */
  readonly aside?: string;
  /** What somebody has to know who interrupts it: what goes on, and how to end that. */
  readonly goesOn: string;
}

/** Makes a Job. From now on an interruption tells what goes on in the cluster. */
export async function startRun(session: BackupsSession, run: Run): Promise<Job> {
  const { template, purpose, environment, command, aside } = run;
  const job = jobFrom(template, {
    purpose,
    ...(environment ? { environment } : {}),
    ...(command ? { command } : {}),
    ...(aside === undefined ? {} : { aside }),
  });
  const { name, namespace } = job.metadata;
  session.goesOn = `Job ${namespace}/${name} goes on in the cluster. ${run.goesOn}
  follow it:  kubectl -n ${namespace} logs -f job/${name}
  stop it:    kubectl -n ${namespace} delete job ${name}`;
  const made = await createJob(session.cluster, job);
  session.screen.note(`Job ${namespace}/${name} is made`);
  return made;
}

/**
 * Follows a Job to its end: its log lines as they are, or on a terminal a line that says how far it is.
 *
 * @returns how it ended, and the report that its script printed
 */
export async function followRun(
  session: BackupsSession,
  job: Job,
): Promise<{ outcome: JobOutcome; report: Readonly<Record<string, unknown>> | undefined }> {
  const { namespace = '', name } = job.metadata;
  const progress = new ProgressLine(session);
  try {
    const outcome = await followJob(session.cluster, namespace, name, progress, session.signal);
    session.check();
    session.goesOn = undefined;
    return { outcome, report: lastReport(outcome.log) };
  } finally {
    progress.end();
  }
}

/** Ends a command whose Job has failed. */
export function failedRun({ metadata }: Job, outcome: JobOutcome): Failure {
  const { namespace, name } = metadata;
  const told = refusal(outcome.log);
  const problem: Problem = {
    code: 'failed-job',
    severity: 'error',
    where: { object: `Job ${namespace}/${name}` },
    message: told?.fact ?? `ended without success${outcome.reason === undefined ? '' : ` (${outcome.reason})`}`,
    ...(outcome.exitCode === undefined ? {} : { got: `exit code ${outcome.exitCode}` }),
    hint: told?.hint ?? `Look at it: kubectl -n ${namespace} describe job ${name}`,
  };
  return new Failure([problem], exitCodes.findings);
}

/** On a terminal one line that is drawn anew, else each line of the log. */
class ProgressLine {
  readonly #terminal = process.stderr.isTTY === true;
  readonly #progress = new BackupProgress();
  readonly #start = Date.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #step = '';

  constructor(private readonly session: BackupsSession) {
    if (this.#terminal && !session.screen.options.json) this.#timer = setInterval(() => this.#draw(), 500);
  }

  line(text: string): void {
    if (!this.#timer) {
      this.session.screen.note(text);
      return;
    }
    const told = this.#progress.take(text);
    const step = /^rondb-\w+ [\d:]+: (.*)$/.exec(text)?.[1];
    if (step !== undefined && !told) this.#step = step;
    // What is wrong stays on the screen, and so does what a person may want to know later.
    if (/: (error|hint|warning|damaged): /.test(text)) this.#write(text);
    this.#draw();
  }

  waiting(reason: string): void {
    if (this.#timer) this.#write(`waiting: ${reason}`);
    else this.session.screen.note(`waiting: ${reason}`);
  }

  end(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    process.stderr.write(clearLine);
  }

  #write(text: string): void {
    process.stderr.write(`${clearLine}${text}\n`);
    this.#draw();
  }

  #draw(): void {
    const { phase, files, total, nodes } = this.#progress;
    const done = total > 0 ? `${bar(files / total)} ${files}/${total} files` : this.#step || phase;
    const each = [...nodes].sort(([a], [b]) => a - b).map(([node, bytes]) => `node ${node} ${printBytes(bytes)}`);
    const text = [done, ...each, printAge((Date.now() - this.#start) / 1000)].join('  ');
    process.stderr.write(clearLine + text.slice(0, (process.stderr.columns || 80) - 1));
  }
}

const clearLine = '\r\u001b[2K';
const barWidth = 20;
const bar = (part: number): string => {
  const full = Math.round(Math.min(1, part) * barWidth);
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}]`;
};
