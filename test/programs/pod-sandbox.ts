import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programPath } from './find.js';
import { type PlayedImage, type RootMount, type RootUser, rootScript } from './pod-image.js';
import type { PodLink } from './pod-link.js';

/** How a process ended: its exit code, with 128 + signal number for a killed one, as the kubelet reports it. */
export type ExitCode = number;

const signalNumbers: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/** The one child of a process, when it is there. */
function childOf(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return first ? Number(first) : undefined;
  } catch {
    return undefined;
  }
}

/** A running process in a sandbox: the first process of a container. */
export interface SandboxProcess {
  readonly exited: Promise<ExitCode>;
  /** Its process id as this machine sees it, once it has started. */
  readonly pid: number;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
}

export interface SandboxProgram {
  readonly name: string;
  readonly image: PlayedImage;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly RootMount[];
  readonly user: RootUser;
  readonly readOnlyRoot: boolean;
  readonly output: (text: string) => void;
}

/**
 * The namespaces of one pod: network, process ids, mounts, host name. Its first process holds them; with its death the
 * kernel kills every process in them and drops every mount, so nothing is left behind however the test ends.
 */
export class PodSandbox {
  readonly #folder: string;
  readonly #holder: ChildProcess;
  readonly #links: readonly PodLink[];

  private constructor(folder: string, holder: ChildProcess, links: readonly PodLink[]) {
    this.#folder = folder;
    this.#holder = holder;
    this.#links = links;
  }

  /** @param folder a short path: Unix sockets are made in it */
  static async open(folder: string, hostName: string, links: readonly PodLink[]): Promise<PodSandbox> {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const link of links) await link.open(join(folder, `out-${link.port}`));
    const script = '"$1" ip link set lo up; "$1" hostname "$2"; shift 2; exec "$@"';
    const network = join(import.meta.dirname, 'pod-network.mjs');
    const holder = spawn(
      programPath('unshare'),
      [
        ...['--mount', '--propagation=private', '--net', '--pid', '--uts', '--ipc', '--fork', '--kill-child'],
        ...['--mount-proc', '/bin/sh', '-c', script, 'sh', programPath('busybox'), hostName],
        ...[process.execPath, network, folder, ...links.map((link) => String(link.port))],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    let complaint = '';
    holder.stderr?.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    const ready = once(holder.stdout!, 'data');
    const ended = once(holder, 'exit').then(() => {
      throw new Error(`cannot make a pod's namespaces: ${complaint}`);
    });
    await Promise.race([ready, ended]);
    ended.catch(() => {});
    return new PodSandbox(folder, holder, links);
  }

  /** A connection to a port in the pod. */
  connect(port: number): Socket {
    const socket = createConnection(join(this.#folder, 'in.sock'));
    socket.write(`${port}\n`);
    return socket;
  }

  async run(program: SandboxProgram): Promise<SandboxProcess> {
    const holder = childOf(this.#holder.pid ?? -1);
    if (!holder) throw new Error('the pod is gone');
    const root = join(this.#folder, `root-${program.name}`);
    mkdirSync(root, { recursive: true });
    const script = rootScript(program.image, root, program.mounts, program.user, program.readOnlyRoot);
    const child = spawn(
      programPath('nsenter'),
      [
        ...['--target', String(holder), '--mount', '--net', '--pid', '--uts', '--ipc', '--'],
        // busybox: the fork of util-linux 2.38's unshare loses how a killed child ended.
        ...[programPath('busybox'), 'unshare', '-m', '-p', '-f'],
        ...['/bin/sh', '-c', script, 'sh', ...program.command],
      ],
      { env: { ...program.environment }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
    );
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => program.output(chunk.toString()));
    const exited = once(child, 'close').then(
      ([code, signal]: (number | string | null)[]) =>
        (code as number | null) ?? 128 + (signalNumbers[String(signal)] ?? 0),
    );
    await Promise.race([once(child.stdio[3]!, 'data'), exited]);
    // nsenter forks into the pod's process ids, unshare into the container's own: its first process is the grandchild.
    const pid = childOf(childOf(child.pid ?? -1) ?? -1) ?? -1;
    return {
      exited,
      pid,
      kill: (signal) => {
        try {
          if (pid > 0) process.kill(pid, signal);
        } catch {
          // it has ended by itself in the meantime
        }
      },
    };
  }

  /** Kills everything in the pod at once: the power is cut. */
  async kill(): Promise<void> {
    for (const link of this.#links) link.close();
    const gone = this.#holder.exitCode === null && this.#holder.signalCode === null ? once(this.#holder, 'exit') : null;
    const holder = childOf(this.#holder.pid ?? -1);
    if (holder) process.kill(holder, 'SIGKILL');
    else this.#holder.kill('SIGKILL');
    await gone;
    await sleep(0);
  }
}
