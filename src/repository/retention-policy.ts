import { z } from 'zod';
import { duration, seconds, text, wholeNumber } from '../units/index.js';

const periods = (name: string, detail: string) =>
  wholeNumber(0, 1_000_000)
    .default(0)
    .describe(`Of how many ${name} the newest set stays, counted over ${name} that have one. ${detail}`);

/**
 * Schema of the rules by which committed sets stay. A set stays when any rule keeps it; the newest committed set always
 * does. Days, weeks, months and years are those of UTC: with another time zone a change of its rules could regroup sets.
 */
export const retentionSchema = z
  .strictObject({
    keepLast: wholeNumber(1, 1_000_000)
      .default(3)
      .describe('How many of the newest sets stay whatever their age, so that one wrong clock cannot age them all.'),
    keepWithin: duration()
      .optional()
      .describe('Sets that finished within this time before the newest one stay: when backups stop, nothing ages.')
      .meta({ defaultText: 'no rule by age' }),
    keepDaily: periods('days', 'A day begins at 00:00 UTC.'),
    keepWeekly: periods('weeks', 'A week begins on Monday at 00:00 UTC.'),
    keepMonthly: periods('months', 'A month begins on its first day at 00:00 UTC.'),
    keepYearly: periods('years', 'A year begins on 1 January at 00:00 UTC.'),
  })
  .meta({ id: 'Retention' });

/** Retention rules with all defaults filled in. */
export type RetentionSettings = z.output<typeof retentionSchema>;

/** Retention rules as the plan and the script take them. 0 means that there is no such rule. */
export interface RetentionPolicy {
  /** 1 or more. */
  readonly keepLast: number;
  readonly keepWithinSeconds: number;
  readonly keepDaily: number;
  readonly keepWeekly: number;
  readonly keepMonthly: number;
  readonly keepYearly: number;
  /** How long a set without manifest may still be in progress: longer than any run is allowed to take. 1 or more. */
  readonly leftoverGraceSeconds: number;
}

/** The rules as numbers. */
export function retentionPolicy(settings: RetentionSettings, leftoverGraceSeconds: number): RetentionPolicy {
  const { keepLast, keepWithin, keepDaily, keepWeekly, keepMonthly, keepYearly } = settings;
  const keepWithinSeconds = keepWithin === undefined ? 0 : seconds(keepWithin);
  return { keepLast, keepWithinSeconds, keepDaily, keepWeekly, keepMonthly, keepYearly, leftoverGraceSeconds };
}

/** The rules as environment of `repository-retention.sh`. */
export function retentionEnvironment(policy: RetentionPolicy) {
  return {
    KEEP_LAST: text(policy.keepLast),
    KEEP_WITHIN_SECONDS: text(policy.keepWithinSeconds),
    KEEP_DAILY: text(policy.keepDaily),
    KEEP_WEEKLY: text(policy.keepWeekly),
    KEEP_MONTHLY: text(policy.keepMonthly),
    KEEP_YEARLY: text(policy.keepYearly),
    LEFTOVER_GRACE_SECONDS: text(policy.leftoverGraceSeconds),
  };
}
