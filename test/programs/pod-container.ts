import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PodSandbox, SandboxProcess } from './pod-sandbox.js';
import type { PodContainer, PodProbe } from './pod-spec.js';

/** How much faster than the kubelet the player is. */
export interface PodPace {
  /** Milliseconds before the first restart of a container that has ended; doubled each time (the kubelet: 10 s). */
  readonly backoff: number;
  /** The longest such pause in milliseconds (the kubelet: 5 minutes). */
  readonly longestBackoff: number;
  /** Milliseconds between two startup or readiness probes; the liveness probe keeps its own period. */
  readonly probePeriod: number;
  /** Factor on terminationGracePeriodSeconds. */
  readonly grace: number;
}

/** What the kubelet gives a container to end, however little of the grace period is left. */
const shortestGraceSeconds = 2;

async function answers(sandbox: PodSandbox, container: PodContainer, probe: PodProbe): Promise<boolean> {
  const { httpGet, timeoutSeconds = 1 } = probe;
  if (!httpGet) throw new Error(`${container.name}: the pod player plays httpGet probes only`);
  const port = Number(container.ports?.find(({ name }) => name === httpGet.port)?.containerPort ?? httpGet.port);
  return new Promise((done) => {
    const options = {
      path: httpGet.path ?? '/',
      timeout: timeoutSeconds * 1000,
      createConnection: () => sandbox.connect(port),
    };
    const asked = request(options, (response) => {
      response.resume();
      done((response.statusCode ?? 500) < 400);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => done(false));
    asked.end();
  });
}

/** One container of a pod: it is started again as long as the pod wants it to run. */
export class PodContainerPlayer {
  readonly container: PodContainer;
  /** What all its runs have written, in order. */
  log = '';
  /** The exit codes of its runs that have ended. */
  readonly exits: number[] = [];
  /** Running, and its startup probe has succeeded. */
  started = false;
  /** Started, and its readiness probe succeeds. */
  ready = false;
  process: SandboxProcess | undefined;
  readonly #sandbox: PodSandbox;
  readonly #pace: PodPace;
  readonly #start: (output: (text: string) => void) => Promise<SandboxProcess>;
  #stopping = false;
  #stopped: Promise<void> = Promise.resolve();

  constructor(
    container: PodContainer,
    sandbox: PodSandbox,
    pace: PodPace,
    start: (output: (text: string) => void) => Promise<SandboxProcess>,
  ) {
    this.container = container;
    this.#sandbox = sandbox;
    this.#pace = pace;
    this.#start = start;
  }

  /** Runs until it exits 0: an init container. Returns false when the pod was stopped before. */
  async runToCompletion(): Promise<boolean> {
    for (let pause = this.#pace.backoff; !this.#stopping; pause = this.#longer(pause)) {
      if ((await this.#runOnce()) === 0) return true;
      await this.#wait(pause);
    }
    return false;
  }

  /** Keeps it running until it is stopped: a main container or a native sidecar. */
  keepRunning(failed: (failure: unknown) => void): void {
    this.#stopped = (async () => {
      for (let pause = this.#pace.backoff; !this.#stopping; pause = this.#longer(pause)) {
        await this.#runOnce();
        await this.#wait(pause);
      }
    })().catch(failed);
  }

  /** TERM, and KILL when the grace period is over. */
  async stop(graceSeconds: number): Promise<void> {
    this.#stopping = true;
    const running = this.process;
    if (!running) return this.#stopped;
    running.kill('SIGTERM');
    const limit = new AbortController();
    const late = sleep(Math.max(graceSeconds, shortestGraceSeconds) * 1000, 'late' as const, { signal: limit.signal });
    const outcome = await Promise.race([running.exited, late.catch(() => undefined)]);
    limit.abort();
    if (outcome === 'late') running.kill('SIGKILL');
    await running.exited;
    await this.#stopped;
  }

  /** No further start: when the pod ends. */
  abandon(): void {
    this.#stopping = true;
  }

  /** Waits for the end of a container that was killed from outside. */
  async gone(): Promise<void> {
    await this.process?.exited;
    await this.#stopped;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  #longer(pause: number): number {
    return Math.min(pause * 2, this.#pace.longestBackoff);
  }

  async #wait(milliseconds: number): Promise<void> {
    for (const end = Date.now() + milliseconds; !this.#stopping && Date.now() < end; ) await sleep(20);
  }

  async #runOnce(): Promise<number> {
    const running = await this.#start((text) => {
      this.log += text;
    });
    this.process = running;
    if (this.#stopping) running.kill('SIGKILL');
    const ended = new AbortController();
    const probes = this.#probe(running, ended.signal);
    const code = await running.exited;
    ended.abort();
    this.process = undefined;
    this.started = false;
    this.ready = false;
    this.exits.push(code);
    await probes;
    return code;
  }

  async #probe(running: SandboxProcess, ended: AbortSignal): Promise<void> {
    const { startupProbe, readinessProbe, livenessProbe } = this.container;
    const pause = (milliseconds: number) => sleep(milliseconds, undefined, { signal: ended }).catch(() => {});
    /** Returns false at the first success (where asked for) or the container's end, true after too many failures. */
    const failedTooOften = async (probe: PodProbe, period: number, threshold: number, untilSuccess: boolean) => {
      for (let failures = 0; !ended.aborted; await pause(period)) {
        const answer = await answers(this.#sandbox, this.container, probe);
        if (answer && untilSuccess) return false;
        failures = answer ? 0 : failures + 1;
        if (failures >= threshold) return !ended.aborted;
      }
      return false;
    };
    const period = (probe: PodProbe): number => (probe.periodSeconds ?? 10) * 1000;
    const threshold = (probe: PodProbe): number => probe.failureThreshold ?? 3;
    const { probePeriod } = this.#pace;
    if (startupProbe) {
      // Asked more often than the kubelet does, so as many times more failures are allowed.
      const stretched = (threshold(startupProbe) * period(startupProbe)) / probePeriod;
      if (await failedTooOften(startupProbe, probePeriod, stretched, true)) running.kill('SIGKILL');
    }
    if (ended.aborted) return;
    this.started = true;
    const watchLife = async (): Promise<void> => {
      if (!livenessProbe) return;
      const dead = await failedTooOften(livenessProbe, period(livenessProbe), threshold(livenessProbe), false);
      if (dead && !this.#stopping) running.kill('SIGTERM');
    };
    const watchReadiness = async (): Promise<void> => {
      for (; !ended.aborted; await pause(probePeriod))
        this.ready =
          (!readinessProbe || (await answers(this.#sandbox, this.container, readinessProbe))) && !ended.aborted;
    };
    await Promise.all([watchLife(), watchReadiness()]);
  }
}
