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
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readManifest, readStarted } from '../../src/repository/index.js';
import { type RondbBackupVariable, rondbBackup } from '../../src/scripts/index.js';
import { programPath } from '../programs/find.js';
import type { S3Server } from '../programs/s3-server.js';
import { RecordedCluster, recordedPassword } from './recorded-cluster.js';
import { recordedEnvironment } from './recorded-environment.js';

export { clusterId } from './recorded-environment.js';

/** The commands that the image contract names, without the shell. */
const contractCommands: readonly string[] = rondbBackup.image.programs
  .flatMap((program) => ('commands' in program ? program.commands : [program.name]))
  .filter((name) => name !== 'bash' && name !== 'timeout');

/** How a run ended. `code` is null when a signal ended it; `result` is the line on stdout, if there is one. */
export interface Outcome {
  readonly code: number | null;
  readonly log: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read it field by field
  readonly result: any;
}

/** What happens to the command with this number, counted from 1. */
export interface Fault {
  readonly at: number;
  /** Killed with the whole container before it runs; not run and failed; run and failed. */
  readonly how: 'killed' | 'failed' | 'failed after its work';
}

export interface RunOptions {
  readonly environment?: Partial<Record<RondbBackupVariable, string | undefined>>;
  readonly rclone?: Readonly<Record<string, string>>;
  readonly fault?: Fault;
  /** A program that the image lacks. */
  readonly without?: string;
  /** Lines of bash that every command runs first; `$name` is the command and `$*` its arguments. */
  readonly before?: string;
  /** Called with everything logged so far, whenever there is more; `stop` sends TERM to the shell. */
  readonly onLog?: (log: string, stop: () => void) => void;
}

let counter = 0;

/** A recorded cluster, its folder in a real S3 store, and the container that runs the backup. */
export class BackupRun {
  readonly folder = mkdtempSync(join(tmpdir(), 'chartwright-backup-'));
  readonly cluster: RecordedCluster;
  readonly name = `shop-${process.pid}-${++counter}`;
  /** The cluster's folder in the store, as files. */
  readonly storeFolder: string;
  #runs = 0;

  /** @param nodes ids of the data nodes, two to a group */
  constructor(
    private readonly server: S3Server,
    nodes: readonly number[] = [1, 2],
  ) {
    this.cluster = new RecordedCluster(this.folder, nodes);
    this.storeFolder = join(server.folder, 'backups', 'prefix', this.name);
    const escaped = recordedPassword.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    writeFileSync(join(this.folder, 'options'), `[client]\nuser="root"\npassword="${escaped}"\n`);
  }

