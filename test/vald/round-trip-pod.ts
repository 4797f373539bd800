import { Chart, Testing } from 'cdk8s';
import { onTestFinished } from 'vitest';
import { Credentials, ObjectStore } from '../../src/index.js';
import { BackupMethod, ValdAgentWithBackup, type ValdAgentWithBackupProps } from '../../src/vald/index.js';
import { programImage, rcloneImage } from '../programs/pod-image.js';
import { PodLink } from '../programs/pod-link.js';
import { PodPlayer } from '../programs/pod-player.js';
import type { PlayedObject } from '../programs/pod-spec.js';
import { Agent } from './round-trip-agent.js';
import { changeTo, dimension, type Generation, generation, served } from './round-trip-index.js';
import { BackupStore } from './round-trip-store.js';

export const methods = ['persistentVolume', 'objectStorage', 'both'] as const;
export type Method = (typeof methods)[number];

/** The six combinations: the rows of every table here. */
export const combinations = methods.flatMap((method) => [true, false].map((copyOnWrite) => ({ method, copyOnWrite })));
export type Combination = (typeof combinations)[number];
export const withStore = combinations.filter(({ method }) => method !== 'persistentVolume');

/** What a scenario changes in the props. */
export interface Changes {
  readonly bucket?: string;
  readonly backupInterval?: string;
  readonly clusterId?: string;
  readonly allowEmptyStart?: boolean;
  readonly props?: Partial<ValdAgentWithBackupProps>;
}

const clusterId = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';
const never = '24h';
const secretName = 'store-key';

/** Plays the pod that the construct makes for one combination, with a bucket of its own. */
export class PlayedAgent {
  readonly pod: PodPlayer;
  readonly agent: Agent;
  /** The way to the store. */
  readonly link: PodLink;
  readonly bucket: string;
  readonly key = 'vald-vald-agent/vald-agent-0.tar.gz';
  readonly #combination: Combination;
  readonly #store: BackupStore;
  #changes: Changes;

  constructor(combination: Combination, store: BackupStore, changes: Changes = {}) {
    this.#combination = combination;
    this.#store = store;
    this.bucket = store.makeBucket();
    this.#changes = { allowEmptyStart: true, backupInterval: '1s', bucket: this.bucket, ...changes };
    this.link = new PodLink(store.port);
    this.pod = new PodPlayer({
      objects: this.#objects(BackupStore.secretKey),
      links: [this.link],
      images: {
        'rclone/rclone': rcloneImage(),
        'vdaas/vald-agent-ngt': programImage('/usr/bin/ngt', process.env['VALD_AGENT_NGT'] ?? ''),
        'vdaas/vald-agent-sidecar': programImage('/usr/bin/sidecar', process.env['VALD_AGENT_SIDECAR'] ?? ''),
      },
    });
    this.agent = new Agent(() => this.pod.connect(8081));
    onTestFinished(() => this.pod.dispose());
  }

  /** Applies the manifests of changed props and a Secret with this key: they count from the next start on. */
  apply(changes: Changes, secretKey = BackupStore.secretKey): void {
    this.#changes = { ...this.#changes, ...changes };
    this.pod.apply(this.#objects(secretKey));
  }

  /** Starts the pod and waits for it. Returns the seconds that it took. */
  async start(): Promise<number> {
    const began = Date.now();
    await this.pod.start();
    await this.pod.ready();
    return (Date.now() - began) / 1000;
  }

  /** Starts a pod that must not start: waits until its restore has failed twice and returns what it says. */
  async startRefused(): Promise<{ exit: number | undefined; log: string }> {
    await this.pod.start();
    const restore = this.pod.container('vald-agent-restore');
    await this.pod.until(() => restore.exits.length >= 2, 'has not been refused');
    const others = [...this.pod.pod.spec.containers, ...(this.pod.pod.spec.initContainers ?? []).slice(1)];
    const running = others.filter(({ name }) => this.pod.container(name).process).map(({ name }) => name);
    if (running.length > 0) throw new Error(`${running} run in spite of it\n${this.pod.describe()}`);
    return { exit: restore.exits[0], log: restore.log };
  }

  /** The first deployment: a pod whose agent serves the first generation, saved and (where there is a store) backed up. */
  async deploy(): Promise<Generation> {
    const first = generation(1);
    await this.start();
    await this.save(first);
    this.apply({ allowEmptyStart: false });
    return first;
  }

  /** Takes the agent from one generation to another and saves it; waits for the upload where there is one soon. */
  async save(to: Generation, from?: Generation): Promise<void> {
    await changeTo(this.agent, to, from);
    await this.agent.createIndex();
    await this.agent.saveIndex();
    if (this.#combination.method !== 'persistentVolume' && this.#changes.backupInterval === '1s')
      await this.pod.until(() => this.backedUp === to.vectors.size, 'has not been backed up', 10);
  }

  /** The number of vectors in the pod's object. */
  get backedUp(): number | undefined {
    return this.#store.backedUp(this.bucket, this.key);
  }

  /** What it serves: see {@link served}. */
  serves(...generations: Generation[]): Promise<string> {
    return served(this.agent, generations);
  }

  #objects(secretKey: string): PlayedObject[] {
    const { bucket, backupInterval, allowEmptyStart, clusterId: id = clusterId, props } = this.#changes;
    const { method, copyOnWrite } = this.#combination;
    const volume = { size: '1Gi' };
    const stored = {
      clusterId: id,
      allowEmptyStart: allowEmptyStart ?? false,
      backupInterval: backupInterval ?? '1s',
      restoreTimeout: '60s',
      store: ObjectStore.s3({
        bucket: bucket ?? '',
        region: 'us-east-1',
        endpoint: `http://127.0.0.1:${this.#store.port}`,
        credentials: Credentials.secret({ name: secretName }),
      }),
    };
    const backup = {
      persistentVolume: () => BackupMethod.persistentVolume({ volume }),
      objectStorage: () => BackupMethod.objectStorage(stored),
      both: () => BackupMethod.both({ volume, ...stored }),
    }[method]();
    const chart = new Chart(Testing.app(), 'round-trip');
    new ValdAgentWithBackup(chart, 'agent', {
      namespace: 'vald',
      backup,
      copyOnWrite,
      // Nothing is indexed or saved but by the test: an automatic save would hide a missing one.
      ngt: { dimension, autoIndexCheckDuration: never, autoSaveIndexDuration: never, autoIndexDurationLimit: never },
      ...props,
    });
    const key: PlayedObject = {
      kind: 'Secret',
      metadata: { name: secretName },
      stringData: { 'access-key': BackupStore.accessKey, 'secret-access-key': secretKey },
    };
    return [...(chart.toJson() as PlayedObject[]), key];
  }
}
