import { trunc } from '../units/index.js';
import type { StoreBackupSettings } from './backup-method.js';
import type { ValdAgentSettings } from './props-schema.js';

/** Names of the objects, all from the agent’s name as upstream’s chart makes them. */
export function objectNames(name: string) {
  return {
    agent: name,
    sidecar: `${name}-sidecar`,
    restore: `${name}-restore`,
    agentConfig: `${name}-config`,
    sidecarConfig: `${name}-sidecar-config`,
    restoreScript: `${name}-restore`,
    startGate: `${name}-start-gate`,
    claim: `${name}-pvc`,
    local: `${name}-local`,
    networkPolicy: `${name}-allow`,
  };
}

/** Labels of the agents' objects. */
export const agentLabels = (settings: Pick<ValdAgentSettings, 'appName' | 'release' | 'version'>) => ({
  'app.kubernetes.io/name': settings.appName,
  'app.kubernetes.io/instance': settings.release,
  'app.kubernetes.io/version': settings.version,
  'app.kubernetes.io/component': 'agent',
  'app.kubernetes.io/managed-by': 'chartwright',
});

/** Name of the PriorityClass, a cluster-wide object: upstream puts the namespace in front. */
export function priorityClassName(namespace: string, name: string): string {
  return `${namespace}-${name}-priority`;
}

/**
 * Folder of this cluster in the store. The start of the cluster’s id is in it: a pod whose disk is valid never asks the
 * store, so no check at the start could keep two clusters of one name from overwriting each other.
 */
export function clusterFolder(
  settings: Pick<ValdAgentSettings, 'name'>,
  backup: StoreBackupSettings,
  namespace: string,
): string {
  return `${backup.clusterName ?? `${namespace}-${settings.name}`}-${trunc(backup.clusterId, 8)}`;
}
