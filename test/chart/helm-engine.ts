import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Release } from '../../src/chart/index.js';
import { programPath } from '../programs/find.js';

/** The Helms that `.ci/programs` builds as engines, from `test/helm-engine/`. */
export const helmEngines = ['helm3-engine', 'helm4-engine'] as const;
export type HelmEngineName = (typeof helmEngines)[number];

/** One `helm template`: a chart, and values in each of the ways in which a user gives them. */
export interface HelmRequest {
  /** Folder or archive of the chart. */
  readonly chart: string;
  /** The files of `-f`: YAML texts. @default - none */
  readonly values?: readonly string[];
  /** What `--set` is given. @default - none */
  readonly set?: readonly string[];
  /** What `--set-string` is given. @default - none */
  readonly setString?: readonly string[];
  /** What `--set-json` is given. @default - none */
  readonly setJson?: readonly string[];
  /** @default - release-name in the namespace default */
  readonly release?: Release;
  /** @default 1.34.0 */
  readonly kubeVersion?: string;
}

/** What Helm made of it: objects as it reads them itself, or why it refused. */
export interface HelmAnswer {
  /** Objects, those of hooks last. */
  readonly documents: readonly unknown[];
  readonly notes?: string;
  /** What Helm logged, such as a value of the wrong kind that it ignored. */
  readonly warnings?: string;
  readonly error?: string;
}

/**
 * Helm's own loading, merging, schema check and engine in one process for many renders: a start of the `helm` program
 * costs more than a hundred of them.
 */
export class HelmEngine {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve: (answer: HelmAnswer) => void; reject: (error: Error) => void }[] = [];
  #ended: Error | undefined;
  #log = '';

  constructor(readonly name: HelmEngineName) {
    // Memory is cheap for so short a life: less of the time goes to the garbage collector.
    const env = { ...process.env, GOGC: '400' };
    this.#child = spawn(programPath(name), { stdio: ['pipe', 'pipe', 'pipe'], env });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
    this.#child.once('error', (error) => this.#end(error));
    this.#child.once('close', (code) => this.#end(new Error(`${name} ended with ${code}: ${this.#log}`)));
    this.#child.stdin.on('error', (error) => this.#end(error));
    createInterface({ input: this.#child.stdout }).on('line', (line) =>
      this.#waiting.shift()?.resolve(JSON.parse(line) as HelmAnswer),
    );
  }

  render(request: HelmRequest): Promise<HelmAnswer> {
    const line = { kubeVersion: '1.34.0', release: { name: 'release-name', namespace: 'default' }, ...request };
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(line)}\n`);
    });
  }

  stop(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}

/** Both Helms, side by side. */
export class HelmEngines {
  readonly #engines = helmEngines.map((name) => new HelmEngine(name));

  /** The same request to both. */
  async render(request: HelmRequest): Promise<readonly (HelmAnswer & { readonly engine: HelmEngineName })[]> {
    return Promise.all(
      this.#engines.map(async (engine) => ({ ...(await engine.render(request)), engine: engine.name })),
    );
  }

  stop(): void {
    for (const engine of this.#engines) engine.stop();
  }
}
