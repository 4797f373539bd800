import {
  type Attachment,
  ClusterError,
  type JobKind,
  readStatus,
  refuseHalfRestored,
  refuseWhileBusy,
} from '../cluster/index.js';
import { exitCodes, printable } from '../problem/index.js';
import { printDocument } from './backups-document.js';
import { failedRun, followRun, startRun } from './backups-follow.js';
import { type BackupsOptions, BackupsSession } from './backups-session.js';
import { parseManifest, printSummary } from './backups-summary.js';
import { printBytes } from './columns.js';
import { Failure } from './failure.js';
import type { Screen } from './screen.js';

/** Options of `chartwright backups run` and `verify`. */
export interface RunOptions extends BackupsOptions {
  readonly detach?: boolean;
  /** Of `verify`: read all bytes, not one share. */
  readonly all?: boolean;
}

/** Makes a backup now, as the schedule would, and waits for its end. @returns 0 once it is committed */
export function runBackup(options: RunOptions, screen: Screen): Promise<number> {
  return BackupsSession.run(options, screen, async (session) => {
    const attachment = await session.attachment();
    const template = attachment.backup ?? missing(attachment, 'backup');
    await refuseWhileBusy(session.cluster, attachment, ['backup', 'restore']);
    refuseHalfRestored(attachment, await readStatus(session.cluster, attachment));
    const goesOn = 'Nothing is half done by this: what is not committed is no backup, and the next run clears it away.';
    const job = await startRun(session, { template, purpose: 'manual', goesOn });
    if (options.detach) return detached(session, job.metadata.name);
    const { outcome, report } = await followRun(session, job);
    if (!outcome.succeeded) throw failedRun(job, outcome);
    const id = String(report?.['backupId'] ?? 'unknown');
    const manifest = parseManifest(await readManifest(session, attachment, id));
    if (options.output !== 'text') printDocument({ job: outcome.job, report, manifest }, options.output, screen);
    else {
      screen.result(`backup ${id} of ${attachment.database} ${attachment.namespace}/${attachment.name} is committed\n`);
      const bytes = Number(report?.['bytes'] ?? 0);
      screen.result(manifest.backupId === undefined ? `  size        ${printBytes(bytes)}\n` : printSummary(manifest));
    }
    for (const warning of (report?.['warnings'] ?? []) as string[]) screen.note(`warning: ${warning}`);
    return exitCodes.ok;
  });
}

/** Verifies the backups now, and waits for the end. @returns 1 where one is damaged */
export function verifyBackups(options: RunOptions, screen: Screen): Promise<number> {
  return BackupsSession.run(options, screen, async (session) => {
    const attachment = await session.attachment();
    const template = attachment.verify ?? missing(attachment, 'verify');
    const environment = options.all ? { VERIFY_SHARE: '1' } : {};
    const job = await startRun(session, {
      template,
      purpose: 'manual',
      environment,
      goesOn: 'It only reads; its outcome will be in “chartwright backups list”.',
    });
    if (options.detach) return detached(session, job.metadata.name);
    const { outcome, report } = await followRun(session, job);
    // Vald’s verification has no report: its log names each fault.
    const faults = report ? [] : faultsOf(outcome.log);
    if (options.output !== 'text' && (report || faults.length > 0 || outcome.succeeded)) {
      printDocument({ job: outcome.job, report: report ?? { faults } }, options.output, screen);
      return outcome.succeeded ? exitCodes.ok : exitCodes.findings;
    }
    if (report) screen.result(printVerification(report));
    else if (outcome.succeeded) screen.result('the backups are right\n');
    else screen.result(faults.map(({ fault, fact }) => `  ${fault}: ${printable(fact)}\n`).join(''));
    if (outcome.succeeded) return exitCodes.ok;
    throw failedRun(job, outcome);
  });
}

/** What is wrong with the generations of pods: lines such as `vald-verify: not current: vald-agent-0 was last at …`. */
const faultsOf = (log: readonly string[]): { fault: string; fact: string }[] =>
  log.flatMap((line) => {
    const [, fault, fact] = /^vald-verify: (damaged|missing|not current): (.*)$/.exec(line) ?? [];
    return fault === undefined || fact === undefined ? [] : [{ fault, fact }];
  });

function printVerification(report: Readonly<Record<string, unknown>>): string {
  const { state, sets, read, damaged, share, count, lastWholePass } = report as {
    state?: string;
    sets?: readonly unknown[];
    read?: { files: number; bytes: number };
    damaged?: readonly { backupId: number; path: string; fact: string }[];
    share?: number | null;
    count?: number;
    lastWholePass?: string | null;
  };
  const part = count === 1 || share === null || share === undefined ? 'all bytes' : `share ${share + 1} of ${count}`;
  return [
    `the backups are ${state}: ${sets?.length ?? 0} sets listed, ${part} read: ${read?.files ?? 0} files, ${printBytes(read?.bytes ?? 0)}\n`,
    ...(damaged ?? []).map(({ backupId, path, fact }) => `  damaged: backup ${backupId}, ${path} ${fact}\n`),
    `  every byte was last read by ${lastWholePass ?? 'no pass yet'}\n`,
  ].join('');
}

const lacking: Readonly<Record<JobKind, { readonly object: string; readonly construct: string }>> = {
  backup: { object: 'CronJob to back up', construct: 'BackupCronJob' },
  verify: { object: 'CronJob to verify', construct: 'VerifyCronJob' },
  restore: { object: 'Job to restore', construct: 'RestoreJob' },
  drill: { object: 'CronJob to drill restores', construct: 'RestoreDrillCronJob' },
};

/** Says clearly what a database does not have. */
export function missing({ database, namespace, name }: Attachment, kind: JobKind): never {
  const where = `namespace ${namespace}`;
  if (database === 'vald' && kind === 'backup')
    throw new ClusterError(
      'failed',
      where,
      'Vald’s agents back themselves up after each save: there is no Job to start',
      'Make an agent save its index; “chartwright backups list” shows what has arrived.',
    );
  if (database === 'rondb' && kind === 'drill')
    throw new ClusterError(
      'failed',
      where,
      'a restore of RonDB is drilled in a cluster of its own: there is no Job for it in this one',
      'Give a second cluster the same repository, and run “chartwright backups restore” there.',
    );
  const { object, construct } = lacking[kind];
  throw new ClusterError(
    'not-found',
    where,
    `the repository ${name} has no ${object}`,
    `Add ${database === 'vald' ? `Vald${construct}` : `RonDB${construct}`} to the app and apply its manifests.`,
  );
}

/** Ends a command that only starts its Job. */
export function detached(session: BackupsSession, job: string): number {
  session.goesOn = undefined;
  const { namespace, screen, options } = session;
  if (options.output !== 'text') printDocument({ job }, options.output, screen);
  else screen.result(`follow it: kubectl -n ${namespace} logs -f job/${job}\n`);
  return exitCodes.ok;
}

/** The manifest where the store can be read from here; the backup is committed whether it can or not. */
async function readManifest(session: BackupsSession, attachment: Attachment, id: string): Promise<string | undefined> {
  try {
    return (await session.readStore(attachment, 'rclone')).records.get(`${id}/manifest.json`);
  } catch (error) {
    if (error instanceof ClusterError || error instanceof Failure) return undefined;
    throw error;
  }
}
