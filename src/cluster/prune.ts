import { ownerFile, planRetention, type RetentionPlan, readOwner } from '../repository/index.js';
import { type Attachment, type Status, variable } from './attachment.js';
import { ClusterError } from './cluster-error.js';
import { below, seriesOf } from './repository-view.js';
import type { Snapshot } from './snapshot.js';

/** What retention does with one series: the backups of the cluster, or of one pod. */
export interface SeriesPlan extends RetentionPlan {
  readonly pod?: string;
}

/**
 * What retention would do now, by the rules that the repository’s own jobs have in their environment.
 *
 * @throws ClusterError where the folder is another cluster’s, or the rules are not written down
 */
export function planPruning(attachment: Attachment, { listing, records }: Snapshot, now: Date): SeriesPlan[] {
  const { clusterId, storePath, pod } = attachment;
  const owner = readOwner(records.get(ownerFile) ?? '')?.clusterId;
  if (owner !== clusterId)
    throw new ClusterError(
      'refused',
      storePath,
      owner === undefined ? 'has no owner.json, so nothing in it is known to be ours' : 'belongs to another cluster',
      'Only the owner deletes. Check bucket, prefix and access key.',
      owner === undefined ? {} : { got: owner, allowed: clusterId },
    );
  const number = (name: string): number => {
    const text = variable(pod, name);
    if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text);
    throw new ClusterError(
      'not-found',
      `${attachment.namespace}/${attachment.name}`,
      `the rules of its retention are not known: ${name} is not in the environment of its pods`,
      'Retention belongs to the job that backs up: apply its manifests.',
    );
  };
  const policy = {
    keepLast: number('KEEP_LAST'),
    keepWithinSeconds: number('KEEP_WITHIN_SECONDS'),
    keepDaily: number('KEEP_DAILY'),
    keepWeekly: number('KEEP_WEEKLY'),
    keepMonthly: number('KEEP_MONTHLY'),
    keepYearly: number('KEEP_YEARLY'),
    leftoverGraceSeconds: number('LEFTOVER_GRACE_SECONDS'),
  };
  return seriesOf(attachment, listing).map((folder) => ({
    ...planRetention({
      now: Math.floor(now.getTime() / 1000),
      clusterId,
      policy,
      listing: below(listing, folder),
      records: new Map([...records].map(([path, text]) => [path.slice(folder.length), text])),
    }),
    ...(folder === '' ? {} : { pod: folder.slice(0, -1) }),
  }));
}

/**
 * Refuses while a restore has not come to its end: what it restores must not go, and half a database must not become the
 * newest backup. The scripts of backups refuse too, but only once a pod runs.
 *
 * @throws ClusterError of kind `refused`
 */
export function refuseHalfRestored({ namespace, name }: Attachment, { restore }: Status): void {
  const unfinished = restore?.['unfinished'] as { readonly backupId?: unknown } | null | undefined;
  if (!unfinished) return;
  throw new ClusterError(
    'refused',
    `${namespace}/${name}`,
    `a restore of backup ${unfinished.backupId ?? 'unknown'} has not come to its end`,
    'Start the same restore again: it goes on where that is safe.',
  );
}

/**
 * Retention as it runs after each backup: the same script, under the same lease, which it asks before each deletion. The
 * plan is made anew there, so what has come since it was shown counts too.
 */
const program = `set -euo pipefail
script=prune scripts=/scripts
. "$scripts/rondb-run.sh"
. "$scripts/rondb-lease.sh"
read_run_environment
read_lease_environment
check_programs bash cat chmod date jq kubectl mktemp rclone rm timeout
: "\${RETENTION_TIMEOUT_SECONDS:?seconds that removing old sets may take}"
start_run
end_run() { release_lease; }
set_deadline "$RETENTION_TIMEOUT_SECONDS"
acquire_lease
printf '%s\\n' '#!/usr/bin/env bash' 'set -euo pipefail' 'script=prune' "work=\\$(mktemp -d '$work/guard.XXXXXX')" \\
  "limit=$COMMAND_TIMEOUT_SECONDS deadline=\\$((EPOCHSECONDS + limit))" ". '$scripts/rondb-run.sh'" \\
  ". '$scripts/rondb-lease.sh'" check_lease >"$work/guard"
chmod 700 "$work/guard"
limit=$RETENTION_TIMEOUT_SECONDS
MODE=apply SERIES_PATH=$STORE_PATH GUARD_COMMAND=$work/guard run_bounded bash "$scripts/repository-retention.sh"
`;

/** The command of a Job that prunes: the backup’s own pod, with its scripts at `/scripts`. */
export const pruneCommand: readonly string[] = ['bash', '-c', program];
