import { existsSync, readFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Writable } from 'node:stream';
import type { KubeConfig, V1Status } from '@kubernetes/client-node';
import {
  type ApiAnswer,
  type ApiRequest,
  type ApiStream,
  ClusterError,
  type ExecAnswer,
  type ExecRequest,
  type Transport,
} from '../cluster/index.js';
import { nearest } from '../problem/index.js';

/** Which cluster: options of every command that talks to one. */
export interface ConnectionOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** A connection with the namespace that commands work in. */
export interface Connection {
  readonly transport: Transport;
  readonly namespace: string;
  close(): void;
}

/** How long the server may take to begin its answer. */
const patience = 30_000;
const handshakePatience = 15_000;
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Reads the kubeconfig as kubectl does: `--kubeconfig`, else `$KUBECONFIG`, else `~/.kube/config`, else the pod’s own
 * ServiceAccount. Nothing is asked of the cluster yet.
 *
 * @throws ClusterError where there is none, it cannot be read, or has no such context
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const config = await readConfig(options.kubeconfig);
  const contexts = config.getContexts().map(({ name }) => name);
  const name = options.context ?? config.getCurrentContext();
  if (!contexts.includes(name)) throw unknownContext(name, contexts, options.context !== undefined);
  config.setCurrentContext(name);
  const cluster = config.getCurrentCluster();
  if (!cluster)
    throw new ClusterError(
      'configuration',
      `context ${name}`,
      'the kubeconfig has no cluster for this context',
      'Correct the kubeconfig.',
    );
  const namespace = options.namespace ?? config.getContextObject(name)?.namespace ?? 'default';
  const transport = new KubeTransport(config, cluster.server);
  return { transport, namespace, close: () => transport.close() };
}

async function readConfig(option: string | undefined): Promise<KubeConfig> {
  const listed = option === undefined ? (process.env['KUBECONFIG'] ?? '') : option;
  const named = option === undefined ? listed.split(delimiter).filter((path) => path !== '') : [option];
  const files = named.length > 0 ? named : [join(homedir(), '.kube', 'config')];
  const found = files.filter((path) => existsSync(path));
  const inCluster = named.length === 0 && found.length === 0 && existsSync(join(serviceAccount, 'token'));
  if (found.length === 0 && !inCluster)
    throw new ClusterError(
      'configuration',
      files.join(delimiter),
      'there is no kubeconfig here',
      'Give one with --kubeconfig or $KUBECONFIG.',
    );
  const { KubeConfig } = await loadClient();
  const config = new KubeConfig();
  if (inCluster) {
    config.loadFromCluster();
    const { name, cluster, user } = config.getContextObject(config.getCurrentContext())!;
    const namespace = readFileSync(join(serviceAccount, 'namespace'), 'utf8').trim();
    config.contexts = [{ name, cluster, user, namespace }];
  }
  for (const [index, path] of found.entries()) {
    const next = index === 0 ? config : new KubeConfig();
    try {
      next.loadFromFile(path);
      if (index > 0) config.mergeConfig(next, true);
    } catch (error) {
      // Its text may quote the file, which holds credentials.
      const { code } = error as NodeJS.ErrnoException;
      throw new ClusterError(
        'configuration',
        path,
        `the kubeconfig cannot be read${code === undefined ? ': it is no YAML of a kubeconfig' : ` (${code})`}`,
        'Correct it, or give another one with --kubeconfig.',
      );
    }
  }
  return config;
}

function unknownContext(name: string, contexts: readonly string[], given: boolean): ClusterError {
  const meant = nearest(name, contexts);
  if (!given && !name)
    return new ClusterError('usage', 'kubeconfig', 'no context is chosen', 'Choose one with --context.', {
      allowed: contexts.join(', '),
    });
  return new ClusterError(
    'usage',
    given ? '--context' : 'current-context of the kubeconfig',
    'the kubeconfig has no context of this name',
    meant ? `Did you mean "${meant}"?` : 'Name one of the allowed ones.',
    { got: name, allowed: contexts.join(', ') || 'none: the kubeconfig has no context' },
  );
}

/** The connection of a kubeconfig: its certificates, tokens, plugins and proxies, and Node’s own client. */
class KubeTransport implements Transport {
  #options: Promise<RequestOptions> | undefined;
  readonly #open = new Set<ClientRequest>();

  constructor(
    private readonly config: KubeConfig,
    readonly server: string,
  ) {}

  async send(request: ApiRequest): Promise<ApiAnswer> {
    const response = await this.#request(request);
    const text = await readAll(response);
    return { status: response.statusCode ?? 0, text, ...headersOf(response) };
  }

  async open(request: ApiRequest, signal: AbortSignal): Promise<ApiStream> {
    const response = await this.#request(request, signal);
    const status = response.statusCode ?? 0;
    const close = () => {
      response.destroy();
    };
    if (status >= 300) return { status, text: await readAll(response), lines: none(), close };
    // What the server should end by itself gets a limit too: a connection that died without a word never ends.
    response.socket.setTimeout(300_000, close);
    return { status, text: '', lines: linesOf(response), close };
  }

