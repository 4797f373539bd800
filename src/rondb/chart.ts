import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { artifactHub, defineChart, type HelmChart, setField } from '../chart/index.js';
import {
  addMetadata,
  BackupAlerts,
  type GivenObject,
  leaveToCluster,
  passOnToPod,
  putSchedule,
  standingSchedule,
  type WatchedCronJob,
} from '../kube/index.js';
import { packageVersion } from '../scripts/index.js';
import { join } from '../units/index.js';
import { RonDBBackupCronJob } from './backup.js';
import { rondbBackupExamples } from './chart-examples.js';
import { rondbBackupNotes, rondbBackupReadme } from './chart-texts.js';
import { type RonDBBackupValues, rondbBackupValues } from './chart-values.js';
import type { JobKind } from './names.js';
import type { RonDBRepositorySettings } from './repository-schema.js';
import { RonDBRestoreJob } from './restore.js';
import { RonDBVerifyCronJob } from './verify.js';

const metadata = {
  name: 'rondb-backup',
  version: packageVersion,
  description: 'Backups of a RonDB cluster that provably restore: backup, verification, restore and alerts',
  kubeVersion: '>=1.28.0-0',
  keywords: ['rondb', 'ndb', 'mysql', 'backup', 'restore', 's3'],
  notes: rondbBackupNotes,
  readme: rondbBackupReadme,
  annotations: artifactHub({
    license: 'Apache-2.0',
    changes: [{ kind: 'added', description: 'Backup, verification, restore and alerts of a RonDB cluster.' }],
    links: [{ name: 'RonDB', url: 'https://docs.rondb.com' }],
  }),
};

/**
 * The Helm chart of {@link RonDBBackupCronJob}, {@link RonDBVerifyCronJob}, {@link RonDBRestoreJob} and
 * {@link BackupAlerts}, which share one repository. It is installed into the cluster's namespace. A restore's Job is named
 * by `restore.id`: a Job cannot be changed, so other values under the same id are refused by the cluster, and nothing
 * restores a second time because a chart's new version has other scripts.
 *
 * @example
 * ```ts
 * const { files } = rondbBackupChart().generate();
 * ```
 */
export function rondbBackupChart(): HelmChart<typeof rondbBackupValues> {
  return defineChart(
    { ...metadata, values: rondbBackupValues, examples: rondbBackupExamples },
    (scope, values, release) => {
      leaveToCluster(scope);
      const { backup, verify, restore, prometheusRule, commonLabels, commonAnnotations } = values;
      const { image, imagePullSecrets, temporarySize, nodeSelector, priorityClassName, podLabels, podAnnotations } =
        values;
      const repository = repositoryOf(values, release.namespace);
      const pod = {
        repository,
        image,
        imagePullSecrets,
        temporarySize,
        nodeSelector,
        priorityClassName,
        podLabels,
        podAnnotations,
        runAsId: values.runAsId,
        networkPolicy: values.networkPolicy && {},
      };
      const scheduled = { ...pod, pushgateway: values.pushgateway, schedule: standingSchedule };
      const watches: { watched: WatchedCronJob | undefined }[] = [];
      if (backup.enabled) {
        const { enabled: _, longestInterval, resources, schedule, timeZone, ...own } = backup;
        const job = new RonDBBackupCronJob(scope, 'backup', { ...scheduled, ...own });
        watches.push({ watched: job.watched && { ...job.watched, longestInterval } });
        passOnToJob(job, 'backup', values, resources, { schedule, timeZone });
      }
      if (verify.enabled) {
        const { enabled: _, longestInterval, resources, schedule, timeZone, ...own } = verify;
        const job = new RonDBVerifyCronJob(scope, 'verify', { ...scheduled, ...own });
        watches.push({ watched: job.watched && { ...job.watched, longestInterval } });
        passOnToJob(job, 'verify', values, resources, { schedule, timeZone });
      }
      if (restore.enabled) {
        const { enabled: _, id, backupId, resources, ...own } = restore;
        if (id === undefined) throw new Error('restore.id is required with restore.enabled: each restore has its own');
        const which = { id, backupId: backupId ?? ('latest' as const) };
        const job = new RonDBRestoreJob(scope, 'restore', { ...pod, ...own, ...which });
        passOnToJob(job, 'restore', values, resources);
      }
      if (prometheusRule && watches.length > 0)
        new BackupAlerts(scope, 'alerts', {
          ...prometheusRule,
          watches,
          name: join('-', values.fullnameOverride, 'backup-alerts'),
        });
      addMetadata(scope, { labels: commonLabels, annotations: commonAnnotations });
    },
  );
}

function repositoryOf({ repository, ...values }: RonDBBackupValues, namespace: string): RonDBRepositorySettings {
  const { cluster } = repository;
  const managementHost = cluster.managementHost ?? `mgmds-0.headless-mgmds.${namespace}.svc.cluster.local`;
  return {
    ...repository,
    name: values.fullnameOverride,
    appName: values.nameOverride,
    cluster: { ...cluster, namespace, managementHost },
  };
}

/** What the user gave for a job, its pod and its policy, where the job was not refused. */
function passOnToJob(
  job: Construct,
  kind: JobKind,
  values: RonDBBackupValues,
  resources?: GivenObject,
  times?: { readonly schedule: string; readonly timeZone: string },
): void {
  const object = job.node.tryFindChild(kind === 'restore' ? 'job' : 'cron-job') as ApiObject | undefined;
  if (!object) return;
  if (times) putSchedule(object, times);
  const podSpec = `/spec${kind === 'restore' ? '' : '/jobTemplate/spec'}/template/spec`;
  const { env, volumeMounts } = values;
  passOnToPod(object, podSpec, values, new Map([[kind, { resources, env, volumeMounts }]]));
  if (values.networkPolicy)
    setField(job.node.findChild('network-policy') as ApiObject, '/spec/egress', values.networkPolicy.egress);
}
