import { z } from 'zod';
import { passThrough } from '../chart/index.js';
import { objectStoreValues } from '../store/index.js';
import { duration, largestBackupId } from '../units/index.js';
import { clusterSchema } from './cluster.js';
import { jobFields, scheduleFields } from './job-schema.js';
import { backupSchema, restoreSchema, verifySchema } from './props-schema.js';
import { repositorySchema } from './repository-schema.js';

const { name, appName } = repositorySchema.shape;
const { repository: _, resources: job, serviceAccount, ...podFields } = jobFields;
const { pushgateway } = scheduleFields;

/** An object of Kubernetes, which goes into the pod as the user writes it. */
const object = (description = '') => passThrough().optional().describe(description);
const objects = (description = '') => z.array(passThrough()).default([]).describe(description);
const resources = object(job.description);

/** Five fields as far as a pattern can say them; the API server knows the rest, and so refuses `5-3`. */
const schedulePattern = (() => {
  const field = (value: string) => {
    const range = `(\\*|(${value})(-(${value}))?)(/[1-9][0-9]?)?`;
    return `${range}(,${range})*`;
  };
  const fields = ['[0-5]?[0-9]', '[01]?[0-9]|2[0-3]', '0?[1-9]|[12][0-9]|3[01]', '0?[1-9]|1[0-2]|[A-Za-z]{3}'];
  return `^${[...fields, '[0-6]|[A-Za-z]{3}'].map(field).join(' ')}$`;
})();

const schedule = (usual: string) =>
  z
    .string()
    .regex(new RegExp(schedulePattern), 'not five fields')
    .meta({ examples: [usual, '*/30 8-18 * * MON-FRI', '0 3 1,15 * *'] })
    .default(usual)
    .describe('Minute, hour, day of the month, month and day of the week, as Kubernetes reads them.');

const scheduled = (usual: string) => ({
  schedule: schedule(usual),
  longestInterval: duration()
    .default('24h')
    .describe(
      'Longest time between two runs of the schedule; change both together. An alert comes when the last success is older.',
    ),
  timeZone: z
    .string()
    .regex(/^(UTC|GMT|[A-Z][A-Za-z_]+(\/[A-Za-z0-9+_-]+)+)$/, 'not an IANA name')
    .meta({ examples: ['Etc/UTC', 'Europe/Stockholm', 'America/Argentina/Buenos_Aires'] })
    .default('Etc/UTC')
    .describe('IANA time zone that the schedule is in.'),
  suspend: scheduleFields.suspend,
  startingDeadline: scheduleFields.startingDeadline,
  activeDeadline: scheduleFields.activeDeadline,
  successfulJobsHistoryLimit: scheduleFields.successfulJobsHistoryLimit,
  failedJobsHistoryLimit: scheduleFields.failedJobsHistoryLimit,
  ttlAfterFinished: scheduleFields.ttlAfterFinished,
});

const labels = () => z.record(z.string(), z.string()).default({});

/** The values of the chart rondb-backup: the props of its constructs, without what the release knows. */
export const rondbBackupValues = z.object({
  fullnameOverride: name.describe(
    'Start of the objects’ names, at most 32 characters. A second release in one namespace needs another one.',
  ),
  nameOverride: appName,
  commonLabels: labels().describe('More labels on every object; ours win.'),
  commonAnnotations: labels().describe('More annotations on every object; ours win.'),
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
  affinity: object(podFields.affinity.description),
  tolerations: objects(podFields.tolerations.description),
  topologySpreadConstraints: objects(podFields.topologySpreadConstraints.description),
  env: objects(podFields.env.description),
  volumes: objects(podFields.volumes.description),
  volumeMounts: objects(podFields.volumeMounts.description),
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
  prometheusRule: z
    .object({
      labels: labels().describe('Labels by which a Prometheus finds the rule: kube-prometheus-stack wants `release`.'),
      alertLabels: labels().describe('More labels of every alert, such as `team`; `severity` is ours.'),
      tolerance: duration().default('1h').describe('How much later than the schedule allows a success may come.'),
    })
    .optional()
    .describe(
      'PrometheusRule that alerts when backups or their verification stop succeeding. Left out, there is none.',
    ),
});

/** The values of the chart rondb-backup with all defaults filled in. */
export type RonDBBackupValues = z.output<typeof rondbBackupValues>;
