import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterScript, type ImageContract, scriptFolder } from '../../src/scripts/contract.js';
import { programPath } from './find.js';
import { kubectlStandIn, standInPaths } from './kubectl-stand-in.js';
import type { NdbCluster } from './ndb-cluster.js';
import { imagePath, podUser, rootLines } from './ndb-pod.js';
import type { ToolboxNamespace } from './toolbox-namespace.js';

/** What happens to the command with this number, counted from 1; `timeout` is part of what it runs. */
export interface ToolboxFault {
  readonly at: number;
  /** Killed with the whole container before it runs; not run and failed; run and failed. */
  readonly how: 'killed' | 'failed' | 'failed after its work';
}

/** A script with its libraries, as a `ClusterScript` has it. */
export type ToolboxScript = Pick<ClusterScript, 'name' | 'content' | 'image'> & {
  readonly libraries?: readonly { readonly name: string; readonly content: string }[];
};

/** A container as a pod's spec has it. */
export interface ToolboxContainer {
  readonly image: ImageContract;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path in the container → folder on this machine. */
  readonly mounts: Readonly<Record<string, string>>;
}

export interface ToolboxRunOptions {
  readonly fault?: ToolboxFault;
  /** Lines of bash that every command runs first: `$name` is the command, `"$@"` its arguments, `$real` the real one. */
  readonly before?: string;
  /** Called with everything logged so far, whenever there is more. */
  readonly onLog?: (log: string, run: ToolboxControl) => void;
  /** Called with each command that starts and its number, such as `kubectl exec …`. */
  readonly onCall?: (call: string, number: number, run: ToolboxControl) => void;
}

export interface ToolboxControl {
  /** TERM to the container's first process. */
  readonly stop: () => void;
  /** KILL to everything in the container; what `kubectl exec` has started in the pods lives on. */
  readonly kill: () => void;
}

/** How a run ended. `code` is null when a signal ended it. */
export interface ToolboxRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly log: string;
  /** The commands that it started, each in one line with its arguments. */
  readonly calls: readonly string[];
  readonly milliseconds: number;
}

/** What a run needs of the cluster it works with. */
export type ToolboxCluster = Pick<NdbCluster, 'podsFolder'>;

/**
 * The container that the RonDB scripts run in, as a local process: only the programs of the script's image contract are
 * on its PATH, its root is read-only but for a /tmp of 16 MiB, its user is not root, and its kubectl is the stand-in with
 * the service account of the namespace. The network is this machine's.
 */
export class Toolbox {
  readonly #folder = mkdtempSync(join(tmpdir(), 'toolbox-'));
  readonly #running = new Set<ChildProcess>();
  #runs = 0;

