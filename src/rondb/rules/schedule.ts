import type { FleetHit, Release, Rule } from '../../values/index.js';
import { asFields, intervals, isTurnedOn, makesBackups, printTime, readSchedule, schedule } from './backup-state.js';
import { backups, s3 } from './examples.js';

/** Bytes per second that a node’s backup is reckoned with, and the least that a run takes. */
const mebibytesPerSecond = 50;
const leastRun = 120;

/** So many backups at once are no accident of two any more. */
const manyAtOnce = 3;

/** Rules about whether and when backups are made. */
export const scheduleRules: readonly Rule[] = [
  {
    id: 'RONDB001',
    severity: 'error',
    title: 'backups are described, but not turned on',
    why: 'Without enabled: true the chart makes no CronJob and says nothing about it: the schedule, the age limit and the bucket are there, and not one backup is.',
    fix: 'Set backups.enabled to true.',
    fact: 'Rendered with chart 0.8.0: the default null counts as off, also with a schedule and a bucket.',
    check(values) {
      const given = ['schedule', 'ttl', 's3.bucketName'].filter((key) => values.isTrue(`backups.${key}`));
      if (isTurnedOn(values) || given.length === 0) return [];
      return [{ path: 'backups.enabled', message: `not true, although there is ${given.join(' and ')}` }];
    },
    hits: [`backups:\n  schedule: 0 3 * * *\n  ${s3}\n`, `backups:\n  enabled: false\n  ttl: 30d\n`],
    passes: [backups('schedule: 0 3 * * *'), 'backups:\n  enabled: false\n'],
  },
  {
    id: 'RONDB003',
    severity: 'error',
    title: 'the schedule is none that Kubernetes takes',
    why: 'The chart passes any text on, and Kubernetes refuses the CronJob: there are no backups.',
    fix: 'Write minute, hour, day of the month, month and day of the week, such as "17 3 * * *".',
    fact: 'Read in the chart’s schema (any text), and in Kubernetes: five fields or a macro, no time zone.',
    check: (values) =>
      isTurnedOn(values) && readSchedule(schedule(values)) === 'invalid'
        ? [{ path: 'backups.schedule', message: `"${schedule(values)}" is no schedule for Kubernetes` }]
        : [],
    hits: [backups('schedule: "0 3 * *"'), backups('schedule: "CRON_TZ=UTC 0 3 * * *"')],
    passes: [backups('schedule: 17 3 * * *'), backups('schedule: "@daily"'), backups('schedule: "@every 6h"')],
  },
  {
    id: 'RONDB004',
    severity: 'warning',
    title: 'there is one backup a week',
    why: 'Without a schedule the chart takes @weekly. Up to seven days are lost with the cluster, and everybody’s weekly jobs start in the same minute.',
    fix: 'Set backups.schedule, for example to "17 3 * * *" for one backup a day.',
    fact: 'Rendered with chart 0.8.0.',
    check: (values) =>
      makesBackups(values) && !values.isTrue('backups.schedule')
        ? [{ path: 'backups.schedule', message: 'not set, so a backup is made once a week' }]
        : [],
    hits: [backups()],
    passes: [backups('schedule: 17 3 * * *'), 'backups:\n  enabled: false\n'],
  },
  {
    id: 'RONDB005',
    severity: 'error',
    title: 'backups are due faster than they can be made',
    why: 'A run that is due while the one before is still going is left out, so the schedule is not kept; two runs in one minute get the same id, because the id is made of the time.',
    fix: 'Make backups.schedule coarser: an hour is a good least.',
    fact: 'Read in chart 0.8.0 (concurrencyPolicy Forbid, ids to the minute). A run is reckoned with 50 MiB/s of a node’s memory, and two minutes at least.',
    check(values) {
      const time = intervals(values);
      const memory = values.number('resources.limits.memory.ndbmtdsMiB') ?? 0;
      const run = Math.max(leastRun, memory / mebibytesPerSecond);
      if (!makesBackups(values) || !time || time.shortest >= run) return [];
      return [
        {
          path: 'backups.schedule',
          message: `a backup every ${printTime(time.shortest)}, but one takes about ${printTime(run)}`,
        },
      ];
    },
    hits: [
      backups('schedule: "* * * * *"'),
      `${backups('schedule: "*/10 * * * *"')}resources: { limits: { memory: { ndbmtdsMiB: 64000 } } }\n`,
    ],
    passes: [backups('schedule: "*/10 * * * *"'), backups('schedule: "@hourly"')],
  },
  {
    id: 'RONDB019',
    severity: 'error',
    title: 'the backup’s pods get no pull secrets',
    why: 'The CronJob leaves imagePullSecrets out, other than the rest of the chart. With images from a private registry its pods wait with ImagePullBackOff, and as runs may not overlap, no later backup starts either.',
    fix: 'Name the pull secrets in the ServiceAccount rondb-backups-sa, or make the images readable without.',
    fact: 'Rendered with chart 0.8.0: the CronJob has no imagePullSecrets, the restore’s Job has them.',
    check: (values) =>
      makesBackups(values) && values.list('imagePullSecrets').length > 0
        ? [{ path: 'imagePullSecrets', message: 'not given to the CronJob of the backups' }]
        : [],
    hits: [`${backups()}imagePullSecrets: [{ name: registry }]\n`],
    passes: [`${backups()}imagePullSecrets: []\n`, 'imagePullSecrets: [{ name: registry }]\n'],
  },
  {
    id: 'RONDB020',
    severity: 'warning',
    needsCluster: true,
    title: 'a quota of the namespace refuses the backup’s pods',
    why: 'No container of the CronJob asks for resources. A namespace with a quota and no defaults refuses such pods, and no backup is made.',
    fix: 'Give the namespace a LimitRange with defaults, or leave CPU and memory out of its quota.',
    fact: 'Rendered with chart 0.8.0: no resources on any container of the CronJob.',
  },
  {
    id: 'RONDB039',
    severity: 'warning',
    needsCluster: true,
    title: 'schedule and ids follow different clocks',
    why: 'The CronJob has no time zone and takes that of the cluster’s controller; the id is made with the clock and zone of the image. Where a zone has summer time, an hour comes twice and its ids too.',
    fix: 'Run controller and images in UTC, and choose an hour for backups.schedule that exists once every day.',
    fact: 'Read in chart 0.8.0: no timeZone on the CronJob, ids from the local calendar.',
  },
  {
    id: 'RONDB040',
    severity: 'error',
    needsCluster: true,
    title: 'two backup jobs are active on one cluster',
    why: 'The chart’s own CronJob and another one take ids and folders from each other, and each removes files that the other still needs.',
    fix: 'Set backups.enabled to false where another job makes the backups, or suspend that job.',
    fact: 'Read in chart 0.8.0: neither ids nor folders are reserved.',
  },
  {
    id: 'RONDB047',
    severity: 'warning',
    title: 'the schedule names a date that never comes',
    why: 'Kubernetes takes it, and no backup is ever made. That is right only where another job makes the backups and the chart’s own are on for the sake of its sidecar container.',
    fix: 'Write days that the months have; or ignore this rule with the name of the job that makes the backups.',
    fact: 'Read in Kubernetes: a schedule without a next run is valid.',
    check: (values) =>
      isTurnedOn(values) && readSchedule(schedule(values)) === 'never'
        ? [{ path: 'backups.schedule', message: `"${schedule(values)}" never runs` }]
        : [],
    hits: [backups('schedule: 0 0 31 2 *'), backups('schedule: 0 3 31 6,9 *')],
    passes: [backups('schedule: 0 0 29 2 *'), 'backups:\n  schedule: 0 0 31 2 *\n'],
  },
  {
    id: 'RONDB048',
    severity: 'warning',
    title: 'many backups start in the same minute',
    why: 'They share the store, the network and often the nodes. Each takes longer than alone, up to the point where it runs into the next one, which is then left out.',
    fix: 'Give each release another minute or hour in backups.schedule.',
    fact: 'Read in chart 0.8.0: the schedule is taken as it is, @weekly where there is none, and runs do not overlap.',
    checkFleet(releases) {
      const together = new Map<string, Release[]>();
      for (const release of releases.filter(({ values }) => makesBackups(values))) {
        const times = asFields(schedule(release.values));
        together.set(times, [...(together.get(times) ?? []), release]);
      }
      return [...together.values()]
        .filter((group) => group.length >= manyAtOnce)
        .flatMap((group) =>
          group.map(
            (release): FleetHit => ({
              release,
              path: 'backups.schedule',
              message: `"${schedule(release.values)}", together with ${group.length - 1} other releases`,
            }),
          ),
        );
    },
    fleetHits: [
      {
        blue: backups('schedule: "@daily"'),
        green: backups('schedule: 0 0 * * *'),
        red: backups('schedule: "@midnight"'),
      },
    ],
    fleetPasses: [
      {
        blue: backups('schedule: 0 1 * * *'),
        green: backups('schedule: 0 2 * * *'),
        red: backups('schedule: 0 3 * * *'),
      },
      { blue: backups(), green: backups(), red: 'backups:\n  enabled: false\n' },
    ],
  },
];
