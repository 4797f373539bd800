import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programPath } from '../programs/find.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** A real S3 server on 127.0.0.1 whose buckets are folders. */
export class BackupStore {
  static readonly accessKey = 'round-trip-access-key';
  static readonly secretKey = 'round-trip-secret-key';
  readonly port: number;
  readonly #folder: string;
  readonly #server: ChildProcess;
  #buckets = 0;

  private constructor(port: number, folder: string, server: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#server = server;
  }

  static async start(): Promise<BackupStore> {
    const folder = mkdtempSync(join(tmpdir(), 'buckets-'));
    const port = await freePort();
    const server = spawn(
      programPath('versitygw'),
      [
        ...['--port', `127.0.0.1:${port}`, '--access', BackupStore.accessKey, '--secret', BackupStore.secretKey],
        ...['--quiet', 'posix', folder],
      ],
      { stdio: 'ignore' },
    );
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
      if (answer) break;
      if (tries > 100) throw new Error('the S3 server does not answer');
      await sleep(50);
    }
    return new BackupStore(port, folder, server);
  }

  stop(): void {
    this.#server.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Makes an empty bucket and returns its name. */
  makeBucket(): string {
    const name = `vald-backups-${++this.#buckets}`;
    mkdirSync(join(this.#folder, name));
    return name;
  }

  /** The buckets there are. */
  buckets(): string[] {
    return readdirSync(this.#folder).filter((name) => name.startsWith('vald-backups'));
  }

  /** The objects of a bucket: path → hash of the content. */
  objects(bucket: string): Record<string, string> {
    const root = join(this.#folder, bucket);
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name));
    const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12);
    return Object.fromEntries(paths.map((path) => [path.slice(root.length + 1), hash(path)]));
  }

  /** The number of vectors that an agent's object says it holds, or undefined where there is no such object. */
  backedUp(bucket: string, key: string): number | undefined {
    const path = join(this.#folder, bucket, key);
    if (!existsSync(path)) return undefined;
    const metadata = execFileSync('tar', ['-xzOf', path, 'metadata.json'], { encoding: 'utf8' });
    return (JSON.parse(metadata) as { ngt: { index_count: number } }).ngt.index_count;
  }
}