  constructor(
    private readonly cluster: ToolboxCluster,
    private readonly namespace: ToolboxNamespace,
    private readonly serviceAccount = 'toolbox',
  ) {
    chmodSync(this.#folder, 0o755);
  }

  /** Runs a script with the variables it is given: the container that a construct would make of it. */
  async run(
    script: ToolboxScript,
    environment: Readonly<Record<string, string | undefined>>,
    options: ToolboxRunOptions = {},
  ): Promise<ToolboxRun> {
    const scripts = mkdtempSync(join(this.#folder, 'scripts-'));
    chmodSync(scripts, 0o755);
    for (const { name, content } of [script, ...(script.libraries ?? [])]) writeFileSync(join(scripts, name), content);
    const command = ['bash', `${scriptFolder}/${script.name}`];
    return this.play({ image: script.image, command, environment, mounts: { [scriptFolder]: scripts } }, options);
  }

  /** Plays a container to its end. */
  async play(container: ToolboxContainer, options: ToolboxRunOptions = {}): Promise<ToolboxRun> {
    const folder = join(this.#folder, `${++this.#runs}`);
    const [bin, state, root] = ['bin', 'state', 'root'].map((name) => join(folder, name)) as [string, string, string];
    const allowed = join(this.#folder, 'allowed');
    for (const path of [bin, state, root, allowed]) mkdirSync(path, { recursive: true });
    for (const path of [state, allowed]) chmodSync(path, 0o777);
    writePrograms(bin, container.image, options);
    const mounts = {
      [imagePath]: bin,
      [standInPaths.pods]: this.cluster.podsFolder,
      [standInPaths.state]: state,
      [standInPaths.allowed]: allowed,
      [standInPaths.kubectl]: programPath('kubectl'),
      [rclonePlace]: programPath('rclone'),
      '/var/run/secrets/kubernetes.io/serviceaccount': await this.namespace.account(this.serviceAccount),
      ...container.mounts,
    };
    const lines = [
      'set -eu; root=$1; shift',
      ...rootLines({ mounts, programs: {} }),
      // What may enter the pods is the stand-in, not its user.
      `cp '${programPath('nsenter')}' "$root${standInPaths.enter}"; chmod 4755 "$root${standInPaths.enter}"`,
      'mount -t tmpfs -o size=16m,mode=1777 tmp "$root/tmp"; mount -o remount,ro "$root"',
      `exec chroot --userspec=+${podUser}:+${podUser} --groups= "$root" "$@"`,
    ];
    const variables = Object.entries({ HOME: '/', ...this.namespace.environment, ...container.environment });
    const began = performance.now();
    const child = spawn(
      programPath('unshare'),
      [
        ...['--mount', '--propagation=private', '/bin/bash', '-c', lines.join('\n'), 'toolbox', root],
        ...['/usr/bin/env', '-i', `PATH=${imagePath}`, 'HOSTNAME=toolbox'],
        ...variables.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
        ...container.command,
      ],
      { cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#running.add(child);
    const control = { stop: () => void child.kill('SIGTERM'), kill: () => killSession(child.pid!) };
    const calls = (): string[] => {
      const file = join(state, 'calls');
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    };
    let [stdout, log, seen] = ['', '', 0];
    const watch = setInterval(() => {
      if (options.onCall) for (const call of calls().slice(seen)) options.onCall(call, ++seen, control);
      if (existsSync(join(state, 'kill'))) control.kill();
    }, 20);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      options.onLog?.(log, control);
    });
    // `exit`, not `close`: what lives on in a pod may hold the pipes.
    const code = await new Promise<number | null>((resolve) => child.once('exit', (status) => resolve(status)));
    await Promise.race([
      new Promise((resolve) => child.once('close', resolve)),
      new Promise((resolve) => setTimeout(resolve, 500)),
    ]);
    child.stdout.destroy();
    child.stderr.destroy();
    clearInterval(watch);
    killSession(child.pid!); // a child that the script has left behind dies with its container
    this.#running.delete(child);
    const result = { code, stdout, log, calls: calls(), milliseconds: performance.now() - began };
    rmSync(folder, { recursive: true, force: true });
    return result;
  }

  /** Kills what still runs and removes every file. */
  remove(): void {
    for (const child of this.#running) killSession(child.pid!);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Where the image has rclone. */
const rclonePlace = '/image/rclone';

/** Fills a PATH where each command first writes itself down, then becomes the real one or suffers the fault. */
function writePrograms(folder: string, image: ImageContract, { fault, before = '' }: ToolboxRunOptions): void {
  const commands = image.programs.flatMap(({ name, commands }) => commands ?? [name]);
  for (const name of new Set(['bash', ...commands])) {
    const file = join(folder, name);
    if (name === 'bash' || name === 'timeout') symlinkSync(programPath(name), file);
    else writeProgram(file, wrapper(name, fault, before));
  }
  writeProgram(join(folder, '.kubectl'), kubectlStandIn);
}

function writeProgram(file: string, text: string): void {
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

function wrapper(name: string, fault: ToolboxFault | undefined, before: string): string {
  const places: Record<string, string> = { kubectl: `${imagePath}/.kubectl`, rclone: rclonePlace };
  const calls = `${standInPaths.state}/calls`;
  const faults = {
    killed: `: >${standInPaths.state}/kill; exec /usr/bin/sleep 600`,
    failed: 'exit 1',
    'failed after its work': `"$real" "$@"; exit 1`,
  };
  return [
    '#!/bin/bash',
    `name=${name} real=${places[name] ?? programPath(name)}`,
    // in one line, however many lines the arguments have
    `arguments=$*; arguments=\${arguments//$'\\n'/ }; printf '%s\\n' "$name \${arguments:0:300}" >>${calls}`,
    before,
    ...(fault
      ? [`mapfile -t calls <${calls}`, `if ((\${#calls[@]} == ${fault.at})); then`, faults[fault.how], 'fi']
      : []),
    'exec "$real" "$@"',
    '',
  ].join('\n');
}

/** Kills a process and all that have its session, the process first so that it sees none of the others end. */
function killSession(session: number): void {
  const members = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => sessionOf(pid) === session)
    .sort((a) => (a === session ? -1 : 1));
  for (const pid of members) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended by itself in the meantime
    }
  }
}

function sessionOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    return undefined;
  }
}
