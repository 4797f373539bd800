import { podNamesOf } from './attachment.js';
import type { Cluster } from './cluster.js';
import { ClusterError } from './cluster-error.js';
import { refusal } from './log-report.js';
import type { ContainerStatus, Pod, StatefulSet } from './objects.js';
import { podLog } from './pod-log.js';
import { isReady, waitingReason } from './pod-state.js';
import { pathOf, resources } from './resources.js';
import { goesBackTo, restoringContainer } from './restore-time.js';
import { watch } from './watch.js';

/** What became of one pod. */
export interface PodOutcome {
  readonly pod: string;
  /**
   * - `restored`: it took what the store has of that time
   * - `kept`: it started on what its disk has: it went back to that time before
   * - `refused`: its restore did not let it start
   * - `unknown`: it runs, and its log could not be read
   */
  readonly state: 'restored' | 'kept' | 'refused' | 'unknown';
  /** What its restore said last. */
  readonly said: string;
  /** The generation that it took, where it was one. */
  readonly backupId?: number;
  readonly vectors?: number;
}

/** Who wants to know how it goes. */
export interface RestoreListener {
  /** What a pod’s restore logs. */
  line(pod: string, text: string): void;
  /** What a pod does, in a few words; each once. */
  step(pod: string, text: string): void;
}

/** What a pod has come to. */
interface PodState {
  /** Its restores, by how often it was started again: what each of them logged. */
  readonly logs: Map<string, Promise<void>>;
  readonly told: Set<string>;
  said: string[];
  unread: boolean;
  outcome?: PodOutcome;
}

/** How often a pod’s restore starts again before nobody waits for it any more: a store may be away for a moment. */
const mostRestarts = 1;

/**
 * Follows the pods of a StatefulSet while each of them goes back, one after another from the last, until all are ready or
 * one is refused. Where nobody else replaces a pod it is removed here: one that is not ready, since the controller waits
 * for such a pod without end, and with `OnDelete` each one when the one before it is ready.
 *
 * @param set as the server has it with the time in it
 * @param signal ends the following; the cluster goes on
 * @returns what became of each pod that has been replaced, in their order
 * @throws ClusterError where the StatefulSet is removed or its time changed meanwhile, or may not be watched
 */
export async function followRestore(
  cluster: Cluster,
  set: StatefulSet,
  asOf: string,
  listener: RestoreListener,
  signal: AbortSignal,
): Promise<PodOutcome[]> {
  const following = new ValdRestore(cluster, set, asOf, listener, signal);
  return following.run();
}

class ValdRestore {
  readonly #ended = new AbortController();
  readonly #states = new Map<string, PodState>();
  #pods: ReadonlyMap<string, Pod> = new Map();
  /** Each step looks at all there is, one at a time. */
  #steps = Promise.resolve();

  constructor(
    private readonly cluster: Cluster,
    private set: StatefulSet,
    private readonly asOf: string,
    private readonly listener: RestoreListener,
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<PodOutcome[]> {
    const stop = () => this.#ended.abort();
    this.signal.addEventListener('abort', stop);
    if (this.signal.aborted) stop();
    try {
      await Promise.all([this.#followSet(), this.#followPods()]);
      return podNamesOf(this.set).flatMap((pod) => this.#states.get(pod)?.outcome ?? []);
    } finally {
      this.signal.removeEventListener('abort', stop);
      stop();
    }
  }

  async #followSet(): Promise<void> {
    const { namespace, name } = this.set.metadata;
    const selection = { namespace: namespace ?? '', fieldSelector: `metadata.name=${name}` };
    for await (const sets of watch<StatefulSet>(this.cluster, resources.statefulSets, selection, this.#ended.signal)) {
      const set = sets.get(name);
      const stopped = (fact: string, hint: string) =>
        new ClusterError('failed', `StatefulSet ${namespace}/${name}`, fact, hint);
      if (!set) throw this.#end(stopped('was removed meanwhile', 'Look at the backups: chartwright backups list.'));
      if (!goesBackTo(set, this.asOf))
        throw this.#end(
          stopped(
            'has another RESTORE_AS_OF now: somebody has applied it again',
            `Set restoreAsOf: '${this.asOf}' where it is applied from. Pods that have gone back stay so.`,
          ),
        );
      this.set = set;
      await this.#look();
    }
  }

  async #followPods(): Promise<void> {
    const { namespace = '' } = this.set.metadata;
    const labels = Object.entries(this.set.spec.selector?.matchLabels ?? {});
    const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(',');
    for await (const pods of watch<Pod>(
      this.cluster,
      resources.pods,
      { namespace, labelSelector },
      this.#ended.signal,
    )) {
      this.#pods = pods;
      await this.#look();
    }
  }

  #end(error: ClusterError): ClusterError {
    this.#ended.abort();
    return error;
  }

  /** Looks at all pods; ends the following where there is nothing to wait for any more. */
  #look(): Promise<void> {
    this.#steps = this.#steps.then(async () => {
      const { observedGeneration = 0, updateRevision } = this.set.status ?? {};
      // Until its controller has seen the change, its pods are all of before.
      if (this.#ended.signal.aborted || observedGeneration < (this.set.metadata.generation ?? 0)) return;
      const names = podNamesOf(this.set);
      const isNew = ({ metadata }: Pod) => metadata.labels?.['controller-revision-hash'] === updateRevision;
      for (const name of names.toReversed()) {
        const pod = this.#pods.get(name);
        if (pod && pod.metadata.deletionTimestamp === undefined && isNew(pod)) await this.#lookAt(name, pod);
      }
      const outcomes = names.map((name) => this.#states.get(name)?.outcome);
      if (outcomes.every((one) => one !== undefined) || outcomes.some((one) => one?.state === 'refused'))
        this.#ended.abort();
      else await this.#replaceOne(names, isNew);
    });
    return this.#steps;
  }

