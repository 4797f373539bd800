import { Construct } from 'constructs';
import { reportProblems, type WatchedCronJob } from '../kube/index.js';
import { rondbVerify } from '../scripts/index.js';
import { checkJob } from './checks.js';
import { addCronJob, watchedCronJob } from './cron-job.js';
import { verifyEnvironment } from './environment.js';
import { jobName } from './names.js';
import type { RonDBVerifyCronJobProps } from './props.generated.js';
import { type VerifySettings, verifySchema } from './props-schema.js';
import { addRunbook, verifyRunbook } from './runbook.js';
import { verifyTiming } from './timing.js';

/**
 * A CronJob that proves that the backups can still be read: it compares every set’s listing with its manifest, reads one
 * share of all bytes back from the store and compares their hashes. It has no rights in the cluster but to write its
 * outcome into one ConfigMap, and never writes to the store.
 *
 * Wrong props make no objects. What is wrong is said once for the whole app when it is synthesized.
 *
 * @example
 * ```ts
 * new RonDBVerifyCronJob(chart, 'verify', {
 *   repository: {
 *     cluster: RonDBCluster.fromUpstream({ namespace: 'rondb' }),
 *     store: ObjectStore.s3({
 *       bucket: 'rondb-backups', region: 'eu-north-1', credentials: Credentials.secret({ name: 'backup-store' }),
 *     }),
 *     clusterId: '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2',
 *   },
 *   schedule: '47 6 * * *',
 * });
 * ```
 */
export class RonDBVerifyCronJob extends Construct {
  /** The props with all defaults filled in, or undefined where they were refused. */
  readonly settings: VerifySettings | undefined;
  /** What `BackupAlerts` watches, or undefined where the props were refused. */
  readonly watched: WatchedCronJob | undefined;

  constructor(scope: Construct, id: string, props: RonDBVerifyCronJobProps) {
    super(scope, id);
    const { settings, timing, problems } = checkJob(verifySchema, props, this.node.path, verifyTiming);
    reportProblems(this, problems);
    if (!settings || !timing) return;
    this.settings = settings;
    const context = {
      kind: 'verify',
      name: jobName(settings.repository, 'verify'),
      settings,
      timing,
      script: rondbVerify,
      environment: verifyEnvironment(settings),
    } as const;
    this.watched = watchedCronJob(context);
    addCronJob(this, context);
    addRunbook(this, () => verifyRunbook(context));
  }
}
