import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import {
  checkProps,
  containerSecurity,
  declareExternal,
  imageName,
  reportProblems,
  requests,
  type WatchedCronJob,
} from '../kube/index.js';
import { scriptFolder, type ValdVerifyVariable, valdVerify } from '../scripts/index.js';
import { rcloneEnvironment, rclonePath, storeVolumes } from '../store/index.js';
import { add, cronIntervals, mul, seconds, text } from '../units/index.js';
import type { ValdAgentWithBackup } from './agent.js';
import { repositoryUploader, storeBackup } from './backup-method.js';
import { watcherCronJob } from './cron-job.js';
import { externalReferences } from './external-references.js';
import { clusterFolder } from './names.js';
import { serviceAccountName } from './pod.js';
import { verifySchema } from './verify-schema.js';

/** Props of {@link ValdVerifyCronJob}. */
export interface ValdVerifyCronJobProps {
  /** The agents whose backups are verified; their uploader is the repository’s. */
  readonly agent: ValdAgentWithBackup;
  /** Five fields, as Kubernetes reads them. Hourly or more often, so that a pod without backups is soon noticed. */
  readonly schedule: string;
  /** IANA time zone that the schedule is in. @default "Etc/UTC" */
  readonly timeZone?: string | undefined;
  /** Longest time between two runs of the schedule, such as `24h`. @default - computed from the schedule */
  readonly longestInterval?: string | undefined;
  /** Into how many shares all files are divided; each run reads one back. @default 24 */
  readonly shares?: number | undefined;
  /** How much later than the uploader’s interval and timeout a pod may be found current. @default "10m" */
  readonly tolerance?: string | undefined;
  /** How long a run may take. @default "1h" */
  readonly timeout?: string | undefined;
}

/**
 * A CronJob that proves that the generations of all agents can still be read, and that each agent is backed up as often
 * as it should be: it compares listings with manifests, reads one share of the files back, and fails where a pod has not
 * been found current for longer than its interval, one upload and a tolerance. It has no rights in the cluster and never
 * writes to the store. `BackupAlerts` watches it by what kube-state-metrics tells of its CronJob.
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
 * const verify = new ValdVerifyCronJob(chart, 'verify', { agent, schedule: '23 * * * *' });
 * new BackupAlerts(chart, 'alerts', { watches: [verify] });
 * ```
 */
export class ValdVerifyCronJob extends Construct {
  /** What `BackupAlerts` watches, or undefined where the props were refused. */
  readonly watched: WatchedCronJob | undefined;

  constructor(scope: Construct, id: string, { agent, ...props }: ValdVerifyCronJobProps) {
    super(scope, id);
    const { settings: own, problems: found } = checkProps(verifySchema, props, this.node.path);
    const problems = [...found];
    const { settings, sizing } = agent;
    const backup = settings && storeBackup(settings.backup);
    const uploader = settings && repositoryUploader(settings.backup);
    if (settings && !uploader)
      problems.push({
        code: 'conflicting-properties',
        severity: 'error',
        where: { construct: this.node.path, property: 'agent' },
        message: 'only generations of the backup repository can be verified: one object for each pod says nothing',
        hint: 'Give the agent `uploader: Uploader.repository()`.',
      });
    reportProblems(this, problems);
    if (!own || !settings || !sizing || !backup || !uploader) return;

    const name = `${settings.name}-verify`;
    const { namespace } = agent;
    const labels = {
      'app.kubernetes.io/name': settings.appName,
      'app.kubernetes.io/instance': settings.release,
      'app.kubernetes.io/component': 'verify',
      'app.kubernetes.io/managed-by': 'chartwright',
    };
    const { longestInterval } = own;
    const longest = longestInterval === undefined ? cronIntervals(own.schedule)!.longest : seconds(longestInterval);
    const timeout = seconds(own.timeout);
    const interval = seconds(backup.backupInterval);
    const values: Readonly<Record<ValdVerifyVariable, string>> = {
      STORE_PATH: rclonePath(backup.store, clusterFolder(settings, backup, namespace)),
      CLUSTER_ID: backup.clusterId,
      STATEFUL_SET: settings.name,
      // With an autoscaler the smallest number is what there always is.
      REPLICAS: text(settings.replicas),
      OLDEST_SECONDS: text(add(mul(interval, 2), sizing.uploadTimeout, seconds(own.tolerance))),
      VERIFY_SHARE: text(own.shares),
      SHARE_SECONDS: text(longest),
      VERIFY_TIMEOUT_SECONDS: text(timeout),
      TRANSFERS: text(uploader.transfers),
    };
    const store = storeVolumes(backup.store);
    const account = serviceAccountName(settings);
    const active = add(timeout, 300);
    new k8s.KubeConfigMap(this, 'scripts', {
      metadata: { name: `${name}-scripts`, namespace, labels },
      data: Object.fromEntries([valdVerify, ...valdVerify.libraries].map((file) => [file.name, file.content])),
    });
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
        pod: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          ...(account === undefined ? {} : { serviceAccountName: account }),
          ...(settings.imagePullSecrets.length
            ? { imagePullSecrets: settings.imagePullSecrets.map((secret) => ({ name: secret })) }
            : {}),
          securityContext: {
            fsGroup: settings.runAsId,
            runAsGroup: settings.runAsId,
            runAsNonRoot: true,
            runAsUser: settings.runAsId,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'verify',
              image: imageName(settings.restoreImage, ''),
              imagePullPolicy: settings.restoreImage.pullPolicy,
              command: [...valdVerify.command],
              env: [
                ...valdVerify.environment.map((variable) => ({
                  name: variable.name,
                  value: values[variable.name],
                })),
                ...rcloneEnvironment(backup.store),
              ],
              resources: requests({ cpu: '100m', memory: '128Mi' }),
              securityContext: { ...containerSecurity(settings), readOnlyRootFilesystem: true },
              terminationMessagePolicy: 'FallbackToLogsOnError',
              volumeMounts: [
                { name: 'scripts', mountPath: scriptFolder, readOnly: true },
                { name: 'tmp', mountPath: '/tmp' },
                ...store.map(({ mount }) => mount),
              ],
            },
          ],
          volumes: [
            { name: 'scripts', configMap: { name: `${name}-scripts`, defaultMode: 420 } },
            { name: 'tmp', emptyDir: {} },
            ...store.map(({ volume }) => volume),
          ],
        },
      }),
    );
    declareExternal(cronJob, externalReferences({ ...settings, priority: { type: 'none' }, external: [] }));
    this.watched = {
      kind: 'verification',
      namespace,
      cronJob: name,
      schedule: own.schedule,
      longestRun: active,
      ...(longestInterval === undefined ? {} : { longestInterval }),
    };
  }
}
