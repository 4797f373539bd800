import { z } from 'zod';
import { passThrough } from '../chart/index.js';
import { dnsLabel, textLeaf } from '../units/index.js';
import { backupMethodSchema, boundBySelector, volumeClaimSchema } from './backup-method.js';
import { valdAgentSchema } from './props-schema.js';

const { name, appName, ...props } = valdAgentSchema.omit({ release: true, namespace: true, external: true }).shape;

/** An object of Kubernetes, which goes into the pod as the user writes it. */
const object = (description = '') => passThrough().optional().describe(description);
const objects = (description = '') => z.array(passThrough()).default([]).describe(description);

const [persistentVolume, objectStorage, both] = backupMethodSchema.options;
/** Without volumes bound by name: no template can count them, or number their claims. */
const volume = volumeClaimSchema.extend({
  bind: boundBySelector.optional().describe('PersistentVolumes that exist already, to be bound by labels.'),
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

const labels = () => z.record(z.string(), z.string()).default({});

/** The values of the chart vald-agent: the props of the construct, without what the release knows. */
export const valdAgentValues = z.object({
  fullnameOverride: name,
  nameOverride: appName,
  commonLabels: labels().describe('More labels on every object; ours win.'),
  commonAnnotations: labels().describe('More annotations on every object; ours win.'),
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
  resources: object(props.resources.description),
  sidecarResources: object(props.sidecarResources.description),
  restoreResources: object(props.restoreResources.description),
  affinity: object(props.affinity.description),
  tolerations: objects(props.tolerations.description),
  topologySpreadConstraints: objects(props.topologySpreadConstraints.description),
  env: objects(props.env.description),
  volumes: objects(props.volumes.description),
  networkPolicy: z
    .object({
      egress: z
        .array(passThrough())
        .optional()
        .describe('Egress rules in place of ours: DNS, and the store’s port to anywhere.'),
      ingress: objects('More ingress rules.'),
    })
    .optional()
    .describe(props.networkPolicy.description!),
  volumeMounts: z
    .array(volumeMount)
    .default([])
    .describe('More mounts of the agent. One on a path of ours is refused.'),
});

/** The values of the chart vald-agent with all defaults filled in. */
export type ValdAgentValues = z.output<typeof valdAgentValues>;