  /** Removes an old pod that nobody else does, while no other one is on its way. */
  async #replaceOne(names: readonly string[], isNew: (pod: Pod) => boolean): Promise<void> {
    const there = names.flatMap((name) => this.#pods.get(name) ?? []);
    const isOnItsWay = (pod: Pod) =>
      pod.metadata.deletionTimestamp !== undefined ||
      (isNew(pod) && this.#states.get(pod.metadata.name)?.outcome === undefined);
    if (this.#ended.signal.aborted || there.some(isOnItsWay)) return;
    const old = there.filter((pod) => !isNew(pod));
    // From the first: where pods start in their order, none comes before those below it are ready.
    const broken = old.find((pod) => !isReady(pod));
    const onDelete = this.set.spec.updateStrategy?.type === 'OnDelete' && there.length === names.length;
    const pod = broken ?? (onDelete ? old.at(-1) : undefined);
    if (!pod) return;
    const { name, namespace, uid } = pod.metadata;
    const { told } = this.#stateOf(name);
    if (told.has(`removed ${uid}`)) return;
    told.add(`removed ${uid}`);
    this.listener.step(name, broken ? 'is not ready, and is removed to start again' : 'is removed to start again');
    await this.cluster.send(
      // Not its successor, which may be there by now.
      { method: 'DELETE', path: pathOf(resources.pods, namespace, name), body: { preconditions: { uid } } },
      `delete the pod ${name}`,
      [404, 409],
    );
  }

  async #lookAt(name: string, pod: Pod): Promise<void> {
    const state = this.#stateOf(name);
    if (state.outcome) return;
    this.#tell(name, 'starts again');
    const container = restoringContainer(this.set)!.name;
    const status = pod.status?.initContainerStatuses?.find((one) => one.name === container);
    await this.#readLog(name, pod, container, status);
    const exitCode = exitCodeOf(status) ?? 0;
    if (exitCode !== 0 && (status?.restartCount ?? 0) >= mostRestarts) {
      const told = refusal(state.said);
      const said = told ? `${told.fact}. ${told.hint}` : `its restore ended with ${exitCode}`;
      state.outcome = { pod: name, state: 'refused', said };
      return;
    }
    const reason = waitingReason(pod);
    if (reason !== undefined) this.#tell(name, `waiting: ${reason}`);
    if (!isReady(pod)) return;
    state.outcome = outcomeOf(name, state);
    this.listener.step(name, 'is ready');
  }

  /** Reads the log of each start of a pod’s restore; once it has ended, to the log’s end. */
  async #readLog(name: string, pod: Pod, container: string, status: ContainerStatus | undefined): Promise<void> {
    const state = this.#stateOf(name);
    const key = `${pod.metadata.uid} ${status?.restartCount ?? 0}`;
    const begun = status?.state?.running ?? status?.state?.terminated ?? status?.lastState?.terminated;
    if (begun && !state.logs.has(key)) {
      const said: string[] = [];
      const read = async () => {
        for await (const line of podLog(
          this.cluster,
          pod.metadata.namespace ?? '',
          name,
          container,
          this.#ended.signal,
        )) {
          said.push(line);
          this.listener.line(name, line);
        }
      };
      const reading = read()
        .catch((error) => {
          if (!(error instanceof ClusterError)) throw error;
          state.unread = true;
          this.#tell(name, `its log cannot be read: ${error.problems[0]!.message}`);
        })
        .then(() => {
          if (said.length > 0) state.said = said;
        });
      // Waited for below; until then a failure is nobody’s surprise.
      reading.catch(() => {});
      state.logs.set(key, reading);
    }
    // While it runs its log has no end.
    if (begun && !status?.state?.running) await state.logs.get(key);
  }

  #stateOf(pod: string): PodState {
    const state = this.#states.get(pod) ?? { logs: new Map(), told: new Set<string>(), said: [], unread: false };
    this.#states.set(pod, state);
    return state;
  }

  #tell(pod: string, text: string): void {
    const { told } = this.#stateOf(pod);
    if (told.has(text)) return;
    told.add(text);
    this.listener.step(pod, text);
  }
}

const exitCodeOf = (status: ContainerStatus | undefined): number | undefined =>
  status?.state?.terminated?.exitCode ?? (status?.state?.waiting ? status.lastState?.terminated?.exitCode : undefined);

/** What the log of a pod that has started says: the lines of `vald-restore.sh`. */
function outcomeOf(pod: string, { said, unread }: PodState): PodOutcome {
  const own = said
    .filter((line) => line.startsWith('vald-restore: '))
    .map((line) => line.slice('vald-restore: '.length));
  const last = own.at(-1);
  if (last === undefined)
    return { pod, state: 'unknown', said: unread ? 'its log could not be read' : 'its restore has said nothing' };
  const [, id, count] = /^restored (?:generation (\d+): )?(\d+) vectors/.exec(last) ?? [];
  if (count === undefined) return { pod, state: 'kept', said: last };
  return {
    pod,
    state: 'restored',
    said: last,
    ...(id === undefined ? {} : { backupId: Number(id) }),
    vectors: Number(count),
  };
}
