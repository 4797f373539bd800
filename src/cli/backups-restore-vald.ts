import {
  type Attachment,
  ClusterError,
  deployerOf,
  followRestore,
  type PodOutcome,
  type PodPlan,
  planRestore,
  readStatus,
  restorableAgents,
  restoringContainer,
  type StatefulSet,
  setRestoreTime,
  type ValdPlan,
  viewRepository,
} from '../cluster/index.js';
import { exitCodes, printable } from '../problem/index.js';
import { ask, refuseWithoutAnswer } from './backups-ask.js';
import { printDocument } from './backups-document.js';
import type { BackupsSession, RestoreOptions } from './backups-session.js';
import { type Column, printAge, printBytes, printColumns } from './columns.js';

/**
 * Restores Vald: its agents restore themselves when they start, so the StatefulSet is told the time to go back to, its
 * pods are replaced one after another, and each is followed until it is ready.
 *
 * @param target `latest`, the id of a generation, or the time to go back to
 * @returns 1 where a pod would have nothing to go back to, nobody agreed, or a pod did not go back
 * @throws ClusterError where these agents cannot go back, or the server refuses the change
 */
export async function restoreVald(
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
  const { screen, cluster } = session;
  const looksOnly = options.plan === true || options.dryRun === true;
  if (!looksOnly) refuseWithoutAnswer(session, options.yes);
  const agents = restorableAgents(attachment);
  const snapshot = await session.readStore(attachment);
  const now = new Date();
  const view = viewRepository(attachment, snapshot, await readStatus(cluster, attachment), now);
  const plan = planRestore(attachment, view, snapshot, target, { pod: options.pod, now });
  const { asOf } = plan;
  if (options.output === 'text') screen.result(printPlan(plan, agents));
  const lost = plan.pods.filter(({ backup, done }) => !backup && !done);
  for (const warning of warningsOf(plan, agents)) screen.note(`warning: ${warning}`);
  // Also before anybody is asked: what the server refuses needs no answer.
  if (!options.plan && lost.length === 0) await setRestoreTime(cluster, agents, asOf, true);
  if (looksOnly || lost.length > 0) {
    if (options.output !== 'text') printDocument({ plan }, options.output, screen);
    else if (lost.length === 0 && options.dryRun) screen.note('the server accepts the change; nothing was changed');
    if (looksOnly || lost.length === 0) return lost.length > 0 ? exitCodes.findings : exitCodes.ok;
    throw nothingToTake(plan, lost, attachment);
  }
  const { namespace, name } = agents.metadata;
  const question = `Take ${plan.pods.length} pods of ${namespace}/${name} back to ${asOf}? Type ${name} to agree:`;
  if (!options.yes && !(await ask(question, name, session.signal))) {
    session.check();
    screen.note('nothing was changed');
    return exitCodes.findings;
  }
  session.goesOn = goesOn(agents, asOf);
  const changed = await setRestoreTime(cluster, agents, asOf, false);
  screen.note(`StatefulSet ${namespace}/${name} has RESTORE_AS_OF=${asOf}`);
  const outcomes = await follow(session, changed, asOf);
  session.check();
  session.goesOn = undefined;
  if (options.output !== 'text') printDocument({ plan, pods: outcomes }, options.output, screen);
  else screen.result(printOutcomes(plan, outcomes, agents));
  return hasGoneBack(plan, outcomes) ? exitCodes.ok : exitCodes.findings;
}

function follow(session: BackupsSession, set: StatefulSet, asOf: string): Promise<PodOutcome[]> {
  const { screen, cluster, signal } = session;
  const listener = {
    line: (pod: string, text: string) => screen.note(printable(`${pod}: ${text}`)),
    step: (pod: string, text: string) => screen.note(printable(`${pod} ${text}`)),
  };
  return followRestore(cluster, set, asOf, listener, signal);
}

/** Whether every pod took what it should, or had taken it before. */
const hasGoneBack = ({ pods }: ValdPlan, outcomes: readonly PodOutcome[]): boolean =>
  pods.every(({ pod, done }) => {
    const state = outcomes.find((one) => one.pod === pod)?.state;
    return state === 'restored' || (done && state === 'kept');
  });

function nothingToTake({ asOf }: ValdPlan, lost: readonly PodPlan[], { storePath }: Attachment): ClusterError {
  return new ClusterError(
    'failed',
    storePath,
    `has nothing of ${lost.map(({ pod }) => pod).join(', ')} that was saved by ${asOf}: nothing was changed`,
    'Give a later time: with this one the pod would not start.',
  );
}

function goesOn({ metadata, spec }: StatefulSet, asOf: string): string {
  const { name, namespace } = metadata;
  const container = restoringContainer({ metadata, spec } as StatefulSet)!.name;
  const onDelete = spec.updateStrategy?.type === 'OnDelete';
  return `StatefulSet ${namespace}/${name} goes back to ${asOf} in the cluster, ${onDelete ? 'each pod when it is deleted' : 'one pod after another'}. Nothing is half done by this: a pod has gone back before its agent starts, or is as it was.
  follow it:  run the same command again, or kubectl -n ${namespace} rollout status statefulset/${name}
  stop it:    kubectl -n ${namespace} set env statefulset/${name} -c ${container} RESTORE_AS_OF=
              (pods that have gone back stay so; what their disks had is in broken/)`;
}

