import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterScript, type ImageContract, scriptFolder } from '../../src/scripts/contract.js';
import { type CommandFault, killAsked, readCalls, writeContractPath, writeProgram } from './contract-path.js';
import { programPath } from './find.js';
import { kubectlStandIn, standInPaths } from './kubectl-stand-in.js';
import type { NdbCluster } from './ndb-cluster.js';
import { imagePath, podUser, rootLines } from './ndb-pod.js';
import { killSession } from './session.js';
import type { ToolboxNamespace } from './toolbox-namespace.js';

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
  readonly fault?: CommandFault;
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
    const places = { kubectl: `${imagePath}/.kubectl`, rclone: rclonePlace };
    writeContractPath(bin, container.image, standInPaths.state, places, options);
    writeProgram(join(bin, '.kubectl'), kubectlStandIn);
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
    // GOGC as in vitest.config.ts.
    const variables = Object.entries({
      HOME: '/',
      GOGC: '200',
      ...this.namespace.environment,
      ...container.environment,
    });
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
    let [stdout, log, seen] = ['', '', 0];
    const watch = setInterval(() => {
      if (options.onCall) for (const call of readCalls(state).slice(seen)) options.onCall(call, ++seen, control);
      if (killAsked(state)) control.kill();
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
    const result = { code, stdout, log, calls: readCalls(state), milliseconds: performance.now() - began };
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
