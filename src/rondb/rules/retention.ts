import type { EffectiveValues, Rule, RuleHit } from '../../values/index.js';
import { ageLimit, intervals, makesBackups, printTime } from './backup-state.js';
import { backups } from './examples.js';

/** How often the longest time between two backups fits into the age limit; undefined where there is no saying. */
function generations(values: EffectiveValues): number | undefined {
  const limit = ageLimit(values);
  const time = intervals(values);
  return makesBackups(values) && limit !== undefined && limit > 0 && time ? limit / time.longest : undefined;
}

function tooShort(values: EffectiveValues): RuleHit[] {
  const interval = intervals(values)!.longest;
  return [
    {
      path: 'backups.ttl',
      message: `${values.text('backups.ttl')}, with up to ${printTime(interval)} between two backups`,
    },
  ];
}

/** Rules about how long backups are kept. */
export const retentionRules: readonly Rule[] = [
  {
    id: 'RONDB006',
    severity: 'error',
    title: 'every backup is old at once',
    why: 'With an age limit of zero each run deletes all other backups. One bad backup, and there is no good one left.',
    fix: 'Set backups.ttl to several times the schedule’s interval, such as 30d.',
    fact: 'Read in chart 0.8.0: the schema takes 0d and 0h, and only the run’s own id is spared.',
    check: (values) =>
      makesBackups(values) && ageLimit(values) === 0
        ? [{ path: 'backups.ttl', message: `${values.text('backups.ttl')}: all backups but the newest are deleted` }]
        : [],
    hits: [backups('ttl: 0d'), backups('ttl: 00h')],
    passes: [backups('ttl: 30d'), 'backups:\n  enabled: false\n  ttl: 0d\n'],
  },
  {
    id: 'RONDB007',
    severity: 'error',
    title: 'one failed backup, and no older one is left',
    why: 'The age limit is shorter than twice the time between backups. When a run fails, the next successful one deletes all that are older, and it has never been restored from.',
    fix: 'Set backups.ttl to four times the longest time between two backups or more.',
    fact: 'Read in chart 0.8.0: age alone decides, nothing keeps a number of backups.',
    check(values) {
      const count = generations(values);
      return count !== undefined && count < 2 ? tooShort(values) : [];
    },
    hits: [
      backups('schedule: 17 3 * * *', 'ttl: 36h'),
      backups('ttl: 10d'),
      backups('schedule: 17 3 * * 1-5', 'ttl: 5d'),
    ],
    passes: [
      backups('schedule: 17 3 * * *', 'ttl: 2d'),
      backups('ttl: 21d'),
      'backups:\n  schedule: 17 3 * * *\n  ttl: 1d\n',
    ],
  },
  {
    id: 'RONDB008',
    severity: 'warning',
    title: 'backups are never deleted',
    why: 'Without an age limit the bucket grows for ever; somebody deletes by hand one day, and deletes too much.',
    fix: 'Set backups.ttl, for example to 30d, or give the bucket a rule of its own.',
    fact: 'Rendered with chart 0.8.0: no container that cleans up without ttl.',
    check: (values) =>
      makesBackups(values) && !values.isTrue('backups.ttl')
        ? [{ path: 'backups.ttl', message: 'not set, so nothing is ever deleted' }]
        : [],
    hits: [backups()],
    passes: [backups('ttl: 30d'), 'backups:\n  enabled: false\n'],
  },
  {
    id: 'RONDB041',
    severity: 'warning',
    title: 'two failed backups, and no older one is left',
    why: 'The age limit is shorter than three times the time between backups: a weekend with failing runs leaves one backup, or none that was ever tested.',
    fix: 'Set backups.ttl to four times the longest time between two backups or more.',
    fact: 'Read in chart 0.8.0: age alone decides, nothing keeps a number of backups.',
    check(values) {
      const count = generations(values);
      return count !== undefined && count >= 2 && count < 3 ? tooShort(values) : [];
    },
    hits: [backups('schedule: 17 3 * * *', 'ttl: 48h'), backups('ttl: 20d')],
    passes: [backups('schedule: 17 3 * * *', 'ttl: 3d'), backups('schedule: 17 3 * * *', 'ttl: 1d')],
  },
];
