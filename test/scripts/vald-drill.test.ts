import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type ClusterScript,
  type ValdDrillRestoreVariable,
  type ValdDrillSearchVariable,
  valdDrillRestore,
  valdDrillSearch,
} from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { savedIndex } from './index-folder.js';
import { indexKeys } from './index-keys.js';
import { foreignId, type Outcome, pathShell, RestorePod } from './restore-pod.js';
import { StandInAgent, type StandInAnswers } from './stand-in-agent.js';
import { Uploader } from './upload-pod.js';

const ids = Array.from({ length: 30 }, (_, index) => `a "strange" \\ id ${index}`);
const index = (name: string) => ({ ...savedIndex(name, ids.length), 'ngt-meta.kvsdb': indexKeys(ids) });

describeWith(['busybox', 'rclone', 'versitygw'], 'a restore drill', () => {
  let server: S3Server;
  let pod: RestorePod;
  let uploader: Uploader;
  /** The store with two generations, as every test begins with. */
  let kept: string;
  const copy = (from: string, to: string) => execFileSync('cp', ['-a', from, to]);
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('index');
    pod = new RestorePod({ server }).own();
    kept = join(pod.folder, 'kept');
    uploader = new Uploader(pod);
    uploader.start();
    for (const [n, name] of ['one', 'two'].entries()) {
      uploader.save(index(name));
      await uploader.said('is committed', n + 1);
    }
    expect(await uploader.stop()).toBe(0);
    copy(pod.storeFolder!, kept);
  });
  afterAll(async () => {
    await uploader?.kill();
    pod?.remove();
    await server?.stop();
  });
  beforeEach(() => {
    rmSync(pod.storeFolder!, { recursive: true });
    copy(kept, pod.storeFolder!);
    rmSync(join(pod.folder, 'scratch'), { recursive: true, force: true });
  });
  const generation = (n: number) => uploader.folder(uploader.generations().at(n)!.backupId);
  const flip = (file: string) => {
    const bytes = readFileSync(file);
    bytes[0] = bytes[0]! ^ 1;
    writeFileSync(file, bytes);
  };

  const [shell, ...shellArguments] = pathShell();
  let runs = 0;
  /** Runs a script with its contract's programs only; `before` is shell that each of them runs first. */
  const run = async (script: ClusterScript, environment: Record<string, string>, before?: string) => {
    const bin = join(pod.folder, `drill-${++runs}`);
    mkdirSync(bin, { recursive: true });
    for (const { name, content } of [script, ...(script.libraries ?? [])]) writeFileSync(join(bin, name), content);
    for (const { name: program, commands } of script.image.programs)
      for (const name of commands ?? [program]) {
        const real = programPath(commands ? 'busybox' : program);
        if (before === undefined || name === 'sh' || name === 'timeout') symlinkSync(real, join(bin, name));
        else {
          const call = commands ? `${real} ${name}` : real;
          const text = `#!${programPath('bash')}\nname=${name}\n${before}\nexec ${call} "$@"\n`;
          writeFileSync(join(bin, name), text, { mode: 0o755 });
        }
      }
    const child = spawn(shell, [...shellArguments, join(bin, script.name)], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: bin, HOME: '/nonexistent', TMPDIR: pod.folder, ...environment },
    });
    let log = '';
    child.stderr!.on('data', (text) => (log += text));
    const code = await new Promise<Outcome['code']>((done) => child.once('exit', done));
    return { code, log };
  };
  const scratch = (name: string) => join(pod.folder, name, 'index');
  const restore = (
    environment: Partial<Record<ValdDrillRestoreVariable, string>> = {},
    rclone: Record<string, string> = {},
    before?: string,
  ) => {
    const { STORE_PATH, CLUSTER_ID } = pod.environment;
    const INDEX_PATH = scratch('scratch');
    mkdirSync(join(pod.folder, 'scratch'), { recursive: true });
    const variables = {
      INDEX_PATH,
      STORE_PATH,
      CLUSTER_ID,
      POD_NAME: 'vald-agent-0',
      TURN_SECONDS: '60',
      SEARCHES: '20',
    };
    const all = { ...variables, RESTORE_TIMEOUT_SECONDS: '60', ...environment, ...pod.rcloneEnvironment(), ...rclone };
    return run(valdDrillRestore, all, before);
  };
  const search = async (
    answers: StandInAnswers,
    environment: Partial<Record<ValdDrillSearchVariable, string>> = {},
  ) => {
    const agent = await StandInAgent.start(answers);
    try {
      const variables = { INDEX_PATH: scratch('scratch'), AGENT_PORT: `${agent.port}`, AGENT_TIMEOUT_SECONDS: '20' };
      return {
        ...(await run(valdDrillSearch, { ...variables, OWN_NEAREST: 'true', ...environment })),
        asked: agent.asked,
      };
    } finally {
      agent.stop();
    }
  };
  const finds = (id: string): [string, number][] => [
    [id, 0],
    ['another', 1.5],
  ];

  test('restores the newest generation and says what it was and how long it took', async () => {
    const before = pod.stored();
    expect(await restore()).toMatchObject({ code: 0 });
    expect(readFileSync(join(scratch('scratch'), 'origin/obj'), 'utf8')).toBe('two');
    const outcome = await search({ stored: 30, search: finds });
    expect(outcome.code).toBe(0);
    expect(outcome.asked).toEqual(['/vald.v1.Index/IndexInfo', ...ids.slice(0, 20)]);
    expect(outcome.log).toMatch(
      /restored vald-agent-0 generation \d+ of \S+: \d+ bytes, 30 vectors, in \d+ s; 20 of 20/,
    );
    expect(pod.stored()).toEqual(before);
  });

  test.for<[string, StandInAnswers, 'true' | 'false', number, string]>([
    ['another count', { stored: 300, search: finds }, 'true', 27, 'the agent has 300 vectors'],
    ['no vectors', { stored: 0, search: () => undefined }, 'true', 27, 'the agent has 0 vectors'],
    ['errors', { stored: 30, search: () => undefined }, 'true', 28, '0 of 20'],
    ['others', { stored: 30, search: () => [['another', 0.5]] }, 'true', 28, '0 of 20'],
    ['others, of inner products', { stored: 30, search: () => [['another', 0.5]] }, 'false', 0, '20 of 20'],
    ['nothing, of inner products', { stored: 30, search: () => [] }, 'false', 28, '0 of 20'],
    ['ten as near', { stored: 30, search: () => Array(10).fill(['copy', 0]) }, 'true', 0, '20 of 20'],
    [
      'ten at other distances',
      { stored: 30, search: () => Array.from({ length: 10 }, (_, n) => ['x', n]) },
      'true',
      28,
      '0 of',
    ],
    [
      'all but two',
      { stored: 30, search: (id) => (/[34]$/.test(id) && / .$/.test(id) ? [] : finds(id)) },
      'true',
      0,
      '18 of 20',
    ],
    ['all but three', { stored: 30, search: (id) => (/ [345]$/.test(id) ? [] : finds(id)) }, 'true', 28, '17 of 20'],
  ])('judges an agent that gives %s', async ([, answers, OWN_NEAREST, code, log]) => {
    expect(await restore()).toMatchObject({ code: 0 });
    expect(await search(answers, { OWN_NEAREST })).toMatchObject({ code, log: expect.stringContaining(log) });
  });

  /** Puts searches into the newest manifest, as the uploader does. */
  const remember = (searches: readonly { id: string; nearest: readonly string[] }[]) => {
    const file = join(generation(1), 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    manifest.vald.searches = searches;
    writeFileSync(file, JSON.stringify(manifest, undefined, 2));
  };
  const nearest = (id: string) => [id, ...Array.from({ length: 9 }, (_, n) => `neighbour ${n} of ${id} ö \u0001`)];
  const others = (id: string, count: number) => nearest(id).map((one, n) => (n > 0 && n <= count ? `other ${n}` : one));

  test.for<[string, number, (id: string) => readonly string[], number, string]>([
    ['finds the same', 10, nearest, 0, '20 of 20 searches right, 10 of 10 as at the backup'],
    ['finds two others in each', 10, (id) => others(id, 2), 0, '10 of 10 as at the backup'],
    ['finds three others in each', 10, (id) => others(id, 3), 28, '0 of 10 searches find what they found'],
    ['finds three others in one', 10, (id) => others(id, id === ids[4] ? 3 : 0), 0, '9 of 10 as at the backup'],
    ['finds three others in two', 10, (id) => others(id, / id [45]$/.test(id) ? 3 : 0), 28, '8 of 10 searches'],
    ['finds nothing', 1, () => [], 28, '0 of 20 searches'],
    ['was not asked at the backup', 0, nearest, 0, '20 of 20 searches right, none in the manifest to compare'],
  ])('compares with the manifest what an agent %s', async ([, asked, found, code, log]) => {
    if (asked > 0) remember(ids.slice(0, asked).map((id) => ({ id, nearest: nearest(id) })));
    expect(await restore()).toMatchObject({ code: 0 });
    const results = (id: string) => found(id).map((one, n): [string, number] => [one, n]);
    const outcome = await search({ stored: 30, search: results });
    expect(outcome).toMatchObject({ code, log: expect.stringContaining(log) });
    expect(outcome.asked).toHaveLength(1 + asked + 20);
    expect(outcome.asked.slice(1, 1 + asked)).toEqual(ids.slice(0, asked));
  });

  test('says that an agent does not come up', async () => {
    expect(await restore()).toMatchObject({ code: 0 });
    const outcome = await search({ stored: 30, search: finds }, { AGENT_PORT: '1', AGENT_TIMEOUT_SECONDS: '2' });
    expect(outcome).toMatchObject({ code: 26, log: expect.stringContaining('did not answer in 2 seconds') });
  });

  test.for<[string, () => unknown, number, string]>([
    ['a flipped byte', () => flip(join(generation(1), 'index/grp')), 20, 'has other content'],
    ['a missing file', () => rmSync(join(generation(1), 'index/obj')), 20, 'lacks index/obj'],
    ['a manifest that is cut off', () => writeFileSync(join(generation(1), 'manifest.json'), '{'), 20, 'not whole'],
    [
      'an empty repository',
      () => rmSync(join(pod.storeFolder!, 'vald-agent-0'), { recursive: true }),
      19,
      'no generation',
    ],
    ['no owner', () => rmSync(join(pod.storeFolder!, 'owner.json')), 10, 'no owner.json'],
    ['another owner', () => pod.own(foreignId), 11, foreignId],
    ['an older generation that is damaged, which is not asked', () => flip(join(generation(0), 'index/grp')), 0, ''],
  ])('finds %s', async ([, change, code, log]) => {
    change();
    const outcome = await restore();
    expect(outcome).toMatchObject({ code, log: expect.stringContaining(log) });
    expect(existsSync(join(scratch('scratch'), 'origin'))).toBe(code === 0);
  });

  test('calls a store that does not answer no damage', async () => {
    const away = { RCLONE_CONFIG_STORE_ENDPOINT: 'http://127.0.0.1:1' };
    expect(await restore({ RESTORE_TIMEOUT_SECONDS: '5' }, away)).toMatchObject({ code: 12 });
  });

  test('the pods take turns', async () => {
    const now = Math.floor(Date.now() / 1000);
    const turns = Array.from({ length: 2000 }, (_, one) => one + 50);
    const during = (length: number, turn: number) =>
      [now, now + 20].every((time) => Math.floor(time / length) % 2 === turn);
    const codes = [];
    for (const turn of [0, 1])
      codes.push(
        (
          await restore({
            POD_NAME: 'vald-agent-0 vald-agent-1',
            TURN_SECONDS: `${turns.find((one) => during(one, turn))}`,
          })
        ).code,
      );
    expect(codes).toEqual([0, 19]);
  });

  test('may be killed before each of its commands and run again', async () => {
    const counter = join(pod.folder, 'count');
    const count = `printf . >>${counter}; n=$(${programPath('busybox')} wc -c <${counter})`;
    const before = pod.stored();
    writeFileSync(counter, '');
    await restore({}, {}, count);
    const commands = readFileSync(counter, 'utf8').length;
    expect(commands).toBeGreaterThan(15);
    for (let at = 1; at <= commands; at += 2) {
      writeFileSync(counter, '');
      const { code } = await restore({}, {}, `${count}; [ "$n" != ${at} ] || kill -9 0`);
      expect(code).toBeNull();
    }
    expect(pod.stored()).toEqual(before);
    expect(await restore()).toMatchObject({ code: 0 });
    expect(await search({ stored: 30, search: finds })).toMatchObject({ code: 0 });
  }, 120_000);

  test.for<[ValdDrillRestoreVariable, string]>([
    ['INDEX_PATH', '/index'],
    ['POD_NAME', 'a/b'],
    ['CLUSTER_ID', ''],
    ['SEARCHES', '0'],
    ['TURN_SECONDS', 'x'],
  ])('refuses %s=%s', async ([name, value]) => {
    expect(await restore({ [name]: value })).toMatchObject({ code: 2 });
  });
});
