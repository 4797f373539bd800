import {
  type Attachment,
  ClusterError,
  planPruning,
  pruneCommand,
  readStatus,
  refuseHalfRestored,
  refuseWhileBusy,
  type SeriesPlan,
} from '../cluster/index.js';
import { exitCodes } from '../problem/index.js';
import { ask, refuseWithoutAnswer } from './backups-ask.js';
import { printDocument } from './backups-document.js';
import { failedRun, followRun, startRun } from './backups-follow.js';
import { missing } from './backups-run.js';
import { type BackupsOptions, BackupsSession } from './backups-session.js';
import { type Column, printBytes, printColumns } from './columns.js';
import type { Screen } from './screen.js';

/** Options of `chartwright backups prune`. */
export interface PruneOptions extends BackupsOptions {
  readonly apply?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

type Row = SeriesPlan['sets'][number] & { readonly pod?: string };

const columns: readonly Column<Row>[] = [
  { heading: 'ACTION', text: ({ action }) => action },
  { heading: 'POD', text: ({ pod }) => pod ?? '' },
  { heading: 'ID', text: ({ backupId }) => String(backupId) },
  { heading: 'TIME', text: ({ time }) => time ?? '' },
  { heading: 'SIZE', right: true, text: ({ bytes }) => printBytes(bytes) },
  { heading: 'STATE', text: ({ state }) => state },
  {
    heading: 'WHY',
    text: ({ reasons }) => reasons.map(({ rule, detail }) => `${rule}${detail ? ` (${detail})` : ''}`).join(', '),
  },
];

/**
 * Shows what retention keeps and deletes, and with `--apply` has it done in the cluster, by the script that runs after
 * each backup and under the same lease.
 */
export function pruneBackups(options: PruneOptions, screen: Screen): Promise<number> {
  return BackupsSession.run(options, screen, async (session) => {
    if (options.apply && options.dryRun)
      throw new ClusterError('usage', 'command line', '--apply and --dry-run contradict each other', 'Leave one out.');
    if (options.apply) refuseWithoutAnswer(session, options.yes);
    const attachment = await session.attachment();
    const series = planPruning(attachment, await session.readStore(attachment), new Date());
    const rows = series.flatMap(({ pod, sets }) =>
      sets.map((set) => ({ ...set, ...(pod === undefined ? {} : { pod }) })),
    );
    const doomed = rows.filter(({ action }) => action === 'delete');
    const bytes = doomed.reduce((sum, set) => sum + set.bytes, 0);
    if (options.output === 'text') {
      screen.result(rows.length > 0 ? printColumns(columns, rows) : 'there is no backup\n');
      screen.result(`${doomed.length} of ${rows.length} would go, ${printBytes(bytes)}\n`);
    }
    if (!options.apply || doomed.length === 0) {
      if (options.output !== 'text') printDocument({ series, applied: false }, options.output, screen);
      else if (doomed.length > 0) screen.note('nothing was deleted; --apply deletes');
      return exitCodes.ok;
    }
    return apply(session, attachment, doomed.length, options);
  });
}

async function apply(session: BackupsSession, attachment: Attachment, count: number, options: PruneOptions) {
  const { screen } = session;
  if (attachment.database === 'vald')
    throw new ClusterError(
      'refused',
      `StatefulSet ${attachment.namespace}/${attachment.name}`,
      'only a pod’s own uploader deletes its generations: nobody else knows which one it is writing',
      'It does so after each upload. For other rules change the uploader’s retention in the app, and apply it.',
    );
  const template = attachment.backup ?? missing(attachment, 'backup');
  await refuseWhileBusy(session.cluster, attachment, ['backup', 'restore']);
  refuseHalfRestored(attachment, await readStatus(session.cluster, attachment));
  const question = `Delete ${count} of the backups of ${attachment.namespace}/${attachment.name}? Type ${count} to agree:`;
  if (!options.yes && !(await ask(question, String(count), session.signal))) {
    session.check();
    screen.note('nothing was deleted');
    return exitCodes.findings;
  }
  const job = await startRun(session, {
    template,
    purpose: 'prune',
    command: pruneCommand,
    aside: 'prune',
    goesOn: 'A backup that is half deleted is no backup any more; the next run, also of a backup, finishes the work.',
  });
  const { outcome, report } = await followRun(session, job);
  if (!outcome.succeeded) throw failedRun(job, outcome);
  const sets = (report?.['sets'] ?? []) as readonly { action: string; backupId: number }[];
  const gone = sets.filter(({ action }) => action === 'delete').map(({ backupId }) => backupId);
  if (options.output !== 'text')
    printDocument({ job: outcome.job, plan: report, applied: true }, options.output, screen);
  else screen.result(`deleted: ${gone.join(', ') || 'nothing'}\n`);
  return exitCodes.ok;
}
