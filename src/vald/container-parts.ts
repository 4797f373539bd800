import { k8s } from 'cdk8s-plus-28';
import { dirname, join } from '../units/index.js';
import { objectNames } from './names.js';
import type { ValdAgentSettings } from './props-schema.js';
import type { Sizing } from './sizing.js';

/** What the parts of the pod need to know. */
export interface PodContext {
  readonly settings: ValdAgentSettings;
  readonly namespace: string;
  readonly sizing: Sizing;
}

/**
 * The agent’s TMPDIR: on the index’s own volume, so that switching generations is a rename and not a copy. The agent
 * makes it when it is missing and never cleans it; the restore script empties it at each start of the pod.
 */
export function stagingFolder(settings: ValdAgentSettings): string {
  return join('/', dirname(settings.indexPath), '.staging');
}

/** Where the index’s volume is mounted: the folder above the index path, as upstream’s chart does. */
export function indexMount(settings: ValdAgentSettings): k8s.VolumeMount {
  const names = objectNames(settings.name);
  const mountPath = dirname(settings.indexPath);
  return settings.backup.type === 'objectStorage'
    ? { name: names.local, mountPath }
    : { name: names.claim, mountPath, mountPropagation: 'None' };
}

/** Variables that name the pod: Vald’s configuration refers to them as `_MY_POD_NAME_` and so on. */
export const podIdentity: k8s.EnvVar[] = [
  { name: 'MY_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  { name: 'MY_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  { name: 'MY_POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
];

/** What every container may do: nothing beyond its files (PodSecurity `restricted`). */
export function containerSecurity(settings: ValdAgentSettings): k8s.SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: false,
    runAsGroup: settings.runAsId,
    runAsNonRoot: true,
    runAsUser: settings.runAsId,
  };
}

/** Requests from numbers as Kubernetes writes them. */
export function requests(values: Record<string, string>): k8s.ResourceRequirements {
  return {
    requests: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, k8s.Quantity.fromString(value)])),
  };
}

/** An image with its tag. */
export function imageName(image: { repository: string; tag?: string | undefined }, version: string): string {
  return `${image.repository}:${image.tag ?? version}`;
}
