import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './find.js';
import { PodContainerPlayer, type PodPace } from './pod-container.js';
import { containerEnvironment, expandReferences } from './pod-environment.js';
import { imageRepository, type PlayedImage } from './pod-image.js';
import type { PodLink } from './pod-link.js';
import { PodSandbox, type SandboxProcess } from './pod-sandbox.js';
import { type PlayedObject, type PlayedPod, type PodContainer, podOfStatefulSet } from './pod-spec.js';
import { PodVolumes } from './pod-volumes.js';

export interface PodPlayerOptions {
  /** The objects of the namespace: the StatefulSet and the ConfigMaps and Secrets it refers to. */
  readonly objects: readonly PlayedObject[];
  /** Which pod of the StatefulSet. @default 0 */
  readonly ordinal?: number;
  /** What stands for the images, by their names without registry and tag. */
  readonly images: Readonly<Record<string, PlayedImage>>;
  /** The servers on this machine that the pod can reach. @default none */
  readonly links?: readonly PodLink[];
  readonly pace?: Partial<PodPace>;
}

/** What `describeWith` has to ask for before a pod is played. */
export const podPlayerPrograms = ['unshare', 'nsenter', 'busybox', 'rclone'] as const;

/** Whether this machine lets us make namespaces and mounts: root, and not in a container that forbids it. */
export function canPlayPods(): boolean {
  if (process.getuid?.() !== 0 || !findProgram('unshare')) return false;
  const namespaces = ['--mount', '--propagation=private', '--net', '--pid', '--uts', '--ipc', '--fork', '--mount-proc'];
  return spawnSync('unshare', [...namespaces, 'mount', '-t', 'tmpfs', 'try', '/mnt']).status === 0;
}

const quick: PodPace = { backoff: 100, longestBackoff: 1000, probePeriod: 100, grace: 1 };

function playedPod({ objects, ordinal = 0 }: Pick<PodPlayerOptions, 'objects' | 'ordinal'>): PlayedPod {
  const [statefulSet, ...others] = objects.filter(({ kind }) => kind === 'StatefulSet');
  if (!statefulSet || others.length > 0) throw new Error('the pod player plays one StatefulSet, and needs just one');
  return podOfStatefulSet(statefulSet, ordinal);
}

/**
 * Plays one pod of a StatefulSet with local processes, in the order in which the kubelet runs them: init containers one
 * after the other (those with `restartPolicy: Always` keep running), then the containers; at the end TERM to the
 * containers, then to the native sidecars in reverse order, all within the grace period. Each container has its own root
 * and process ids, the pod its own network with nothing but loopback and the given links. Needs root, `unshare`,
 * `nsenter` and `busybox`: see `podPlayerPrograms` and `canPlayPods`. Resource limits and capabilities are not played.
 */
