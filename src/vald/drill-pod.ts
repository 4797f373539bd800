import { k8s } from 'cdk8s-plus-28';
import { containerSecurity, imageName, requests } from '../kube/index.js';
import {
  scriptFolder,
  type ValdDrillRestoreVariable,
  type ValdDrillSearchVariable,
  valdDrillRestore,
  valdDrillSearch,
} from '../scripts/index.js';
import { rcloneEnvironment, rclonePath, storeVolumes } from '../store/index.js';
import { add, cronIntervals, dirname, mul, text } from '../units/index.js';
import { agentConfig } from './agent-config.js';
import { type StoreBackupSettings, volumeClaim } from './backup-method.js';
import { type PodContext, podIdentity, stagingFolder } from './container-parts.js';
import type { DrillSettings } from './drill-schema.js';
import { clusterFolder } from './names.js';
import { serviceAccountName } from './pod.js';
import type { ValdAgentSettings } from './props-schema.js';
import { agentPorts } from './server-config.js';
import type { Sizing } from './sizing.js';

/** What the pod of a drill needs to know. */
export interface DrillContext extends PodContext {
  /** The CronJob’s name. */
  readonly name: string;
  readonly backup: StoreBackupSettings;
  /** The drill’s own props. */
  readonly own: DrillSettings;
}

/** Distances by which another vector can be nearer to a vector than itself. */
const innerProducts: readonly string[] = ['dotproduct', 'innerproduct'];

/** Seconds that the two halves of a drill may take. */
export function drillTimeouts(sizing: Sizing): { readonly restore: number; readonly agent: number } {
  return { restore: sizing.restoreTimeout, agent: add(sizing.loadTimeout, 120) };
}

/**
 * The agent’s configuration in a drill: its own, but it tells neither Kubernetes nor a collector of an index that nobody
 * serves. With copy-on-write, as then it starts without the gate that settles a disk: this disk is settled.
 */
export function drillConfig({ collectorEndpoint: _, ...settings }: ValdAgentSettings, sizing: Sizing): string {
  return agentConfig({ ...settings, copyOnWrite: true, exportIndexInfo: false }, sizing);
}

/**
 * The scratch pod: restore, then the agent as a native sidecar (it has no shell, and must not keep the Job from ending),
 * then the questions. The agent has no probes: whether it comes up is what the drill finds out, and says.
 */
export function drillPod(context: DrillContext): k8s.PodSpec {
  const { name, settings, sizing, backup } = context;
  const account = serviceAccountName(settings);
  const store = storeVolumes(backup.store);
  const mounts: k8s.VolumeMount[] = [
    { name: 'index', mountPath: dirname(settings.indexPath) },
    { name: 'tmp', mountPath: '/tmp' },
  ];
  const script = {
    image: imageName(settings.restoreImage, ''),
    imagePullPolicy: settings.restoreImage.pullPolicy,
    resources: settings.restoreResources ?? requests({ cpu: '100m', memory: '128Mi' }),
    securityContext: { ...containerSecurity(settings), readOnlyRootFilesystem: true },
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  const scripts = { name: 'scripts', mountPath: scriptFolder, readOnly: true };
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    ...(account === undefined ? {} : { serviceAccountName: account }),
    ...(settings.imagePullSecrets.length
      ? { imagePullSecrets: settings.imagePullSecrets.map((secret) => ({ name: secret })) }
      : {}),
    ...(Object.keys(settings.nodeSelector).length ? { nodeSelector: settings.nodeSelector } : {}),
    ...(settings.tolerations.length ? { tolerations: settings.tolerations } : {}),
    securityContext: {
      fsGroup: settings.runAsId,
      fsGroupChangePolicy: 'OnRootMismatch',
      runAsGroup: settings.runAsId,
      runAsNonRoot: true,
      runAsUser: settings.runAsId,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    initContainers: [
      {
        ...script,
        name: 'restore',
        command: [...valdDrillRestore.command],
        env: [...restoreEnvironment(context), ...rcloneEnvironment(backup.store)],
        volumeMounts: [scripts, ...mounts, ...store.map(({ mount }) => mount)],
      },
      {
        name: 'agent',
        restartPolicy: 'Always',
        image: imageName(settings.image, settings.version),
        imagePullPolicy: settings.image.pullPolicy,
        env: [...podIdentity, { name: 'TMPDIR', value: stagingFolder(settings) }, ...settings.env],
        resources: settings.resources ?? requests({ cpu: '300m', memory: '4Gi' }),
        securityContext: containerSecurity(settings),
        volumeMounts: [{ name: 'config', mountPath: '/etc/server/' }, ...mounts],
      },
    ],
    containers: [
      {
        ...script,
        name: 'search',
        command: [...valdDrillSearch.command],
        env: searchEnvironment(settings, sizing),
        resources: requests({ cpu: '10m', memory: '64Mi' }),
        volumeMounts: [scripts, ...mounts],
      },
    ],
    volumes: [
      { name: 'scripts', configMap: { name: `${name}-scripts`, defaultMode: 420 } },
      { name: 'config', configMap: { name: `${name}-config`, defaultMode: 420 } },
      scratchVolume(settings, sizing),
      { name: 'tmp', emptyDir: {} },
      ...store.map(({ volume }) => volume),
    ],
  };
}

function restoreEnvironment({ settings, sizing, namespace, backup, own }: DrillContext): k8s.EnvVar[] {
  const replicas = own.replica === undefined ? [...Array(settings.replicas).keys()] : [own.replica];
  const values: Readonly<Record<ValdDrillRestoreVariable, string>> = {
    INDEX_PATH: settings.indexPath,
    STORE_PATH: rclonePath(backup.store, clusterFolder(settings, backup, namespace)),
    CLUSTER_ID: backup.clusterId,
    // With an autoscaler the smallest number is what there always is.
    POD_NAME: replicas.map((ordinal) => `${settings.name}-${ordinal}`).join(' '),
    TURN_SECONDS: text(cronIntervals(own.schedule)!.longest),
    SEARCHES: text(own.searches),
    RESTORE_TIMEOUT_SECONDS: text(drillTimeouts(sizing).restore),
  };
  return valdDrillRestore.environment.map((variable) => ({ name: variable.name, value: values[variable.name] }));
}

function searchEnvironment(settings: ValdAgentSettings, sizing: Sizing): k8s.EnvVar[] {
  const values: Readonly<Record<ValdDrillSearchVariable, string>> = {
    INDEX_PATH: settings.indexPath,
    AGENT_PORT: text(agentPorts.grpc),
    AGENT_TIMEOUT_SECONDS: text(drillTimeouts(sizing).agent),
    OWN_NEAREST: `${!innerProducts.includes(settings.ngt.distanceType)}`,
  };
  return valdDrillSearch.environment.map((variable) => ({ name: variable.name, value: values[variable.name] }));
}

/**
 * A volume that goes with the pod, of the StorageClass of the agents where they have volumes, else on the node as theirs.
 * Twice the index: the agent may save once more when it is stopped.
 */
function scratchVolume(settings: ValdAgentSettings, sizing: Sizing): k8s.Volume {
  const claim = volumeClaim(settings.backup);
  const storage = k8s.Quantity.fromString(text(mul(sizing.indexBytes, 2)));
  if (!claim) return { name: 'index', emptyDir: { sizeLimit: storage } };
  return {
    name: 'index',
    ephemeral: {
      volumeClaimTemplate: {
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage } },
          ...(claim.storageClass === undefined ? {} : { storageClassName: claim.storageClass }),
        },
      },
    },
  };
}
