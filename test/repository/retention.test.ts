import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  planRetention,
  type RetentionPolicy,
  retentionEnvironment,
  retentionPolicy,
  retentionSchema,
} from '../../src/repository/index.js';
import { repositoryRetention } from '../../src/scripts/index.js';
import { History, histories, policyWith } from './history.js';

const day = 86_400;
const at = (text: string) => Date.parse(text) / 1000;

/** What a plan does with each set, newest first: the id with its reasons. */
function outcome(history: History, policy: RetentionPolicy, now: number): string[] {
  return history
    .plan(policy, now)
    .sets.map(
      ({ backupId, action, reasons }) =>
        `${action} ${backupId}: ${reasons.map(({ rule, detail }) => `${rule} ${detail}`.trim()).join(', ')}`,
    );
}

describe('retention keeps', () => {
  const noon = at('2026-11-05T12:00:00Z');

  test.for<{ title: string; history: History; policy?: Partial<RetentionPolicy>; now?: number; sets: string[] }>([
    {
      title: 'the newest committed set, whatever the policy',
      history: new History().committed(1, 0).committed(2, 1),
      sets: ['keep 2: newest, last 1 of 1', 'delete 1: expired'],
    },
    {
      title: 'the last sets by id, even if a clock went back',
      history: new History()
        .committed(1, noon)
        .committed(2, noon - 9 * day)
        .committed(3, noon - 8 * day),
      policy: { keepLast: 2 },
      sets: ['keep 3: newest, last 1 of 2', 'keep 2: last 2 of 2', 'delete 1: expired'],
    },
    {
      title: 'sets by their age before the newest, not before now',
      history: new History()
        .committed(1, noon - 2 * day - 1)
        .committed(2, noon - 2 * day)
        .committed(3, noon),
      policy: { keepWithinSeconds: 2 * day },
      now: noon + 1000 * day,
      sets: ['keep 3: newest, last 1 of 1, within', 'keep 2: within', 'delete 1: expired'],
    },
    {
      title: 'the newest of each day by UTC',
      history: new History()
        .committed(1, at('2026-11-03T23:59:59Z'))
        .committed(2, at('2026-11-04T00:00:00Z'))
        .committed(3, at('2026-11-04T23:59:59Z'))
        .committed(4, at('2026-11-05T00:00:00Z')),
      policy: { keepDaily: 2 },
      sets: [
        'keep 4: newest, last 1 of 1, daily 2026-11-05',
        'keep 3: daily 2026-11-04',
        'delete 2: expired',
        'delete 1: expired',
      ],
    },
    {
      title: 'the newest of each week, which begins on Monday, over a year’s end',
      history: new History()
        .committed(1, at('2026-12-27T23:59:59Z'))
        .committed(2, at('2026-12-28T00:00:00Z'))
        .committed(3, at('2027-01-03T23:59:59Z'))
        .committed(4, at('2027-01-04T00:00:00Z')),
      policy: { keepWeekly: 2 },
      sets: [
        'keep 4: newest, last 1 of 1, weekly 2027-01-04',
        'keep 3: weekly 2026-12-28',
        'delete 2: expired',
        'delete 1: expired',
      ],
    },
    {
      title: 'the newest of each month and year, counting only those that have one',
      history: new History()
        .committed(1, at('2023-05-01T00:00:00Z'))
        .committed(2, at('2024-02-29T00:00:00Z'))
        .committed(3, at('2026-01-31T00:00:00Z'))
        .committed(4, at('2026-02-28T00:00:00Z'))
        .committed(5, at('2026-11-05T00:00:00Z')),
      policy: { keepMonthly: 2, keepYearly: 2 },
      sets: [
        'keep 5: newest, last 1 of 1, monthly 2026-11, yearly 2026',
        'keep 4: monthly 2026-02',
        'delete 3: expired',
        'keep 2: yearly 2024',
        'delete 1: expired',
      ],
    },
    {
      title: 'pinned sets, committed or not, and counts them like others',
      history: new History()
        .unfinished(1, noon - 90 * day)
        .object('1/pinned')
        .committed(2, noon - 3 * day)
        .committed(3, noon - 2 * day)
        .object('3/pinned', 'before the migration')
        .committed(4, noon),
      policy: { keepLast: 2 },
      sets: ['keep 4: newest, last 1 of 2', 'keep 3: last 2 of 2, pinned', 'delete 2: expired', 'keep 1: pinned'],
    },
    {
      title: 'damaged sets, and does not count them',
      history: new History()
        .committed(1, noon - 5 * day)
        .committed(2, noon - 4 * day)
        .object('3/manifest.json', 'cut off')
        .committed(4, noon - 2 * day)
        .remove('4/users.sql')
        .committed(5, noon - 1 * day)
        .object('5/users.sql', 'longer than before'),
      sets: [
        'keep 5: damaged users.sql',
        'keep 4: damaged users.sql',
        'keep 3: damaged manifest.json',
        'keep 2: newest, last 1 of 1',
        'delete 1: expired',
      ],
    },
    {
      title: 'a set with an object that its manifest does not name',
      history: new History()
        .committed(1, noon - 2 * day)
        .object('1/rondb/README', 'the one before the migration')
        .committed(2, noon),
      sets: ['keep 2: newest, last 1 of 1', 'keep 1: stranger rondb/README'],
    },
    {
      title: 'an unfinished set while it may be in progress, by its youngest object',
      history: new History()
        .unfinished(1, noon - 3 * day)
        .object('1/rondb/late', '', noon - 2 * day + 1)
        .unfinished(2, noon - 3 * day)
        .object('2/rondb/late', '', noon - 2 * day)
        .unfinished(3, noon + 5 * day)
        .committed(4, noon),
      sets: [
        'keep 4: newest, last 1 of 1',
        'keep 3: young 2026-11-10T12:00:00Z',
        'delete 2: abandoned 2026-11-03T12:00:00Z',
        'keep 1: young 2026-11-03T12:00:01Z',
      ],
    },
    {
      title: 'the newest of all sets even if it was given up: it may be all there is of its time',
      history: new History()
        .committed(1, noon - 90 * day)
        .unfinished(2, noon - 80 * day)
        .unfinished(3, noon - 70 * day),
      sets: ['keep 3: latest', 'delete 2: abandoned 2026-08-17T12:00:00Z', 'keep 1: newest, last 1 of 1'],
    },
    {
      title: 'a lone unfinished set for ever',
      history: new History().unfinished(1, 0),
      sets: ['keep 1: latest'],
    },
  ])('$title', ({ history, policy = {}, now = noon, sets }) => {
    expect(outcome(history, policyWith(policy), now)).toEqual(sets);
  });

  test('what is not ours out of the plan', () => {
    const history = new History()
      .committed(7, noon)
      .unfinished(8, noon - 90 * day, 'another cluster')
      .object('owner.json', '{}')
      .object('notes.txt')
      .object('9/users.sql')
      .object('9/rondb/1/x')
      .object('12')
      .object('0012/manifest.json', '{}');
    const plan = history.plan(policyWith({}), noon);
    expect(plan.foreign).toEqual(['0012/', '12', '8/', '9/', 'notes.txt']);
    expect(plan.sets.map((set) => set.backupId)).toEqual([7]);
    expect(plan.newest).toBe(7);
  });
});

