import { type Attachment, type BackupView, ClusterError, readStatus, viewRepository } from '../cluster/index.js';
import { parseTime, printTime } from '../repository/index.js';
import { printDocument } from './backups-document.js';
import type { BackupsSession, RestoreOptions } from './backups-session.js';
import { type Column, printAge, printable, printBytes, printColumns } from './columns.js';

/** What a pod would start on. */
interface PodPlan {
  readonly pod: string;
  /** Undefined where the store has nothing for it. */
  readonly backup: BackupView | undefined;
}

/** What somebody has to do so that Vald’s agents restore themselves. */
interface Plan {
  /** Undefined for the newest state. */
  readonly asOf: string | undefined;
  readonly pods: readonly PodPlan[];
  readonly steps: readonly string[];
}

/**
 * Plans a restore of Vald: the agents restore themselves when they start, so it is what a person does, and which
 * generation each pod comes back with.
 *
 * @param target `latest`, the id of a generation, or the time to go back to
 * @returns 0 for `--plan`; 1 where a pod would come back with nothing
 * @throws ClusterError of kind `refused` without `--plan`: it cannot be carried out from here
 */
export async function planValdRestore(
  session: BackupsSession,
  attachment: Attachment,
  target: string,
  options: RestoreOptions,
): Promise<number> {
  const unfit = (['only', 'except', 'intoNonEmpty', 'allowUnverified'] as const).find((name) => options[name]);
  if (unfit !== undefined || !options.users)
    throw new ClusterError(
      'usage',
      'command line',
      'an index is restored as a whole: there are no tables and users in it',
      'Leave out --only, --except, --into-non-empty, --allow-unverified and --no-users.',
    );
  const snapshot = await session.readStore(attachment);
  const { backups } = viewRepository(attachment, snapshot, await readStatus(session.cluster, attachment), new Date());
  const asOf = timeOf(target, backups, attachment, options.pod);
  const pods = podsOf(attachment, backups)
    .filter((pod) => asOf !== undefined || options.pod === undefined || pod === options.pod)
    .map((pod) => ({ pod, backup: newestOf(pod, backups, asOf) }));
  const plan = { asOf, pods, steps: stepsOf(attachment, pods, asOf) };
  if (options.output === 'text') session.screen.result(print(plan, attachment));
  else printDocument({ plan }, options.output, session.screen);
  const lost = pods.some(({ backup }) => backup === undefined);
  if (options.plan) return lost ? 1 : 0;
  throw new ClusterError(
    'refused',
    `StatefulSet ${attachment.namespace}/${attachment.name}`,
    'nothing was changed: agents restore themselves when they start, and what they start with belongs to the app',
    'Do the steps of the plan. A change made from here would be undone by the next apply.',
  );
}

/** The time that `restoreAsOf` gets, or undefined for the newest. */
function timeOf(
  target: string,
  backups: readonly BackupView[],
  attachment: Attachment,
  pod: string | undefined,
): string | undefined {
  if (target === 'latest') return undefined;
  const time = parseTime(target);
  if (time !== undefined) return printTime(time);
  const found = backups.filter((one) => one.id === target && (pod === undefined || one.pod === pod));
  const [backup, ...others] = found;
  if (!backup)
    throw new ClusterError(
      'failed',
      attachment.storePath,
      `there is no backup ${target}`,
      'Look at what there is: chartwright backups list.',
    );
  if (others.length > 0)
    throw new ClusterError('usage', target, 'several pods have this backup', 'Choose one with --pod.', {
      allowed: found.map((one) => one.pod ?? '').join(', '),
    });
  if (backup.state !== 'committed' || backup.saved === undefined)
    throw new ClusterError(
      'failed',
      `${backup.pod ?? ''}/${backup.id}`,
      `is ${backup.state}: no pod would take it`,
      'Choose a committed one.',
    );
  return backup.saved;
}

function podsOf({ agents }: Attachment, backups: readonly BackupView[]): string[] {
  if (agents)
    return Array.from({ length: agents.spec.replicas ?? 1 }, (_, ordinal) => `${agents.metadata.name}-${ordinal}`);
  return [...new Set(backups.flatMap(({ pod }) => pod ?? []))];
}

/** As the agents’ restore chooses: the newest whole generation that was saved by then. */
function newestOf(pod: string, backups: readonly BackupView[], asOf: string | undefined): BackupView | undefined {
  const own = backups.filter((one) => one.pod === pod);
  const whole = own.filter(
    ({ state, saved }) => state === 'committed' && (asOf === undefined || (saved !== undefined && saved <= asOf)),
  );
  // What Vald’s own sidecar keeps is one object, and says nothing about when it was saved.
  return whole[0] ?? (asOf === undefined ? own.find(({ state }) => state === 'unverified') : undefined);
}

function stepsOf(
  { namespace, name, agents }: Attachment,
  pods: readonly PodPlan[],
  asOf: string | undefined,
): readonly string[] {
  const kubectl = `kubectl -n ${namespace}`;
  const claim = agents?.spec.volumeClaimTemplates?.[0]?.metadata?.name;
  const after = [
    `Follow it: ${kubectl} rollout status statefulset/${name}; ${kubectl} logs ${name}-0 -c ${name}-restore`,
    'Run Vald’s index correction afterwards: each pod goes back by itself, and there is no cut across pods.',
  ];
  if (asOf !== undefined)
    return [
      `Set restoreAsOf: '${asOf}' in the backup of the app, synth and apply: each pod goes back once, whatever is on its disk.`,
      ...after,
      'Leave restoreAsOf there, or take it out later: it is done once for each pod and time.',
    ];
  return [
    'Only a pod whose disk holds no valid index restores; for each such pod, one after another:',
    ...pods.map(({ pod }) =>
      claim === undefined
        ? `${kubectl} delete pod ${pod}`
        : `${kubectl} delete pvc ${claim}-${pod} --wait=false && ${kubectl} delete pod ${pod}   (its disk is lost)`,
    ),
    ...after,
  ];
}

const columns: readonly Column<PodPlan>[] = [
  { heading: 'POD', text: ({ pod }) => pod },
  { heading: 'GENERATION', text: ({ backup }) => backup?.id ?? 'none: the pod would not start' },
  { heading: 'SAVED', text: ({ backup }) => backup?.saved ?? backup?.time ?? '' },
  { heading: 'AGE', right: true, text: ({ backup }) => (backup?.age === undefined ? '' : printAge(backup.age)) },
  { heading: 'SIZE', right: true, text: ({ backup }) => (backup ? printBytes(backup.bytes) : '') },
  { heading: 'VECTORS', right: true, text: ({ backup }) => String(backup?.vectors ?? '') },
  { heading: 'VERIFIED', text: ({ backup }) => backup?.verified ?? (backup ? 'not yet' : '') },
];

function print({ asOf, pods, steps }: Plan, { namespace, name }: Attachment): string {
  return [
    `plan: vald ${namespace}/${name} goes back to ${asOf ?? 'the newest generation of each pod'}\n`,
    printColumns(columns, pods),
    ...steps.map((step, index) => `${index + 1}. ${printable(step)}\n`),
  ].join('');
}
