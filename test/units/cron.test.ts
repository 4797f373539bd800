import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronIntervals, cronSchedule, timeZone } from '../../src/units/index.js';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';

const reasonOf = (schedule: string) => cronSchedule().safeParse(schedule).error?.issues[0]?.message;

describe('a schedule', () => {
  test.each([
    '0 0 * * *',
    '17 2 * * 1-5',
    '*/15 0-6 1,15 JAN-mar ?',
    '  5/10   *  *	*  sun ',
    '007 +7 31 2 6',
    '0 0 31 2 *',
    '*-9 * * * *',
    ', * * * *',
    '1,,2 * * * *',
  ])('of five fields that Kubernetes takes is taken: "%s"', (schedule) => {
    expect(reasonOf(schedule)).toBeUndefined();
  });

  test.each([
    ['', '0 fields, not five'],
    ['0 0 * *', '4 fields, not five'],
    ['0 0 0 * * *', '6 fields, not five'],
    ['60 * * * *', 'the minute is not from 0 to 59'],
    ['* 24 * * *', 'the hour is not from 0 to 23'],
    ['* * 0 * *', 'the day of the month is not from 1 to 31'],
    ['* * * 13 *', 'the month is not from 1 to 12'],
    ['* * * * 7', 'the day of the week is not from 0 to 6'],
    ['* * * * monday', 'the day of the week is not from 0 to 6'],
    ['jan * * * *', 'the minute is not from 0 to 59'],
    ['9-5 * * * *', 'the minute has a range that ends before it starts'],
    ['1-2-3 * * * *', 'the minute has two hyphens'],
    ['*/2/3 * * * *', 'the minute has two slashes'],
    ['*/0 * * * *', 'the minute has a step that is not a whole number from 1'],
    ['*/x * * * *', 'the minute has a step that is not a whole number from 1'],
    ['1- * * * *', 'the minute is not from 0 to 59'],
    ['-1 * * * *', 'the minute is not from 0 to 59'],
    ['99999999999999999999 * * * *', 'the minute is not from 0 to 59'],
    ['TZ=UTC 0 0 * * *', 'a time zone has no place in it: use timeZone'],
    ['CRON_TZ=UTC 0 0 * * *', 'a time zone has no place in it: use timeZone'],
    ['@daily', 'a macro instead of five fields: write "0 0 * * *", with a minute that other jobs do not have'],
    ['@every 1h', 'a macro instead of five fields'],
    ['0 0\n* * *', '4 fields, not five'],
  ])('is refused with its reason: "%s"', (schedule, reason) => {
    expect(reasonOf(schedule)).toBe(reason);
  });
});

const hours = 3600;
describe('the times between runs', () => {
  test.each([
    ['0 2 * * *', 24 * hours, 24 * hours],
    ['*/15 * * * *', 900, 900],
    ['0 */7 * * *', 3 * hours, 7 * hours],
    ['30 1,13 * * 1-5', 12 * hours, 60 * hours],
    ['0 0 * * 0', 168 * hours, 168 * hours],
    ['0 0 1 * *', 28 * 24 * hours, 31 * 24 * hours],
    ['0 0 29 2 *', 1461 * 24 * hours, 1461 * 24 * hours],
    // two restricted fields of days: one of them suffices
    ['0 0 1 * 1', 24 * hours, 7 * 24 * hours],
    // a step keeps a star from being one
    ['0 0 */31 * 1', 24 * hours, 7 * 24 * hours],
    ['0 0 ? * 1', 168 * hours, 168 * hours],
  ])('of "%s" are %i to %i seconds', (schedule, shortest, longest) => {
    expect(cronIntervals(schedule)).toEqual({ shortest, longest });
  });

  test.each(['0 0 31 2 *', '0 0 30 feb *', ', 0 * * *'])('of "%s" are none: it never runs', (schedule) => {
    expect(cronIntervals(schedule)).toBeUndefined();
  });

  test('are those that another reader of schedules finds', () => {
    const list = (least: number, most: number) =>
      fc.oneof(
        { weight: 2, arbitrary: fc.constant('*') },
        fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 4 }).map((all) => all.join()),
      );
    const daily = fc.tuple(list(0, 59), list(0, 23), fc.constant('*'), fc.constant('*'), list(0, 6));
    fc.assert(
      fc.property(daily, (parts) => {
        const schedule = parts.join(' ');
        // Two weeks from a Sunday hold every gap; a week can begin inside of one.
        const runs = new Cron(schedule, { timezone: 'Etc/UTC' }).nextRuns(2000, '2023-12-31T00:00:00Z');
        const times = runs.map((run) => run.getTime() / 1000);
        const gaps = times.slice(1).map((time, index) => time - times[index]!);
        const { shortest, longest } = cronIntervals(schedule)!;
        expect(shortest).toBe(Math.min(...gaps));
        // 2000 runs of a schedule of every minute end before the longest gap.
        if (times.at(-1)! - times[0]! > 14 * 24 * hours) expect(longest).toBe(Math.max(...gaps));
      }),
      { numRuns: 25 },
    );
  });
});