describe('retention, whatever the history', () => {
  const check = (property: (sample: { history: History; policy: RetentionPolicy; now: number }) => boolean) =>
    fc.assert(fc.property(histories, property), { numRuns: 300 });

  test('never lets the newest committed set go, nor the newest of all, nor a pinned or damaged one', () => {
    check(({ history, policy, now }) => {
      const plan = history.plan(policy, now);
      const gone = plan.sets.filter((set) => set.action === 'delete');
      return gone.every(
        (set) =>
          set.backupId !== plan.newest &&
          set.backupId !== plan.sets[0]?.backupId &&
          set.state !== 'damaged' &&
          !history.objects.has(`${set.backupId}/pinned`),
      );
    });
  });

  test('lets only expired sets go and those that nobody touched for the grace time', () => {
    check(({ history, policy, now }) =>
      history
        .plan(policy, now)
        .sets.filter((set) => set.action === 'delete')
        .every((set) => set.state === 'committed' || now - at(set.time!) >= policy.leftoverGraceSeconds),
    );
  });

  test('has nothing more to do once it was carried out', () => {
    check(({ history, policy, now }) => {
      const left = history.after(history.plan(policy, now));
      return left.plan(policy, now).sets.every((set) => set.action === 'keep');
    });
  });

  test('lets committed sets go by their history alone, not by the time it runs', () => {
    check(({ history, policy, now }) => {
      const gone = (when: number) =>
        history
          .plan(policy, when)
          .sets.filter((set) => set.action === 'delete' && set.state === 'committed')
          .map((set) => set.backupId);
      return JSON.stringify(gone(now)) === JSON.stringify(gone(now + 5000 * day));
    });
  });

  test('keeps more sets with more generous rules', () => {
    const rules = ['keepLast', 'keepWithinSeconds', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'] as const;
    check(({ history, policy, now }) =>
      rules.every((rule) => {
        const before = history.plan(policy, now).sets.filter((set) => set.action === 'keep');
        const more = history.plan(
          { ...policy, [rule]: policy[rule] + 1 + (rule === 'keepWithinSeconds' ? day : 0) },
          now,
        );
        const kept = new Set(more.sets.filter((set) => set.action === 'keep').map((set) => set.backupId));
        return before.every((set) => kept.has(set.backupId));
      }),
    );
  });

  test('ends with the same sets whether it ran after each backup or only after the last', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 20 * day }), { minLength: 1, maxLength: 40 });
    const policies = fc.record({
      keepLast: fc.integer({ min: 1, max: 4 }),
      keepWithinSeconds: fc.integer({ min: 0, max: 60 * day }),
      keepDaily: fc.integer({ min: 0, max: 5 }),
      keepWeekly: fc.integer({ min: 0, max: 5 }),
      keepMonthly: fc.integer({ min: 0, max: 5 }),
      keepYearly: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(gaps, policies, (steps, rules) => {
        const policy = policyWith(rules);
        const all = new History();
        let pruned = new History();
        let time = at('2026-01-01T00:00:00Z');
        for (const [index, step] of steps.entries()) {
          time += step;
          all.committed(index + 1, time);
          pruned.committed(index + 1, time);
          pruned = pruned.after(pruned.plan(policy, time));
        }
        expect([...pruned.objects.keys()].sort()).toEqual([...all.after(all.plan(policy, time)).objects.keys()].sort());
      }),
      { numRuns: 100 },
    );
  });
});

