import { parseTime } from '../../repository/index.js';
import { rondbBackup } from '../../scripts/index.js';
import { cronIntervals } from '../../units/index.js';
import { type Attachment, variable } from '../attachment.js';
import type { CronJob, Lease, Pod } from '../objects.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, skipped, warning } from './check.js';
import { type DoctorContext, nameOf } from './context.js';

/** Checks of how the last runs ended: do I have a backup, of when, and is it good? */
export const backupChecks: readonly Check[] = [
  {
    id: 'DOC080',
    title: 'there is a backup, and it is young enough',
    looksAt: 'The last committed backup in the status ConfigMap, against the schedule of the CronJob.',
    why: 'What is older than two rounds of the schedule has missed one, and what was written since is in no backup.',
    todo: 'Make one now: chartwright backups run. Look at the last run: kubectl get jobs.',
    run: (context) =>
      eachJob(context, 'backup', async (attachment, job, subject) => {
        const committed = (await context.status(attachment)).backup?.['lastCommitted'] as
          | { time?: unknown }
          | null
          | undefined;
        if (job.spec.suspend) return warning(subject, 'is suspended', 'Let it run: set suspend to false.');
        const time = parseTime(committed?.time);
        if (time === undefined) return error(subject, 'has not committed a backup yet');
        return age(context, subject, job, time, 'the last backup is of');
      }),
  },
  {
    id: 'DOC081',
    title: 'the last attempt succeeded',
    looksAt: 'How the last attempt ended, in the status ConfigMap.',
    why: 'One failed attempt costs a round; several in a row cost the backup.',
    todo: 'Look at its log: kubectl logs job/….',
    run: (context) =>
      eachJob(context, 'backup', async (attachment, _, subject) => {
        const { state, exitCode } = (await context.status(attachment)).backup ?? {};
        if (state === undefined) return skipped(subject, 'no attempt was made yet');
        if (state === 'running') return ok(subject, 'is at work');
        if (exitCode === 0 || state === 'committed') return ok(subject, 'the last attempt succeeded');
        const known = rondbBackup.exitCodes.find(({ code }) => code === exitCode);
        return error(
          subject,
          `the last attempt ended with ${exitCode}: ${lower(known?.meaning ?? 'an unknown code')}`,
          known?.action,
        );
      }),
  },
  {
    id: 'DOC082',
    title: 'no restore is unfinished',
    looksAt: 'The key `restore` of the status ConfigMap.',
    why: 'While a restore has not come to its end no backup is made: half a database would become the newest one.',
    todo: 'Start the same restore again.',
    async run(context) {
      return Promise.all(
        context.attachments.map(async (attachment) => {
          const subject = nameOf('repository', attachment.namespace, attachment.name);
          const unfinished = (await context.status(attachment)).restore?.['unfinished'] as
            | { backupId?: unknown }
            | null
            | undefined;
          return unfinished
            ? error(subject, `a restore of backup ${unfinished.backupId ?? 'unknown'} has not come to its end`)
            : ok(subject, 'no restore is unfinished');
        }),
      );
    },
  },
  {
    id: 'DOC083',
    title: 'the backups were verified, and were right',
    looksAt:
      'The last verification in the status ConfigMap, of Vald the last runs in the status of its CronJob, against its schedule.',
    why: 'A backup that nobody has read back may be one that cannot be read.',
    todo: 'Verify now: chartwright backups verify --all.',
    async run(context) {
      const without = context.attachments
        .filter(({ verify, backup, pod }) => !verify && (backup || variable(pod, 'KEEP_LAST') !== undefined))
        .map(({ namespace, name }) =>
          warning(
            nameOf('repository', namespace, name),
            'nothing verifies its backups',
            'Add the CronJob that verifies.',
          ),
        );
      const seen = await eachJob(context, 'verify', async (attachment, job, subject) => {
        const { state, damaged, lastRight } = (await context.status(attachment)).verify ?? {};
        if (state === 'damaged')
          return error(
            subject,
            `${Array.isArray(damaged) ? damaged.length : 'some'} files are damaged in the store`,
            'Make a backup now, and bring back earlier versions of the objects: chartwright backups list.',
          );
        // Vald’s verification writes nothing down: Kubernetes knows when one began and when one succeeded.
        const { lastScheduleTime: began, lastSuccessfulTime, active = [] } = job.status ?? {};
        const time = parseTime(lastRight ?? lastSuccessfulTime);
        if (state === undefined && time !== undefined && (parseTime(began) ?? 0) > time && active.length === 0)
          return error(subject, `its run of ${began} did not succeed`, 'Look at its log: kubectl logs job/….');
        if (time === undefined) return warning(subject, 'the backups were not verified yet');
        return age(context, subject, job, time, 'all was right at');
      });
      return [...without, ...seen];
    },
  },
  {
    id: 'DOC084',
    title: 'nothing holds the lease that is gone',
    looksAt: 'The Lease that every run holds, and whether the pod is there that holds it.',
    why: 'A run that was killed holds its lease until it expires, and until then no other run begins.',
    todo: 'Wait until it expires, or make sure that the pod is gone and delete the Lease.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { namespace, pod } of context.attachments) {
        const name = variable(pod, 'LEASE_NAME');
        if (name === undefined) continue;
        const subject = nameOf('Lease', namespace, name);
        const lease = await context.find<Lease>(resources.leases, namespace, name);
        const { holderIdentity, acquireTime, leaseDurationSeconds = 0 } = lease?.spec ?? {};
        const until = Date.parse(acquireTime ?? '') + leaseDurationSeconds * 1000;
        if (!holderIdentity || !(until > context.now.getTime())) {
          sightings.push(ok(subject, 'is free'));
          continue;
        }
        const holder = lease?.metadata.annotations?.['holder-pod'];
        const found = holder === undefined ? undefined : await context.find<Pod>(resources.pods, namespace, holder);
        sightings.push(
          found?.metadata.uid === holderIdentity
            ? ok(subject, `is held by ${holder}, which is at work`)
            : warning(subject, `is held by a pod that is gone, until ${new Date(until).toISOString()}`),
        );
      }
      return sightings;
    },
  },
];

async function eachJob(
  context: DoctorContext,
  kind: 'backup' | 'verify',
  look: (attachment: Attachment, job: CronJob, subject: string) => Promise<Sighting>,
): Promise<Sighting[]> {
  return Promise.all(
    context.attachments.flatMap((attachment) => {
      const job = attachment[kind];
      return job ? [look(attachment, job, nameOf('CronJob', attachment.namespace, job.metadata.name))] : [];
    }),
  );
}

/** Two rounds of the schedule: one may be at work. */
function age(context: DoctorContext, subject: string, { spec }: CronJob, time: number, words: string): Sighting {
  const seconds = Math.floor(context.now.getTime() / 1000) - time;
  const longest = cronIntervals(spec.schedule)?.longest;
  const seen = `${words} ${new Date(time * 1000).toISOString().slice(0, 19)}Z, ${Math.floor(seconds / 3600)} hours ago`;
  return longest !== undefined && seconds > 2 * longest
    ? error(subject, `${seen}; a run is due every ${Math.ceil(longest / 3600)} hours`)
    : ok(subject, seen);
}

const lower = (text: string): string => (text.charAt(0).toLowerCase() + text.slice(1)).replace(/\.$/, '');