/** What a person has to know before they agree. */
function warningsOf({ asOf, pods }: ValdPlan, agents: StatefulSet): string[] {
  const deployer = deployerOf(agents);
  const some = pods.filter(({ endangered, done }) => endangered && !done);
  return [
    ...(deployer?.undoes
      ? [
          `${deployer.name} applies this StatefulSet and may undo the change before all pods have gone back: suspend it meanwhile, or set restoreAsOf: '${asOf}' in its source and let it do the same`,
        ]
      : deployer
        ? [`${deployer.name} applies this StatefulSet: make no other release of it before all pods have gone back`]
        : []),
    ...some.map(
      ({ pod, backup }) =>
        `retention may delete generation ${backup?.id} of ${pod} after the upload with which the pod stops: put an object called pinned into its folder first`,
    ),
  ];
}

/** Where the same time is written down for the next deployment. */
function sourceOf({ metadata }: StatefulSet): string {
  const chart = metadata.labels?.['helm.sh/chart'] ?? '';
  if (/^vald-agent-\d/.test(chart)) return 'the values of the chart vald-agent, at backup.restoreAsOf';
  if (/^vald-/.test(chart)) return 'the app that writes the values for upstream’s chart, at backup.restoreAsOf';
  return 'the app: restoreAsOf in the BackupMethod of ValdAgentWithBackup';
}

const columns: readonly Column<PodPlan>[] = [
  { heading: 'POD', text: ({ pod }) => pod },
  {
    heading: 'GENERATION',
    text: ({ backup, done }) => (done ? 'stays as it is' : (backup?.id ?? 'none: the pod would not start')),
  },
  { heading: 'SAVED', text: ({ backup }) => backup?.saved ?? backup?.time ?? '' },
  { heading: 'AGE', right: true, text: ({ backup }) => (backup?.age === undefined ? '' : printAge(backup.age)) },
  { heading: 'SIZE', right: true, text: ({ backup }) => (backup ? printBytes(backup.bytes) : '') },
  { heading: 'VECTORS', right: true, text: ({ backup }) => String(backup?.vectors ?? '') },
  { heading: 'NEWEST', right: true, text: ({ newest }) => String(newest?.vectors ?? '') },
  { heading: 'LOST', text: lossOf },
  { heading: 'VERIFIED', text: ({ backup }) => backup?.verified ?? (backup ? 'not yet' : '') },
];

function lossOf({ backup, newer, done }: PodPlan): string {
  if (done) return 'nothing: it went back to this time before';
  if (!backup) return '';
  return `what came since${newer === 0 ? '' : `, with ${newer} newer ${newer === 1 ? 'generation' : 'generations'}`}`;
}

function printPlan({ asOf, pods }: ValdPlan, agents: StatefulSet): string {
  const { namespace, name } = agents.metadata;
  const how =
    agents.spec.updateStrategy?.type === 'OnDelete' ? 'is removed, from the last on,' : 'restarts in its turn';
  return [
    `plan: vald ${namespace}/${name} goes back to ${asOf}\n`,
    printColumns(columns, pods),
    `Each pod ${how} and goes back before its agent starts. What its disk has is set aside in broken/; newer generations stay in\n`,
    'the store until retention deletes them. Each pod goes back by itself: run Vald’s index correction afterwards.\n',
    `The same time belongs into ${sourceOf(agents)}: '${asOf}'.\n`,
    'A deployment without it before all pods have gone back stops the restore; later it restarts them, and they stay as they are.\n',
  ].join('');
}

const outcomeColumns: readonly Column<PodOutcome>[] = [
  { heading: 'POD', text: ({ pod }) => pod },
  { heading: 'STATE', text: ({ state }) => state },
  { heading: 'GENERATION', text: ({ backupId }) => String(backupId ?? '') },
  { heading: 'VECTORS', right: true, text: ({ vectors }) => String(vectors ?? '') },
  { heading: 'SAID', text: ({ said }) => said },
];

function printOutcomes(plan: ValdPlan, outcomes: readonly PodOutcome[], { metadata }: StatefulSet): string {
  const { namespace, name } = metadata;
  const waiting = plan.pods.filter(({ pod }) => !outcomes.some((one) => one.pod === pod)).map(({ pod }) => pod);
  const other = outcomes.filter(
    ({ pod, backupId }) =>
      backupId !== undefined && String(backupId) !== plan.pods.find((one) => one.pod === pod)?.backup?.id,
  );
  return [
    printColumns(outcomeColumns, outcomes),
    ...other.map(
      ({ pod, backupId }) => `${pod} took generation ${backupId} in place of the planned one: its log says why.\n`,
    ),
    ...(waiting.length > 0 ? [`not replaced yet, and as before: ${waiting.join(', ')}\n`] : []),
    hasGoneBack(plan, outcomes)
      ? `vald ${namespace}/${name} has gone back to ${plan.asOf}\n`
      : `vald ${namespace}/${name} has not gone back to ${plan.asOf} as a whole: mend what the refusal names, and run the same command again\n`,
  ].join('');
}
