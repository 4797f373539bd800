import { Construct } from 'constructs';
import { reportProblems, type WatchedCronJob } from '../kube/index.js';
import { rondbBackup } from '../scripts/index.js';
import { checkJob } from './checks.js';
import { addCronJob, watchedCronJob } from './cron-job.js';
import { backupEnvironment } from './environment.js';
import { jobName } from './names.js';
import type { RonDBBackupCronJobProps } from './props.generated.js';
import { type BackupSettings, backupSchema } from './props-schema.js';
import { addRunbook, backupRunbook } from './runbook.js';
import { backupTiming } from './timing.js';

/**
 * A CronJob that backs a RonDB cluster up: native backup, users and schemas, hashed where they are, uploaded, read back,
 * and only then committed by the manifest. What is not whole is no backup; what is removed is removed after that. A
 * Lease keeps runs apart, also those started by `kubectl create job --from`.
 *
 * It attaches to a cluster that is there, such as one of rondb-helm, and changes nothing of it.
 * `docs/rondb-deviations.md` lists where it does other than upstream’s own backup, with the reason.
 *
 * Wrong props make no objects. What is wrong is said once for the whole app when it is synthesized.
 *
 * @example
 * ```ts
 * new RonDBBackupCronJob(chart, 'backup', {
 *   repository: {
 *     cluster: RonDBCluster.fromUpstream({ namespace: 'rondb', numNodeGroups: 2 }),
 *     store: ObjectStore.s3({
 *       bucket: 'rondb-backups', region: 'eu-north-1', credentials: Credentials.secret({ name: 'backup-store' }),
 *     }),
 *     clusterId: '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2', // make your own: uuidgen
 *   },
 *   schedule: '17 2 * * *',
 *   retention: { keepLast: 3, keepDaily: 14, keepMonthly: 12 },
 * });
 * ```
 */
export class RonDBBackupCronJob extends Construct {
  /** The props with all defaults filled in, or undefined where they were refused. */
  readonly settings: BackupSettings | undefined;
  /** What `BackupAlerts` watches, or undefined where the props were refused. */
  readonly watched: WatchedCronJob | undefined;

  constructor(scope: Construct, id: string, props: RonDBBackupCronJobProps) {
    super(scope, id);
    const { settings, timing, problems } = checkJob(backupSchema, props, this.node.path, backupTiming);
    reportProblems(this, problems);
    if (!settings || !timing) return;
    this.settings = settings;
    const context = {
      kind: 'backup',
      name: jobName(settings.repository, 'backup'),
      settings,
      timing,
      script: rondbBackup,
      environment: backupEnvironment(settings, timing),
    } as const;
    this.watched = watchedCronJob(context);
    addCronJob(this, context);
    addRunbook(this, () => backupRunbook(context));
  }
}
