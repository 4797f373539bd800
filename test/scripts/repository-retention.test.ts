import { afterAll, beforeAll, expect, test } from 'vitest';
import { printOwner } from '../../src/repository/index.js';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { clusterId, History, policyWith } from '../repository/history.js';
import { RetentionRun, type RunOptions } from './retention-run.js';

const day = 86_400;
const base = 200_000_000;

describeWith(['bash', 'jq', 'rclone', 'versitygw'], 'repository-retention.sh', () => {
  let server: S3Server;
  let now: number;
  const runs: RetentionRun[] = [];
  const newRun = (series?: string, on = server): RetentionRun => {
    const run = new RetentionRun(on, series);
    runs.push(run);
    return run;
  };
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('backups');
    now = Math.floor(Date.now() / 1000);
  });
  afterAll(async () => {
    for (const run of runs) run.remove();
    await server?.stop();
  });

  /** A set that nothing keeps, one given up, and everything that stays. */
  const mixed = () =>
    new History()
      .committed(base + 1, now - 40 * day)
      .unfinished(base + 2, now - 39 * day)
      .committed(base + 4, now - 37 * day)
      .object(`${base + 4}/pinned`, '', now)
      .committed(base + 5, now - 36 * day)
      .remove(`${base + 5}/users.sql`)
      .committed(base + 6, now - 2 * day)
      .committed(base + 7, now - day)
      .unfinished(base + 8, now - 100)
      .object('notes.txt', 'somebody’s', now)
      .object('264531200/users.sql', 'upstream’s', now)
      .object('007/manifest.json', '{}', now);
  const environment = { KEEP_LAST: '2' } as const;
  const policy = policyWith({ keepLast: 2 });

  /** The paths of a run's store, without the owner file. */
  const left = (run: RetentionRun) => new Set(Object.keys(run.stored()).filter((path) => path !== 'owner.json'));

  test.concurrent('prints the plan of planRetention and touches nothing with MODE=plan', async () => {
    const history = mixed();
    const run = newRun().fill(history);
    const before = run.stored();
    const outcome = await run.run({ environment: { ...environment, MODE: 'plan' } });
    expect(outcome.plan).toEqual(history.plan(policy, now));
    expect(outcome).toMatchObject({ code: 0, log: expect.stringContaining(`warning: backup ${base + 5} is damaged`) });
    expect(run.stored()).toEqual(before);
    expect(run.leftovers()).toEqual([]);
  });

  test.concurrent('deletes what the plan says and nothing else, oldest first', async () => {
    const history = mixed();
    const run = newRun().fill(history);
    const plan = history.plan(policy, now);
    const outcome = await run.run({ environment });
    expect(outcome).toMatchObject({ code: 0, plan });
    expect(outcome.log.match(/deleted backup [0-9]+/g)).toEqual([1, 2].map((n) => `deleted backup ${base + n}`));
    expect(left(run)).toEqual(new Set(history.after(plan).objects.keys()));
    expect(run.leftovers()).toEqual([]);

    const again = await run.run({ environment });
    expect(again.log).not.toContain('deleted');
    expect(again.plan?.sets.filter((set) => set.action === 'delete')).toEqual([]);
  });

  test.concurrent('works on one series and leaves the others of the cluster alone', async () => {
    const run = newRun('vald-agent-0').fill(mixed());
    run.putAt(`vald-agent-1/${base + 1}/started.json`, '{}', 0).putAt(`${base + 1}/manifest.json`, '{}', 0);
    const others = Object.entries(run.stored()).filter(([path]) => !path.startsWith('vald-agent-0/'));
    expect(await run.run({ environment })).toMatchObject({ code: 0 });
    const after = Object.entries(run.stored());
    expect(after.filter(([path]) => !path.startsWith('vald-agent-0/'))).toEqual(others);
    expect(after.some(([path]) => path.startsWith(`vald-agent-0/${base + 1}/`))).toBe(false);
  });

  test.concurrent('takes an empty folder of its own for a repository without sets', async () => {
    expect(await newRun().run()).toMatchObject({ code: 0, plan: { newest: null, sets: [], foreign: [] } });
  });

  test.concurrent('deletes objects with names that lists stumble over', async () => {
    const history = mixed();
    for (const name of ['a\nb', ' c ', 'd"\\e', '\u00e9'])
      history.object(`${base + 2}/${name}`, '', now - 39 * day).object(`${base + 2}/x/${name}/y`, '', now - 39 * day);
    const run = newRun().fill(history);
    expect(await run.run({ environment })).toMatchObject({ code: 0 });
    expect([...left(run)].filter((path) => path.startsWith(`${base + 2}/`))).toEqual([]);
  });

  test.concurrent.for<{
    title: string;
    put?: (run: RetentionRun) => unknown;
    options: RunOptions;
    code: number;
    log: string;
  }>([
    {
      title: 'a folder of another cluster',
      put: (run) => run.put('owner.json', printOwner({ cluster: 'theirs', clusterId: 'other' })),
      options: {},
      code: 11,
      log: `belongs to cluster other, this is ${clusterId}`,
    },
    {
      title: 'an owner file that says nothing',
      put: (run) => run.put('owner.json', '{"clusterId":7}'),
      options: {},
      code: 11,
      log: 'belongs to cluster ,',
    },
    {
      title: 'an owner file that is no JSON',
      put: (run) => run.put('owner.json', 'x'),
      options: {},
      code: 11,
      log: 'owner.json',
    },
    {
      title: 'a folder without owner file',
      options: { environment: { STORE_PATH: 'store:backups/nobody', SERIES_PATH: 'store:backups/nobody' } },
      code: 10,
      log: 'has no owner.json',
    },
    {
      title: 'a missing bucket',
      options: { environment: { STORE_PATH: 'store:nothing/here', SERIES_PATH: 'store:nothing/here' } },
      code: 12,
      log: 'does not give owner.json',
    },
    {
      title: 'wrong credentials',
      options: { rclone: { RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: 'wrong' } },
      code: 12,
      log: 'does not give owner.json',
    },
    {
      title: 'a store that does not answer',
      options: {
        rclone: { RCLONE_CONFIG_STORE_ENDPOINT: 'http://127.0.0.1:1' },
        environment: { RETENTION_TIMEOUT_SECONDS: '1' },
      },
      code: 12,
      log: 'does not give owner.json',
    },
    {
      title: 'a listing that fails',
      options: { before: '[[ "$*" != *lsjson* ]] || { printf "[\\n]\\n"; exit 3; }' },
      code: 12,
      log: 'cannot be listed',
    },
    {
      title: 'a listing that lists nothing',
      options: { before: '[[ "$*" != *lsjson* ]] || { printf "[\\n]\\n"; exit 0; }' },
      code: 12,
      log: 'does not list the owner.json that it just gave',
    },
    {
      title: 'a listing that ends early and says it is whole',
      options: { before: '[[ "$*" != *lsjson* ]] || { printf "[\\n{\\"Path\\":\\"owner.json\\"},"; exit 0; }' },
      code: 1,
      log: 'jq failed',
    },
    {
      title: 'manifests that are listed and do not come',
      options: { before: '[[ "$*" != *"rclone copy"* && "$name $*" != *" copy "* ]] || exit 0' },
      code: 12,
      log: 'and does not give it',
    },
    {
      title: 'a store that takes longer than allowed',
      options: {
        before: '[[ "$*" != *lsjson* ]] || read -r -t 20 <> <(:)',
        environment: { RETENTION_TIMEOUT_SECONDS: '2' },
      },
      code: 12,
      log: 'RETENTION_TIMEOUT_SECONDS',
    },
    {
      title: 'a guard that says no',
      options: { environment: { ...environment, GUARD_COMMAND: '/bin/false' } },
      code: 13,
      log: `does not allow to delete backup ${base + 1}`,
    },
    {
      title: 'an owner that changes during the run',
      options: {
        environment,
        before: `[[ $name != rclone || $* != *" copy "* ]] || touched=1
          [[ -z \${touched-} ]] || printf '{"clusterId":"new"}' >STORE/owner.json`,
      },
      code: 11,
      log: 'belongs to cluster new',
    },
  ])('refuses $title and deletes nothing', async ({ put, options, code, log }) => {
    const run = newRun().fill(mixed());
    put?.(run);
    const sets = () => Object.entries(run.stored()).filter(([path]) => path !== 'owner.json');
    const before = sets();
    const filled = options.before ? { before: options.before.replaceAll('STORE', run.storeFolder) } : {};
    const outcome = await run.run({ environment, ...options, ...filled });
    expect(outcome).toMatchObject({ code, log: expect.stringContaining(log) });
    expect(outcome.log).toContain('repository-retention: hint: ');
    expect(sets()).toEqual(before);
    expect(outcome.log).not.toContain(server.secretKey);
    expect(run.leftovers()).toEqual([]);
  });

  test.concurrent('refuses a store that cannot be written and deletes nothing', async () => {
    const run = newRun().fill(mixed());
    const readOnly = await startS3Server({ folder: server.folder, readOnly: true });
    try {
      const before = run.stored();
      const outcome = await run.run({ environment, rclone: { RCLONE_CONFIG_STORE_ENDPOINT: readOnly.endpoint } });
      expect(outcome).toMatchObject({
        code: 12,
        log: expect.stringContaining(`does not delete ${base + 1}/manifest.json`),
      });
      expect(run.stored()).toEqual(before);
    } finally {
      await readOnly.stop();
    }
  });

  test.concurrent.for([
    { title: 'is pinned', path: `${base + 1}/pinned` },
    { title: 'gets another object', path: `${base + 1}/late` },
    { title: 'gets another manifest', path: `${base + 1}/manifest.json` },
  ])('leaves a set alone that $title after the plan was made', async ({ path }) => {
    const run = newRun().fill(mixed());
    const before = `[[ $name != true ]] || printf x >'${run.storeFolder}/${path}'`;
    const outcome = await run.run({ environment, before });
    expect(outcome).toMatchObject({
      code: 0,
      log: expect.stringContaining(`backup ${base + 1} changed since the plan was made: left alone`),
    });
    expect([...left(run)].filter((name) => name.startsWith(`${base + 1}/`)).length).toBeGreaterThanOrEqual(4);
    expect(outcome.log).toContain(`deleted backup ${base + 2}`);
  });

  test.concurrent('stops between two deletions when the guard stops it', async () => {
    const run = newRun().fill(mixed());
    const before = `[[ $name != true || ! -e '${run.folder}/once' ]] || exit 1; [[ $name != true ]] || printf x >'${run.folder}/once'`;
    expect(await run.run({ environment, before })).toMatchObject({ code: 13 });
    expect([...left(run)].some((path) => path.startsWith(`${base + 1}/`))).toBe(false);
    expect([...left(run)].filter((path) => path.startsWith(`${base + 2}/`)).length).toBe(3);
  });

  test.concurrent('goes on where a run was killed amid the deletion of a set', async () => {
    const run = newRun().fill(mixed());
    const before = `[[ $name != rclone || $* != *' delete '* ]] || { rm -f '${run.storeFolder}/${base + 1}/users.sql'; exit 1; }`;
    const outcome = await run.run({ environment, before: before.replace('rm -f', '/bin/rm -f') });
    expect(outcome).toMatchObject({ code: 12, log: expect.stringContaining(`does not delete backup ${base + 1}`) });
    expect([...left(run)].filter((path) => path.startsWith(`${base + 1}/`))).toEqual([
      `${base + 1}/rondb/1/BACKUP-${base + 1}.1.ctl`,
      `${base + 1}/started.json`,
    ]);
    expect(await run.run({ environment })).toMatchObject({ code: 0 });
    const whole = mixed();
    expect(left(run)).toEqual(new Set(whole.after(whole.plan(policy, now)).objects.keys()));
  });

  test.concurrent('still knows a set as ours when a store says that it deleted and did not', async () => {
    const run = newRun().fill(mixed());
    const outcome = await run.run({ environment, before: `[[ $name != rclone || $* != *' delete '* ]] || exit 0` });
    expect(outcome).toMatchObject({ code: 12, log: expect.stringContaining('still lists objects of backup') });
    expect(left(run)).toContain(`${base + 1}/started.json`);
  });

  test.concurrent('ends at once when it is stopped', async () => {
    const run = newRun().fill(mixed());
    const started = performance.now();
    const outcome = await run.run({
      before: '[[ "$*" != *lsjson* ]] || { printf "waiting\\n" >&2; read -r -t 20 <> <(:); }',
      onLog: (log, stop) => log.includes('waiting') && stop(),
    });
    expect(outcome).toMatchObject({ code: 143, log: expect.stringContaining('stopped by a signal') });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(run.leftovers()).toEqual([]);
  });

  test.concurrent.for<[string, string | undefined]>([
    ['MODE', undefined],
    ['MODE', 'delete'],
    ['STORE_PATH', undefined],
    ['STORE_PATH', 'store:'],
    ['STORE_PATH', 'store:backups'],
    ['STORE_PATH', 'store:backups/'],
    ['STORE_PATH', 'store:backups/..'],
    ['STORE_PATH', 'other:backups/prefix'],
    ['STORE_PATH', '/tmp/prefix'],
    ['SERIES_PATH', undefined],
    ['SERIES_PATH', 'store:backups/prefix/another-cluster'],
    ['SERIES_PATH', 'STORE/'],
    ['SERIES_PATH', 'STORE/17'],
    ['SERIES_PATH', 'STORE/a/b'],
    ['SERIES_PATH', 'STORE/..'],
    ['CLUSTER_ID', undefined],
    ['CLUSTER_ID', '$(id)'],
    ['KEEP_LAST', '0'],
    ['KEEP_LAST', '03'],
    ['KEEP_DAILY', '-1'],
    ['KEEP_WEEKLY', '1.5'],
    ['KEEP_MONTHLY', undefined],
    ['KEEP_YEARLY', '1234567890'],
    ['KEEP_WITHIN_SECONDS', '30d'],
    ['LEFTOVER_GRACE_SECONDS', '0'],
    ['GUARD_COMMAND', undefined],
    ['RETENTION_TIMEOUT_SECONDS', '0'],
  ])('says what is wrong with %s=%s and does nothing', async ([name, value]) => {
    const run = newRun();
    const text = value?.replace('STORE', `store:backups/prefix/${run.name}`);
    const outcome = await run.run({ environment: { [name]: text } });
    expect(outcome).toMatchObject({ code: value === undefined ? 1 : 2, log: expect.stringContaining(name) });
    expect(run.calls()).toEqual([]);
  });
});
