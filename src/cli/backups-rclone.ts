import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { type PodInputs, type Rclone, rcloneOptions } from '../cluster/index.js';

/** Where rclone is on this machine, or undefined. */
export function findRclone(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const path = join(folder, process.platform === 'win32' ? 'rclone.exe' : 'rclone');
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here: look in the next folder
    }
  }
  return undefined;
}

/**
 * rclone on this machine with what a pod would get: secrets in its environment only, certificates and keys in files that
 * only we can read and that are removed at the end, also after a signal.
 */
export class LocalRclone implements Rclone {
  readonly #folder = mkdtempSync(join(tmpdir(), 'chartwright-store-'));
  readonly #environment: NodeJS.ProcessEnv;
  readonly #remove = () => rmSync(this.#folder, { recursive: true, force: true });

  constructor(
    private readonly program: string,
    private readonly inputs: PodInputs,
    private readonly signal: AbortSignal,
  ) {
    process.on('exit', this.#remove);
    for (const [path, content] of inputs.files) {
      const file = this.#place(path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, content, { mode: 0o600 });
    }
    const places = [...inputs.files.keys()].flatMap((path) => [path, dirname(path)]);
    const translated = [...inputs.variables].map(([name, value]) => [
      name,
      value
        .split(':')
        .map((part) => (places.includes(part) ? this.#place(part) : part))
        .join(':'),
    ]);
    const { PATH = '', HOME = '', TMPDIR } = process.env;
    this.#environment = {
      PATH,
      HOME,
      TZ: 'UTC',
      ...(TMPDIR === undefined ? {} : { TMPDIR }),
      // The proxies of this machine, and nothing else of it that could say what the remote is.
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(https?|no|all)_proxy$/i.test(name))),
      ...Object.fromEntries(translated),
    };
  }

  run(words: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    return this.#start([...rcloneOptions, ...words], '');
  }

  async fetch(path: string, names: readonly string[]) {
    const target = mkdtempSync(join(this.#folder, 'records-'));
    if (names.length === 0) return { status: 0, texts: new Map<string, string>(), stderr: '' };
    const words = [...rcloneOptions, 'copy', '--files-from-raw=-', '--no-traverse', '--transfers=8', path, target];
    const { status, stderr } = await this.#start(words, `${names.join('\n')}\n`);
    const texts = readdirSync(target, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file): [string, string] => [relative(target, file).replaceAll('\\', '/'), readFileSync(file, 'utf8')]);
    return { status, texts: new Map(texts), stderr };
  }

  remove(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }

  #place(path: string): string {
    return join(this.#folder, 'files', path);
  }

  #start(words: readonly string[], input: string): Promise<{ status: number; stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.program, words, { env: this.#environment, signal: this.signal });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.stdin.on('error', () => {});
      child.on('error', reject);
      child.on('close', (status) =>
        resolve({
          status: status ?? 1,
          stdout: Buffer.concat(stdout).toString('utf8'),
          stderr: this.#withoutSecrets(Buffer.concat(stderr).toString('utf8')),
        }),
      );
      child.stdin.end(input);
    });
  }

  #withoutSecrets(text: string): string {
    // Short ones would take words out of messages that have nothing to do with them.
    return this.inputs.secrets
      .filter((secret) => secret.length >= 4)
      .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  }
}
