import { z } from 'zod';
import { passThrough } from '../chart/index.js';
import { alertValues, givenLabels, givenObject, givenObjects, scheduleValues } from '../kube/index.js';
import { dnsLabel, dnsName, textLeaf, wholeNumber } from '../units/index.js';
import { backupMethodSchema, boundBySelector, volumeClaimSchema } from './backup-method.js';
import { valdAgentSchema } from './props-schema.js';
import { verifySchema } from './verify-schema.js';

const { name, appName, ...props } = valdAgentSchema.omit({ release: true, namespace: true, external: true }).shape;

const [persistentVolume, objectStorage, both] = backupMethodSchema.options;
/** Volumes bound by name come with the numbers of their pods: no template can number them. */
const volume = volumeClaimSchema.extend({
  bind: z
    .discriminatedUnion('type', [
      boundBySelector,
      z.object({
        type: z.literal('names'),
        volumes: z
          .array(
            z.object({
              ordinal: wholeNumber(0, 9999).describe('Number of the pod, from 0 to `replicas` - 1.'),
              volumeName: dnsName().describe('Name of its PersistentVolume.'),
            }),
          )
          .min(1)
          .describe('The PersistentVolume of each pod.'),
      }),
    ])
    .optional()
    .describe('PersistentVolumes that exist already, to be bound by name or by labels.'),
});

/** A mount whose path is a leaf: those on the agent's own paths are refused. */
const volumeMount = z.object({
  name: dnsLabel().describe('Name of the volume.'),
  mountPath: textLeaf({
    pattern: /^\/[^:]*$/,
    allowed: 'an absolute path without colons, such as /scratch',
  }).describe('Where it is mounted.'),
  subPath: textLeaf({
    pattern: /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/,
    allowed: 'a relative path, such as scratch',
  })
    .optional()
    .describe('Path inside the volume.'),
  readOnly: z.boolean().default(false).describe('Whether it can only be read.'),
});

/** The values of the chart vald-agent: the props of the construct, without what the release knows. */
export const valdAgentValues = z.object({
  fullnameOverride: name,
  nameOverride: appName,
  commonLabels: givenLabels().describe('More labels on every object; ours win.'),
  commonAnnotations: givenLabels().describe('More annotations on every object; ours win.'),
  ...props,
  backup: z
    .discriminatedUnion('type', [persistentVolume.extend({ volume }), objectStorage, both.extend({ volume })])
    .describe(
      'Where the index survives: `persistentVolume`, `objectStorage` or `both`. It has no default: only you know it.',
    ),
  kubernetesVersion: z
    .enum(['1.29', '1.28'])
    .default('1.29')
    .describe(
      'Oldest Kubernetes version of the cluster. With 1.28 the sidecar is an ordinary container, and its waiting time is computed.',
    ),
  resources: givenObject(props.resources.description),
  sidecarResources: givenObject(props.sidecarResources.description),
  restoreResources: givenObject(props.restoreResources.description),
  affinity: givenObject(props.affinity.description),
  tolerations: givenObjects(props.tolerations.description),
  topologySpreadConstraints: givenObjects(props.topologySpreadConstraints.description),
  env: givenObjects(props.env.description),
  volumes: givenObjects(props.volumes.description),
  networkPolicy: z
    .object({
      egress: z
        .array(passThrough())
        .optional()
        .describe('Egress rules in place of ours: DNS, and the store’s port to anywhere.'),
      ingress: givenObjects('More ingress rules.'),
    })
    .optional()
    .describe(props.networkPolicy.description!),
  volumeMounts: z
    .array(volumeMount)
    .default([])
    .describe('More mounts of the agent. One on a path of ours is refused.'),
  verify: z
    .object({
      enabled: z
        .boolean()
        .default(false)
        .describe(
          'Whether a CronJob proves that all backups can be read and are young enough. It needs the uploader `repository`.',
        ),
      ...scheduleValues('23 * * * *', '1h'),
      ...verifySchema.pick({ shares: true, tolerance: true, timeout: true }).shape,
    })
    .prefault({}),
  prometheusRule: alertValues().describe(
    'PrometheusRule that alerts when the verification stops succeeding; it needs `verify.enabled`. Left out, there is none.',
  ),
});

/** The values of the chart vald-agent with all defaults filled in. */
export type ValdAgentValues = z.output<typeof valdAgentValues>;
