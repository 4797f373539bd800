import type { k8s } from 'cdk8s-plus-28';
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

/**
 * The named pipe that the agent reads at its start where copy-on-write is off, so that it starts only on a settled index;
 * see vald-start-gate.sh. In /tmp, an emptyDir that the pod’s containers share: not every volume takes a pipe.
 */
export const startGate = '/tmp/start-gate';

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
