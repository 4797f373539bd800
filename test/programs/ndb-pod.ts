import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from './find.js';

/** Both images run as this user and group. */
export const podUser = 1000;

/** Where a container's programs, and nothing else, are on its PATH. */
export const imagePath = '/image/bin';

/** One container: its mounts and its programs in an otherwise empty root. */
export interface NdbContainer {
  readonly name: string;
  /** Path in the container → folder or file on this machine. */
  readonly mounts: Readonly<Record<string, string>>;
  /** Name on PATH → its path in the container: a program of this machine, or one that is mounted. */
  readonly programs: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface ExecResult {
  /** 128 + the signal's number where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Shell lines that make a root out of this machine's libraries and the given mounts in the folder `$root`. */
export function rootLines({ mounts, programs }: Pick<NdbContainer, 'mounts' | 'programs'>): string[] {
  const machine = ['/usr', '/bin', '/lib', '/lib64', '/etc', '/dev', '/proc', '/sys'].filter((path) =>
    existsSync(path),
  );
  const all = [...machine.map((path): [string, string] => [path, path]), ...Object.entries(mounts)];
  return [
    'mount -t tmpfs -o mode=755 image "$root"',
    `mkdir -p "$root/image/bin"; mkdir -p -m 1777 "$root/tmp"`,
    ...all.map(([target, source]) => {
      const at = `"$root"${quote(target)}`;
      const make = statSync(source).isFile() ? `mkdir -p "$(dirname ${at})"; : >>${at}` : `mkdir -p ${at}`;
      return `${make}; mount --rbind ${quote(source)} ${at}`;
    }),
    ...Object.entries(programs).map(([name, path]) => `ln -s ${quote(path)} "$root${imagePath}/${name}"`),
  ];
}

/**
 * A pod of the RonDB cluster: for each container a root and process ids of its own, held open by one process. What runs in
 * it dies with it, also when the test process dies. The network is this machine's.
 */
export class NdbPod {
  readonly #holders = new Map<string, ChildProcess>();

  /** @param folder holds a file per container, which names its process: that is how `kubectl exec` finds it */
  private constructor(
    readonly name: string,
    private readonly folder: string,
  ) {}

  static async start(name: string, folder: string, containers: readonly NdbContainer[]): Promise<NdbPod> {
    const pod = new NdbPod(name, folder);
    mkdirSync(folder, { recursive: true });
    await Promise.all(containers.map((container) => pod.#open(container)));
    return pod;
  }

  /** Starts a program in a container, as its own environment has it. */
  spawn(container: string, command: readonly string[]): ChildProcess {
    const holder = this.#holders.get(container);
    if (!holder) throw new Error(`${this.name} has no container ${container}`);
    return spawn(programPath('nsenter'), [...enterArguments(this.#pid(container)), ...command], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Runs a program in a container to its end. */
  async exec(container: string, command: readonly string[], stdin = ''): Promise<ExecResult> {
    const child = this.spawn(container, command);
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return { code: code ?? (signal === 'SIGKILL' ? 137 : 143), stdout, stderr };
  }

  /** Kills, stops or continues a program that `spawn` has started, and what that has started: ndbmtd works in a child. */
  killProgram(program: ChildProcess, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' = 'SIGKILL'): void {
    const tree = childrenOf(program.pid!); // nsenter itself only waits
    for (const pid of tree) tree.push(...childrenOf(pid));
    for (const pid of tree) process.kill(pid, signal);
    // nsenter stops when its child does, and would then see no end of it.
    if (signal !== 'SIGSTOP') program.kill('SIGCONT');
  }

  /** Kills everything in the pod at once; `kubectl exec` then finds no container. */
  async kill(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    await Promise.all(
      [...this.#holders.values()].map(async (holder) => {
        if (holder.exitCode !== null || holder.signalCode !== null) return;
        const gone = once(holder, 'exit');
        holder.kill('SIGKILL');
        await gone;
      }),
    );
    this.#holders.clear();
  }

  #pid(container: string): number {
    return Number(readFileSync(join(this.folder, container), 'utf8'));
  }

  async #open(container: NdbContainer): Promise<void> {
    const root = join(this.folder, `${container.name}.root`);
    mkdirSync(root, { recursive: true });
    const environment = Object.entries({
      PATH: imagePath,
      HOME: '/tmp',
      HOSTNAME: this.name,
      ...container.environment,
    });
    const enter = `#!/bin/bash\nexec /usr/bin/env -i ${environment.map(([key, value]) => quote(`${key}=${value}`)).join(' ')} "$@"\n`;
    const enterFile = join(this.folder, `${container.name}.enter`);
    writeFileSync(enterFile, enter);
    chmodSync(enterFile, 0o755);
    const script = [
      'set -eu; root=$1',
      ...rootLines({ ...container, mounts: { ...container.mounts, '/image/enter': enterFile } }),
      'mount -t proc proc "$root/proc"',
      // Said from inside: who enters before sees this machine's root.
      `exec chroot "$root" /bin/bash -c 'echo started; exec /bin/cat'`,
    ].join('\n');
    const holder = spawn(
      programPath('unshare'),
      ['--mount', '--propagation=private', '--pid', '--fork', '--kill-child', '/bin/bash', '-c', script, 'pod', root],
      { cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] },
    );
    let complaint = '';
    holder.stderr?.on('data', (text) => (complaint += text));
    const ended = once(holder, 'exit').then(() => {
      throw new Error(`cannot make the container ${container.name} of ${this.name}: ${complaint}`);
    });
    await Promise.race([once(holder.stdout!, 'data'), ended]);
    ended.catch(() => {});
    this.#holders.set(container.name, holder);
    // unshare forks: the first process of the container is its child.
    writeFileSync(join(this.folder, container.name), String(childrenOf(holder.pid!)[0]));
  }
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children.split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // it has ended
  }
}

/** Arguments of nsenter that run what follows in a container, as its user and with its environment. */
export function enterArguments(pid: number | string): string[] {
  const namespaces = ['--target', String(pid), '--mount', '--pid', '--root', '--wd'];
  return [...namespaces, '--setuid', String(podUser), '--setgid', String(podUser), '/image/enter'];
}

/** Makes a folder that the pods' user may write. */
export function podFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  chownSync(path, podUser, podUser);
  return path;
}
