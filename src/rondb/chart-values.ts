import { z } from 'zod';
import { passThrough } from '../chart/index.js';
import { alertValues, givenLabels, givenObject, givenObjects, scheduleValues } from '../kube/index.js';
import { objectStoreValues } from '../store/index.js';
import { largestBackupId } from '../units/index.js';
import { clusterSchema } from './cluster.js';
import { jobFields, scheduleFields } from './job-schema.js';
import { backupSchema, restoreSchema, verifySchema } from './props-schema.js';
import { repositorySchema } from './repository-schema.js';

const { name, appName } = repositorySchema.shape;
const { repository: _, resources: job, serviceAccount, ...podFields } = jobFields;
const { pushgateway } = scheduleFields;

const resources = givenObject(job.description);

const scheduled = (usual: string) => ({
  ...scheduleValues(usual, '24h'),
  suspend: scheduleFields.suspend,
  startingDeadline: scheduleFields.startingDeadline,
  activeDeadline: scheduleFields.activeDeadline,
  successfulJobsHistoryLimit: scheduleFields.successfulJobsHistoryLimit,
  failedJobsHistoryLimit: scheduleFields.failedJobsHistoryLimit,
  ttlAfterFinished: scheduleFields.ttlAfterFinished,
});

/** The values of the chart rondb-backup: the props of its constructs, without what the release knows. */
export const rondbBackupValues = z.object({
  fullnameOverride: name.describe(
    'Start of the objects’ names, at most 32 characters. A second release in one namespace needs another one.',
  ),
  nameOverride: appName,
  commonLabels: givenLabels().describe('More labels on every object; ours win.'),
  commonAnnotations: givenLabels().describe('More annotations on every object; ours win.'),
  repository: z
    .object({
      cluster: z
        .object({
          ...clusterSchema.omit({ namespace: true }).shape,
          managementHost: clusterSchema.shape.managementHost
            .optional()
            .describe('Host of the management server; left out, that of a release of rondb-helm in this namespace.'),
        })
        .describe('The cluster: it is in the namespace of the release, because exec needs a Role there.'),
      store: objectStoreValues.describe('Where the backups are kept.'),
      ...repositorySchema.omit({ name: true, appName: true, cluster: true, store: true }).shape,
    })
    .describe('What backup, verification and restore share: the cluster, the store, the identity.'),
  ...podFields,
  affinity: givenObject(podFields.affinity.description),
  tolerations: givenObjects(podFields.tolerations.description),
  topologySpreadConstraints: givenObjects(podFields.topologySpreadConstraints.description),
  env: givenObjects(podFields.env.description),
  volumes: givenObjects(podFields.volumes.description),
  volumeMounts: givenObjects(podFields.volumeMounts.description),
  networkPolicy: z
    .object({
      egress: z
        .array(passThrough())
        .optional()
        .describe('Egress rules in place of ours: DNS, the API server, the store and the Pushgateway.'),
    })
    .optional()
    .describe('NetworkPolicies that let nothing into the pods, and out what they need. Left out, there are none.'),
  pushgateway,
  backup: z
    .object({
      enabled: z.boolean().default(true).describe('Whether there is a CronJob that takes backups.'),
      ...scheduled('17 2 * * *'),
      ...backupSchema.pick({
        retention: true,
        nativeBackupTimeout: true,
        retentionTimeout: true,
        schemaAttempts: true,
        minimumFreePercent: true,
      }).shape,
      resources,
      serviceAccount,
    })
    .prefault({}),
  verify: z
    .object({
      enabled: z.boolean().default(true).describe('Whether there is a CronJob that reads the backups back.'),
      ...scheduled('47 6 * * *'),
      ...verifySchema.pick({ shares: true }).shape,
      resources,
      serviceAccount,
    })
    .prefault({}),
  restore: z
    .object({
      enabled: z
        .boolean()
        .default(false)
        .describe(
          'Whether there is a restore Job. Without `run` it is suspended, with `mode: plan` it changes nothing.',
        ),
      ...restoreSchema.pick({
        mode: true,
        run: true,
        source: true,
        includeDatabases: true,
        excludeDatabases: true,
        includeTables: true,
        excludeTables: true,
        restoreUsers: true,
        intoNonEmpty: true,
        allowUnverified: true,
        apiSlots: true,
        restoreTimeout: true,
        activeDeadline: true,
      }).shape,
      id: restoreSchema.shape.id.describe(
        'End of the Job’s name, required with `enabled`. A Job cannot be changed: every other restore needs another id.',
      ),
      backupId: z
        .int()
        .min(1)
        .max(largestBackupId)
        .optional()
        .describe('Id of the set to restore; left out, the newest committed one.'),
      resources,
      serviceAccount,
    })
    .prefault({}),
  prometheusRule: alertValues().describe(
    'PrometheusRule that alerts when backups or their verification stop succeeding. Left out, there is none.',
  ),
});

/** The values of the chart rondb-backup with all defaults filled in. */
export type RonDBBackupValues = z.output<typeof rondbBackupValues>;
