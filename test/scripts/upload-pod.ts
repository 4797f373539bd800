import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readValdManifest, type ValdManifest } from '../../src/repository/index.js';
import { type ValdUploadVariable, valdUpload } from '../../src/scripts/index.js';
import { programPath } from '../programs/find.js';
import type { IndexFiles } from './index-folder.js';
import { pathShell, type RestorePod } from './restore-pod.js';

/** The commands that the image contract names, without the shell. */
export const uploadCommands: readonly string[] = [
  ...valdUpload.image.programs[0].commands.filter((name) => name !== 'sh'),
  'rclone',
];

/** Commands that change something, on the volume or in the store: where a kill can leave something half done. */
const changing =
  '"mv "*|"rm -rf /"*.upload*|"mkdir -p"*|"ln "*|"cp "*|"timeout "*" cp "*|"rclone "*copy*|"rclone "*delete*|"rclone "*checksum*|"rclone "*hashsum*';

export interface UploadOptions {
  readonly environment?: Partial<Record<ValdUploadVariable, string>>;
  /** Variables that are rclone's. */
  readonly rclone?: Record<string, string>;
  /** Kill the whole process group before the changing command with this number, from 1. */
  readonly killAt?: number;
  /** Let the changing command with this number, from 1, fail without being run. */
  readonly failAt?: number;
  /** Shell commands that run before each command, whose name and arguments are in `$name` and `$*`. */
  readonly before?: string;
}

/** The uploader of a pod, beside the same volume and store as {@link RestorePod}. */
export class Uploader {
  readonly pod: RestorePod;
  readonly environment: Record<ValdUploadVariable, string>;
  #child: ChildProcess | undefined;
  #exit: Promise<number | null> = Promise.resolve(null);
  #starts = 0;

  constructor(pod: RestorePod, environment: Partial<Record<ValdUploadVariable, string>> = {}) {
    this.pod = pod;
    const { INDEX_PATH, COPY_ON_WRITE, POD_NAME, STORE_PATH, CLUSTER_ID, CLUSTER_NAME } = pod.environment;
    this.environment = {
      INDEX_PATH,
      COPY_ON_WRITE,
      AGENT_PORT: 'none',
      POD_NAME,
      POD_UID: 'pod-uid-1',
      STORE_PATH,
      CLUSTER_ID,
      CLUSTER_NAME,
      BACKUP_INTERVAL_SECONDS: '1',
      UPLOAD_TIMEOUT_SECONDS: '60',
      SHUTDOWN_TIMEOUT_SECONDS: '30',
      TRANSFERS: '4',
      KEEP_LAST: '100',
      KEEP_WITHIN_SECONDS: '0',
      KEEP_DAILY: '0',
      KEEP_WEEKLY: '0',
      KEEP_MONTHLY: '0',
      KEEP_YEARLY: '0',
      LEFTOVER_GRACE_SECONDS: '3600',
      PACKAGE_VERSION: '0.1.0',
      ...environment,
    };
  }

