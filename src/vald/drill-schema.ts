import { z } from 'zod';
import { cronIntervals, cronSchedule, timeZone } from '../units/index.js';

/** Schema of the props of ValdRestoreDrillCronJob beside the agent. */
export const drillSchema = z.strictObject({
  schedule: cronSchedule()
    .refine((schedule) => cronIntervals(schedule) !== undefined, 'never runs')
    .describe('When a pod is restored: five fields, as Kubernetes reads them.'),
  timeZone: timeZone().default('Etc/UTC').describe('IANA time zone that the schedule is in.'),
  replica: z
    .int()
    .min(0)
    .optional()
    .describe('The number of the one replica that is restored.')
    .meta({ defaultText: 'the replicas take turns' }),
  searches: z
    .int()
    .min(1)
    .max(100)
    .default(20)
    .describe('How many vectors are searched in the restored index; nine in ten must be found.'),
});

/** The props with all defaults filled in. */
export type DrillSettings = z.output<typeof drillSchema>;
