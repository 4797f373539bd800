import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ValdRestoreVariable, valdRestore } from '../../src/scripts/index.js';
import { writeProgram } from '../programs/contract-path.js';
import { programPath } from '../programs/find.js';
import { rcloneRemote, type S3Server } from '../programs/s3-server.js';
import { type IndexFiles, indexId, writeIndex } from './index-folder.js';
import { recordedRclone } from './recorded-rclone.js';
import type { RclonePlayer } from './script-run.js';

/** The commands that the image contract names, without the shell. */
export const contractCommands: readonly string[] = [
  ...valdRestore.image.programs[0].commands.filter((name) => name !== 'sh'),
  'rclone',
];

export const clusterId = '7a9c6f0e-1f0b-4a53-9d0c-3f6f1f3f5a01';
export const foreignId = '00000000-0000-4000-8000-00000000f00d';

/** How a run ended. `code` is null when a signal ended it. */
export interface Outcome {
  readonly code: number | null;
  readonly log: string;
  readonly milliseconds: number;
}

export interface RunOptions {
  readonly environment?: Partial<Record<ValdRestoreVariable, string | undefined>>;
  /** Variables that are rclone's. */
  readonly rclone?: Record<string, string>;
  /** Kill the whole process group before the command with this number, from 1. */
  readonly killAt?: number;
  /** Let the command with this number, from 1, fail without being run. */
  readonly failAt?: number;
  /** The status with which it fails. @default 1 */
  readonly failStatus?: number;
  /** Shell commands that rclone's place on PATH runs after rclone itself, whose arguments are in `$*`. */
  readonly afterRclone?: string;
  /** Run as this user. Needs root. */
  readonly user?: number;
  /** Called once the download begins. `signal` reaches the shell, or all of its process group. */
  readonly onRestoring?: (signal: (name: NodeJS.Signals, all: boolean) => unknown, group: number) => Promise<void>;
}

let counter = 0;

export interface RestorePodOptions {
  readonly server?: S3Server | undefined;
  /** @default index */
  readonly bucket?: string;
  /** Shared by the pods of one cluster. @default a cluster of its own */
  readonly cluster?: string;
  readonly environment?: Partial<Record<ValdRestoreVariable, string>>;
  /** What plays rclone in the pod's containers; where a run has more variables for it, it is the real one. @default real */
  readonly rclone?: RclonePlayer;
}

/** A pod with its volume, its place in a store, and the one container that runs the script. */
export class RestorePod {
  /** Removed by {@link remove}. Holds `volume`, mounted at the parent of INDEX_PATH, and the image's PATH. */
  readonly folder = mkdtempSync(join(tmpdir(), 'chartwright-restore-'));
  readonly volume = join(this.folder, 'volume');
  readonly indexPath = join(this.volume, 'index');
  /** The cluster's folder in the store, as files. */
  readonly storeFolder: string | undefined;
  readonly environment: Record<ValdRestoreVariable, string>;
  readonly #server: S3Server | undefined;
  readonly #calls = join(this.folder, 'calls');

  readonly #options: RestorePodOptions;

  constructor(options: RestorePodOptions = {}) {
    this.#options = options;
    const { server, bucket = 'index', cluster = `cluster-${process.pid}-${++counter}` } = options;
    this.#server = server;
    this.storeFolder = server && join(server.folder, bucket, 'prefix', cluster);
    this.environment = {
      BACKUP_METHOD: server ? 'both' : 'persistentVolume',
      INDEX_PATH: this.indexPath,
      COPY_ON_WRITE: 'false',
      BROKEN_INDEX_HISTORY_LIMIT: '2',
      POD_NAME: 'vald-agent-0',
      START_GATE: 'none',
      TERMINATION_LOG: 'none',
      STORE_PATH: `store:${bucket}/prefix/${cluster}`,
      CLUSTER_ID: clusterId,
      CLUSTER_NAME: cluster,
      ALLOW_EMPTY_START: 'false',
      BACKUP_INTERVAL_SECONDS: '600',
      RESTORE_TIMEOUT_SECONDS: '60',
      RESTORE_AS_OF: '',
      ...options.environment,
    };
    mkdirSync(this.volume);
  }