  start(options: UploadOptions = {}): this {
    const { folder } = this.pod;
    const scripts = join(folder, 'upload-scripts');
    mkdirSync(scripts, { recursive: true });
    for (const { name, content } of [valdUpload, ...valdUpload.libraries]) writeFileSync(join(scripts, name), content);
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    const log = openSync(this.#logFile(++this.#starts), 'w');
    const [program, ...args] = pathShell();
    const child = spawn(program, [...args, join(scripts, valdUpload.name)], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        PATH: this.#path(options),
        HOME: '/nonexistent',
        TMPDIR: join(folder, 'tmp'),
        ...this.environment,
        ...options.environment,
        ...this.pod.rcloneEnvironment(),
        ...options.rclone,
      },
    });
    closeSync(log);
    this.#child = child;
    this.#exit = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    return this;
  }

  /** What the run says, or those before it. */
  get log(): string {
    return readFileSync(this.#logFile(this.#starts), 'utf8');
  }

  get ended(): boolean {
    return this.#child?.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits until it has said this so often. */
  async said(text: string, times = 1, seconds = 30): Promise<void> {
    for (const end = Date.now() + seconds * 1000; this.log.split(text).length <= times; await sleep(20)) {
      if (Date.now() > end || this.ended) throw new Error(`it does not say "${text}":\n${this.log}`);
    }
  }

  /** TERM, as the kubelet sends it after the agent has ended. Returns the exit code. */
  async stop(): Promise<number | null> {
    if (!this.ended) process.kill(this.#child!.pid!, 'SIGTERM');
    return this.#exit;
  }

  /** Its exit code; null where it was killed. */
  exit(): Promise<number | null> {
    return this.#exit;
  }

  async kill(): Promise<void> {
    if (this.#child && !this.ended) process.kill(-this.#child.pid!, 'SIGKILL');
    await this.#exit;
  }

  /** How many changing commands the last run has started. */
  changes(): number {
    const file = join(this.pod.folder, 'upload-calls');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
  }

  /** Ids and manifests of what counts as a backup, oldest first. Each must be one that the package reads. */
  generations(podName = this.environment.POD_NAME): readonly ValdManifest[] {
    const series = join(this.pod.storeFolder!, podName);
    if (!existsSync(series)) return [];
    return readdirSync(series)
      .filter((name) => existsSync(join(series, name, 'manifest.json')))
      .sort((a, b) => Number(a) - Number(b))
      .map((id) => {
        const text = readFileSync(join(series, id, 'manifest.json'), 'utf8');
        const read = readValdManifest(text, { path: `${id}/manifest.json`, backupId: Number(id) });
        if (!read.manifest) throw new Error(`${JSON.stringify(read.problems)}\n${text}`);
        return read.manifest;
      });
  }

  /** The folder of a generation in the store. */
  folder(id: number): string {
    return join(this.pod.storeFolder!, this.environment.POD_NAME, `${id}`);
  }

  /**
   * A save as the agent makes one: with copy-on-write a new folder that takes the place of the old one by renames, else
   * into the files that are there, metadata.json last.
   */
  save(files: IndexFiles): void {
    const origin = join(this.pod.indexPath, 'origin');
    const last = ([name]: [string, string]) => (name === 'metadata.json' ? 1 : 0);
    const ordered = Object.entries(files).sort((a, b) => last(a) - last(b));
    if (this.environment.COPY_ON_WRITE === 'true') {
      const next = join(this.pod.volume, '.staging/vald/next');
      const backup = join(this.pod.indexPath, 'backup');
      mkdirSync(next, { recursive: true });
      for (const [name, content] of ordered) writeFileSync(join(next, name), content);
      rmSync(backup, { recursive: true, force: true });
      if (existsSync(origin)) renameSync(origin, backup);
      else mkdirSync(this.pod.indexPath, { recursive: true });
      renameSync(next, origin);
    } else {
      mkdirSync(origin, { recursive: true });
      for (const [name, content] of ordered) writeFileSync(join(origin, name), content);
    }
  }

  #logFile(number: number): string {
    return join(this.pod.folder, `upload-log-${number}`);
  }

  /** A PATH with the contract's programs; where something is to happen, each counts itself first. */
  #path({ killAt, failAt, before, rclone }: UploadOptions): string {
    const program = this.pod.rcloneProgram(rclone);
    const real = join(this.pod.folder, `upload-${basename(program)}`);
    if (!existsSync(real)) {
      mkdirSync(real);
      for (const name of ['sh', ...uploadCommands])
        symlinkSync(name === 'rclone' ? program : programPath('busybox'), join(real, name));
    }
    if (killAt === undefined && failAt === undefined && before === undefined) return real;
    const path = join(this.pod.folder, 'upload-counting');
    const calls = join(this.pod.folder, 'upload-calls');
    rmSync(calls, { force: true });
    mkdirSync(path, { recursive: true });
    for (const name of uploadCommands) {
      const lines = [
        `#!${join(real, 'sh')}`,
        `name=${name}`,
        ...(before ? [before] : []),
        `case "${name} $*" in ${changing})`,
        `  echo "${name} $*" >>'${calls}'`,
        '  number=0',
        `  while read -r line; do number=$((number + 1)); done <'${calls}'`,
        `  [ $number != ${killAt ?? 0} ] || kill -KILL 0`,
        `  [ $number != ${failAt ?? 0} ] || exit 1 ;;`,
        'esac',
        `exec '${join(real, name)}' "$@"`,
      ];
      writeFileSync(join(path, name), `${lines.join('\n')}\n`);
      chmodSync(join(path, name), 0o755);
    }
    return path;
  }
}
