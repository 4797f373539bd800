import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { printOwner, type RetentionPlan } from '../../src/repository/index.js';
import { type RepositoryRetentionVariable, repositoryRetention } from '../../src/scripts/index.js';
import { programPath } from '../programs/find.js';
import type { S3Server } from '../programs/s3-server.js';
import { clusterId, type History } from '../repository/history.js';

/** The commands that the image contract names, without the shell. */
const contractCommands: readonly string[] = repositoryRetention.image.programs
  .flatMap((program) => ('commands' in program ? program.commands : [program.name]))
  .filter((name) => name !== 'bash');

/** How a run ended. `code` is null when a signal ended it; `plan` is what it printed, undefined where it got not so far. */
export interface Outcome {
  readonly code: number | null;
  readonly log: string;
  readonly plan: RetentionPlan | undefined;
}

/** What happens to the command with this number, counted from 1; `timeout` is part of what it runs. */
export interface Fault {
  readonly at: number;
  /** Killed with the whole container before it runs; not run and failed; run and failed. */
  readonly how: 'killed' | 'failed' | 'failed after its work';
}

export interface RunOptions {
  readonly environment?: Partial<Record<RepositoryRetentionVariable, string | undefined>>;
  readonly rclone?: Readonly<Record<string, string>>;
  readonly fault?: Fault;
  /** Lines of bash that every command runs first; `$name` is the command and `$*` its arguments. */
  readonly before?: string;
  /** Called with everything logged so far, whenever there is more; `stop` sends TERM to the shell. */
  readonly onLog?: (log: string, stop: () => void) => void;
}

let counter = 0;

/** One cluster's folder in a real S3 store, and the container that runs the script for it. */
export class RetentionRun {
  readonly folder = mkdtempSync(join(tmpdir(), 'chartwright-retention-'));
  readonly cluster = `cluster-${process.pid}-${++counter}`;
  /** The cluster's folder in the store, as files. */
  readonly storeFolder: string;
  readonly #server: S3Server;
  readonly #calls = join(this.folder, 'calls');
  readonly #group = join(this.folder, 'group');

  /** @param series name of the folder that holds the sets @default - the cluster's own folder */
  constructor(
    server: S3Server,
    private readonly series?: string,
  ) {
    this.#server = server;
    this.storeFolder = join(server.folder, 'backups', 'prefix', this.cluster);
    mkdirSync(this.storeFolder, { recursive: true });
    this.put('owner.json', printOwner({ cluster: this.cluster, clusterId }), 0);
  }

  /** Writes an object of the cluster's folder. */
  put(path: string, text: string, seconds: number): this {
    const file = join(this.storeFolder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    utimesSync(file, seconds, seconds);
    return this;
  }

  /** Writes a whole history into the series' folder. */
  fill(history: History): this {
    for (const [path, { text, modified }] of history.objects)
      this.put(this.series ? `${this.series}/${path}` : path, text, Date.parse(modified) / 1000);
    return this;
  }

  /** Runs the script with only the contract's programs on PATH. */
  async run(options: RunOptions = {}): Promise<Outcome> {
    const script = join(this.folder, repositoryRetention.name);
    writeFileSync(script, repositoryRetention.content);
    const store = `store:backups/prefix/${this.cluster}`;
    const environment: Record<RepositoryRetentionVariable, string> = {
      MODE: 'apply',
      STORE_PATH: store,
      SERIES_PATH: this.series ? `${store}/${this.series}` : store,
      CLUSTER_ID: clusterId,
      KEEP_LAST: '1',
      KEEP_WITHIN_SECONDS: '0',
      KEEP_DAILY: '0',
      KEEP_WEEKLY: '0',
      KEEP_MONTHLY: '0',
      KEEP_YEARLY: '0',
      LEFTOVER_GRACE_SECONDS: '172800',
      GUARD_COMMAND: 'true',
      RETENTION_TIMEOUT_SECONDS: '60',
    };
    const variables = Object.entries({ ...environment, ...options.environment }).filter(([, value]) => value);
    const launch = `echo $$ >'${this.#group}'; exec bash '${script}'`;
    const child = spawn(programPath('bash'), ['-c', launch], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: this.#path(options),
        HOME: '/nonexistent',
        TMPDIR: this.folder,
        ...Object.fromEntries(variables),
        ...this.#rclone(),
        ...options.rclone,
      },
    });
    let log = '';
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => {
      log += text;
      options.onLog?.(log, () => child.kill('SIGTERM'));
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
    return { code, log, plan: output.endsWith('}\n') ? JSON.parse(output) : undefined };
  }

  /** The commands that the last run has started, with their arguments. */
  calls(): string[] {
    return existsSync(this.#calls) ? readFileSync(this.#calls, 'utf8').trimEnd().split('\n') : [];
  }

  /** Every object of the cluster's folder with its text. */
  stored(): Record<string, string> {
    return Object.fromEntries(
      readdirSync(this.storeFolder, { recursive: true, encoding: 'utf8' })
        .filter((path) => statSync(join(this.storeFolder, path)).isFile())
        .sort()
        .map((path) => [path, readFileSync(join(this.storeFolder, path), 'utf8')]),
    );
  }

  /** What the script has left in its temporary folder. */
  leftovers(): string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('tmp.'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(this.storeFolder, { recursive: true, force: true });
  }

  #rclone(): Record<string, string> {
    return {
      RCLONE_CONFIG_STORE_TYPE: 's3',
      RCLONE_CONFIG_STORE_PROVIDER: 'Other',
      RCLONE_CONFIG_STORE_ENDPOINT: this.#server.endpoint,
      RCLONE_CONFIG_STORE_REGION: this.#server.region,
      RCLONE_CONFIG_STORE_ACCESS_KEY_ID: this.#server.accessKey,
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: this.#server.secretKey,
      RCLONE_CONFIG_STORE_FORCE_PATH_STYLE: 'true',
      RCLONE_CONFIG_STORE_NO_CHECK_BUCKET: 'true',
    };
  }

  /** A PATH where each command first counts itself, then becomes the real one or suffers the fault. */
  #path({ fault, before = '' }: RunOptions): string {
    const path = join(this.folder, 'bin');
    rmSync(path, { recursive: true, force: true });
    rmSync(this.#calls, { force: true });
    mkdirSync(path);
    for (const name of ['bash', 'timeout']) symlinkSync(programPath(name), join(path, name));
    for (const name of contractCommands.filter((command) => command !== 'timeout')) {
      // timeout puts itself and what it runs into a group of their own
      const faults = {
        killed: `kill -KILL -- "-$(<'${this.#group}')"; kill -KILL 0`,
        failed: 'exit 1',
        'failed after its work': `'${programPath(name)}' "$@"; exit 1`,
      };
      const lines = [
        `#!${programPath('bash')}`,
        `name=${name}`,
        // in one line, however many lines the arguments have
        `arguments=$*; arguments=\${arguments//$'\\n'/ }; printf '%s\\n' "$name \${arguments:0:200}" >>'${this.#calls}'`,
        before,
        ...(fault ? [`mapfile -t calls <'${this.#calls}'`, `if ((\${#calls[@]} == ${fault.at})); then`] : []),
        ...(fault ? [faults[fault.how], 'fi'] : []),
        `exec '${programPath(name)}' "$@"`,
      ];
      writeFileSync(join(path, name), `${lines.join('\n')}\n`);
      chmodSync(join(path, name), 0o755);
    }
    return path;
  }
}