  /** A pod of another cluster, with the same on its volume and in its store. */
  copy(options: Pick<RestorePodOptions, 'rclone'> = {}): RestorePod {
    const { cluster, ...others } = this.#options;
    const copy = new RestorePod({ ...others, ...options });
    const folders = [[this.volume, copy.volume]];
    if (this.storeFolder && copy.storeFolder) folders.push([this.storeFolder, copy.storeFolder]);
    // Node's own copying rounds times.
    for (const [from, to] of folders) execFileSync('cp', ['-aT', from!, to!]);
    return copy;
  }

  /** Writes an index to `origin`, `backup`, `broken/<n>` or, as `.`, straight into INDEX_PATH. */
  put(place: string, files: IndexFiles, late: readonly string[] = []): this {
    writeIndex(join(this.indexPath, place), files, late);
    return this;
  }

  /** Writes a file of the cluster's folder in the store. */
  store(name: string, content: string | Buffer): this {
    if (!this.storeFolder) throw new Error('this pod has no store');
    mkdirSync(this.storeFolder, { recursive: true });
    writeFileSync(join(this.storeFolder, name), content);
    return this;
  }

  own(id = clusterId): this {
    return this.store('owner.json', `{"cluster":"a cluster","clusterId":"${id}"}\n`);
  }

  object(content: Buffer): this {
    return this.store('vald-agent-0.tar.gz', content);
  }

  /** The pod's marker, this many seconds old. */
  marker(kind: string, age: number): this {
    return this.store('vald-agent-0.seen', `${kind} ${Math.floor(Date.now() / 1000) - age}\n`);
  }

