import { programImage, rcloneImage } from '../programs/pod-image.js';
import { PodLink } from '../programs/pod-link.js';
import { PodPlayer } from '../programs/pod-player.js';
import type { PlayedObject } from '../programs/pod-spec.js';
import { Agent } from './round-trip-agent.js';
import { changeTo, type Generation, generation, served } from './round-trip-index.js';
import { type Combination, constructManifests, type Settings, storeSecret } from './round-trip-manifests.js';
import type { BackupStore } from './round-trip-store.js';

/** The container that lets the agent start. */
export const startGate = 'vald-agent-start-gate';

/** What is played, and the bucket made for it. */
export interface Played {
  readonly bucket: string;
  readonly manifests: typeof constructManifests;
}

/** Plays the pod that the construct makes for one combination, with a bucket of its own; or that of other manifests. */
export class PlayedAgent {
  readonly pod: PodPlayer;
  readonly agent: Agent;
  /** The way to the store. */
  readonly link: PodLink;
  /** The bucket made for it; `settings.bucket` may name another. */
  readonly bucket: string;
  readonly #combination: Combination;
  readonly #store: BackupStore;
  readonly #manifests: Played['manifests'];
  #settings: Settings;

  constructor(
    combination: Combination,
    store: BackupStore,
    settings: Partial<Settings> = {},
    played: Played = { bucket: store.makeBucket(), manifests: constructManifests },
  ) {
    this.#combination = combination;
    this.#store = store;
    this.#manifests = played.manifests;
    this.bucket = played.bucket;
    this.#settings = { bucket: this.bucket, allowEmptyStart: true, ...settings };
    this.link = new PodLink(store.port);
    this.pod = new PodPlayer({
      objects: this.#objects(),
      links: [this.link],
      images: {
        'rclone/rclone': rcloneImage(),
        'vdaas/vald-agent-ngt': programImage('/usr/bin/ngt', process.env['VALD_AGENT_NGT'] ?? ''),
        'vdaas/vald-agent-sidecar': programImage('/usr/bin/sidecar', process.env['VALD_AGENT_SIDECAR'] ?? ''),
      },
    });
    this.agent = new Agent(() => this.pod.connect(8081));
  }

  /** Applies the manifests for changed settings, and a Secret with this key: they count from the next start on. */
  apply(settings: Partial<Settings>, secretKey?: string): void {
    this.#settings = { ...this.#settings, ...settings };
    this.pod.apply(this.#objects(secretKey));
  }

  /** Starts the pod and waits for it. */
  async start(): Promise<void> {
    await this.pod.start();
    await this.pod.ready();
    // The sidecar has no probe, and a TERM that comes before it listens to signals would end it without an upload.
    if (this.#combination.method !== 'persistentVolume') {
      const sidecar = this.pod.container('vald-agent-sidecar');
      await this.pod.until(() => /daemon start function|watching/.test(sidecar.log), 'has no sidecar');
    }
  }

  /**
   * Starts the pod and waits until it is ready or its restore has refused twice. Returns what it serves, or `refused`
   * with the restore's exit code.
   */
  async outcome(...generations: Generation[]): Promise<string> {
    await this.pod.start();
    const restore = this.pod.container('vald-agent-restore');
    const agent = this.pod.container('vald-agent');
    const failures = () => restore.exits.filter((code) => code !== 0);
    await this.pod.until(() => failures().length >= 2 || agent.ready, 'neither starts nor refuses');
    return agent.ready ? this.serves(...generations) : `refused ${failures()[0]}`;
  }

  /**
   * Waits until an agent whose container has ended once is ready again or, where it has to ask, was refused twice.
   * Returns what it serves, or `refused` with the restore's exit code. Time for more than one try: meanwhile it may not
   * have been ready.
   */
  async outcomeInPlace(...generations: Generation[]): Promise<string> {
    const agent = this.pod.container('vald-agent');
    const refusals = () => [...this.gateLog.matchAll(/vald-restore\.sh ended with (\d+)/g)].map(([, code]) => code);
    // Both values that an agent asks for are refused, so the third refusal is the second start's.
    await this.pod.until(
      () => agent.exits.length > 0 && (refusals().length >= 3 || agent.ready),
      'neither comes back nor is refused',
    );
    return agent.ready ? this.serves(...generations) : `refused ${refusals()[0]}`;
  }

  /** What the container says that lets the agent start; nothing with copy-on-write. */
  get gateLog(): string {
    const all = [...(this.pod.pod.spec.initContainers ?? []), ...this.pod.pod.spec.containers];
    return all.some(({ name }) => name === startGate) ? this.pod.container(startGate).log : '';
  }

  /** Starts a pod that must not start. Returns `refused`, the exit code and what its restore says. */
  async refused(): Promise<string> {
    const outcome = await this.outcome();
    if (!outcome.startsWith('refused')) throw new Error(`the pod serves ${outcome}\n${this.pod.describe()}`);
    const { initContainers = [], containers } = this.pod.pod.spec;
    const others = [...initContainers.slice(1), ...containers].map(({ name }) => name);
    const running = others.filter((name) => this.pod.container(name).process);
    if (running.length > 0) throw new Error(`${running} run in spite of it`);
    return `${outcome}: ${this.pod.container('vald-agent-restore').log}`;
  }

  /** The first deployment: a pod whose agent serves the first generation, saved and (where there is a store) backed up. */
  async deploy(): Promise<Generation> {
    const first = generation(1);
    await this.start();
    await this.save(first);
    this.apply({ allowEmptyStart: false });
    return first;
  }

  /** Takes the agent from one generation to another and saves it; waits for the upload where the timer will do it. */
  async save(to: Generation, from?: Generation): Promise<void> {
    await changeTo(this.agent, to, from);
    await this.agent.createIndex();
    await this.agent.saveIndex();
    const { backupInterval = '1s' } = this.#settings;
    if (this.#combination.method !== 'persistentVolume' && backupInterval === '1s')
      await this.pod.until(() => this.backedUp() === to.vectors.size, 'has not been backed up');
  }

  /** Key of the pod's object, or undefined where it has none. */
  get key(): string | undefined {
    return Object.keys(this.#store.objects(this.bucket)).find((key) => key.endsWith(`/${this.pod.pod.name}.tar.gz`));
  }

  /** The number of vectors that the pod's newest generation says it holds, or else its object. */
  backedUp(): number | undefined {
    const { key } = this;
    const newest = this.#store.generations(this.bucket, this.pod.pod.name).at(-1);
    if (newest) return newest.vald.vectors;
    return key ? this.#store.vectorsIn(this.bucket, key) : undefined;
  }

  /** What it serves: see {@link served}. */
  serves(...generations: Generation[]): Promise<string> {
    return served(this.agent, generations);
  }

  #objects(secretKey?: string): PlayedObject[] {
    const { server } = this.#store;
    return [...this.#manifests(this.#combination, server, this.#settings), storeSecret(server, secretKey)];
  }
}
