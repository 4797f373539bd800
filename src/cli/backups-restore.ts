import { type Attachment, ClusterError, refuseWhileBusy } from '../cluster/index.js';
import { exitCodes, printable } from '../problem/index.js';
import { parseTime } from '../repository/index.js';
import { ask, refuseWithoutAnswer } from './backups-ask.js';
import { printDocument } from './backups-document.js';
import { failedRun, followRun, startRun } from './backups-follow.js';
import { restoreVald } from './backups-restore-vald.js';
import { missing } from './backups-run.js';
import { BackupsSession, type RestoreOptions } from './backups-session.js';
import { printAge, printBytes } from './columns.js';
import type { Screen } from './screen.js';

/** A restore’s plan, as its script prints it with MODE=plan. */
interface Plan {
  readonly backupId?: number;
  readonly clusterName?: string;
  readonly source?: string;
  readonly finished?: string;
  readonly verified?: boolean;
  readonly bytes?: number;
  readonly records?: number;
  readonly beginsAgain?: boolean;
  readonly restoresUsers?: boolean;
  readonly nodes?: readonly { sourceNode: number; targetNode: number; pod: string; files: number; bytes: number }[];
  readonly tables?: { in: readonly string[]; empty: readonly string[]; out: readonly string[] };
  readonly refusals?: readonly { code: number; message: string; hint: string }[];
}

/**
 * Restores a backup: a Job makes the plan and changes nothing; once somebody has agreed, another one carries it out.
 * Vald’s agents restore themselves: they are told the time to go back to.
 *
 * @param id id of the backup, or `latest`; of Vald’s also a time
 * @returns 1 where the plan would be refused, or nobody agreed
 */
export function restoreBackup(id: string, options: RestoreOptions, screen: Screen): Promise<number> {
  return BackupsSession.run(options, screen, async (session) => {
    const isTime = parseTime(id) !== undefined;
    if (!isTime && !isBackup(id)) throw unknownBackup(id);
    const attachment = await session.attachment();
    if (attachment.database === 'vald') return restoreVald(session, attachment, id, options);
    if (isTime) throw unknownBackup(id);
    const looksOnly = options.plan === true || options.dryRun === true;
    if (!looksOnly) refuseWithoutAnswer(session, options.yes);
    const template = attachment.restore ?? missing(attachment, 'restore');
    await refuseWhileBusy(session.cluster, attachment, ['backup', 'restore']);
    const plan = await makePlan(session, attachment, environmentOf(id, options));
    const refused = (plan.refusals?.length ?? 0) > 0;
    if (options.output === 'text') screen.result(printPlan(plan, attachment));
    if (refused || looksOnly) {
      if (options.output !== 'text') printDocument({ plan }, options.output, screen);
      return refused ? exitCodes.findings : exitCodes.ok;
    }
    const question = `Restore backup ${plan.backupId} into ${attachment.namespace}/${attachment.name}? Type its id to agree:`;
    if (!options.yes && !(await ask(question, String(plan.backupId), session.signal))) {
      session.check();
      screen.note('nothing was changed');
      return exitCodes.findings;
    }
    const job = await startRun(session, {
      template,
      purpose: 'apply',
      // The set of the plan, also if a newer one has come meanwhile.
      environment: { ...environmentOf(String(plan.backupId ?? id), options), MODE: 'apply' },
      goesOn: 'While the restore has not ended, no backup is made. Run the same restore again to go on.',
    });
    const { outcome, report } = await followRun(session, job);
    if (!outcome.succeeded) throw failedRun(job, outcome);
    if (options.output !== 'text') printDocument({ job: outcome.job, report }, options.output, screen);
    else screen.result(printReport(report ?? {}));
    for (const warning of (report?.['warnings'] ?? []) as string[]) screen.note(`warning: ${warning}`);
    return exitCodes.ok;
  });
}

const isBackup = (id: string): boolean => id === 'latest' || /^[1-9]\d{0,9}$/.test(id);

const unknownBackup = (id: string): ClusterError =>
  new ClusterError('usage', 'backup id', 'is no id of a backup', 'Take one of: chartwright backups list.', {
    got: id,
    allowed: 'latest, or a whole number from 1 to 2147483647; of Vald’s also a time, such as 2026-11-21T03:00:00Z',
  });

function environmentOf(id: string, { only = [], except = [], ...options }: RestoreOptions): Record<string, string> {
  const lines = (names: readonly string[], tables: boolean) =>
    names.filter((name) => name.includes('.') === tables).join('\n');
  return {
    BACKUP_ID: id,
    INCLUDE_DATABASES: lines(only, false),
    INCLUDE_TABLES: lines(only, true),
    EXCLUDE_DATABASES: lines(except, false),
    EXCLUDE_TABLES: lines(except, true),
    INTO_NON_EMPTY: String(options.intoNonEmpty === true),
    ALLOW_UNVERIFIED: String(options.allowUnverified === true),
    RESTORE_USERS: String(options.users),
  };
}

async function makePlan(
  session: BackupsSession,
  attachment: Attachment,
  environment: Record<string, string>,
): Promise<Plan> {
  const job = await startRun(session, {
    template: attachment.restore!,
    purpose: 'plan',
    environment: { ...environment, MODE: 'plan' },
    aside: 'plan',
    goesOn: 'It changes nothing.',
  });
  const { outcome, report } = await followRun(session, job);
  if (!outcome.succeeded || !report) throw failedRun(job, outcome);
  return report as Plan;
}

function printPlan(plan: Plan, { namespace, name }: Attachment): string {
  const { nodes = [], tables = { in: [], empty: [], out: [] }, refusals = [] } = plan;
  const some = (names: readonly string[]) =>
    names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ') || 'none';
  const lines = [
    `plan: backup ${plan.backupId} of ${plan.clusterName ?? 'an unknown cluster'} into ${namespace}/${name}`,
    `  from      ${plan.source}, finished ${plan.finished ?? 'at an unknown time'}${plan.verified === false ? ', UNVERIFIED: nothing proves that it is whole' : ''}`,
    `  size      ${printBytes(plan.bytes ?? 0)}, ${plan.records ?? 'unknown'} rows`,
    `  tables    ${some(tables.in)}`,
    ...(tables.empty.length > 0 ? [`  empty     ${some(tables.empty)} (no NDB tables: they come without rows)`] : []),
    ...(tables.out.length > 0 ? [`  left out  ${some(tables.out)}`] : []),
    ...nodes.map(
      ({ sourceNode, targetNode, pod, files, bytes }) =>
        `  node ${sourceNode}    to node ${targetNode} (${pod}): ${files} files, ${printBytes(bytes)}`,
    ),
    `  users     ${plan.restoresUsers ? 'those that are not there, with their grants' : 'none'}`,
    ...(plan.beginsAgain ? ['  an earlier run of this restore has not ended: its tables are dropped first'] : []),
    ...refusals.flatMap(({ message, hint }) => [`  REFUSED   ${message}`, `            ${hint}`]),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function printReport(report: Readonly<Record<string, unknown>>): string {
  const { backupId, seconds, steps, rows } = report as {
    backupId?: number;
    seconds?: number;
    steps?: readonly { name: string; seconds: number }[];
    rows?: { restored: number | null; counted: number | null };
  };
  return [
    `backup ${backupId} is restored in ${printAge(seconds ?? 0)}: ${rows?.counted ?? 'unknown'} rows counted\n`,
    ...(steps ?? []).map((step) => `  ${printAge(step.seconds).padStart(8)}  ${printable(step.name)}\n`),
  ].join('');
}