  /** Runs the backup with only the contract's programs on PATH. Each run is a pod of its own. */
  async run(options: RunOptions = {}): Promise<Outcome> {
    const run = `${++this.#runs}`;
    const place = join(this.folder, `run-${run}`);
    mkdirSync(join(place, 'scripts'), { recursive: true });
    mkdirSync(join(place, 'tmp'));
    for (const { name, content } of [rondbBackup, ...rondbBackup.libraries])
      writeFileSync(join(place, 'scripts', name), content);
    const store = `store:backups/prefix/${this.name}`;
    const environment: Record<RondbBackupVariable, string> = {
      ...recordedEnvironment('backup', run, this.cluster.nodes, store),
      TRANSFERS: '3',
      CLUSTER_NAME: 'shop',
      ADOPT_FOLDER: 'false',
      SCHEMA_ATTEMPTS: '2',
      MINIMUM_FREE_PERCENT: '0',
      NATIVE_BACKUP_TIMEOUT_SECONDS: '60',
      RETENTION_TIMEOUT_SECONDS: '60',
      KEEP_LAST: '3',
      KEEP_WITHIN_SECONDS: '0',
      KEEP_DAILY: '0',
      KEEP_WEEKLY: '0',
      KEEP_MONTHLY: '0',
      KEEP_YEARLY: '0',
      LEFTOVER_GRACE_SECONDS: '86400',
    };
    const variables = Object.entries({ ...environment, ...options.environment });
    const child = spawn(programPath('bash'), [join(place, 'scripts', rondbBackup.name)], {
      cwd: '/',
      detached: true, // a session of its own, which a kill ends as a whole
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: this.#path(place, options),
        HOME: '/nonexistent',
        TMPDIR: join(place, 'tmp'),
        ...Object.fromEntries(variables.filter(([, value]) => value !== undefined)),
        ...this.remote(),
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
    const watch = setInterval(() => {
      if (existsSync(join(place, 'kill'))) killSession(child.pid!);
    }, 20);
    const code = await new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
    clearInterval(watch);
    killSession(child.pid!);
    return { code, log, result: output.endsWith('}\n') ? JSON.parse(output) : undefined };
  }

  /** The commands that the last run has started, with their arguments. */
  calls(): string[] {
    const calls = join(this.folder, `run-${this.#runs}`, 'calls');
    return existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : [];
  }

  /** What the last run has left in its temporary folder. */
  leftovers(): string[] {
    return readdirSync(join(this.folder, `run-${this.#runs}`, 'tmp'));
  }

  /** Every object of the cluster's folder with its text. */
  stored(): Record<string, string> {
    if (!existsSync(this.storeFolder)) return {};
    return Object.fromEntries(
      readdirSync(this.storeFolder, { recursive: true, encoding: 'utf8' })
        .filter((path) => statSync(join(this.storeFolder, path)).isFile())
        .sort()
        .map((path) => [path, readFileSync(join(this.storeFolder, path), 'latin1')]),
    );
  }

  /** Ids of sets with a manifest. */
  committed(): number[] {
    return this.#ids('manifest.json');
  }

  /** Ids of sets that a run has begun. */
  started(): number[] {
    return this.#ids('started.json').filter((id) => readStarted(this.stored()[`${id}/started.json`]!)?.backupId === id);
  }

  /** The manifest of a set. @throws Error if it cannot be relied on */
  manifest(id: number) {
    const path = join(this.storeFolder, `${id}/manifest.json`);
    const { manifest, problems } = readManifest(readFileSync(path, 'utf8'), { path, backupId: id });
    if (!manifest) throw new Error(JSON.stringify(problems));
    return manifest;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(this.storeFolder, { recursive: true, force: true });
  }

  #ids(file: string): number[] {
    return Object.keys(this.stored())
      .filter((path) => path.endsWith(`/${file}`))
      .map((path) => Number(path.split('/')[0]));
  }

  /** The variables of the remote `store`. */
  remote(): Record<string, string> {
    return {
      RCLONE_CONFIG_STORE_TYPE: 's3',
      RCLONE_CONFIG_STORE_PROVIDER: 'Other',
      RCLONE_CONFIG_STORE_ENDPOINT: this.server.endpoint,
      RCLONE_CONFIG_STORE_REGION: this.server.region,
      RCLONE_CONFIG_STORE_ACCESS_KEY_ID: this.server.accessKey,
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: this.server.secretKey,
      RCLONE_CONFIG_STORE_FORCE_PATH_STYLE: 'true',
      RCLONE_CONFIG_STORE_NO_CHECK_BUCKET: 'true',
    };
  }

  /** A PATH where each command first counts itself, then becomes the real one or suffers the fault. */
  #path(place: string, { fault, without, before = '' }: RunOptions): string {
    const path = join(place, 'bin');
    const calls = join(place, 'calls');
    mkdirSync(path);
    for (const name of ['bash', 'timeout']) symlinkSync(programPath(name), join(path, name));
    writeFileSync(join(place, 'kubectl'), this.cluster.kubectl);
    chmodSync(join(place, 'kubectl'), 0o755);
    for (const name of contractCommands.filter((command) => command !== without)) {
      // The fake kubectl needs programs that the toolbox has not.
      const real = name === 'kubectl' ? `env PATH=/usr/bin:/bin '${join(place, 'kubectl')}'` : `'${programPath(name)}'`;
      const faults = {
        killed: `: >'${join(place, 'kill')}'; exec /usr/bin/sleep 600`,
        failed: 'exit 1',
        'failed after its work': `${real} "$@"; exit 1`,
      };
      const lines = [
        `#!${programPath('bash')}`,
        `name=${name}`,
        // in one line, however many lines the arguments have
        `arguments=$*; arguments=\${arguments//$'\\n'/ }; printf '%s\\n' "$name \${arguments:0:400}" >>'${calls}'`,
        before,
        ...(fault ? [`mapfile -t calls <'${calls}'`, `if ((\${#calls[@]} == ${fault.at})); then`] : []),
        ...(fault ? [faults[fault.how], 'fi'] : []),
        `exec ${real.startsWith('env') ? `/usr/bin/${real}` : real} "$@"`,
      ];
      writeFileSync(join(path, name), `${lines.join('\n')}\n`);
      chmodSync(join(path, name), 0o755);
    }
    return path;
  }
}

/** Kills a process and all that have its session, the process first so that it sees none of the others end. */
function killSession(session: number): void {
  const members = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && sessionOf(name) === session);
  for (const pid of [`${session}`, ...members]) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
}

function sessionOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    return undefined;
  }
}
