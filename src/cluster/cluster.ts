import { setTimeout as sleep } from 'node:timers/promises';
import { answerError, ClusterError, connectionError } from './cluster-error.js';
import type { KubeObject } from './objects.js';
import { pathOf, type Resource, resources } from './resources.js';
import type { ApiAnswer, ApiRequest, ApiStream, ExecAnswer, ExecRequest, Transport } from './transport.js';

/** A page of a list. */
interface ListAnswer<Item> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly Item[];
}

/** Objects in one place. */
export interface Selection {
  /** @default - all namespaces */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** What a request may be tried again after: the server was busy, or something between us and it was. */
const busy = new Set([429, 500, 502, 503, 504]);
const mostTries = 5;
const longestWait = 8_000;
const pageSize = 500;
/** How long a program in a container may take. */
const execPatience = 20_000;

/**
 * A Kubernetes cluster as this package uses it: requests that are tried again where that helps, lists without an end, and
 * errors that say in one line what is wrong and what to do.
 */
export class Cluster {
  /**
   * @param transport the connection
   * @param signal from now on nothing is asked any more; only what was made is still taken away
   * @param firstWait milliseconds before the second try; each further wait is twice as long, up to 8 seconds
   */
  constructor(
    readonly transport: Transport,
    private readonly signal?: AbortSignal,
    private readonly firstWait = 250,
  ) {}

