import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { rcloneOfDay } from './faults-of-day.js';
import { indexObject, neverSaved, savedIndex } from './index-folder.js';
import { foreignId, type Outcome, RestorePod } from './restore-pod.js';

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-restore.sh interrupted', () => {
  let server: S3Server;
  const pods: RestorePod[] = [];
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('index');
  });
  afterAll(async () => {
    for (const pod of pods) pod.remove();
    await server?.stop();
  });

  const current = savedIndex('current');
  const cut = ['ngt-meta.kvsdb'];
  const object = indexObject(savedIndex('object'));

  interface Scenario {
    title: string;
    make: () => RestorePod;
    /** Exit status of a whole run, before and after any accident. */
    code: number;
    disk: ReturnType<RestorePod['disk']>;
    /** Whether an index can be had, so that a run that starts the agent must have put one into origin. */
    hasIndex: boolean;
  }
  const environment = { BROKEN_INDEX_HISTORY_LIMIT: '1' };
  const scenarios: Scenario[] = [
    {
      title: 'a restore over a broken index with a full history, in a store that is claimed with it',
      make: () =>
        new RestorePod({ server, rclone: rcloneOfDay, environment: { ...environment, ALLOW_EMPTY_START: 'true' } })
          .object(object)
          .marker('first-start', 10)
          .put('origin', current, cut)
          .put('broken/1600000000000000000', savedIndex('old'), cut),
      code: 0,
      disk: { origin: 'object', broken: ['current'] },
      hasIndex: true,
    },
    {
      title: 'a first start',
      make: () => new RestorePod({ server, rclone: rcloneOfDay, environment: { ALLOW_EMPTY_START: 'true' } }),
      code: 0,
      disk: { origin: 'no index' },
      hasIndex: false,
    },
    {
      title: 'the generation before taking the place of a broken one',
      make: () =>
        new RestorePod({ environment: { ...environment, COPY_ON_WRITE: 'true' } })
          .put('origin', current, cut)
          .put('backup', savedIndex('previous'))
          .put('../.staging/vald/1', savedIndex('staged'), cut)
          .put('broken/1600000000000000000', savedIndex('old'), cut),
      code: 0,
      disk: { origin: 'previous', broken: ['current'] },
      hasIndex: true,
    },
    {
      title: 'a move of the old layout',
      make: () => new RestorePod().put('.', current).put('origin', neverSaved),
      code: 0,
      disk: { origin: 'current' },
      hasIndex: true,
    },
    {
      title: 'a refusal of a damaged object',
      make: () =>
        new RestorePod({ server, rclone: rcloneOfDay }).own().object(object.subarray(0, 100)).marker('backed-up', 10),
      code: 13,
      disk: {},
      hasIndex: true,
    },
    {
      title: 'a refusal of a pod whose object is gone',
      make: () => new RestorePod({ server, rclone: rcloneOfDay }).own().marker('first-start', 5000),
      code: 15,
      disk: {},
      hasIndex: true,
    },
  ];

  /**
   * The commands that change something (`timeout` runs those that take long). A run that ends before any other command
   * leaves what a run leaves that ends before the next of these.
   */
  const changing = /^(timeout|mkdir|mv|rm) /;

  /** Runs the scenario once for each command it starts, with an accident there, then `check`, a few at a time. */
  async function atEachCommand(
    { make, code }: Scenario,
    accident: 'killAt' | 'failAt',
    check: (pod: RestorePod, outcome: Outcome, place: string, command: string) => Promise<void>,
  ): Promise<void> {
    const whole = make();
    pods.push(whole);
    expect(await whole.run({ killAt: 0 })).toMatchObject({ code });
    const commands = whole.calls();
    expect(commands.length).toBeGreaterThan(3);
    const numbers = commands.flatMap((command, index) =>
      accident === 'failAt' || changing.test(command) ? [index + 1] : [],
    );
    const worker = async () => {
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
        const pod = make();
        pods.push(pod);
        const outcome = await pod.run({ [accident]: number });
        const command = commands[number - 1]!;
        await check(pod, outcome, `${accident} ${number}: ${command}`, command);
      }
    };
    await Promise.all([worker(), worker(), worker()]);
  }

  test.for(scenarios)('killed before any command of $title, it ends as if it had not been', async (scenario) => {
    const { code, disk } = scenario;
    await atEachCommand(scenario, 'killAt', async (pod, outcome, place) => {
      expect(outcome.code, place).toBeNull();
      // An idle pod must not be blocked by an ageing marker, wherever the run before was killed.
      const marker = pod.storeFolder && join(pod.storeFolder, 'vald-agent-0.seen');
      if (code === 0 && marker && pod.stored()['vald-agent-0.seen'] === 'first-start')
        writeFileSync(marker, readFileSync(marker, 'utf8').replace(/[0-9]+/, '1700000000'));
      expect(await pod.run(), place).toMatchObject({ code });
      expect(pod.disk(), place).toEqual(disk);
      expect(readdirSync(pod.volume).filter((name) => !['index', '.restore-note'].includes(name))).toEqual([]);
    });
  });

  test.for(scenarios)('with any command of $title failing, it starts no agent without its index', async (scenario) => {
    const { code, disk, hasIndex } = scenario;
    await atEachCommand(scenario, 'failAt', async (pod, outcome, place, command) => {
      expect(outcome.code, place).not.toBeNull();
      if (outcome.code === 0 && hasIndex) expect(pod.disk().origin, place).toBe(disk.origin);
      if (code !== 0) expect(outcome.code, place).not.toBe(0);
      if (outcome.code === code || !changing.test(command)) return;
      expect(await pod.run(), place).toMatchObject({ code });
      expect(pod.disk(), place).toEqual(disk);
    });
  });

  test('is not led to start empty by a store that once says that nothing is there', async () => {
    const make = () => {
      const pod = new RestorePod({ server, rclone: rcloneOfDay, environment: { ALLOW_EMPTY_START: 'true' } });
      pods.push(pod);
      return pod.own().object(object);
    };
    const whole = make();
    await whole.run({ killAt: 0 });
    const store = whole.calls().flatMap((command, index) => (command.startsWith('rclone ') ? [index + 1] : []));
    expect(store.length).toBeGreaterThan(3);
    for (const failAt of store) {
      const pod = make();
      // rclone's status for "directory not found"
      const { code } = await pod.run({ failAt, failStatus: 3 });
      expect([0, 12], whole.calls()[failAt - 1]).toContain(code);
      expect(pod.disk(), whole.calls()[failAt - 1]).toEqual(code === 0 ? { origin: 'object' } : {});
    }
  });

  test('is not led to take over the store of another cluster by an answer that nothing is there', async () => {
    const pod = new RestorePod({ server, environment: { ALLOW_EMPTY_START: 'true' } }).own(foreignId);
    pods.push(pod);
    const owner = () => readFileSync(join(pod.storeFolder!, 'owner.json'), 'utf8');
    const before = owner();
    await pod.run({ killAt: 0 });
    const list = pod.calls().findIndex((command) => command.startsWith('rclone ')) + 1;
    expect(await pod.run({ failAt: list, failStatus: 3 })).toMatchObject({ code: 11 });
    expect(owner()).toBe(before);
  });

  test('refuses a download that is not as long as the listing says', async () => {
    const pod = new RestorePod({ server }).own().object(object);
    pods.push(pod);
    const afterRclone = 'case "$*" in *object.tar.gz) for last; do :; done; echo more >>"$last" ;; esac';
    const outcome = await pod.run({ afterRclone });
    expect(outcome).toMatchObject({ code: 13, log: expect.stringContaining(`the listing says ${object.length}`) });
    expect(pod.snapshot()).toEqual({});
  });

  const large = () => {
    const pod = new RestorePod({ server }).own();
    pods.push(pod);
    return pod.object(indexObject({ ...savedIndex('object'), grp: randomBytes(300_000).toString('hex') }));
  };
  const slow = { RCLONE_BWLIMIT: '20k' };

  test('ends within five seconds of TERM while it downloads, and leaves nothing running', async () => {
    const pod = large();
    let sent = 0;
    let group = 0;
    const outcome = await pod.run({
      rclone: slow,
      onRestoring: async (signal, pid) => {
        await sleep(500);
        group = pid;
        sent = performance.now();
        signal('SIGTERM', false);
      },
    });
    expect(outcome).toMatchObject({ code: 143, log: expect.stringContaining('stopped by a signal') });
    expect(performance.now() - sent).toBeLessThan(5000);
    expect(pod.snapshot()).toEqual({});
    for (const until = Date.now() + 5000; alive(group) && Date.now() < until; ) await sleep(100);
    expect(alive(group)).toBe(false);
    expect(await pod.run()).toMatchObject({ code: 0 });
  });

  test('gives up a download that is too slow at its deadline', async () => {
    const pod = large();
    const outcome = await pod.run({ rclone: slow, environment: { RESTORE_TIMEOUT_SECONDS: '2' } });
    expect(outcome).toMatchObject({ code: 12, log: expect.stringContaining('RESTORE_TIMEOUT_SECONDS') });
    expect(outcome.milliseconds).toBeLessThan(10_000);
    expect(pod.snapshot()).toEqual({});
  });

  test('killed in the middle of a download, it starts over', async () => {
    const pod = large();
    const killed = await pod.run({
      rclone: slow,
      onRestoring: async (signal) => {
        await sleep(1500);
        signal('SIGKILL', true);
      },
    });
    expect(killed.code).toBeNull();
    expect(readdirSync(pod.volume)).toEqual(['.restore']);
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(pod.disk()).toEqual({ origin: 'object' });
  });
});

/** Whether a process of this group is still there. */
function alive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
