import { ApiObject, Cron, Duration, JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';

/** A nightly report: the schedule is the installer's, everything else is in the image. */
const chart = (scheduled: (scope: Construct, schedule: string, props: kplus.CronJobProps) => void) =>
  defineChart(
    {
      name: 'cron-report',
      version: '0.3.0',
      values: z.object({
        image: z.string().min(1).default('registry.example.com/report:7'),
        schedule: z.string().min(1).default('0 3 * * *'),
        timeZone: z.string().min(1).optional(),
        suspend: z.boolean().default(false),
        overlap: z.enum(['Allow', 'Forbid', 'Replace']).default('Forbid'),
        recipients: z.array(z.string().min(1)).default([]),
        keep: z.int().min(0).max(10).default(3),
      }),
      examples: { berlin: { timeZone: 'Europe/Berlin', recipients: ['ops@example.com'] } },
    },
    (scope, values) => {
      scheduled(scope, values.schedule, {
        schedule: Cron.daily(),
        ...(values.timeZone ? { timeZone: values.timeZone } : {}),
        suspend: values.suspend,
        concurrencyPolicy: values.overlap as kplus.ConcurrencyPolicy,
        successfulJobsRetained: values.keep,
        failedJobsRetained: values.keep,
        startingDeadline: Duration.minutes(10),
        containers: [
          { image: values.image, args: ['--mail', ...values.recipients.flatMap((address) => ['--to', address])] },
        ],
      });
    },
  );

/** The library wants the schedule in five parts. */
export const cronReport = chart((scope, schedule, props) => {
  const [minute = '*', hour = '*', day = '*', month = '*', weekDay = '*'] = schedule.split(' ');
  new kplus.CronJob(scope, 'report', { ...props, schedule: new Cron({ minute, hour, day, month, weekDay }) });
});

/** The schedule is passed on as it is. */
export const cronReportMended = chart((scope, schedule, props) => {
  const job = new kplus.CronJob(scope, 'report', props);
  ApiObject.of(job).addJsonPatch(JsonPatch.replace('/spec/schedule', schedule));
});
