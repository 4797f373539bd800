import { z } from 'zod';
import { cronIntervals, cronSchedule, duration, timeZone, wholeNumber } from '../units/index.js';

/** Schema of the props of ValdVerifyCronJob beside the agent. */
export const verifySchema = z.strictObject({
  schedule: cronSchedule()
    .refine((schedule) => cronIntervals(schedule) !== undefined, 'never runs')
    .describe('When backups are verified: five fields, as Kubernetes reads them.'),
  timeZone: timeZone().default('Etc/UTC').describe('IANA time zone that the schedule is in.'),
  longestInterval: duration()
    .optional()
    .describe('Longest time between two runs of the schedule.')
    .meta({ defaultText: 'computed from the schedule' }),
  shares: wholeNumber(1, 10_000)
    .default(24)
    .describe('Into how many shares all files are divided; each run reads one back.'),
  tolerance: duration()
    .default('10m')
    .describe('How much later than the uploader’s interval and timeout a pod may be found current.'),
  timeout: duration().default('1h').describe('How long a run may take.'),
});
