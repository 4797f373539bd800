import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { checkProps, declareExternal, reportProblems, type WatchedCronJob } from '../kube/index.js';
import { valdDrillRestore, valdDrillSearch } from '../scripts/index.js';
import { add } from '../units/index.js';
import type { ValdAgentWithBackup } from './agent.js';
import { repositoryUploader, storeBackup } from './backup-method.js';
import { watcherCronJob } from './cron-job.js';
import { drillConfig, drillPod, drillTimeouts } from './drill-pod.js';
import { drillSchema } from './drill-schema.js';
import { externalReferences } from './external-references.js';

/** Props of {@link ValdRestoreDrillCronJob}. */
export interface ValdRestoreDrillCronJobProps {
  /** The agents whose backups are restored; their uploader is the repository’s. */
  readonly agent: ValdAgentWithBackup;
  /** When a pod is restored: five fields, as Kubernetes reads them. */
  readonly schedule: string;
  /** IANA time zone that the schedule is in. @default "Etc/UTC" */
  readonly timeZone?: string | undefined;
  /** The number of the one replica that is restored. @default - the replicas take turns */
  readonly replica?: number | undefined;
  /** How many vectors are searched in the restored index, at most 100; nine in ten must be found. @default 20 */
  readonly searches?: number | undefined;
}

/**
 * A CronJob that proves that a lost disk comes back: each run restores the newest generation of one pod into a scratch
 * pod, starts the real agent on it with the settings of the agents, and compares what it serves with the manifest: the
 * hash of every file, the number of vectors, what searches found when the backup was made, and that searches by a sample
 * of ids find these vectors. The last line of its log says how long that took. Runs take the pods in turn. It has no rights in the cluster, never writes to the
 * store, and the scratch pod is reached by no Service. `BackupAlerts` watches it by what kube-state-metrics tells of its
 * CronJob.
 *
 * A scratch pod needs the memory and twice the disk of one index.
 *
 * @example
 * ```ts
 * const agent = new ValdAgentWithBackup(chart, 'agent', {
 *   namespace: 'vald',
 *   ngt: { dimension: 784 },
 *   backup: BackupMethod.both({
 *     volume: { size: '100Gi' },
 *     store: ObjectStore.s3({
 *       bucket: 'vald-backups', region: 'eu-north-1', credentials: Credentials.secret({ name: 'aws-secret' }),
 *     }),
 *     clusterId: '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2',
 *     uploader: Uploader.repository(),
 *   }),
 * });
 * const drill = new ValdRestoreDrillCronJob(chart, 'drill', { agent, schedule: '41 4 * * *' });
 * new BackupAlerts(chart, 'alerts', { watches: [drill] });
 * ```
 */
export class ValdRestoreDrillCronJob extends Construct {
  /** What `BackupAlerts` watches, or undefined where the props were refused. */
  readonly watched: WatchedCronJob | undefined;

  constructor(scope: Construct, id: string, { agent, ...props }: ValdRestoreDrillCronJobProps) {
    super(scope, id);
    const { settings: own, problems: found } = checkProps(drillSchema, props, this.node.path);
    const problems = [...found];
    const { settings, sizing, namespace } = agent;
    const backup = settings && storeBackup(settings.backup);
    const uploader = settings && repositoryUploader(settings.backup);
    if (settings && !uploader)
      problems.push({
        code: 'conflicting-properties',
        severity: 'error',
        where: { construct: this.node.path, property: 'agent' },
        message: 'only generations of the backup repository can be drilled: they say what they hold',
        hint: 'Give the agent `uploader: Uploader.repository()`.',
      });
    const highest = settings && (settings.autoscaling?.maxReplicas ?? settings.replicas) - 1;
    if (own?.replica !== undefined && highest !== undefined && own.replica > highest)
      problems.push({
        code: 'invalid-property',
        severity: 'error',
        where: { construct: this.node.path, property: 'replica' },
        message: 'there is no such replica',
        got: `${own.replica}`,
        allowed: `0 to ${highest}`,
        hint: 'Leave it out to have the replicas take turns.',
      });
    reportProblems(this, problems);
    if (!own || !settings || !sizing || !backup || problems.length > 0) return;

    const name = `${settings.name}-drill`;
    const labels = {
      'app.kubernetes.io/name': settings.appName,
      'app.kubernetes.io/instance': settings.release,
      'app.kubernetes.io/component': 'drill',
      'app.kubernetes.io/managed-by': 'chartwright',
    };
    const scripts = [valdDrillRestore, ...valdDrillRestore.libraries, valdDrillSearch, ...valdDrillSearch.libraries];
    new k8s.KubeConfigMap(this, 'scripts', {
      metadata: { name: `${name}-scripts`, namespace, labels },
      data: Object.fromEntries(scripts.map((file) => [file.name, file.content])),
    });
    new k8s.KubeConfigMap(this, 'config', {
      metadata: { name: `${name}-config`, namespace, labels },
      data: { 'config.yaml': drillConfig(settings, sizing) },
    });
    const timeouts = drillTimeouts(sizing);
    const active = add(timeouts.restore, timeouts.agent, 300);
    const cronJob = new k8s.KubeCronJob(
      this,
      'cron-job',
      watcherCronJob({
        name,
        namespace,
        labels,
        schedule: own.schedule,
        timeZone: own.timeZone,
        longestRun: active,
        pod: drillPod({ name, settings, sizing, namespace, backup, own }),
      }),
    );
    declareExternal(cronJob, externalReferences({ ...settings, priority: { type: 'none' } }));
    this.watched = { kind: 'drill', namespace, cronJob: name, schedule: own.schedule, longestRun: active };
  }
}
