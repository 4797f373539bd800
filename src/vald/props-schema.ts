import type { k8s } from 'cdk8s-plus-28';
import { z } from 'zod';
import { containerImage, kubernetesObject } from '../kube/index.js';
import { valdRestore } from '../scripts/index.js';
import { dnsLabel, dnsName, duration, size, textLeaf, wholeNumber } from '../units/index.js';
import { backupMethodSchema } from './backup-method.js';
import { ngtSettingsSchema } from './ngt-settings.js';

const labels = () => z.record(z.string(), z.string());

const resources = (cpu: string, memory: string) =>
  kubernetesObject<k8s.ResourceRequirements>('k8s.ResourceRequirements')
    .optional()
    .meta({ defaultText: `requests of ${cpu} CPU and ${memory} of memory, no limits` });

/** Schema of everything that {@link ValdAgentWithBackup} takes: the one definition of names, defaults and meanings. */
export const valdAgentSchema = z
  .strictObject({
    backup: backupMethodSchema.describe('Where the index survives; made by `BackupMethod`.'),
    ngt: ngtSettingsSchema.describe('Settings of the NGT index (upstream’s `agent.ngt`).'),
    // A Service's name starts with a letter, and `-sidecar-config` behind it must fit into a volume's name.
    name: textLeaf({
      pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
      maxLength: 48,
      allowed: 'lower-case letters, digits and hyphens, starting with a letter, at most 48, such as vald-agent',
    })
      .default('vald-agent')
      .describe('Name of the agent and start of its objects’ names (upstream’s `agent.name`).'),
    release: textLeaf({
      pattern: /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
      maxLength: 63,
      allowed: 'the name of a release: lower-case letters, digits, hyphens and dots, at most 63, such as vald',
    })
      .default('vald')
      .describe('Label `app.kubernetes.io/instance`: the release name of the Vald installation this agent belongs to.'),
    appName: dnsLabel()
      .default('vald')
      .describe(
        'Label `app.kubernetes.io/name`; upstream’s Services select by it, so it is the same in the whole installation.',
      ),
    namespace: dnsLabel()
      .optional()
      .describe('Namespace of the objects; the PriorityClass is named after it.')
      .meta({ defaultText: 'the namespace of the chart the construct is in, else `default`' }),
    // Not a leaf: which objects there are depends on it, so a traced stand-in is refused too.
    kubernetesVersion: z
      .string()
      .refine((version) => /^1\.[0-9]{1,2}$/.test(version), {
        error: 'not well formed',
        params: { allowed: 'a version such as 1.29' },
      })
      .default('1.29')
      .describe(
        'Oldest Kubernetes version the objects must run on, from 1.28. From 1.29 the sidecar is a native sidecar, which is stopped after the agent and so gets its last save; below, grace period and `post_stop_timeout` are computed from each other.',
      ),
    version: textLeaf({
      pattern: /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/,
      maxLength: 63,
      allowed: 'a version that can be a label, such as v1.8.0; a digest belongs into image.tag',
    })
      .default('v1.8.0')
      .describe('Vald version: the tag of the agent and the sidecar and a label.'),
    image: containerImage('vdaas/vald-agent-ngt', undefined, 'AgentImage').describe('Image of the agent.'),
    sidecarImage: containerImage('vdaas/vald-agent-sidecar', undefined, 'SidecarImage').describe(
      'Image of the backup sidecar.',
    ),
    restoreImage: containerImage(
      valdRestore.image.defaultImage.repository,
      valdRestore.image.defaultImage.tag,
      'RestoreImage',
    ).describe(
      'Image in which the scripts run, the repository’s uploader too; it needs the programs of the script’s image contract (docs/vald-images.md).',
    ),
    imagePullSecrets: z.array(dnsName()).default([]).describe('Names of Secrets for pulling the images.'),
    indexPath: textLeaf({
      // Not where the pod has something else, and no hidden folder: those beside the index are ours.
      pattern: /^(?!\/(bin|dev|etc|lib|lib64|proc|scripts|sys|tmp|usr)\/)(\/[A-Za-z0-9_-][A-Za-z0-9._-]*){2,}$/,
      allowed: 'an absolute path with at least two folders, none of the system’s, such as /var/ngt/index',
    })
      .default('/var/ngt/index')
      .describe(
        'Folder of the index. The volume is mounted on the folder above it, so it cannot be directly below `/` (rule 52).',
      ),
    copyOnWrite: z
      .boolean()
      .default(true)
      .describe(
        'Whether a save writes a new copy and then switches, so that a crash leaves the generation before. Without it a crash in a save destroys the index on the disk: it comes back from the store, and without one the agent does not start again.',
      ),
    brokenIndexHistoryLimit: z
      .int()
      .min(1)
      .default(1)
      .describe(
        'How many indexes that did not load are kept aside. Upstream’s 0 deletes them (fact 0.9), so it starts at 1.',
      ),
    expectedIndexSize: size()
      .optional()
      .describe(
        'Size that one pod’s index may reach on the disk: space, memory of time limits and grace period follow from it.',
      )
      .meta({ defaultText: 'what fits into the volume; `10Gi` where there is none' }),
    expectedSaveDuration: duration()
      .optional()
      .describe('How long indexing what is waiting and saving take at that size.')
      .meta({ defaultText: '`expectedIndexSize` at 50 MiB/s, at least 1m' }),
    drainDuration: duration()
      .default('60s')
      .describe('How long the servers may finish requests at shutdown (`full_shutdown_duration`).'),
    terminationGracePeriod: duration()
      .optional()
      .describe('Grace period of the pod. One that is shorter than the work at shutdown is refused (rules 12 to 14).')
      .meta({ defaultText: 'computed: drain, save, wait, upload and a reserve' }),
    replicas: z
      .int()
      .min(1)
      .default(3)
      .describe('Number of agents. Fewer than before leaves the data of those taken away unserved (rule 48).'),
    autoscaling: z
      .strictObject({
        maxReplicas: z.int().min(1).describe('Largest number of agents; the smallest is `replicas`.'),
        targetCpuUtilization: wholeNumber(1, 100).default(80).describe('Target CPU utilisation in percent.'),
      })
      .meta({ id: 'AgentAutoscaling' })
      .optional()
      .describe('HorizontalPodAutoscaler, scaling up only: a scaled-down agent takes its vectors out of service.')
      .meta({ defaultText: 'none' }),
    podManagementPolicy: z
      .enum(['OrderedReady', 'Parallel'])
      .default('OrderedReady')
      .describe('Order of starting pods. With `OrderedReady` one pod that cannot restore holds back all later ones.'),
    logLevel: z
      .enum(['info', 'warn', 'error', 'fatal'])
      .default('info')
      .describe(
        'Log level. Upstream’s `debug` prints the whole configuration with expanded secrets (rule 29), so it is not offered.',
      ),
    resources: resources('300m', '4Gi').describe('Resources of the agent.'),
    sidecarResources: resources('100m', '100Mi (256Mi for the repository’s uploader)').describe(
      'Resources of the sidecar that uploads.',
    ),
    restoreResources: resources('100m', '128Mi').describe('Resources of the restore script.'),
    affinity: kubernetesObject<k8s.Affinity>('k8s.Affinity')
      .optional()
      .describe('Affinity of the pods.')
      .meta({ defaultText: 'pods prefer nodes without another agent' }),
    nodeSelector: labels().default({}).describe('Node labels the pods need.'),
    tolerations: z
      .array(kubernetesObject<k8s.Toleration>('k8s.Toleration'))
      .default([])
      .describe('Taints the pods tolerate.'),
    topologySpreadConstraints: z
      .array(kubernetesObject<k8s.TopologySpreadConstraint>('k8s.TopologySpreadConstraint'))
      .default([])
      .describe('Topology spread constraints of the pods.'),
    priority: z
      .discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('create'),
          value: wholeNumber(0, 1000000000).default(1000000000).describe('Value of the PriorityClass.'),
        }),
        z.strictObject({ type: z.literal('existing'), name: dnsName().describe('Name of an existing PriorityClass.') }),
        z.strictObject({ type: z.literal('none') }),
      ])
      .meta({ id: 'AgentPriority' })
      .prefault({ type: 'create' })
      .describe('Priority of the pods: a PriorityClass made for them (as upstream), an existing one, or none.'),
    maxUnavailable: z.int().min(1).default(1).describe('How many agents a PodDisruptionBudget lets go at a time.'),
    podLabels: labels().default({}).describe('More labels on the pods; ours win.'),
    podAnnotations: labels().default({}).describe('More annotations on the pods; ours win.'),
    env: z
      .array(kubernetesObject<k8s.EnvVar>('k8s.EnvVar'))
      .default([])
      .describe('More environment variables of the agent.'),
    volumes: z.array(kubernetesObject<k8s.Volume>('k8s.Volume')).default([]).describe('More volumes of the pods.'),
    volumeMounts: z
      .array(kubernetesObject<k8s.VolumeMount>('k8s.VolumeMount'))
      .default([])
      .describe('More mounts of the agent. A mount on a path of ours is refused (rule 53).'),
    serviceAccount: z
      .strictObject({
        name: dnsName().describe('Name of an existing ServiceAccount.'),
      })
      .meta({ id: 'ExistingServiceAccount' })
      .optional()
      .describe('ServiceAccount of the pods.')
      .meta({
        defaultText: 'one of their own where the store or `exportIndexInfo` needs one, else the namespace’s default',
      }),
    exportIndexInfo: z
      .boolean()
      .default(false)
      .describe(
        'Whether the agent writes index counts into its pod’s annotations (`enable_export_index_info_to_k8s`). Makes a ServiceAccount with a Role that may list and patch pods in the namespace.',
      ),
    networkPolicy: z
      .strictObject({
        egress: z
          .array(kubernetesObject<k8s.NetworkPolicyEgressRule>('k8s.NetworkPolicyEgressRule'))
          .optional()
          .describe('Egress rules in place of ours.')
          .meta({
            defaultText: 'DNS, and the store’s port to anywhere; upstream’s policy would block the store (rule 33)',
          }),
        ingress: z
          .array(kubernetesObject<k8s.NetworkPolicyIngressRule>('k8s.NetworkPolicyIngressRule'))
          .default([])
          .describe('More ingress rules.'),
      })
      .meta({ id: 'AgentNetworkPolicy' })
      .optional()
      .describe('NetworkPolicy that lets in only the Vald components of the namespace.')
      .meta({ defaultText: 'none' }),
    // Vald replaces `_NAME_` and `$NAME` in its configuration by the environment: no character of those may pass.
    collectorEndpoint: textLeaf({
      pattern: /^(https?:\/\/)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[0-9]{1,5}$/,
      allowed: 'host and port, such as otel-collector.monitoring.svc:4317',
    })
      .optional()
      .describe('OTLP collector of the agent’s metrics. The sidecar never gets one: it would crash (fact 0.8).')
      .meta({ defaultText: 'no metrics are exported' }),
    external: z
      .array(
        z
          .strictObject({
            kind: z.enum(['ConfigMap', 'Secret', 'PersistentVolumeClaim']).describe('Kind of the object.'),
            name: dnsName().describe('Name of the object.'),
            keys: z.array(z.string()).optional().describe('Keys it has.').meta({ defaultText: 'any key' }),
          })
          .meta({ id: 'ExternalObject' }),
      )
      .default([])
      .describe('Objects that `env`, `volumes` and so on refer to and that this app does not make.'),
    runAsId: z.int().min(1).default(65532).describe('User, group and file group id of the pods.'),
  })
  .describe('Props of `ValdAgentWithBackup`.');

/** The props with all defaults filled in. */
export type ValdAgentSettings = z.output<typeof valdAgentSchema>;
