import { k8s } from 'cdk8s-plus-28';
import { containerSecurity, imageName, requests } from '../kube/index.js';
import { storeVolumes } from '../store/index.js';
import { checksum } from '../units/index.js';

import { repositoryUploader, storeBackup } from './backup-method.js';
import { indexMount, type PodContext, podIdentity, stagingFolder } from './container-parts.js';
import { objectNames, priorityClassName } from './names.js';
import type { ValdAgentSettings } from './props-schema.js';
import { restoreContainer, startGateContainer } from './restore-container.js';
import { agentPorts } from './server-config.js';
import { sidecarContainer } from './sidecar-container.js';
import { hasNativeSidecars } from './sizing.js';
import { uploadContainer } from './upload-container.js';

/** Texts whose change must roll the pods. */
export interface PodFiles {
  readonly agentConfig: string;
  readonly sidecarConfig?: string;
  readonly scripts: Readonly<Record<string, string>>;
}

/** The pod template of the StatefulSet. */
export function podTemplate(context: PodContext, files: PodFiles): k8s.PodTemplateSpec {
  const { settings } = context;
  return {
    metadata: {
      labels: {
        ...settings.podLabels,
        app: settings.name,
        'app.kubernetes.io/name': settings.appName,
        'app.kubernetes.io/instance': settings.release,
        'app.kubernetes.io/component': 'agent',
      },
      annotations: {
        ...settings.podAnnotations,
        'checksum/configmap': checksum(files.agentConfig),
        ...(files.sidecarConfig ? { 'checksum/sidecar-configmap': checksum(files.sidecarConfig) } : {}),
        'checksum/restore': checksum(Object.values(files.scripts).join('')),
      },
    },
    spec: podSpec(context),
  };
}

function podSpec(context: PodContext): k8s.PodSpec {
  const { settings, namespace, sizing } = context;
  const store = storeBackup(settings.backup);
  const uploader = repositoryUploader(settings.backup);
  const sidecar = store && (uploader ? uploadContainer(context, store, uploader) : sidecarContainer(context, store));
  const native = hasNativeSidecars(settings.kubernetesVersion);
  // The order is the point: first the restore, then the sidecar (which would otherwise upload what the restore has
  // not replaced yet), then the agent. At shutdown Kubernetes goes the other way.
  const beside = [...(sidecar ? [sidecar] : []), ...(settings.copyOnWrite ? [] : [startGateContainer(context)])];
  const initContainers = [
    restoreContainer(context),
    ...(native ? beside.map((container) => ({ ...container, restartPolicy: 'Always' })) : []),
  ];
  return {
    affinity: settings.affinity ?? spreadOverNodes(settings.name),
    automountServiceAccountToken: settings.exportIndexInfo,
    containers: [agentContainer(context), ...(native ? [] : beside)],
    dnsPolicy: 'ClusterFirst',
    imagePullSecrets: settings.imagePullSecrets.length
      ? settings.imagePullSecrets.map((name) => ({ name }))
      : undefined,
    initContainers,
    nodeSelector: Object.keys(settings.nodeSelector).length ? settings.nodeSelector : undefined,
    priorityClassName:
      settings.priority.type === 'create'
        ? priorityClassName(namespace, settings.name)
        : settings.priority.type === 'existing'
          ? settings.priority.name
          : undefined,
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {
      fsGroup: settings.runAsId,
      fsGroupChangePolicy: 'OnRootMismatch',
      runAsGroup: settings.runAsId,
      runAsNonRoot: true,
      runAsUser: settings.runAsId,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    serviceAccountName: serviceAccountName(settings),
    terminationGracePeriodSeconds: sizing.gracePeriod,
    tolerations: settings.tolerations.length ? settings.tolerations : undefined,
    topologySpreadConstraints: settings.topologySpreadConstraints.length
      ? settings.topologySpreadConstraints
      : undefined,
    volumes: podVolumes(settings),
  } as k8s.PodSpec;
}

/** The ServiceAccount of the pods, or undefined for the namespace’s default one. */
export function serviceAccountName(settings: ValdAgentSettings): string | undefined {
  if (settings.serviceAccount) return settings.serviceAccount.name;
  return needsServiceAccount(settings) ? settings.name : undefined;
}

/** Whether the pods need a ServiceAccount of their own: for the cloud’s identity or to write annotations. */
export function needsServiceAccount(settings: ValdAgentSettings): boolean {
  const credentials = storeBackup(settings.backup)?.store.credentials;
  return settings.exportIndexInfo || credentials?.type === 'workloadIdentity';
}

function agentContainer({ settings, sizing }: PodContext): k8s.Container {
  const names = objectNames(settings.name);
  const probe = (path: string, port: string, timing: object): k8s.Probe => ({
    httpGet: { path, port: k8s.IntOrString.fromString(port), scheme: 'HTTP' },
    successThreshold: 1,
    timeoutSeconds: 2,
    ...timing,
  });
  const local = settings.backup.type === 'objectStorage';
  return {
    name: names.agent,
    image: imageName(settings.image, settings.version),
    imagePullPolicy: settings.image.pullPolicy,
    env: [...podIdentity, { name: 'TMPDIR', value: stagingFolder(settings) }, ...settings.env],
    livenessProbe: probe('/liveness', 'liveness', { failureThreshold: 2, initialDelaySeconds: 5, periodSeconds: 3 }),
    readinessProbe: probe('/readiness', 'readiness', {
      failureThreshold: 2,
      initialDelaySeconds: 10,
      periodSeconds: 3,
    }),
    startupProbe: probe('/liveness', 'liveness', {
      failureThreshold: sizing.startupFailures,
      initialDelaySeconds: 5,
      periodSeconds: 5,
    }),
    ports: Object.entries(agentPorts).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' })),
    resources:
      settings.resources ??
      requests({
        cpu: '300m',
        memory: '4Gi',
        ...(local ? { 'ephemeral-storage': `${sizing.diskBytes}` } : {}),
      }),
    securityContext: containerSecurity(settings),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    volumeMounts: [
      { name: names.agentConfig, mountPath: '/etc/server/' },
      indexMount(settings),
      { name: 'tmp', mountPath: '/tmp' },
      ...settings.volumeMounts,
    ],
  };
}

/** The volumes of the pod beside its claim. */
export function podVolumes(settings: ValdAgentSettings): k8s.Volume[] {
  const names = objectNames(settings.name);
  const store = storeBackup(settings.backup);
  const configMap = (name: string): k8s.Volume => ({ name, configMap: { name, defaultMode: 420 } });
  return [
    configMap(names.agentConfig),
    ...(store && !repositoryUploader(settings.backup) ? [configMap(names.sidecarConfig)] : []),
    ...(settings.backup.type === 'objectStorage' ? [{ name: names.local, emptyDir: {} }] : []),
    configMap(names.restoreScript),
    { name: 'tmp', emptyDir: {} },
    ...(store ? storeVolumes(store.store).map(({ volume }) => volume) : []),
    ...settings.volumes,
  ];
}

function spreadOverNodes(name: string): k8s.Affinity {
  return {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: {
            labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: [name] }] },
            topologyKey: 'kubernetes.io/hostname',
          },
        },
      ],
    },
  };
}
