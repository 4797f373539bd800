import {
  type Attachment,
  type BackupView,
  ClusterError,
  type PodView,
  readStatus,
  type Snapshot,
  viewRepository,
} from '../cluster/index.js';
import { exitCodes } from '../problem/index.js';
import { printDocument } from './backups-document.js';
import { podTroubles, printPods } from './backups-pods.js';
import { type BackupsOptions, BackupsSession } from './backups-session.js';
import { parseManifest, printSummary } from './backups-summary.js';
import type { Screen } from './screen.js';

/** Options of commands about one backup. */
export interface OneBackupOptions extends BackupsOptions {
  readonly pod?: string;
}

/** One backup with what the store says about it. */
export interface FoundBackup {
  readonly attachment: Attachment;
  readonly snapshot: Snapshot;
  readonly view: BackupView;
  /** Until when its pod is backed up, where that is known. */
  readonly pod: PodView | undefined;
  /** Text of its manifest. */
  readonly manifest: string | undefined;
}

/**
 * Shows one backup.
 *
 * @param id its id, or `latest` for the newest committed one
 * @returns 1 where it cannot be restored, else 0
 */
export function showBackup(id: string, options: OneBackupOptions, screen: Screen): Promise<number> {
  return BackupsSession.run(options, screen, async (session) => {
    const { attachment, view, pod, manifest } = await findBackup(session, id, options.pod);
    const parsed = parseManifest(manifest);
    if (options.output !== 'text')
      printDocument({ backup: view, ...(pod ? { pod } : {}), manifest: parsed }, options.output, screen);
    else {
      const of = view.pod === undefined ? attachment.name : `${attachment.name}, pod ${view.pod}`;
      screen.result(`backup ${view.id} of ${attachment.database} ${attachment.namespace}/${of}\n`);
      screen.result(printSummary(parsed, view));
      if (pod) screen.result(`\n${printPods([pod])}${podTroubles([pod]).join('')}`);
    }
    return view.state === 'committed' ? exitCodes.ok : exitCodes.findings;
  });
}

/**
 * Finds a backup in the store.
 *
 * @throws ClusterError where there is none of this id, or several pods have one
 */
export async function findBackup(session: BackupsSession, id: string, pod: string | undefined): Promise<FoundBackup> {
  const attachment = await session.attachment();
  const snapshot = await session.readStore(attachment);
  const { backups, pods: podViews } = viewRepository(
    attachment,
    snapshot,
    await readStatus(session.cluster, attachment),
    new Date(),
  );
  const candidates = backups.filter((one) => pod === undefined || one.pod === pod);
  const newest = candidates.find(({ state }) => state === 'committed');
  const fitting =
    id === 'latest'
      ? candidates.filter((one) => one.state === 'committed' && (one === newest || one.pod !== newest?.pod)).slice(0, 1)
      : candidates.filter((one) => one.id === id || one.id === `${id}/`);
  const [view, ...others] = fitting;
  const pods = [...new Set(candidates.flatMap((one) => one.pod ?? []))];
  if (view && (others.length > 0 || (id === 'latest' && pods.length > 1)))
    throw new ClusterError('usage', id, 'several pods have backups', 'Choose one with --pod.', {
      allowed: pods.join(', '),
    });
  if (!view)
    throw new ClusterError(
      'failed',
      attachment.storePath,
      id === 'latest' ? 'there is no committed backup' : `there is no backup ${id}`,
      'Look at what there is: chartwright backups list.',
      {
        allowed:
          candidates
            .slice(0, 10)
            .map((one) => one.id)
            .join(', ') || 'none',
      },
    );
  const folder = view.pod === undefined ? '' : `${view.pod}/`;
  const podView = podViews?.find((one) => one.pod === view.pod);
  return {
    attachment,
    snapshot,
    view,
    pod: podView,
    manifest: snapshot.records.get(`${folder}${view.id}/manifest.json`),
  };
}