  /** Runs the script with only the contract's programs on PATH, and with busybox's shell. */
  async run(options: RunOptions = {}): Promise<Outcome> {
    const counts = [options.killAt, options.failAt, options.afterRclone].some((option) => option !== undefined);
    const path = counts ? this.#countingPath(options) : this.#contractPath(options);
    const script = join(this.folder, valdRestore.name);
    for (const { name, content } of [valdRestore, ...valdRestore.libraries])
      writeFileSync(join(this.folder, name), content);
    const variables = Object.entries({ ...this.environment, ...options.environment }).filter(
      ([, value]) => value !== undefined,
    );
    const logFile = join(this.folder, 'log');
    // A file and not a pipe: all that was written is in it as soon as the shell has ended, whoever else still holds it.
    const logHandle = openSync(logFile, 'w');
    const [program, ...args] = counts ? pathShell() : ([programPath('busybox'), 'sh'] as const);
    const started = performance.now();
    const child = spawn(program, [...args, script], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', logHandle, logHandle],
      env: {
        PATH: path,
        HOME: '/nonexistent',
        ...Object.fromEntries(variables),
        ...this.rcloneEnvironment(),
        ...options.rclone,
      },
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
    });
    closeSync(logHandle);
    let ended = false;
    const exit = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => {
        ended = true;
        resolve(code);
      });
    });
    const log = () => readFileSync(logFile, 'utf8');
    if (options.onRestoring) {
      while (!ended && !log().includes('restoring')) await sleep(20);
      const signal = (name: NodeJS.Signals, all: boolean) =>
        ended || process.kill(all ? -child.pid! : child.pid!, name);
      await options.onRestoring(signal, child.pid!);
    }
    return { code: await exit, log: log(), milliseconds: performance.now() - started };
  }

  /** The commands that the last counted run has started. */
  calls(): string[] {
    return existsSync(this.#calls) ? readFileSync(this.#calls, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Runs rclone with the pod's store, as somebody else who uses it. */
  async rclone(...args: string[]): Promise<void> {
    await promisify(execFile)(programPath('rclone'), args, { env: { RCLONE_CONFIG: '', ...this.rcloneEnvironment() } });
  }

  /** What lies in INDEX_PATH: for each folder with an index its mark, oldest of broken/ first. */
  disk(): { origin?: string; backup?: string; base?: string; broken?: string[] } {
    const mark = (folder: string) => (existsSync(folder) ? (indexId(folder) ?? 'no index') : undefined);
    const broken = join(this.indexPath, 'broken');
    const found = {
      origin: mark(join(this.indexPath, 'origin')),
      backup: mark(join(this.indexPath, 'backup')),
      base: existsSync(this.indexPath) ? indexId(this.indexPath) : undefined,
      broken: existsSync(broken) ? readdirSync(broken).map((name) => indexId(join(broken, name)) ?? 'no index') : [],
    };
    return Object.fromEntries(Object.entries(found).filter(([, value]) => value?.length));
  }

  /** Every path of the volume with its content: equal before and after means untouched. */
  snapshot(folder = this.volume): Record<string, string> {
    return Object.fromEntries(
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .sort()
        .map((path) => {
          const status = lstatSync(join(folder, path));
          if (!status.isFile()) return [path, status.isDirectory() ? 'folder' : 'other'];
          return [path, `${status.mtimeMs} ${readFileSync(join(folder, path), 'base64')}`];
        }),
    );
  }

  /** What is in the cluster's folder in the store, the markers without their times. */
  stored(): Record<string, string> {
    if (!this.storeFolder || !existsSync(this.storeFolder)) return {};
    const folder = this.storeFolder;
    return Object.fromEntries(
      readdirSync(folder).map((name) => {
        if (!name.endsWith('.seen')) return [name, 'there'];
        return [name, readFileSync(join(folder, name), 'utf8').split(' ')[0] ?? ''];
      }),
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Variables that are rclone's, for the remote `store`. */
  rcloneEnvironment(): Record<string, string> {
    return this.#server ? rcloneRemote(this.#server) : {};
  }

  /** The program that is rclone in a run with these variables of rclone's. */
  rcloneProgram(variables?: Readonly<Record<string, string>>): string {
    if (!this.#server || this.#options.rclone !== 'recorded' || variables) return programPath('rclone');
    const program = join(this.folder, 'recorded-rclone');
    if (!existsSync(program)) writeProgram(program, recordedRclone(this.#server));
    return program;
  }

  #contractPath({ rclone }: RunOptions): string {
    const program = this.rcloneProgram(rclone);
    return contractPath(join(this.folder, `path-${basename(program)}`), program);
  }

  /** A PATH where each command first counts itself, then kills the group, fails, or becomes the real one. */
  #countingPath(options: RunOptions): string {
    const { killAt = 0, failAt = 0, failStatus = 1, afterRclone } = options;
    const real = this.#contractPath(options);
    const path = join(this.folder, 'counting');
    const count = `${this.#calls}.count`;
    rmSync(this.#calls, { force: true });
    writeFileSync(count, '0\n');
    mkdirSync(path, { recursive: true });
    for (const name of contractCommands) {
      const lines = [
        `#!${join(real, 'sh')}`,
        // One line for each command: an argument may be a program of many.
        `arguments="$*"`,
        `echo "${name} \${arguments%%'\n'*}" >>'${this.#calls}'`,
        `read -r number <'${count}'`,
        'number=$((number + 1))',
        `echo $number >'${count}'`,
        `[ $number != ${killAt} ] || kill -KILL 0`,
        `[ $number != ${failAt} ] || exit ${failStatus}`,
        ...(name === 'rclone' && afterRclone !== undefined
          ? [`'${join(real, name)}' "$@" || exit $?`, afterRclone]
          : [`exec '${join(real, name)}' "$@"`]),
      ];
      writeFileSync(join(path, name), `${lines.join('\n')}\n`);
      chmodSync(join(path, name), 0o755);
    }
    return path;
  }
}

/** A PATH with the image contract's programs and nothing else, made once per folder. */
export function contractPath(folder: string, rclone = programPath('rclone')): string {
  const path = join(folder, 'bin');
  if (existsSync(path)) return path;
  mkdirSync(path, { recursive: true });
  for (const name of ['sh', ...contractCommands])
    symlinkSync(name === 'rclone' ? rclone : programPath('busybox'), join(path, name));
  return path;
}

/**
 * A shell that finds every command through PATH. busybox's does, unless it is built to prefer its own commands, as
 * Debian's static one is; then it is dash, which busybox's stems from.
 */
export function pathShell(): readonly [program: string, ...args: string[]] {
  if (!shell) {
    const found = spawnSync(programPath('busybox'), ['sh', '-c', 'id'], { env: { PATH: '/nonexistent' } }).status === 0;
    shell = found ? [programPath('dash')] : [programPath('busybox'), 'sh'];
  }
  return shell;
}

let shell: readonly [program: string, ...args: string[]] | undefined;
