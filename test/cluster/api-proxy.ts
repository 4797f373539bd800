import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
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

/** How a program in a container ends. */
export interface Program {
  readonly stdout: string;
  readonly stderr?: string;
  readonly exitCode: number;
}

/** A whole message of a WebSocket, as servers send it. */
function frame(code: number, content: Buffer): Buffer {
  const head = content.length < 126 ? [content.length] : [126, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([128 + code, ...head]), content]);
}

/** Stands between a client and an API server: makes trouble, and has the logs that no kubelet writes. */
export class ApiProxy {
  /** Every request as `GET /path?query`. */
  readonly requests: string[] = [];
  /** Lines of each pod’s log, with the time of each. */
  readonly logs = new Map<string, string[]>();
  /** How many lines each stream of a log gets before it breaks; each number is used once. */
  readonly logCuts: number[] = [];
  /** What programs in containers print, and how they end, of which there are none; asked with the words of each. */
  program: ((words: readonly string[]) => Program) | undefined;
  /** Asked for each request. */
  trouble: (request: string) => Trouble | undefined = () => undefined;
  readonly #agent: Agent;
  /** Of programs: the server does not know them any more. */
  readonly #upgraded = new Set<Socket>();

  private constructor(
    private readonly kube: KubeApiServer,
    private readonly server: Server,
  ) {
    this.#agent = new Agent({ keepAlive: true, ca: readFileSync(join(kube.folder, 'certificates/apiserver.crt')) });
    server.on('request', (request, response) => this.#answer(request, response));
    server.on('upgrade', (request, socket) => this.#run(request, socket as Socket));
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
    this.program = undefined;
    this.trouble = () => undefined;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    this.server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
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

  /** As the kubelet does: channels 1 and 2 for what is printed, 3 for how it ended. */
  #run({ url = '', headers }: IncomingMessage, socket: Socket): void {
    this.requests.push(`EXEC ${url}`);
    this.#upgraded.add(socket);
    const program = this.program?.(new URL(url, this.url).searchParams.getAll('command'));
    if (!program) return void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\nsec-websocket-protocol: v5.channel.k8s.io\r\n\r\n`,
    );
    const { stdout, stderr = '', exitCode } = program;
    const failure = {
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: `${exitCode}` }] },
    };
    const status = exitCode === 0 ? { status: 'Success' } : { status: 'Failure', ...failure };
    // In pieces, as a stream has them.
    for (const [channel, text] of [
      [1, stdout.slice(0, 5)],
      [2, stderr],
      [1, stdout.slice(5)],
      [3, JSON.stringify(status)],
    ] as const)
      socket.write(frame(2, Buffer.concat([Buffer.from([channel]), Buffer.from(text)])));
    socket.end(frame(8, Buffer.from([3, 232])));
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
