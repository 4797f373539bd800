import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod, StatefulSet } from '../../src/cluster/index.js';
import type { KubeApiServer } from '../programs/kube-api-server.js';
import type { ApiProxy } from './api-proxy.js';

/** How the start of a pod goes: what its restore logs, and how it ends. */
export interface Start {
  readonly log: readonly string[];
  /** @default 0 */
  readonly exitCode?: number;
}

/** Plays controller, scheduler and kubelet for the pods of a StatefulSet, as `OrderedReady` has them. */
export class StatefulSetPlayer {
  /** Pods in the order in which they were made. */
  readonly started: string[] = [];
  #stopped = false;
  #revisions: string[] = [];
  #playing: Promise<void> | undefined;

  /** @param play asked for each start of each pod, with the time that the pod is told, and how often it was started */
  constructor(
    private readonly kube: KubeApiServer,
    private readonly proxy: ApiProxy,
    private readonly namespace: string,
    private readonly name: string,
    private readonly play: (pod: string, asOf: string, restarts: number) => Start | Promise<Start>,
  ) {}

  /** Makes the pods as they are before anything changes: all ready, but those named. */
  async start(...broken: string[]): Promise<this> {
    const set = await this.#observe();
    for (const pod of names(set)) {
      await this.#make(set, pod);
      await this.#status(`/api/v1/namespaces/${this.namespace}/pods/${pod}`, running(!broken.includes(pod)));
    }
    this.#playing = this.#playAll();
    return this;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#playing;
    await this.kube.request('DELETE', `/api/v1/namespaces/${this.namespace}/pods`);
  }

  async #playAll(): Promise<void> {
    while (!this.#stopped) {
      const set = await this.#observe();
      const { body } = await this.kube.request('GET', `/api/v1/namespaces/${this.namespace}/pods`);
      const pods = new Map((body.items as Pod[]).map((pod) => [pod.metadata.name, pod]));
      await this.#step(set, pods);
      await sleep(30);
    }
  }

  async #step(set: StatefulSet, pods: ReadonlyMap<string, Pod>): Promise<void> {
    for (const name of names(set)) {
      const pod = pods.get(name);
      if (!pod) {
        this.started.push(name);
        await this.#make(set, name);
        return this.#run(set, name);
      }
      // The controller does nothing more while a pod is not ready.
      if (pod.status?.conditions?.every(({ type, status }) => type !== 'Ready' || status !== 'True')) return;
    }
    if (set.spec.updateStrategy?.type === 'OnDelete') return;
    const old = names(set).findLast(
      (name) => pods.get(name)?.metadata.labels?.['controller-revision-hash'] !== this.#revisionOf(set),
    );
    if (old !== undefined) await this.kube.request('DELETE', `/api/v1/namespaces/${this.namespace}/pods/${old}`);
  }

  async #make(set: StatefulSet, name: string): Promise<void> {
    const labels = { ...set.spec.selector?.matchLabels, 'controller-revision-hash': this.#revisionOf(set) };
    await this.#send('POST', `/api/v1/namespaces/${this.namespace}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels },
      spec: {
        initContainers: [{ name: set.spec.template.spec.initContainers![0]!.name, image: 'none' }],
        containers: [{ name: 'agent', image: 'none' }],
      },
    });
  }

  async #run(set: StatefulSet, name: string): Promise<void> {
    const [container] = set.spec.template.spec.initContainers!;
    const asOf = container!.env!.find((entry) => entry.name === 'RESTORE_AS_OF')?.value ?? '';
    const path = `/api/v1/namespaces/${this.namespace}/pods/${name}`;
    const status = (restartCount: number, state: object, lastState: object = {}) => ({
      phase: 'Pending',
      initContainerStatuses: [
        { name: container!.name, image: 'none', imageID: '', ready: false, restartCount, state, lastState },
      ],
    });
    for (let restarts = 0; !this.#stopped; restarts++) {
      this.proxy.logs.delete(name);
      const { log, exitCode = 0 } = await this.play(name, asOf, restarts);
      this.proxy.log(name, ...log);
      await this.#status(path, status(restarts, { running: {} }));
      const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' };
      await this.#status(path, status(restarts, { terminated }));
      if (exitCode === 0) return this.#status(path, running(true));
      await this.#status(path, status(restarts, { waiting: { reason: 'CrashLoopBackOff' } }, { terminated }));
      await sleep(100);
    }
  }

  /** As the controller does: a new revision for each new template. */
  async #observe(): Promise<StatefulSet> {
    const path = `/apis/apps/v1/namespaces/${this.namespace}/statefulsets/${this.name}`;
    const { body } = await this.kube.request('GET', path);
    const set = body as StatefulSet;
    const updateRevision = this.#revisionOf(set);
    const { generation: observedGeneration } = set.metadata;
    if (set.status?.updateRevision !== updateRevision || set.status.observedGeneration !== observedGeneration)
      await this.#status(path, { observedGeneration, updateRevision, replicas: 2 });
    return set;
  }

  #revisionOf({ spec }: StatefulSet): string {
    const text = JSON.stringify(spec.template);
    if (!this.#revisions.includes(text)) this.#revisions.push(text);
    return `${this.name}-${this.#revisions.indexOf(text)}`;
  }

  async #status(path: string, status: object): Promise<void> {
    await this.#send('PATCH', `${path}/status`, { status }, 'application/merge-patch+json');
  }

  async #send(method: string, path: string, body: object, contentType?: string): Promise<void> {
    const answer = await this.kube.request(method, path, body, contentType);
    if (answer.status >= 300 && answer.status !== 404 && !this.#stopped)
      throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  }
}

const names = ({ metadata, spec }: StatefulSet): string[] =>
  Array.from({ length: spec.replicas ?? 1 }, (_, ordinal) => `${metadata.name}-${ordinal}`);

const running = (ready: boolean) => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
});
