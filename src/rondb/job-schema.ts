import type { k8s } from 'cdk8s-plus-28';
import { z } from 'zod';
import { containerImage, kubernetesObject } from '../kube/index.js';
import { type ClusterScript, rondbVerify } from '../scripts/index.js';
import { cronSchedule, dnsName, duration, size, textLeaf, timeZone } from '../units/index.js';
import { repositorySchema } from './repository-schema.js';

const labels = () => z.record(z.string(), z.string());
const image: ClusterScript['image']['defaultImage'] = rondbVerify.image.defaultImage;

/** The fields of every job of a repository: the repository itself, and how its pod runs. */
export const jobFields = {
  repository: repositorySchema.describe('Cluster, store and identity: one value for backup, restore and verification.'),
  image: containerImage(image.repository, image.tag, 'ToolboxImage', 'IfNotPresent').describe(
    'Image in which the scripts run; it needs the programs of their image contract (docs/rondb-images.md).',
  ),
  imagePullSecrets: z.array(dnsName()).default([]).describe('Names of Secrets for pulling the image.'),
  resources: kubernetesObject<k8s.ResourceRequirements>('k8s.ResourceRequirements')
    .optional()
    .describe('Resources of the container.')
    .meta({ defaultText: 'requests of 100m CPU and 256Mi of memory, a limit of 1Gi of memory' }),
  temporarySize: size()
    .default('1Gi')
    .describe(
      'Largest size of `/tmp`: SQL definitions, listings and manifests. No file of a native backup lies there.',
    ),
  nodeSelector: labels().default({}).describe('Node labels the pod needs.'),
  tolerations: z
    .array(kubernetesObject<k8s.Toleration>('k8s.Toleration'))
    .default([])
    .describe('Taints the pod tolerates.'),
  affinity: kubernetesObject<k8s.Affinity>('k8s.Affinity')
    .optional()
    .describe('Affinity of the pod.')
    .meta({ defaultText: 'none' }),
  topologySpreadConstraints: z
    .array(kubernetesObject<k8s.TopologySpreadConstraint>('k8s.TopologySpreadConstraint'))
    .default([])
    .describe('Topology spread constraints of the pod.'),
  priorityClassName: dnsName()
    .optional()
    .describe('Existing PriorityClass of the pod, such as upstream’s `rondb-high-priority`.')
    .meta({ defaultText: 'the cluster’s default priority' }),
  podLabels: labels().default({}).describe('More labels on the pod; ours win.'),
  podAnnotations: labels().default({}).describe('More annotations on the pod; ours win.'),
  env: z
    .array(kubernetesObject<k8s.EnvVar>('k8s.EnvVar'))
    .default([])
    .describe('More environment variables of the container, behind those of its script, such as a proxy’s.'),
  volumes: z.array(kubernetesObject<k8s.Volume>('k8s.Volume')).default([]).describe('More volumes of the pod.'),
  volumeMounts: z
    .array(kubernetesObject<k8s.VolumeMount>('k8s.VolumeMount'))
    .default([])
    .describe('More mounts of the container.'),
  networkPolicy: z
    .strictObject({
      egress: z
        .array(kubernetesObject<k8s.NetworkPolicyEgressRule>('k8s.NetworkPolicyEgressRule'))
        .optional()
        .describe('Egress rules in place of ours.')
        .meta({
          defaultText: 'DNS, the API server’s usual ports 443 and 6443, the store’s and the Pushgateway’s port',
        }),
    })
    .meta({ id: 'JobNetworkPolicy' })
    .optional()
    .describe('NetworkPolicy that lets nothing into the pod, and out what it needs.')
    .meta({ defaultText: 'none' }),
  serviceAccount: z
    .strictObject({ name: dnsName().describe('Name of an existing ServiceAccount, which our Role is bound to.') })
    .meta({ id: 'ExistingServiceAccount' })
    .optional()
    .describe('ServiceAccount of the pod.')
    .meta({ defaultText: 'one of its own' }),
  runAsId: z.int().min(1).default(1000).describe('User, group and file group id of the pod: upstream’s.'),
};

/** The fields of jobs that run by a schedule. */
export const scheduleFields = {
  schedule: cronSchedule().describe(
    'Five fields, as Kubernetes reads them; macros such as `@daily` are refused, since everybody’s start in one minute.',
  ),
  timeZone: timeZone().default('Etc/UTC').describe('IANA time zone that the schedule is in.'),
  suspend: z
    .boolean()
    .default(false)
    .describe('Whether the schedule is paused; `kubectl create job --from` still works.'),
  startingDeadline: duration()
    .default('1h')
    .describe('How late a run may still start when its time has been missed. At least 10s, or it may never start.'),
  activeDeadline: duration()
    .optional()
    .describe('How long a run may take. One that is shorter than its steps together is refused.')
    .meta({ defaultText: 'computed: the timeouts of all steps and a reserve' }),
  successfulJobsHistoryLimit: z.int().min(0).default(3).describe('How many finished Jobs are kept, with their logs.'),
  failedJobsHistoryLimit: z.int().min(1).default(3).describe('How many failed Jobs are kept, with their logs.'),
  pushgateway: textLeaf({
    pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[1-9][0-9]{0,4}$/,
    allowed: 'host:port, such as pushgateway.monitoring.svc:9091',
  })
    .optional()
    .describe(
      'Prometheus Pushgateway that each run tells how it ended, by plain HTTP, in the group `job=<name of the CronJob>`, `namespace=<its namespace>`. A push that fails is a warning in the log, never a failed run. Scrape it with `honor_labels: true`.',
    )
    .meta({ defaultText: 'none: kube-state-metrics tells of the CronJob' }),
  ttlAfterFinished: duration()
    .optional()
    .describe('How long a finished Job is kept at most, also one made by hand.')
    .meta({ defaultText: 'until the history limits take it' }),
};
