import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ObjectStoreSettings } from '../../src/store/index.js';
import { rcloneEnvironment } from '../../src/store/index.js';
import { programPath } from '../programs/find.js';

/** Values of Secrets by `<name>/<key>`. */
export type Secrets = Readonly<Record<string, string>>;

/** The environment as a container has it: values of Secrets filled in, and nothing from this machine. */
export function containerEnvironment(store: ObjectStoreSettings, secrets: Secrets): Record<string, string> {
  const variables = rcloneEnvironment(store).map(({ name, value, valueFrom }) => {
    if (!valueFrom?.secretKeyRef) return [name, value ?? ''] as const;
    const { name: secret, key } = valueFrom.secretKeyRef;
    const found = secrets[`${secret}/${key}`];
    if (found === undefined) throw new Error(`there is no key ${key} in the Secret ${secret}`);
    return [name, found] as const;
  });
  return { HOME: '/nowhere', PATH: '/usr/bin:/bin', ...Object.fromEntries(variables) };
}

/** What a program said. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with nothing but this environment, without blocking servers in this process. */
export function run(
  program: string,
  parameters: readonly string[],
  environment: Record<string, string>,
  input = '',
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(program, parameters, { env: environment, timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ status: error ? ((error.code as number | undefined) ?? 1) : 0, stdout, stderr }),
    );
    // A program may end without reading its input: what it said then tells more than this.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Runs rclone. */
export const rclone = (environment: Record<string, string>, ...parameters: string[]) =>
  run(programPath('rclone'), ['--retries', '1', '--low-level-retries', '1', ...parameters], environment);

/** Runs rclone with an input. */
export const rcloneWith = (environment: Record<string, string>, input: string, ...parameters: string[]) =>
  run(programPath('rclone'), ['--retries', '1', '--low-level-retries', '1', ...parameters], environment, input);

/** A request that a stand-in got. */
export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that keeps what it was asked. */
export interface StandIn {
  readonly url: string;
  readonly requests: Recorded[];
  stop(): Promise<void>;
}

/** Starts a stand-in for a store's API on 127.0.0.1. */
export async function standIn(
  answer: (request: Recorded, response: ServerResponse, url: string) => void,
): Promise<StandIn> {
  const requests: Recorded[] = [];
  let url = '';
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const recorded = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
    requests.push(recorded);
    answer(recorded, response, url);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url, requests, stop };
}
