import { execFile, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, programPath } from './find.js';

/** What the server answered. */
export interface KubeResponse {
  readonly status: number;
  /** Parsed JSON, or the text where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what the API sent, field by field
  readonly body: any;
  /** The texts of the `Warning:` headers. */
  readonly warnings: string[];
}

/** A real Kubernetes API: etcd and kube-apiserver on 127.0.0.1, without controllers, scheduler or nodes. */
export interface KubeApiServer {
  readonly url: string;
  /** Bearer token of a member of system:masters. */
  readonly token: string;
  /** Where certificates, keys and logs are while the server runs. */
  readonly folder: string;
  /** Runs kubectl against the server. It never throws for a failing command: look at `status`. */
  kubectl(args: readonly string[], stdin?: string): Promise<{ status: number; stdout: string; stderr: string }>;
  /** Sends one request; `body` is sent as JSON. @param contentType default application/json */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<KubeResponse>;
  /** Ends both programs and removes their folder. */
  stop(): Promise<void>;
}

/** A file that belongs to the installed version of the API server and is kept beside it. */
export function besideServer(name: string): string {
  return join(dirname(realpathSync(findProgram('kube-apiserver') ?? '.')), name);
}

/** The OpenAPI v2 of Kubernetes 1.28, the oldest that the package supports; `.ci/programs` puts it there. */
export function floorOpenApiFile(): string {
  return besideServer('swagger-1.28.json');
}

/**
 * Starts etcd and kube-apiserver and waits until the API is ready (about 4 seconds). RBAC and the default admission
 * plugins are on, PodSecurity among them; no controller runs, so a namespace gets no `default` service account by itself.
 *
 * @param options.runtimeConfig value of `--runtime-config`, to serve more than the default API groups
 * @throws Error with the end of the log when the server does not become ready within a minute
 */
export async function startKubeApiServer(options: { runtimeConfig?: string } = {}): Promise<KubeApiServer> {
  // A free port can be taken by somebody else before the program binds it, so a failed start is tried once more.
  try {
    return await startOnce(options);
  } catch {
    return await startOnce(options);
  }
}

async function startOnce(options: { runtimeConfig?: string }): Promise<KubeApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'chartwright-kube-'));
  const token = randomBytes(16).toString('hex');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'service-account.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`);
  const [client, peer, api] = await freePorts(3);
  const url = `https://127.0.0.1:${api}`;

  const etcd = [
    programPath('etcd'),
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    '--unsafe-no-fsync',
  ];
  const server = [
    programPath('kube-apiserver'),
    `--etcd-servers=http://127.0.0.1:${client}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${api}`,
    `--cert-dir=${folder}/certificates`,
    '--service-cluster-ip-range=10.0.0.0/16',
    `--service-account-key-file=${folder}/service-account.key`,
    `--service-account-signing-key-file=${folder}/service-account.key`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--token-auth-file=${folder}/tokens.csv`,
    '--authorization-mode=RBAC',
    // As clusters have it: whether a pod may be privileged is for PodSecurity to say.
    '--allow-privileged=true',
    ...(options.runtimeConfig ? [`--runtime-config=${options.runtimeConfig}`] : []),
  ];
  // The shell outlives us by one step: when the test process ends, however it ends, its standard input closes, and the
  // shell kills both programs and removes their folder. `wait` comes before `rm` so that nothing is written after it.
  const supervisor = spawn('/bin/sh', ['-c', supervise, 'supervise', folder, etcd.join('\n'), server.join('\n')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  let ended = false;
  const end = new Promise<void>((resolve) =>
    supervisor.on('close', () => {
      ended = true;
      resolve();
    }),
  );
  supervisor.stdin.on('error', () => {});
  const stop = async () => {
    supervisor.stdin.end();
    await end;
  };

  const deadline = Date.now() + 60_000;
  const certificate = () => readFileSync(join(folder, 'certificates/apiserver.crt'));
  while (!(await isReady(url, token, certificate))) {
    if (ended || Date.now() > deadline) {
      const log = ended ? '' : readFileSync(join(folder, 'kube-apiserver.log'), 'utf8').slice(-2000);
      await stop();
      throw new Error(`kube-apiserver did not become ready\n${log}`);
    }
    await sleep(50);
  }
  const agent = new Agent({ keepAlive: true, ca: certificate() });
  return {
    url,
    token,
    folder,
    request: (method, path, body, contentType) => send({ agent, url, token }, method, path, body, contentType),
    kubectl: (args, stdin) => runKubectl(folder, url, token, args, stdin),
    stop: async () => {
      agent.destroy();
      await stop();
    },
  };
}

const supervise = `
folder=$1
IFS='
'
set -f
$2 >"$folder/etcd.log" 2>&1 & etcd=$!
$3 >"$folder/kube-apiserver.log" 2>&1 & server=$!
cat >/dev/null
kill -KILL "$server" "$etcd"
wait
rm -rf "$folder"
`;

/** Asks for ports that are free now, all held at once so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      return typeof address === 'object' && address ? address.port : 0;
    }),
  );
}

async function isReady(url: string, token: string, certificate: () => Buffer): Promise<boolean> {
  try {
    const agent = new Agent({ ca: certificate() });
    return (await send({ agent, url, token }, 'GET', '/readyz')).status === 200;
  } catch {
    return false;
  }
}

function send(
  to: { agent: Agent; url: string; token: string },
  method: string,
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<KubeResponse> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { authorization: `Bearer ${to.token}`, accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = contentType;
    const request = httpsRequest(`${to.url}${path}`, { method, headers, agent: to.agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          body: parseOrText(text),
          warnings: warnings(response.headersDistinct),
        });
      });
    });
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `299 - "text"` gives `text`; quotes and backslashes inside are escaped in the header. */
function warnings(headers: NodeJS.Dict<string[]>): string[] {
  return (headers['warning'] ?? []).flatMap((line) =>
    [...line.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text!.replace(/\\(.)/g, '$1')),
  );
}

function runKubectl(folder: string, url: string, token: string, args: readonly string[], stdin = '') {
  const connection = [
    `--server=${url}`,
    `--token=${token}`,
    `--certificate-authority=${folder}/certificates/apiserver.crt`,
  ];
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      programPath('kubectl'),
      [...connection, ...args],
      { env: { HOME: folder, KUBECONFIG: '/dev/null', PATH: process.env['PATH'] ?? '' }, maxBuffer: 64 * 2 ** 20 },
      (error, stdout, stderr) =>
        resolve({ status: error ? (typeof error.code === 'number' ? error.code : 1) : 0, stdout, stderr }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
  });
}
