import { parseTime, printTime } from '../repository/index.js';
import { type Attachment, podNamesOf, variable } from './attachment.js';
import { ClusterError } from './cluster-error.js';
import type { StatefulSet } from './objects.js';
import { planPruning } from './prune.js';
import type { BackupView, RepositoryView } from './repository-view.js';
import { restoringContainer } from './restore-time.js';
import type { Snapshot } from './snapshot.js';

/** What one of Vald’s pods goes back to. */
export interface PodPlan {
  readonly pod: string;
  /** What it takes, or undefined where the store has nothing of it from then. */
  readonly backup: BackupView | undefined;
  /** The newest backup of it: what it leaves. */
  readonly newest: BackupView | undefined;
  /** How many newer backups there are. They stay in the store. */
  readonly newer: number;
  /** Whether it went back to this very time before: then it does not again, and stays as it is. */
  readonly done: boolean;
  /** Whether its next upload has retention delete what it would take. */
  readonly endangered: boolean;
}

/** A restore of Vald: every pod of a StatefulSet goes back to what it had saved by a time, each by itself. */
export interface ValdPlan {
  /** For `RESTORE_AS_OF`. */
  readonly asOf: string;
  readonly pods: readonly PodPlan[];
}

/**
 * The StatefulSet whose pods can be taken back.
 *
 * @throws ClusterError where there is none, or its pods cannot go back
 */
export function restorableAgents(attachment: Attachment): StatefulSet {
  const { agents, namespace, name } = attachment;
  const refuse = (fact: string, hint: string): never => {
    throw new ClusterError('refused', `StatefulSet ${namespace}/${name}`, fact, hint);
  };
  if (!agents) return refuse('is not there: its pods restore themselves, and there are none', 'Apply its manifests.');
  if (agents.metadata.deletionTimestamp !== undefined) return refuse('is being removed', 'Apply its manifests again.');
  if (variable(attachment.pod, 'KEEP_LAST') === undefined)
    return refuse(
      'is backed up by Vald’s own sidecar, which keeps one object for each pod: there is no earlier state to go back to',
      'Bring back an earlier version of the objects (bucket versioning), as the runbook says; Uploader.repository() keeps generations.',
    );
  if (!restoringContainer(agents))
    return refuse('has no init container with RESTORE_AS_OF', 'Apply manifests of this version of chartwright first.');
  if (podNamesOf(agents).length === 0) return refuse('has no pods', 'Scale it up: pods restore when they start.');
  const { updateStrategy: { rollingUpdate } = {}, ordinals } = agents.spec;
  if ((rollingUpdate?.partition ?? 0) > (ordinals?.start ?? 0))
    return refuse(
      `changes only its pods from ${rollingUpdate?.partition} on (updateStrategy.rollingUpdate.partition)`,
      'Set the partition to 0: every pod goes back, or none.',
    );
  return agents;
}

/**
 * Plans a restore.
 *
 * @param target `latest`, the id of a generation, or the time to go back to
 * @param pod whose generation is meant, where several pods have it
 * @throws ClusterError where there is no such pod, generation or time
 */
export function planRestore(
  attachment: Attachment,
  view: RepositoryView,
  snapshot: Snapshot,
  target: string,
  { pod, now }: { readonly pod?: string | undefined; readonly now: Date },
): ValdPlan {
  const names = podNamesOf(restorableAgents(attachment));
  if (pod !== undefined && !names.includes(pod))
    throw new ClusterError('usage', '--pod', 'there is no such pod', 'Name one of the allowed ones.', {
      got: pod,
      allowed: names.join(', '),
    });
  const endangered = endangeredSets(attachment, snapshot, now);
  const planFor = (asOf: string): ValdPlan => ({
    asOf,
    pods: names.map((name) => planPod(name, view.backups, snapshot, asOf, endangered)),
  });
  const time = parseTime(target);
  if (time !== undefined) {
    if (time > now.getTime() / 1000)
      throw new ClusterError('usage', target, 'this time is still to come', 'Give one that is over, or latest.');
    const plan = planFor(printTime(time));
    if (plan.pods.some(({ done }) => !done)) return plan;
    throw new ClusterError(
      'failed',
      plan.asOf,
      'every pod went back to this time before, and it is done once',
      `To take them back again, give a time one second later: ${printTime(time + 1)}`,
    );
  }
  const own = view.backups.filter((one) => names.includes(one.pod ?? '') && (pod === undefined || one.pod === pod));
  let seconds = target === 'latest' ? newestSave(attachment, own) : saveOf(target, own, attachment);
  // Each pod goes back once to each time: who asks again for what all of them have taken means it.
  for (;;) {
    const plan = planFor(printTime(seconds));
    if (plan.pods.some(({ done }) => !done)) return plan;
    seconds++;
  }
}

