import type { Cluster } from './cluster.js';
import { ClusterError } from './cluster-error.js';
import { jobEnd } from './job-template.js';
import type { ContainerStatus, Job, Pod } from './objects.js';
import { podLog } from './pod-log.js';
import { waitingReason } from './pod-state.js';
import { resources } from './resources.js';
import { watch } from './watch.js';

/** How a Job ended. */
export interface JobOutcome {
  readonly job: string;
  readonly succeeded: boolean;
  /** Exit code of its container, where a pod has run. */
  readonly exitCode?: number;
  /** What Kubernetes says about the end, such as `DeadlineExceeded`. */
  readonly reason?: string;
  /** Everything that it logged. */
  readonly log: readonly string[];
}

/** Who wants to know how it goes. */
export interface JobListener {
  /** A line of its log. */
  line(text: string): void;
  /** Why its pod does not run yet, in a few words; each reason once. */
  waiting(reason: string): void;
}

/** How long the log may take to arrive once the Job has ended. */
const logPatience = 15_000;

/**
 * Follows a Job to its end. Connections that break are made again; the Job itself never depends on anybody following.
 *
 * @param signal ends the following, not the Job
 * @throws ClusterError where the Job is gone, or may not be read
 */
export async function followJob(
  cluster: Cluster,
  namespace: string,
  name: string,
  listener: JobListener,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const ended = new AbortController();
  const stop = () => ended.abort();
  signal.addEventListener('abort', stop);
  const log: string[] = [];
  const line = (text: string) => {
    log.push(text);
    listener.line(text);
  };
  const pods = { exitCode: undefined as number | undefined };
  // How the Job ends does not depend on whether we may read its log.
  const following = followPods(
    cluster,
    namespace,
    name,
    { line, waiting: (reason) => listener.waiting(reason) },
    ended.signal,
    pods,
  ).catch((error) => {
    if (!(error instanceof ClusterError)) throw error;
    listener.waiting(`its pod is not followed: ${error.problems[0]!.message}`);
  });
  // A fault of ours is thrown where it is waited for, and not before.
  following.catch(() => {});
  try {
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    for await (const jobs of watch<Job>(cluster, resources.jobs, selection, ended.signal)) {
      const job = jobs.get(name);
      if (!job) throw gone(namespace, name);
      const end = jobEnd(job);
      if (end === undefined) continue;
      const late = setTimeout(stop, logPatience);
      await following.finally(() => clearTimeout(late));
      const reason = job.status?.conditions?.find(({ type }) => type === end)?.reason;
      return {
        job: name,
        succeeded: end === 'Complete',
        ...(pods.exitCode === undefined ? {} : { exitCode: pods.exitCode }),
        ...(reason === undefined ? {} : { reason }),
        log,
      };
    }
    throw gone(namespace, name);
  } finally {
    signal.removeEventListener('abort', stop);
    ended.abort();
  }
}

const gone = (namespace: string, name: string): ClusterError =>
  new ClusterError(
    'failed',
    `Job ${namespace}/${name}`,
    'was removed before it ended, or is no longer followed',
    'Look at the backups: chartwright backups list.',
  );

/** Follows the pods of a Job until one of them has ended, and passes on what it logs. */
async function followPods(
  cluster: Cluster,
  namespace: string,
  job: string,
  listener: JobListener,
  signal: AbortSignal,
  seen: { exitCode: number | undefined },
): Promise<void> {
  const told = new Set<string>();
  const logged = new Set<string>();
  let logging = Promise.resolve();
  for await (const pods of watch<Pod>(
    cluster,
    resources.pods,
    { namespace, labelSelector: `job-name=${job}` },
    signal,
  )) {
    // A pod that a node took away is replaced: the newest one counts.
    const [pod] = [...pods.values()].sort((a, b) =>
      (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''),
    );
    if (!pod) continue;
    const reason = waitingReason(pod);
    if (reason !== undefined && !told.has(reason)) listener.waiting(reason);
    if (reason !== undefined) told.add(reason);
    for (const { name, state } of stepsOf(pod)) {
      if (logged.has(name) || !(state?.running || state?.terminated)) continue;
      logged.add(name);
      logging = logging.then(() => readLog(cluster, namespace, pod, name, listener, signal));
      // Waited for below; until then a failure is nobody’s surprise.
      logging.catch(() => {});
    }
    const end = endOf(pod);
    if (end === undefined) continue;
    seen.exitCode = end;
    await logging;
    return;
  }
}

/** The containers that do the work one after another: those before the main one, without sidecars, and that one. */
function stepsOf({ spec, status }: Pod): readonly ContainerStatus[] {
  const sidecars = new Set(
    spec.initContainers?.filter((one) => one.restartPolicy === 'Always').map(({ name }) => name),
  );
  const before = status?.initContainerStatuses?.filter(({ name }) => !sidecars.has(name)) ?? [];
  const main = status?.containerStatuses?.find(({ name }) => name === spec.containers[0]!.name);
  return [...before, ...(main ? [main] : [])];
}

/** The exit code of a pod whose work is over: its main container’s, or that of one before it that failed. */
function endOf(pod: Pod): number | undefined {
  const ended = stepsOf(pod).flatMap(({ name, state }) => (state?.terminated ? [{ name, ...state.terminated }] : []));
  const main = pod.spec.containers[0]!.name;
  // A pod that is allowed to would run a failed container again.
  return ended.find(({ name, exitCode }) => name === main || (exitCode !== 0 && pod.status?.phase === 'Failed'))
    ?.exitCode;
}

async function readLog(
  cluster: Cluster,
  namespace: string,
  { metadata }: Pod,
  container: string,
  listener: JobListener,
  signal: AbortSignal,
): Promise<void> {
  for await (const line of podLog(cluster, namespace, metadata.name, container, signal)) listener.line(line);
}
