import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { WatchedCronJob } from '../kube/index.js';
import { seconds } from '../units/index.js';
import { addJobObjects, declareJobExternal } from './job-objects.js';
import { objectLabels } from './names.js';
import { type JobContext, jobSpec } from './pod.js';
import type { BackupSettings, VerifySettings } from './props-schema.js';

/** A job that runs by a schedule. */
export interface CronJobContext extends JobContext {
  readonly settings: BackupSettings | VerifySettings;
}

/** The CronJob with everything that it needs. */
export function addCronJob(scope: Construct, context: CronJobContext): void {
  const { settings, kind, name } = context;
  const { repository } = settings;
  const labels = objectLabels(repository, kind);
  addJobObjects(scope, context);
  const cronJob = new k8s.KubeCronJob(scope, 'cron-job', {
    metadata: { name, namespace: repository.cluster.namespace, labels },
    spec: {
      schedule: settings.schedule,
      timeZone: settings.timeZone,
      suspend: settings.suspend,
      // Only what the schedule starts; the lease keeps apart what people start beside it.
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: seconds(settings.startingDeadline),
      successfulJobsHistoryLimit: settings.successfulJobsHistoryLimit,
      failedJobsHistoryLimit: settings.failedJobsHistoryLimit,
      jobTemplate: {
        metadata: { labels },
        spec: {
          ...jobSpec(context),
          ...(settings.ttlAfterFinished === undefined
            ? {}
            : { ttlSecondsAfterFinished: seconds(settings.ttlAfterFinished) }),
        },
      },
    },
  });
  declareJobExternal(cronJob, settings, kind === 'backup');
}

/** What alerts must know of it. */
export function watchedCronJob({ settings, name, timing, kind }: CronJobContext): WatchedCronJob {
  return {
    kind: kind === 'backup' ? 'backup' : 'verification',
    namespace: settings.repository.cluster.namespace,
    cronJob: name,
    schedule: settings.schedule,
    longestRun: timing.active,
    ...(settings.pushgateway === undefined ? {} : { metrics: 'pushgateway' }),
  };
}