export class PodPlayer {
  /** What the pod mounts: the folders on this machine. */
  volumes: PodVolumes;
  pod: PlayedPod;
  readonly #options: PodPlayerOptions;
  #objects: readonly PlayedObject[];
  readonly #folder: string;
  readonly #pace: PodPace;
  #sandbox: PodSandbox | undefined;
  #containers: PodContainerPlayer[] = [];
  #run: Promise<void> = Promise.resolve();
  #failure: unknown;
  readonly #failed = (failure: unknown): void => {
    this.#failure = failure;
  };

  constructor(options: PodPlayerOptions) {
    this.#options = options;
    this.#pace = { ...quick, ...options.pace };
    this.#objects = options.objects;
    this.pod = playedPod(options);
    this.#folder = mkdtempSync(join(tmpdir(), 'pod-'));
    this.volumes = new PodVolumes(join(this.#folder, 'volumes'), this.pod);
  }

  /** `kubectl apply`: what the next start plays. The volumes are those of before, by their names. */
  apply(objects: readonly PlayedObject[]): void {
    this.#objects = objects;
    this.pod = playedPod({ ...this.#options, objects });
    this.volumes = new PodVolumes(join(this.#folder, 'volumes'), this.pod);
  }

  /** Starts the pod and returns at once; `ready` waits for it. */
  async start(): Promise<void> {
    if (this.#sandbox) throw new Error(`${this.pod.name} runs already`);
    this.volumes.prepare(this.#objects);
    const sandbox = await PodSandbox.open(join(this.#folder, 'box'), this.pod.name, this.#options.links ?? []);
    this.#sandbox = sandbox;
    this.#failure = undefined;
    const { initContainers = [], containers } = this.pod.spec;
    this.#containers = [...initContainers, ...containers].map(
      (container) =>
        new PodContainerPlayer(container, sandbox, this.#pace, (output) => this.#process(sandbox, container, output)),
    );
    this.#run = this.#startInOrder(this.#containers.slice(0, initContainers.length)).catch(this.#failed);
  }

  /** Waits until every container is ready. */
  async ready(seconds = 60): Promise<void> {
    const main = this.pod.spec.containers.map(({ name }) => this.container(name));
    await this.until(() => main.every((container) => container.ready), 'is not ready', seconds);
  }

  /** Waits for something to become true; the error of a wait that is too long has the state and logs of the pod. */
  async until(reached: () => boolean | Promise<boolean>, otherwise: string, seconds = 60): Promise<void> {
    for (const end = Date.now() + seconds * 1000; !(await reached()); await sleep(20)) {
      if (this.#failure) throw this.#failure;
      if (Date.now() > end) throw new Error(`${this.pod.name} ${otherwise} after ${seconds} s\n${this.describe()}`);
    }
  }

  container(name: string): PodContainerPlayer {
    const found = this.#containers.find(({ container }) => container.name === name);
    if (!found) throw new Error(`${this.pod.name} has no container ${name}`);
    return found;
  }

  /** A connection to a port in the pod. */
  connect(port: number) {
    if (!this.#sandbox) throw new Error(`${this.pod.name} does not run`);
    return this.#sandbox.connect(port);
  }

  /** `kubectl delete pod`: it ends in order, and its emptyDirs go with it. Returns the seconds it took. */
  async delete(): Promise<number> {
    const began = Date.now();
    await this.#stopInOrder();
    await this.#close();
    this.volumes.removeEmptyDirs();
    return (Date.now() - began) / 1000;
  }

  /** The node loses power and comes back: nothing is told, emptyDirs survive, init containers will run again. */
  async crash(): Promise<void> {
    for (const container of this.#containers) container.abandon();
    await this.#close();
  }

  /** The pod and its disks are gone. */
  async loseDisk(): Promise<void> {
    await this.crash();
    this.volumes.removeEmptyDirs();
    this.volumes.removeClaims();
  }

  /** Ends everything and removes every file; safe to call twice. */
  async dispose(): Promise<void> {
    await this.crash();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** State and end of the log of each container, for a failed test. */
  describe(): string {
    return this.#containers
      .map(({ container, started, ready, exits, log }) => {
        const state = `${container.name}: ${ready ? 'ready' : started ? 'started' : 'not started'}, exits [${exits}]`;
        return [state, ...log.trimEnd().split('\n').slice(-12)].join('\n    ');
      })
      .join('\n');
  }

  async #startInOrder(initial: readonly PodContainerPlayer[]): Promise<void> {
    const isSidecar = ({ container }: PodContainerPlayer): boolean => container.restartPolicy === 'Always';
    for (const container of initial) {
      if (!isSidecar(container)) {
        if (!(await container.runToCompletion())) return;
        continue;
      }
      container.keepRunning(this.#failed);
      while (!container.started) {
        if (container.stopping) return;
        await sleep(10);
      }
    }
    for (const container of this.#containers.slice(initial.length)) container.keepRunning(this.#failed);
  }

  async #stopInOrder(): Promise<void> {
    const began = Date.now();
    const whole = (this.pod.spec.terminationGracePeriodSeconds ?? 30) * this.#pace.grace;
    const left = (): number => whole - (Date.now() - began) / 1000;
    const sidecars = this.#containers.filter(({ container }) => container.restartPolicy === 'Always');
    // A container that waits for its turn waits no longer than the grace period: then it is told with what is left.
    const turn = async (others: Promise<unknown>): Promise<void> => {
      const limit = new AbortController();
      await Promise.race([
        others,
        sleep(Math.max(0, left()) * 1000, undefined, { signal: limit.signal }).catch(() => {}),
      ]);
      limit.abort();
    };
    for (const container of this.#containers) if (!sidecars.includes(container)) container.abandon();
    const stops: Promise<void>[] = this.#containers
      .filter((container) => !sidecars.includes(container))
      .map((container) => container.stop(left()));
    for (const sidecar of sidecars.reverse()) {
      const before = Promise.all(stops);
      sidecar.abandon();
      stops.push(turn(before).then(() => sidecar.stop(left())));
    }
    await Promise.all(stops);
    await this.#run;
  }

  async #close(): Promise<void> {
    const sandbox = this.#sandbox;
    this.#sandbox = undefined;
    await sandbox?.kill();
    await Promise.all(this.#containers.map((container) => container.gone()));
    await this.#run;
  }

  async #process(
    sandbox: PodSandbox,
    container: PodContainer,
    output: (text: string) => void,
  ): Promise<SandboxProcess> {
    const image = this.#options.images[imageRepository(container.image)];
    if (!image) throw new Error(`nothing stands for the image ${container.image}`);
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const given = containerEnvironment(container, this.pod, this.#objects);
    const security = { ...this.pod.spec.securityContext, ...container.securityContext };
    const uid = security.runAsUser ?? image.user ?? 0;
    if (security.runAsNonRoot && uid === 0) throw new Error(`${container.name} must not run as root`);
    const gid = security.runAsGroup ?? image.user ?? 0;
    const command = container.command ?? image.entrypoint;
    const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, subPath, readOnly }) => ({
      ...this.volumes.source(name, subPath),
      target: mountPath.replace(/\/+$/, ''),
      readOnly: readOnly === true || this.volumes.isReadOnly(name),
    }));
    return sandbox.run({
      name: container.name,
      image,
      command: [...command, ...(container.args ?? [])].map((part) => expandReferences(part, given)),
      environment: { PATH: path, HOSTNAME: this.pod.name, HOME: '/', ...given },
      mounts,
      user: { uid, gid, groups: [gid, ...(security.fsGroup === undefined ? [] : [security.fsGroup])] },
      readOnlyRoot: security.readOnlyRootFilesystem === true,
      output,
    });
  }
}