function planPod(
  pod: string,
  backups: readonly BackupView[],
  { records }: Snapshot,
  asOf: string,
  endangered: ReadonlySet<string>,
): PodPlan {
  const own = backups.filter((one) => one.pod === pod);
  const whole = own.filter(({ state }) => state === 'committed');
  const backup = takenBy(own, asOf);
  return {
    pod,
    backup,
    newest: whole[0],
    newer: backup === undefined ? 0 : whole.filter(({ saved = '' }) => saved > (backup.saved ?? asOf)).length,
    done: (records.get(`${pod}/restored-as-of`) ?? '').trim() === asOf,
    endangered: backup !== undefined && endangered.has(`${pod}/${backup.id}`),
  };
}

/** As `vald-restore.sh` chooses: the newest whole generation from then, or the sidecar’s object where that came later. */
function takenBy(own: readonly BackupView[], asOf: string): BackupView | undefined {
  const generation = own.find(({ state, saved }) => state === 'committed' && saved !== undefined && saved <= asOf);
  const object = own.find(({ state, time }) => state === 'unverified' && time !== undefined && time <= asOf);
  return object && (object.time ?? '') > (generation?.time ?? '') ? object : generation;
}

function newestSave({ storePath }: Attachment, backups: readonly BackupView[]): number {
  const saves = backups.flatMap(({ state, saved }) => (state === 'committed' ? (parseTime(saved) ?? []) : []));
  if (saves.length > 0) return Math.max(...saves);
  throw new ClusterError('failed', storePath, 'has no committed generation', 'Look: chartwright backups list.');
}

function saveOf(id: string, backups: readonly BackupView[], { storePath }: Attachment): number {
  const found = backups.filter((one) => one.id === id);
  const [backup, ...others] = found;
  if (!backup)
    throw new ClusterError(
      'failed',
      storePath,
      `there is no backup ${id}`,
      'Look at what there is: chartwright backups list.',
    );
  if (others.length > 0)
    throw new ClusterError('usage', id, 'several pods have this backup', 'Choose one with --pod.', {
      allowed: found.map((one) => one.pod ?? '').join(', '),
    });
  const seconds = parseTime(backup.saved);
  if (backup.state === 'committed' && seconds !== undefined) return seconds;
  throw new ClusterError(
    'failed',
    `${backup.pod ?? ''}/${backup.id}`,
    `is ${backup.state}: no pod would take it`,
    'Choose a committed one.',
  );
}

/**
 * What retention deletes after the next upload, such as the one with which a pod stops: what no rule keeps, and the last
 * of the newest ones that stay for their number alone.
 */
function endangeredSets(attachment: Attachment, snapshot: Snapshot, now: Date): ReadonlySet<string> {
  return new Set(
    planPruning(attachment, snapshot, now).flatMap(({ pod, sets }) =>
      sets
        .filter(({ reasons }) =>
          reasons.every(({ rule, detail }) =>
            rule === 'last' ? /^(\d+) of \1$/.test(detail) : rule === 'newest' || rule === 'expired',
          ),
        )
        .map(({ backupId }) => `${pod}/${backupId}`),
    ),
  );
}
