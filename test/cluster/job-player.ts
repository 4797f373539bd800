import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Secret, Variable } from '../../src/cluster/index.js';
import { programPath } from '../programs/find.js';
import type { KubeApiServer } from '../programs/kube-api-server.js';
import type { ApiProxy } from './api-proxy.js';

/** How a Job goes. */
export type Play =
  | { readonly log: readonly string[]; readonly exitCode: number; readonly reason?: string }
  /** Its command is run here, with its environment and its scripts. */
  | 'run';

/** Plays controller, scheduler and kubelet for the Jobs of a namespace, of which the API server has none. */
export class JobPlayer {
  readonly played: Job[] = [];
  #stopped = false;
  readonly #folder = mkdtempSync(join(tmpdir(), 'chartwright-player-'));
  #playing: Promise<void>;

  constructor(
    private readonly kube: KubeApiServer,
    private readonly proxy: ApiProxy,
    private readonly namespace: string,
    private readonly kubeconfig: string,
    private readonly play: (job: Job) => Play | Promise<Play>,
  ) {
    this.#playing = this.#playAll();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#playing;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #playAll(): Promise<void> {
    const seen = new Set<string>();
    while (!this.#stopped) {
      const { body } = await this.kube.request('GET', `/apis/batch/v1/namespaces/${this.namespace}/jobs`);
      for (const job of (body.items ?? []) as Job[]) {
        const { name, annotations } = job.metadata;
        // What has ended was played by another player before.
        if (seen.has(name) || !annotations?.['chartwright.dev/run'] || job.status?.conditions?.length) continue;
        seen.add(name);
        this.played.push(job);
        await this.#playOne(job);
      }
      await sleep(50);
    }
  }

  async #playOne(job: Job): Promise<void> {
    const { name } = job.metadata;
    const pod = `${name}-pod`;
    const { containers, volumes: _, serviceAccountName: _account, ...spec } = job.spec.template.spec;
    const [{ name: container, image }] = containers as [{ name: string; image?: string }];
    await this.#send('POST', `/api/v1/namespaces/${this.namespace}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod, labels: { 'job-name': name } },
      spec: {
        restartPolicy: spec['restartPolicy' as never],
        containers: [{ name: container, image: image ?? 'none' }],
      },
    });
    await this.#status(`/apis/batch/v1/namespaces/${this.namespace}/jobs/${name}`, { startTime: now(), active: 1 });
    const status = (state: object) => ({
      containerStatuses: [{ name: container, image, imageID: '', ready: false, restartCount: 0, state }],
    });
    await this.#status(`/api/v1/namespaces/${this.namespace}/pods/${pod}`, {
      phase: 'Pending',
      ...status({ waiting: { reason: 'ImagePullBackOff', message: 'back-off' } }),
    });
    const play = await this.play(job);
    const { log, exitCode, reason } = play === 'run' ? await this.#run(job) : play;
    this.proxy.log(pod, ...log);
    await this.#status(`/api/v1/namespaces/${this.namespace}/pods/${pod}`, {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      ...status({ terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' } }),
    });
    const time = now();
    const condition = (type: string, why: string) => ({
      type,
      status: 'True',
      reason: why,
      lastProbeTime: time,
      lastTransitionTime: time,
    });
    const why = reason ?? (exitCode === 0 ? 'CompletionsReached' : 'BackoffLimitExceeded');
    await this.#status(`/apis/batch/v1/namespaces/${this.namespace}/jobs/${name}`, {
      active: 0,
      ...(exitCode === 0 ? { succeeded: 1, completionTime: time } : { failed: 1 }),
      conditions:
        exitCode === 0
          ? [condition('SuccessCriteriaMet', why), condition('Complete', why)]
          : [condition('FailureTarget', why), condition('Failed', why)],
    });
  }

  /** Runs the command of a Job’s container. */
  async #run(job: Job): Promise<{ log: string[]; exitCode: number; reason?: string }> {
    const { spec } = job.spec.template;
    const [container] = spec.containers;
    const scripts = join(this.#folder, 'scripts');
    mkdirSync(scripts, { recursive: true });
    const configMap = spec.volumes?.find(({ name }) => name === 'scripts')?.configMap?.name;
    const { body } = await this.kube.request('GET', `/api/v1/namespaces/${this.namespace}/configmaps/${configMap}`);
    for (const [name, content] of Object.entries(body.data as Record<string, string>))
      writeFileSync(join(scripts, name), content);
    const environment: Record<string, string> = {};
    for (const entry of container!.env ?? []) environment[entry.name] = await this.#value(entry, job);
    const [program, ...words] = container!.command!.map((word) => word.replaceAll('/scripts', scripts));
    const path = [dirname(programPath('kubectl')), process.env['PATH']].join(':');
    const child = spawn(program!, words, {
      env: { ...environment, PATH: path, KUBECONFIG: this.kubeconfig, HOME: this.#folder, TMPDIR: this.#folder },
    });
    let log = '';
    child.stdout.on('data', (text) => (log += text));
    child.stderr.on('data', (text) => (log += text));
    const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
    return { log: log.split('\n').filter((line) => line !== ''), exitCode };
  }

  async #value({ value, valueFrom }: Variable, job: Job): Promise<string> {
    const { secretKeyRef, fieldRef } = valueFrom ?? {};
    if (fieldRef)
      return fieldRef.fieldPath === 'metadata.uid' ? `uid-of-${job.metadata.name}` : `${job.metadata.name}-pod`;
    if (!secretKeyRef) return value ?? '';
    const { body } = await this.kube.request(
      'GET',
      `/api/v1/namespaces/${this.namespace}/secrets/${secretKeyRef.name}`,
    );
    return Buffer.from((body as Secret).data?.[secretKeyRef.key] ?? '', 'base64').toString();
  }

  async #status(path: string, status: object): Promise<void> {
    await this.#send('PATCH', `${path}/status`, { status }, 'application/merge-patch+json');
  }

  async #send(method: string, path: string, body: object, contentType?: string): Promise<void> {
    const answer = await this.kube.request(method, path, body, contentType);
    // A test may have removed the Job meanwhile.
    if (answer.status >= 300 && answer.status !== 404 && !this.#stopped)
      throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  }
}

const now = () => `${new Date().toISOString().slice(0, 19)}Z`;