describe('a plan', () => {
  test('is not made when the text of a record is missing', () => {
    const input = new History().committed(7, 0).input(policyWith({}), 0);
    expect(() => planRetention({ ...input, records: new Map() })).toThrow('the text of 7/manifest.json was not given');
  });
});

describe('retention rules', () => {
  test('keep the last three sets where nothing else is said', () => {
    expect(retentionPolicy(retentionSchema.parse({}), 7200)).toEqual(
      policyWith({ keepLast: 3, leftoverGraceSeconds: 7200 }),
    );
  });

  test('become numbers for the plan and text for the script', () => {
    const policy = retentionPolicy(retentionSchema.parse({ keepWithin: '720h', keepDaily: 7, keepWeekly: 4 }), 7200);
    expect(policy).toMatchObject({ keepLast: 3, keepWithinSeconds: 2_592_000, keepDaily: 7, keepWeekly: 4 });
    expect(retentionEnvironment(policy)).toEqual({
      KEEP_LAST: '3',
      KEEP_WITHIN_SECONDS: '2592000',
      KEEP_DAILY: '7',
      KEEP_WEEKLY: '4',
      KEEP_MONTHLY: '0',
      KEEP_YEARLY: '0',
      LEFTOVER_GRACE_SECONDS: '7200',
    });
    const names = new Set<string>(repositoryRetention.environment.map(({ name }) => name));
    expect(Object.keys(retentionEnvironment(policy)).filter((name) => !names.has(name))).toEqual([]);
  });

  test.for([{ keepLast: 0 }, { keepLast: 1.5 }, { keepDaily: -1 }, { keepWithin: '30 days' }, { keepHourly: 3 }])(
    'are not %j',
    (settings) => {
      expect(retentionSchema.safeParse(settings).success).toBe(false);
    },
  );
});
