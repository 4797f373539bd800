import { type Attachment, type JobKind, runAnnotation, variable } from './attachment.js';
import type { Cluster } from './cluster.js';
import { ClusterError } from './cluster-error.js';
import type { CronJob, Job, JobSpec, Lease, Variable } from './objects.js';
import { resources } from './resources.js';

/** How a Job differs from the template that it is made from. */
export interface JobChanges {
  /** Part of the name behind the template’s: what started it. */
  readonly purpose: string;
  /** Variables that get another value. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What runs in place of the template’s command. */
  readonly command?: readonly string[];
  /** For what is no run of the template: its own component label, no owner, and gone an hour after its end. */
  readonly aside?: string;
}

const letters = 'bcdfghjklmnpqrstvwxz2456789';

/** A suffix that no other Job has; without vowels, so that it makes no words. */
export const randomSuffix = (length = 5): string =>
  Array.from({ length }, () => letters[Math.floor(Math.random() * letters.length)]).join('');

/**
 * A Job made from a CronJob as its controller and `kubectl create job --from` make it, or from another Job. What belongs
 * to a CronJob goes with it, and counts in its history.
 */
export function jobFrom(template: CronJob | Job, changes: JobChanges): Job {
  const { name, namespace } = template.metadata;
  const scheduled = 'jobTemplate' in template.spec;
  const owned = scheduled && changes.aside === undefined;
  const { metadata = {}, spec } = scheduled
    ? (template as CronJob).spec.jobTemplate
    : { metadata: { labels: template.metadata.labels ?? {} }, spec: (template as Job).spec };
  const suffix = `-${changes.purpose}-${randomSuffix()}`;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      // A Job’s name becomes a label, which has 63 characters at most.
      name: name.slice(0, 63 - suffix.length) + suffix,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...metadata.labels,
        ...(changes.aside === undefined ? {} : { 'app.kubernetes.io/component': changes.aside }),
      },
      annotations: {
        ...metadata.annotations,
        ...(owned ? { 'cronjob.kubernetes.io/instantiate': 'manual' } : {}),
        [runAnnotation]: randomSuffix(16),
      },
      ...(owned
        ? {
            ownerReferences: [
              {
                apiVersion: template.apiVersion,
                kind: template.kind,
                name,
                uid: template.metadata.uid ?? '',
                controller: true,
              },
            ],
          }
        : {}),
    },
    spec: jobSpecFrom(spec, changes),
  };
}

function jobSpecFrom(
  { template, suspend: _, ...spec }: JobSpec,
  { environment = {}, command, aside }: JobChanges,
): JobSpec {
  const [container, ...others] = template.spec.containers;
  const { labels = {}, annotations } = template.metadata ?? {};
  // What the API server adds to the pods of a Job it must not find in a new one.
  const own = Object.entries(labels).filter(
    ([key]) => !/^(batch\.kubernetes\.io\/)?(controller-uid|job-name)$/.test(key),
  );
  const { selector: _selector, manualSelector: _manual, ...rest } = spec as JobSpec & Record<string, unknown>;
  return {
    ...rest,
    ...(aside === undefined ? {} : { ttlSecondsAfterFinished: 3_600 }),
    template: {
      ...template,
      metadata: { labels: Object.fromEntries(own), ...(annotations ? { annotations } : {}) },
      spec: {
        ...template.spec,
        containers: [
          {
            ...container!,
            env: changeEnvironment(container!.env ?? [], environment),
            ...(command ? { command } : {}),
          },
          ...others,
        ],
      },
    },
  };
}

function changeEnvironment(env: readonly Variable[], changes: Readonly<Record<string, string>>): Variable[] {
  const known = new Set(env.map(({ name }) => name));
  return [
    ...env.map((entry) =>
      Object.hasOwn(changes, entry.name) ? { name: entry.name, value: changes[entry.name]! } : entry,
    ),
    ...Object.entries(changes).flatMap(([name, value]) => (known.has(name) ? [] : [{ name, value }])),
  ];
}

/**
 * Makes a Job. An answer that got lost may hide that it was made: then there is a Job of its name with its own mark.
 *
 * @throws ClusterError where there is none afterwards
 */
export async function createJob(cluster: Cluster, job: Job): Promise<Job> {
  const { namespace, name, annotations } = job.metadata;
  try {
    return await cluster.create(resources.jobs, namespace, job);
  } catch (error) {
    if (!(error instanceof ClusterError) || !['conflict', 'unreachable'].includes(error.kind)) throw error;
    const made = await cluster.find<Job>(resources.jobs, namespace, name);
    if (made?.metadata.annotations?.[runAnnotation] !== annotations?.[runAnnotation]) throw error;
    return made!;
  }
}

/** Whether a Job has ended: `Complete`, `Failed`, or undefined while it goes on. */
export const jobEnd = ({ status }: Job): 'Complete' | 'Failed' | undefined =>
  (['Complete', 'Failed'] as const).find((type) =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True'),
  );

/**
 * Refuses while something else works on the repository: the script itself would refuse too, but only once its pod runs.
 *
 * @throws ClusterError of kind `refused`
 */
export async function refuseWhileBusy(
  cluster: Cluster,
  attachment: Attachment,
  kinds: readonly JobKind[],
): Promise<void> {
  const { namespace, pod, name } = attachment;
  const labelSelector = `app.kubernetes.io/managed-by=chartwright,app.kubernetes.io/component in (${kinds.join(',')})`;
  const jobs = await cluster.list<Job>(resources.jobs, { namespace, labelSelector });
  const status = variable(pod, 'STATUS_CONFIGMAP');
  const busy = jobs.find(
    (job) =>
      jobEnd(job) === undefined && !job.spec.suspend && variable(job.spec.template, 'STATUS_CONFIGMAP') === status,
  );
  if (busy)
    throw new ClusterError(
      'refused',
      `Job ${namespace}/${busy.metadata.name}`,
      `is at work on ${name} since ${busy.status?.startTime ?? busy.metadata.creationTimestamp}`,
      `Wait for its end: kubectl -n ${namespace} wait --for=condition=complete job/${busy.metadata.name}`,
    );
  const lease = variable(pod, 'LEASE_NAME');
  const held = lease === undefined ? undefined : await cluster.find<Lease>(resources.leases, namespace, lease);
  const { holderIdentity, acquireTime, leaseDurationSeconds = 0 } = held?.spec ?? {};
  const until = Date.parse(acquireTime ?? '') + leaseDurationSeconds * 1_000;
  if (holderIdentity && until > Date.now())
    throw new ClusterError(
      'refused',
      `Lease ${namespace}/${lease}`,
      `is held by the pod ${held?.metadata.annotations?.['holder-pod'] ?? holderIdentity}`,
      `Wait for its end. If that pod was killed, the lease ends by itself at ${new Date(until).toISOString()}.`,
    );
}
