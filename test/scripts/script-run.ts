import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ClusterScript } from '../../src/scripts/index.js';
import {
  type CommandFault,
  type ContractPathOptions,
  killAsked,
  readCalls,
  writeContractPath,
  writeProgram,
} from '../programs/contract-path.js';
import { programPath } from '../programs/find.js';
import { rcloneRemote, type S3Server } from '../programs/s3-server.js';
import { killSession } from '../programs/session.js';
import { recordedRclone } from './recorded-rclone.js';

export type Fault = CommandFault;

/** Whether the scripts' rclone is the real one. Some that are recorded ask the real one all the same: see there. */
export type RclonePlayer = 'real' | 'recorded';

export interface PlayOptions extends ContractPathOptions {
  /** More variables for rclone: with them, or with none in `{}`, it is the real one. */
  readonly rclone?: Readonly<Record<string, string>> | undefined;
  /** Called with everything logged so far, whenever there is more; `stop` sends TERM to the shell. */
  readonly onLog?: ((log: string, stop: () => void) => void) | undefined;
}

/** How a run ended. `code` is null when a signal ended it; `output` is the JSON on stdout, if it came to its end. */
export interface PlayOutcome {
  readonly code: number | null;
  readonly log: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read it field by field
  readonly output: any;
}

let counter = 0;

/**
 * A cluster's folder in a real S3 store, and the container that runs a script for it: a local process with only the image
 * contract's programs on PATH.
 */
export class ScriptRun {
  readonly folder = mkdtempSync(join(tmpdir(), 'chartwright-run-'));
  readonly name = `cluster-${process.pid}-${++counter}`;
  /** rclone's path of the cluster's folder. */
  readonly storePath = `store:backups/prefix/${this.name}`;
  /** The cluster's folder in the store, as files. */
  readonly storeFolder: string;
  #runs = 0;

  /** @param server has the bucket `backups` */
  constructor(
    protected readonly server: S3Server,
    private readonly script: ClusterScript,
    private readonly rclone: RclonePlayer,
  ) {
    this.storeFolder = join(server.folder, 'backups', 'prefix', this.name);
    writeProgram(join(this.folder, 'rclone'), recordedRclone(server));
  }

  /**
   * Runs the script to its end. Each run is a pod of its own.
   *
   * @param environment the script's variables, for the run with this number
   * @param places where programs are that are not this machine's own
   */
  protected async play(
    environment: (run: string) => Readonly<Record<string, string | undefined>>,
    places: Readonly<Record<string, string>>,
    options: PlayOptions,
  ): Promise<PlayOutcome> {
    const run = `${++this.#runs}`;
    const place = join(this.folder, `run-${run}`);
    for (const name of ['scripts', 'tmp']) mkdirSync(join(place, name), { recursive: true });
    for (const { name, content } of [this.script, ...(this.script.libraries ?? [])])
      writeFileSync(join(place, 'scripts', name), content);
    const player = this.rclone === 'real' || options.rclone ? {} : { rclone: join(this.folder, 'rclone') };
    writeContractPath(join(place, 'bin'), this.script.image, place, { ...player, ...places }, options);
    const variables = Object.entries(environment(run)).filter(([, value]) => value !== undefined);
    const child = spawn(programPath('bash'), [join(place, 'scripts', this.script.name)], {
      cwd: '/',
      detached: true, // a session of its own, which a kill ends as a whole
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: join(place, 'bin'),
        HOME: '/nonexistent',
        TMPDIR: join(place, 'tmp'),
        ...Object.fromEntries(variables),
        ...this.remote(),
        ...options.rclone,
      },
    });
    let [log, output] = ['', ''];
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => {
      log += text;
      options.onLog?.(log, () => child.kill('SIGTERM'));
    });
    const watch = setInterval(() => {
      if (killAsked(place)) killSession(child.pid!);
    }, 20);
    // What the script has left behind dies with its container, and may hold the pipes until then.
    child.once('exit', () => killSession(child.pid!));
    const code = await new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
    clearInterval(watch);
    return { code, log, output: output.endsWith('}\n') ? JSON.parse(output) : undefined };
  }

  /** Writes an object of the cluster's folder. */
  put(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.storeFolder, path)), { recursive: true });
    writeFileSync(join(this.storeFolder, path), content);
  }

  /** Every object of the cluster's folder with its bytes as text. */
  stored(): Record<string, string> {
    if (!existsSync(this.storeFolder)) return {};
    return Object.fromEntries(
      readdirSync(this.storeFolder, { recursive: true, encoding: 'utf8' })
        .filter((path) => statSync(join(this.storeFolder, path)).isFile())
        .sort()
        .map((path) => [path, readFileSync(join(this.storeFolder, path), 'latin1')]),
    );
  }

  /** The commands that the last run has started, with their arguments. */
  calls(): string[] {
    return readCalls(join(this.folder, `run-${this.#runs}`));
  }

  /** What the last run has left in its temporary folder. */
  leftovers(): string[] {
    return readdirSync(join(this.folder, `run-${this.#runs}`, 'tmp'));
  }

  /** The variables of the remote `store`. */
  remote(): Record<string, string> {
    return rcloneRemote(this.server);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(this.storeFolder, { recursive: true, force: true });
  }
}