  async exec({ namespace, pod, container, command }: ExecRequest, signal: AbortSignal): Promise<ExecAnswer> {
    const { Exec } = await loadClient();
    const printed = { stdout: '', stderr: '' };
    const into = (name: keyof typeof printed) =>
      new Writable({
        write(chunk: Buffer, _, done) {
          printed[name] += chunk.toString('utf8');
          done();
        },
      });
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(Object.assign(new Error('the program did not end'), { code: 'ETIMEDOUT' }));
      signal.addEventListener('abort', giveUp);
      const words = [...command];
      let ended: V1Status | undefined;
      new Exec(this.#impatient())
        .exec(namespace, pod, container, words, into('stdout'), into('stderr'), null, false, (status) => {
          ended = status;
        })
        .then((socket) => {
          const close = () => socket.terminate();
          signal.addEventListener('abort', close);
          if (signal.aborted) close();
          socket.onclose = () => resolve({ status: 101, exitCode: exitCodeOf(ended), ...printed });
        })
        .catch(({ message = '' }: { message?: string }) => {
          // The client tells the answer in its message only.
          const status = Number(/^Unexpected server response: (\d+)$/.exec(message)?.[1]);
          if (status) resolve({ status, exitCode: -1, stdout: '', stderr: message });
          else reject(new Error(message));
        });
    });
  }

  /** The same configuration for WebSockets, which otherwise wait for ever for a server that does not answer. */
  #impatient(): KubeConfig {
    const applyToHTTPSOptions = async (options: RequestOptions & { handshakeTimeout?: number }) => {
      await this.config.applyToHTTPSOptions(options);
      options.handshakeTimeout = handshakePatience;
    };
    return Object.create(this.config, { applyToHTTPSOptions: { value: applyToHTTPSOptions } }) as KubeConfig;
  }

  async renew(): Promise<boolean> {
    this.#options = undefined;
    // A token in the file stays what it is; only plugins and files that somebody else writes have a newer one.
    const user = this.config.getCurrentUser();
    return user?.exec !== undefined || user?.authProvider !== undefined;
  }

  close(): void {
    for (const request of this.#open) request.destroy();
  }

  async #request(
    { method, path, query = {}, body, contentType }: ApiRequest,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    this.#options ??= this.#credentials();
    const options = await this.#options;
    const url = new URL(this.server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string> = {
      accept: 'application/json',
      'user-agent': 'chartwright',
      ...(options.headers as Record<string, string>),
      ...(text === undefined
        ? {}
        : {
            'content-type': contentType ?? 'application/json',
            // Node sends none with DELETE, and without one the body is taken for the next request.
            'content-length': String(Buffer.byteLength(text)),
          }),
    };
    return new Promise((resolve, reject) => {
      const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = start(
        url,
        { ...options, method, headers, timeout: patience, ...(signal ? { signal } : {}) },
        resolve,
      );
      this.#open.add(request);
      request.on('close', () => this.#open.delete(request));
      request.on('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
      request.on('error', reject);
      request.end(text);
    });
  }

  async #credentials(): Promise<RequestOptions> {
    const options: RequestOptions & { agent?: unknown } = { headers: {} };
    try {
      await this.config.applyToHTTPSOptions(options);
    } catch (error) {
      const [message] = (error as Error).message.split('\n', 1);
      throw new ClusterError(
        'configuration',
        `user of context ${this.config.getCurrentContext()}`,
        `the kubeconfig’s credentials cannot be used: ${message}`,
        'Correct the kubeconfig, or log in again.',
      );
    }
    const agent: unknown = options.agent;
    // The one that is made there opens a connection for each request; an agent of a proxy stays what it is.
    if (agent instanceof Agent && agent.constructor === Agent)
      options.agent = new Agent({ ...agent.options, keepAlive: true, maxSockets: 8 });
    return options;
  }
}

/** Half a second, so only once it is needed. Not a part of the bundle: it is 14 MB, and finds files of its own beside itself. */
const loadClient = (): Promise<typeof import('@kubernetes/client-node')> =>
  import(import.meta.resolve('@kubernetes/client-node'));

/** Of the last message of an exec: a success, or a failure with the code as one of its causes. */
function exitCodeOf(status: V1Status | undefined): number {
  if (status?.status === 'Success') return 0;
  const code = Number(status?.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message);
  return Number.isInteger(code) ? code : -1;
}

function headersOf({ headers }: IncomingMessage): Pick<ApiAnswer, 'retryAfter' | 'warnings'> {
  const seconds = Number(headers['retry-after']);
  const texts = [headers['warning'] ?? []].flat().flatMap((line) =>
    // `299 - "text"`, where quotes and backslashes of the text are escaped; several may share a line
    [...line.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text!.replace(/\\(.)/g, '$1')),
  );
  return { warnings: texts, ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfter: seconds } : {}) };
}

function readAll(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  // Not readline: it ends quietly when its input breaks, and half a stream must not look like all of it.
  for await (const chunk of response) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function* none(): AsyncGenerator<string> {}
