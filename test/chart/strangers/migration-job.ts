import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';
import { mul } from '../../../src/units/index.js';

/** A job that runs before each upgrade. */
const chart = (minutes: (count: number) => Duration) =>
  defineChart(
    {
      name: 'migration-job',
      version: '1.0.0',
      values: z.object({
        image: z.string().min(1).default('registry.example.com/migrate:12'),
        retries: z.int().min(0).max(10).default(3),
        deadlineMinutes: z.int().min(1).max(600).default(15),
        keepSeconds: z.int().min(0).optional(),
        target: z.string().min(1).default('latest'),
        dryRun: z.boolean().default(false),
      }),
    },
    (scope, values) => {
      const job = new kplus.Job(scope, 'migrate', {
        backoffLimit: values.retries,
        activeDeadline: minutes(values.deadlineMinutes),
        ...(values.keepSeconds === undefined ? {} : { ttlAfterFinished: Duration.seconds(values.keepSeconds) }),
        restartPolicy: kplus.RestartPolicy.NEVER,
      });
      job.metadata.addAnnotation('helm.sh/hook', 'pre-install,pre-upgrade');
      job.metadata.addAnnotation('helm.sh/hook-delete-policy', 'before-hook-creation');
      job.addContainer({
        image: values.image,
        command: ['migrate', '--to', values.target, ...(values.dryRun ? ['--dry-run'] : [])],
      });
    },
  );

/** The library calculates with the number. */
export const migrationJob = chart((count) => Duration.minutes(count));

/** The chart calculates too. */
export const migrationJobMended = chart((count) => Duration.seconds(mul(count, 60)));
