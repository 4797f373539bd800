import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { valdRestore, valdStartGate } from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { startS3Server } from '../programs/s3-server.js';
import { indexObject, neverSaved, savedIndex } from './index-folder.js';
import { RestorePod } from './restore-pod.js';

vi.setConfig({ testTimeout: 300_000 });

/** The script beside a pod's restore script, as its container has them: with only the contract's programs on PATH. */
class StartGate {
  readonly pipe: string;
  log = '';
  readonly #pod: RestorePod;
  readonly #scripts: string;
  #started: { pid: number; code: Promise<number | null> } | undefined;

  /** @param restore what stands in the place of vald-restore.sh */
  constructor(pod: RestorePod, restore: string = valdRestore.content) {
    this.#pod = pod;
    this.pipe = join(pod.folder, 'gate');
    this.#scripts = join(pod.folder, 'scripts');
    mkdirSync(this.#scripts);
    writeFileSync(join(this.#scripts, valdRestore.name), restore);
    for (const { name, content } of [valdStartGate, ...valdRestore.libraries])
      writeFileSync(join(this.#scripts, name), content);
    const path = join(pod.folder, 'programs');
    mkdirSync(path);
    for (const { name, commands } of valdStartGate.image.programs.map((one) => ({ commands: [one.name], ...one })))
      for (const command of commands) symlinkSync(programPath(name), join(path, command));
  }

  start(environment: Record<string, string | undefined> = {}): this {
    const variables = {
      PATH: join(this.#pod.folder, 'programs'),
      ...this.#pod.environment,
      ...this.#pod.rcloneEnvironment(),
      START_GATE: this.pipe,
      LOAD_TIMEOUT_SECONDS: '600',
      ...environment,
    };
    const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
    const child = spawn(programPath('busybox'), ['sh', join(this.#scripts, valdStartGate.name)], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: given as Record<string, string>,
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
    this.#started = { pid: child.pid!, code: once(child, 'exit').then(([code]) => code as number | null) };
    return this;
  }

  /** Reads the gate as an agent does: opens it and reads to its end. @throws Error if there is none in two minutes */
  async ask(): Promise<string> {
    while (!existsSync(this.pipe)) await sleep(10);
    const reading = promisify(execFile)(programPath('busybox'), ['cat', this.pipe], { timeout: 120_000 });
    const { stdout } = await reading.catch((error: unknown) => {
      throw new Error(`no answer: ${error}; the gate has said: ${this.log}`);
    });
    // A machine with much to do may let a second go by before the reader sees the end: then it is answered once more.
    return stdout.replace(/^(\d+s?)\1+$/, '$1');
  }

  /** The script alone is told to stop; returns its exit code. */
  async stop(): Promise<number | null> {
    process.kill(this.#started!.pid, 'SIGTERM');
    return this.#started!.code;
  }

  async until(reached: () => boolean): Promise<void> {
    while (!reached()) await sleep(10);
  }

  /** Whether any of its processes does. */
  get runs(): boolean {
    try {
      return process.kill(-this.#started!.pid, 0);
    } catch {
      return false;
    }
  }

  get pid(): number {
    return this.#started!.pid;
  }

  get code(): Promise<number | null> {
    return this.#started!.code;
  }

  /** Its container is killed, with every process in it. */
  async kill(): Promise<void> {
    try {
      process.kill(-this.#started!.pid, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
    await this.#started?.code;
  }
}

const cut = ['ngt-meta.kvsdb'];
const pods: RestorePod[] = [];
const gates: StartGate[] = [];
const newPod = (options: ConstructorParameters<typeof RestorePod>[0] = {}): RestorePod => {
  const pod = new RestorePod(options);
  pods.push(pod);
  return pod;
};
const newGate = (pod: RestorePod, restore?: string): StartGate => {
  const gate = new StartGate(pod, restore);
  gates.push(gate);
  return gate;
};
afterEach(async () => {
  for (const gate of gates.splice(0)) await gate.kill();
  for (const pod of pods.splice(0)) pod.remove();
});

describeWith(['busybox'], 'vald-start-gate.sh', () => {
  test.each([
    ['a whole index', savedIndex('current'), [], '600s'],
    ['a volume that never held one', neverSaved, [], '600s'],
    ['an index that was being written', savedIndex('current'), cut, '600'],
  ])('answers an agent on %s', async (_, files, late, answer) => {
    const gate = newGate(newPod().put('origin', files, late)).start();
    expect([await gate.ask(), await gate.ask()]).toEqual([answer, answer]);
    expect(gate.log.includes('ended with 14')).toBe(answer === '600');
  });

  test('lets an agent start as soon as the reason is gone, and looks at each start', async () => {
    const pod = newPod().put('origin', savedIndex('current'), cut);
    const gate = newGate(pod).start();
    expect(await gate.ask()).toBe('600');
    pod.put('origin', savedIndex('repaired'));
    expect(await gate.ask()).toBe('600s');
    pod.put('origin', savedIndex('repaired'), cut);
    expect(await gate.ask()).toBe('600');
  });

  test('leaves nothing that a sidecar would upload where an index is not whole', async () => {
    const pod = newPod().put('origin', savedIndex('current'), cut);
    const gate = newGate(pod).start();
    await gate.ask();
    expect(existsSync(join(pod.indexPath, 'origin/metadata.json'))).toBe(false);
    expect(existsSync(join(pod.indexPath, 'origin/broken-metadata.json'))).toBe(true);
  });

  test.each([
    ['a whole index as it is', 'both', [], 'metadata.json'],
    ['an index of an interrupted save without what a sidecar looks for', 'both', cut, 'broken-metadata.json'],
    ['an agent alone that may still be saving', 'persistentVolume', cut, 'metadata.json'],
  ])('told to stop, it leaves %s', async (_, BACKUP_METHOD, late, metadata) => {
    const pod = newPod().put('origin', savedIndex('current'));
    const gate = newGate(pod).start({ BACKUP_METHOD, STORE_PATH: 'store:none' });
    // Once answered, it waits for the next reader a second later.
    await gate.ask();
    pod.put('origin', savedIndex('current'), late);
    expect(await gate.stop()).toBe(0);
    expect(readdirSync(join(pod.indexPath, 'origin')).filter((name) => name.endsWith('.json'))).toEqual([metadata]);
  });

  const hangs = 'echo begun >&2; exec sleep 100\n';

  test('killed while it restores, it lets no agent start, and the next run does', async () => {
    const pod = newPod();
    const gate = newGate(pod, hangs).start();
    const asked = gate.ask();
    await gate.until(() => gate.log.includes('begun'));
    await gate.kill();
    expect(await asked).toBe('600');
    writeFileSync(join(pod.folder, 'scripts', valdRestore.name), 'exit 0\n');
    const waits = gate.ask();
    gate.start();
    expect(await waits).toBe('600s');
  });

  test.each([
    ['while nobody asks', ''],
    ['while it restores', hangs],
  ])('told to stop %s, it ends at once and with 0', async (_, restore) => {
    const gate = newGate(newPod(), restore || undefined).start();
    const asked = restore ? gate.ask() : undefined;
    await gate.until(() => (restore ? gate.log.includes('begun') : existsSync(gate.pipe)));
    const began = performance.now();
    expect(await gate.stop()).toBe(0);
    expect(performance.now() - began, 'not when what it waits for ends').toBeLessThan(50_000);
    expect(gate.runs, 'nothing is left running').toBe(false);
    await gate.kill();
    expect(await asked).toBe(restore ? '600' : undefined);
  });

  test('goes on when an agent is gone before its answer', async () => {
    const pod = newPod();
    const gate = newGate(pod, 'echo begun >&2; sleep 1\n').start();
    await gate.until(() => existsSync(gate.pipe));
    const agent = spawn(programPath('busybox'), ['cat', gate.pipe]);
    await gate.until(() => gate.log.includes('begun'));
    agent.kill('SIGKILL');
    expect(await gate.ask()).toMatch(/^(600)?s?$/);
    expect(await gate.ask()).toBe('600s');
  });

  test.each([
    ['to run without a gate', { START_GATE: undefined }, 'START_GATE: absolute path'],
    ['to run without a limit', { LOAD_TIMEOUT_SECONDS: undefined }, 'LOAD_TIMEOUT_SECONDS: seconds'],
    ['a limit with a unit', { LOAD_TIMEOUT_SECONDS: '10m' }, "LOAD_TIMEOUT_SECONDS is '10m'"],
  ])('refuses %s', async (_, environment, said) => {
    const gate = newGate(newPod()).start(environment);
    expect(await gate.code).toBe(2);
    expect(gate.log).toContain(said);
  });

  test('writes to no plain file: an agent would read a standing permit from it', async () => {
    const pod = newPod();
    const gate = newGate(pod);
    writeFileSync(gate.pipe, '');
    gate.start();
    expect(await gate.code).toBe(1);
    expect(readFileSync(gate.pipe, 'utf8')).toBe('');
  });

  test('is made by the restore too, before the agent is started', async () => {
    const pod = newPod();
    const START_GATE = join(pod.folder, 'gate');
    expect(await pod.run({ environment: { START_GATE } })).toMatchObject({ code: 0 });
    expect(statSync(START_GATE).isFIFO()).toBe(true);
    expect(await pod.run({ environment: { START_GATE } })).toMatchObject({ code: 0 });
  });

  test('uses no processor while nobody asks', async () => {
    const gate = newGate(newPod()).start();
    await gate.ask();
    const switches = () => readFileSync(`/proc/${gate.pid}/status`, 'utf8').match(/^voluntary_ctxt.*$/m)?.[0];
    // It has to come to rest first, about a second after its answer; what never rests is never found so.
    await expect
      .poll(
        async () => {
          const before = switches();
          await sleep(1500);
          return before !== undefined && switches() === before;
        },
        { timeout: 60_000, interval: 0 },
      )
      .toBe(true);
  });
});

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-start-gate.sh with a store', () => {
  test('puts the pod’s object in place, in the folder that the sidecar watches', async () => {
    const server = await startS3Server();
    try {
      server.createBucket('index');
      const pod = newPod({ server })
        .own()
        .object(indexObject(savedIndex('object')))
        .put('origin', savedIndex('current'), cut);
      const folder = () => statSync(join(pod.indexPath, 'origin')).ino;
      const before = folder();
      const gate = newGate(pod).start();
      expect(await gate.ask()).toBe('600s');
      expect(pod.disk()).toMatchObject({ origin: 'object' });
      expect(folder()).toBe(before);
    } finally {
      await server.stop();
    }
  });
});