describe('a time zone', () => {
  test.each(['UTC', 'Etc/UTC', 'Etc/GMT+5', 'Europe/Stockholm', 'America/Argentina/Buenos_Aires', 'Asia/Calcutta'])(
    '%s is taken',
    (name) => expect(timeZone().safeParse(name).success).toBe(true),
  );
  test.each(['', 'Local', 'utc', 'europe/stockholm', 'Europe/Stokholm', '+02:00', 'CEST', '../UTC', 'Etc/UTC\n'])(
    '"%s" is refused',
    (name) => expect(timeZone().safeParse(name).success).toBe(false),
  );
});

describeWith(['etcd', 'kube-apiserver'], 'a real API server', () => {
  /** Whether the server takes a CronJob with such a schedule; what it says of anything else fails. */
  async function verdict(server: KubeApiServer, spec: { schedule: string; timeZone?: string }): Promise<boolean> {
    const container = { name: 'a', image: 'a' };
    const template = { spec: { restartPolicy: 'Never', containers: [container] } };
    const { status, body } = await server.request(
      'POST',
      '/apis/batch/v1/namespaces/default/cronjobs?dryRun=All&fieldValidation=Strict',
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'a' },
        spec: { ...spec, jobTemplate: { spec: { template } } },
      },
    );
    if (status === 201) return true;
    const causes: { field: string }[] = body.details.causes;
    expect(causes.map(({ field }) => field)).toEqual(
      causes.map(() => (spec.timeZone === undefined ? 'spec.schedule' : 'spec.timeZone')),
    );
    return false;
  }

  const field = fc.oneof(
    fc.constantFrom('*', '?', '*/5', '0', '1', '7', '5/10', 'mon', 'Feb', '1-5', 'mon-fri', '5-1', '*-3', '1-2-3'),
    fc.constantFrom(
      '',
      ',',
      '1,',
      '60',
      '24',
      '31',
      '32',
      '12',
      '13',
      '*/0',
      '0/0',
      '1/2/3',
      '-',
      '1-',
      '+1',
      '01',
      'L',
    ),
    fc.tuple(fc.nat(70), fc.nat(70), fc.nat(9)).map(([start, end, step]) => `${start}-${end}/${step}`),
  );
  const schedules = fc.array(field, { minLength: 4, maxLength: 6 }).map((all) => all.join(' '));

  test('takes the same schedules of five fields, and every time zone that is taken here', async () => {
    const server = await startKubeApiServer();
    try {
      await fc.assert(
        fc.asyncProperty(schedules, async (schedule) => {
          expect([schedule, await verdict(server, { schedule })]).toEqual([schedule, reasonOf(schedule) === undefined]);
        }),
        { numRuns: 400 },
      );
      for (const schedule of ['@daily', '@every 1h'])
        expect([schedule, await verdict(server, { schedule }), reasonOf(schedule) === undefined]).toEqual([
          schedule,
          true,
          false,
        ]);
      const zones = ['UTC', 'GMT', ...Intl.supportedValuesOf('timeZone')].filter(
        (_, index) => index < 3 || index % 7 === 0,
      );
      for (const zone of zones)
        expect([zone, await verdict(server, { schedule: '0 0 * * *', timeZone: zone })]).toEqual([
          zone,
          timeZone().safeParse(zone).success,
        ]);
      for (const zone of ['', 'Local', 'europe/stockholm', 'Europe/Stokholm', '+02:00', 'CEST', '../UTC'])
        expect([zone, await verdict(server, { schedule: '0 0 * * *', timeZone: zone })]).toEqual([zone, false]);
    } finally {
      await server.stop();
    }
  }, 120_000);
});
