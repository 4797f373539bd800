import {
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
import { Failure } from './failure.js';
import { ProgressLine } from './progress-line.js';

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
  const { screen } = session;
  const draws = process.stderr.isTTY === true && !screen.options.json;
  const progress = new ProgressLine(draws ? process.stderr : undefined, (text) => screen.note(text));
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
