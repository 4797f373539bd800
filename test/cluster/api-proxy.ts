import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { KubeApiServer } from '../programs/kube-api-server.js';

/** What the proxy does with a request in place of passing it on. */
export interface Trouble {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** The connection breaks: at once, or in a stream after so many lines. */
  readonly cutAfter?: number;
  /** The request reaches the server, and its answer gets lost. */
  readonly loseAnswer?: boolean;
}

/** Stands between a client and an API server: makes trouble, and has the logs that no kubelet writes. */
export class ApiProxy {
  /** Every request as `GET /path?query`. */
  readonly requests: string[] = [];
  /** Lines of each pod’s log, with the time of each. */
  readonly logs = new Map<string, string[]>();
  /** How many lines each stream of a log gets before it breaks; each number is used once. */
  readonly logCuts: number[] = [];
  /** Asked for each request. */
  trouble: (request: string) => Trouble | undefined = () => undefined;
  readonly #agent: Agent;

  private constructor(
    private readonly kube: KubeApiServer,
    private readonly server: Server,
  ) {
    this.#agent = new Agent({ keepAlive: true, ca: readFileSync(join(kube.folder, 'certificates/apiserver.crt')) });
    server.on('request', (request, response) => this.#answer(request, response));
  }

  static async start(kube: KubeApiServer): Promise<ApiProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ApiProxy(kube, server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Forgets all that a test has set up. */
  reset(): void {
    this.requests.length = 0;
    this.logCuts.length = 0;
    this.logs.clear();
    this.trouble = () => undefined;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Adds a line to a pod’s log. */
  log(pod: string, ...lines: string[]): void {
    const known = this.logs.get(pod) ?? [];
    this.logs.set(pod, known);
    for (const line of lines) {
      const time = new Date(Date.UTC(2026, 0, 1) + known.length * 400).toISOString().replace('Z', '000000Z');
      known.push(`${time} ${line}`);
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const asked = `${request.method} ${request.url}`;
    this.requests.push(asked);
    const { status, headers, body = '', cutAfter, loseAnswer } = this.trouble(asked) ?? {};
    if (cutAfter === 0) return void request.socket.destroy();
    if (status !== undefined) return void response.writeHead(status, headers).end(body);
    const url = new URL(request.url ?? '', this.url);
    const pod = /\/pods\/([^/]+)\/log$/.exec(url.pathname)?.[1];
    if (pod !== undefined) return void this.#sendLog(pod, url, response);
    const passedOn = httpsRequest(
      `${this.kube.url}${request.url}`,
      { method: request.method ?? 'GET', headers: { ...request.headers, host: '' }, agent: this.#agent },
      (answer) => {
        if (loseAnswer) return void request.socket.destroy();
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        let lines = 0;
        answer.on('data', (chunk: Buffer) => {
          response.write(chunk);
          lines += chunk.toString('latin1').split('\n').length - 1;
          if (cutAfter !== undefined && lines >= cutAfter) request.socket.destroy();
        });
        answer.on('end', () => response.end());
        answer.on('error', () => request.socket.destroy());
        response.on('close', () => answer.destroy());
      },
    );
    passedOn.on('error', () => request.socket.destroy());
    request.pipe(passedOn);
  }

  async #sendLog(pod: string, url: URL, response: ServerResponse): Promise<void> {
    const since = url.searchParams.get('sinceTime') ?? '';
    const cut = this.logCuts.shift();
    response.writeHead(200, { 'content-type': 'text/plain' });
    let sent = 0;
    for (const line of this.logs.get(pod) ?? []) {
      // As the kubelet does: from the whole second on.
      if (since !== '' && line.slice(0, 19) < since.slice(0, 19)) continue;
      response.write(`${line}\n`);
      if (cut !== undefined && ++sent >= cut) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return void response.socket?.destroy();
      }
    }
    response.end();
  }
}