  /**
   * Sends a request, again where the server is busy.
   *
   * @param what the words behind “you may not …” and “the cluster failed to …”
   * @returns the answer where it is a success or one of `accepted`
   * @throws ClusterError for every other answer and for none
   */
  async send(request: ApiRequest, what: string, accepted: readonly number[] = []): Promise<ApiAnswer> {
    let renewed = false;
    for (let tries = 1; ; tries++) {
      if (this.signal?.aborted && request.method !== 'DELETE')
        throw new ClusterError('failed', this.transport.server, 'the work was interrupted', 'Run the command again.');
      let answer: ApiAnswer;
      try {
        answer = await this.transport.send(request);
      } catch (error) {
        // Without an answer nobody knows whether a change went through, so only what changes nothing is sent again.
        if (request.method !== 'GET' || tries >= mostTries || !isInterrupted(error))
          throw connectionError(this.transport.server, error);
        await this.wait(tries);
        continue;
      }
      if (answer.status < 300 || accepted.includes(answer.status)) return answer;
      if (answer.status === 401 && !renewed && (await this.transport.renew())) {
        renewed = true;
        continue;
      }
      if (!busy.has(answer.status) || tries >= mostTries || !mayRepeat(request, answer))
        throw answerError(this.#placeOf(request), what, answer);
      await this.wait(tries, answer.retryAfter);
    }
  }

  /** Waits before another try, longer each time. */
  async wait(tries: number, seconds?: number): Promise<void> {
    const grown = Math.min(longestWait, this.firstWait * 2 ** (tries - 1));
    // Many clients that were turned away together must not all come back together.
    await sleep(seconds === undefined ? grown * (0.75 + Math.random() / 2) : Math.min(30, seconds) * 1_000);
  }

  /** One object. @throws ClusterError of kind `not-found` where there is none */
  async get<Item extends KubeObject>(resource: Resource, namespace: string | undefined, name: string): Promise<Item> {
    const what = `get the ${resource.kind} ${name}${namespace === undefined ? '' : ` in ${namespace}`}`;
    const answer = await this.send({ method: 'GET', path: pathOf(resource, namespace, name) }, what);
    return this.#parse<Item>(answer.text, what);
  }

  /** One object, or undefined where there is none. */
  async find<Item extends KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
  ): Promise<Item | undefined> {
    try {
      return await this.get<Item>(resource, namespace, name);
    } catch (error) {
      if (error instanceof ClusterError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }

  /** All objects of a kind in a place, page by page; a list that grew too old meanwhile is begun again. */
  async list<Item extends KubeObject>(resource: Resource, selection: Selection): Promise<Item[]> {
    return (await this.listFrom<Item>(resource, selection)).items;
  }

  /** As {@link list}, with the version from which a watch goes on. */
  async listFrom<Item extends KubeObject>(
    resource: Resource,
    { namespace, labelSelector, fieldSelector }: Selection,
  ): Promise<{ items: Item[]; resourceVersion: string }> {
    const what = `list ${resource.plural}${namespace === undefined ? ' in all namespaces' : ` in ${namespace}`}`;
    const query = { limit: String(pageSize), ...given({ labelSelector, fieldSelector }) };
    const path = pathOf(resource, namespace);
    for (let restarts = 0; ; restarts++) {
      const items: Item[] = [];
      let next: string | undefined;
      for (;;) {
        const request = { method: 'GET', path, query: { ...query, ...given({ continue: next }) } } as const;
        const answer = await this.send(request, what, next !== undefined && restarts < 3 ? [410] : []);
        if (answer.status === 410) break;
        const page = this.#parse<ListAnswer<Item>>(answer.text, what);
        // A list leaves out what its items have in common.
        const { apiVersion, kind } = resource;
        items.push(...(page.items ?? []).map((item) => ({ ...item, apiVersion, kind })));
        next = page.metadata.continue || undefined;
        if (next === undefined) return { items, resourceVersion: page.metadata.resourceVersion ?? '' };
      }
    }
  }

  /** Makes an object. @throws ClusterError of kind `conflict` where there is one of this name */
  async create<Item extends KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    object: Item,
  ): Promise<Item> {
    const what = `create the ${resource.kind} ${object.metadata.name}${namespace === undefined ? '' : ` in ${namespace}`}`;
    const answer = await this.send({ method: 'POST', path: pathOf(resource, namespace), body: object }, what);
    return this.#parse<Item>(answer.text, what);
  }

  /** Removes an object and what belongs to it; one that is gone already is no error. */
  async remove(resource: Resource, namespace: string | undefined, name: string): Promise<void> {
    const path = pathOf(resource, namespace, name);
    const query = { propagationPolicy: 'Background' };
    await this.send({ method: 'DELETE', path, query }, `delete the ${resource.kind} ${name}`, [404]);
  }

  /**
   * Opens a stream once.
   *
   * @param signal ends it
   * @throws ClusterError where it is refused or there is no answer
   */
  async open(request: ApiRequest, what: string, signal: AbortSignal): Promise<ApiStream> {
    let stream: ApiStream;
    try {
      stream = await this.transport.open(request, signal);
    } catch (error) {
      throw connectionError(this.transport.server, error);
    }
    if (stream.status >= 300) throw answerError(this.#placeOf(request), what, stream);
    return stream;
  }

  /**
   * Runs a program in a container, once.
   *
   * @returns what it printed
   * @throws ClusterError where it cannot be started, ends with another code than 0, or takes longer than 20 seconds
   */
  async exec(request: ExecRequest): Promise<string> {
    const { namespace, pod, container, command } = request;
    const what = `run ${command[0]} in the pod ${pod}`;
    const path = `${pathOf(resources.pods, namespace, pod)}/exec`;
    let answer: ExecAnswer;
    try {
      const signals = [AbortSignal.timeout(execPatience), ...(this.signal ? [this.signal] : [])];
      answer = await this.transport.exec(request, AbortSignal.any(signals));
    } catch (error) {
      throw connectionError(this.transport.server, error);
    }
    const { status, exitCode, stdout, stderr } = answer;
    if (status !== 101) throw answerError(`${this.transport.server}${path}`, what, { status, text: stderr });
    if (exitCode === 0) return stdout;
    const said = stderr.trim().split('\n').at(-1);
    throw new ClusterError(
      'failed',
      `Pod ${namespace}/${pod}`,
      `${command[0]} in the container ${container} ended with ${exitCode}`,
      'Look at the pod.',
      said ? { got: said } : {},
    );
  }

  #placeOf({ path }: ApiRequest): string {
    return `${this.transport.server}${path}`;
  }

  #parse<Content>(text: string, what: string): Content {
    try {
      return JSON.parse(text) as Content;
    } catch {
      throw new ClusterError(
        'unreachable',
        this.transport.server,
        `the answer is not of an API server: ${what}`,
        'Check the server of the context: a login page or a proxy answers there.',
      );
    }
  }
}

const given = (query: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );

/** A server that turns a request away has not begun it; after any other failure a change may have been made. */
const mayRepeat = ({ method }: ApiRequest, { status }: ApiAnswer): boolean =>
  method === 'GET' || status === 429 || status === 503;

/** Whether a connection broke that had been made; an address where nobody is does not get better by asking again. */
export const isInterrupted = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE'].includes(
    String((error as NodeJS.ErrnoException).code),
  );
