import type { ApiObject } from 'cdk8s';
import { z } from 'zod';
import { passThrough, setField } from '../chart/index.js';
import { duration } from '../units/index.js';

/** A chart's value that goes into an object of Kubernetes as the user writes it. */
export const givenObject = (description = '') => passThrough().optional().describe(description);

/** A list of {@link givenObject}. */
export const givenObjects = (description = '') => z.array(passThrough()).default([]).describe(description);

/** Labels or annotations as a chart's value. @default {} */
export const givenLabels = () => z.record(z.string(), z.string()).default({});

/** Five fields as far as a pattern can say them; the API server knows the rest, and so refuses `5-3`. */
const schedulePattern = (() => {
  const field = (value: string) => {
    const range = `(\\*|(${value})(-(${value}))?)(/[1-9][0-9]?)?`;
    return `${range}(,${range})*`;
  };
  const fields = ['[0-5]?[0-9]', '[01]?[0-9]|2[0-3]', '0?[1-9]|[12][0-9]|3[01]', '0?[1-9]|1[0-2]|[A-Za-z]{3}'];
  return `^${[...fields, '[0-6]|[A-Za-z]{3}'].map(field).join(' ')}$`;
})();

/**
 * The values of a CronJob's schedule in a chart. Which schedules and time zones there are is more than a schema of
 * Helm's can say, and no template can compute the times between two runs: so the longest of them is a value too.
 *
 * @param usual the default schedule
 * @param longest the longest time between two of its runs
 */
export const scheduleValues = (usual: string, longest: string) => ({
  schedule: z
    .string()
    .regex(new RegExp(schedulePattern), 'not five fields')
    .meta({ examples: [usual, '*/30 8-18 * * MON-FRI', '0 3 1,15 * *'] })
    .default(usual)
    .describe('Minute, hour, day of the month, month and day of the week, as Kubernetes reads them.'),
  longestInterval: duration()
    .default(longest)
    .describe(
      'Longest time between two runs of the schedule; change both together. An alert comes when the last success is older.',
    ),
  timeZone: z
    .string()
    .regex(/^(UTC|GMT|[A-Z][A-Za-z_]+(\/[A-Za-z0-9+_-]+)+)$/, 'not an IANA name')
    .meta({ examples: ['Etc/UTC', 'Europe/Stockholm', 'America/Argentina/Buenos_Aires'] })
    .default('Etc/UTC')
    .describe('IANA time zone that the schedule is in.'),
});

/** Stands in a CronJob until {@link putSchedule} puts the user's there. */
export const standingSchedule = '0 0 * * *';

/** Puts what a chart's user gave as {@link scheduleValues} into a CronJob: the API server judges it. */
export function putSchedule(cronJob: ApiObject, given: { readonly schedule: string; readonly timeZone: string }): void {
  setField(cronJob, '/spec/schedule', given.schedule);
  setField(cronJob, '/spec/timeZone', given.timeZone);
}

/** The value of a chart that adds a PrometheusRule, as `BackupAlerts` takes it. */
export const alertValues = () =>
  z
    .object({
      labels: givenLabels().describe(
        'Labels by which a Prometheus finds the rule: kube-prometheus-stack wants `release`.',
      ),
      alertLabels: givenLabels().describe('More labels of every alert, such as `team`; `severity` is ours.'),
      tolerance: duration().default('1h').describe('How much later than the schedule allows a success may come.'),
    })
    .optional();
