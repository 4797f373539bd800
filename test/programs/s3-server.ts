import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programPath } from './find.js';

/** A real S3 server, versitygw, on 127.0.0.1. Needs `describeWith(['versitygw'], …)`. */
export interface S3Server {
  /** Such as `http://127.0.0.1:40123`. Path style only. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** The folder it serves: a folder in it is a bucket, a file in that is an object. */
  readonly folder: string;
  /** Makes an empty bucket and gives the folder that it is. */
  createBucket(name: string): string;
  /** Ends the server, and removes the folder if it made it. */
  stop(): Promise<void>;
}

export interface S3ServerOptions {
  /** Serve what is in this folder instead of an empty one; the caller removes it. */
  readonly folder?: string;
  /** Answer every write with access denied. @default false */
  readonly readOnly?: boolean;
}

/**
 * Starts the server and waits until it answers (about 0.2 s).
 *
 * @throws Error with what the server said when it does not answer within 10 seconds
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  // A free port can be taken by somebody else before the program binds it, so a failed start is tried once more.
  try {
    return await startOnce(options);
  } catch {
    return await startOnce(options);
  }
}

/** Variables with which rclone's remote `store` is the server; with GOGC as in vitest.config.ts. */
export function rcloneRemote(server: Pick<S3Server, 'endpoint' | 'region' | 'accessKey' | 'secretKey'>) {
  return {
    RCLONE_CONFIG_STORE_TYPE: 's3',
    RCLONE_CONFIG_STORE_PROVIDER: 'Other',
    RCLONE_CONFIG_STORE_ENDPOINT: server.endpoint,
    RCLONE_CONFIG_STORE_REGION: server.region,
    RCLONE_CONFIG_STORE_ACCESS_KEY_ID: server.accessKey,
    RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: server.secretKey,
    RCLONE_CONFIG_STORE_FORCE_PATH_STYLE: 'true',
    RCLONE_CONFIG_STORE_NO_CHECK_BUCKET: 'true',
    GOGC: '200',
  };
}

async function startOnce({ folder, readOnly = false }: S3ServerOptions): Promise<S3Server> {
  const served = folder ?? mkdtempSync(join(tmpdir(), 'chartwright-s3-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const [accessKey, secretKey] = ['test-access-key', 'test-secret-key-4f9d2c'];
  const server = spawn(
    programPath('versitygw'),
    ['--port', `127.0.0.1:${port}`, '--quiet', ...(readOnly ? ['--readonly'] : []), 'posix', served],
    {
      env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  server.stdout.on('data', (text) => (said += text));
  server.stderr.on('data', (text) => (said += text));
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  // A test run that is broken off calls no `stop`.
  const kill = () => server.kill();
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    server.kill();
    await ended;
    if (!folder) rmSync(served, { recursive: true, force: true });
  };
  for (const until = Date.now() + 10_000; !(await answers(endpoint)); await sleep(50)) {
    if (Date.now() > until || server.exitCode !== null) {
      await stop();
      throw new Error(`versitygw does not answer on ${endpoint}: ${said}`);
    }
  }
  const createBucket = (name: string) => {
    mkdirSync(join(served, name));
    return join(served, name);
  };
  return { endpoint, region: 'us-east-1', accessKey, secretKey, folder: served, createBucket, stop };
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint);
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
