import type { k8s } from 'cdk8s-plus-28';

interface WatcherJob {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly schedule: string;
  readonly timeZone: string;
  /** Seconds after which a run is stopped. */
  readonly longestRun: number;
  readonly pod: k8s.PodSpec;
}

/** The CronJob of what looks at backups: one run at a time, each tried once, because a failure is what it is there to tell. */
export function watcherCronJob({ name, namespace, labels, schedule, timeZone, longestRun, pod }: WatcherJob) {
  return {
    metadata: { name, namespace, labels },
    spec: {
      schedule,
      timeZone,
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels },
        spec: {
          backoffLimit: 0,
          activeDeadlineSeconds: longestRun,
          template: { metadata: { labels }, spec: pod },
        },
      },
    },
  } satisfies k8s.KubeCronJobProps;
}
