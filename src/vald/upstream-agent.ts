import { parse } from 'yaml';
import { volumeClaim } from './backup-method.js';
import { objectNames } from './names.js';
import type { ValdAgentSettings } from './props-schema.js';
import type { UpstreamChart } from './upstream-chart.js';

/** A Kubernetes object as plain data, as much of it as is read here. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: the fields differ by kind; the objects are our own
  readonly [field: string]: any;
}

type Values = Record<string, unknown>;

/** What is read from the agent's `config.yaml`. */
interface AgentConfig {
  readonly logging: Values;
  readonly server_config: { readonly full_shutdown_duration: string };
  readonly observability: { readonly enabled: boolean; readonly otlp: Values & { readonly attribute: Values } };
  readonly ngt: Values;
}

/**
 * The values of upstream’s chart that make it render our agent. They are read off the manifests of
 * `ValdAgentWithBackup`, so that both ways to install cannot drift apart.
 *
 * Lists replace the chart’s own. Maps are merged into the chart’s, so what the chart has and ours has not is set to an
 * empty list or to null.
 */
export function upstreamValues(
  manifests: readonly Manifest[],
  settings: ValdAgentSettings,
  chart: UpstreamChart,
): Values {
  const names = objectNames(settings.name);
  const { spec, metadata } = manifest(manifests, 'StatefulSet', names.agent);
  const pod = spec.template.spec;
  const agent = pod.containers.find((container: { name: string }) => container.name === names.agent);
  const config = agentConfigOf(manifests, settings);
  return {
    ...(settings.appName === 'vald' ? {} : { nameOverride: settings.appName }),
    agent: {
      name: settings.name,
      ...(metadata.annotations ? { annotations: metadata.annotations } : {}),
      minReplicas: settings.replicas,
      podManagementPolicy: settings.podManagementPolicy,
      maxUnavailable: `${settings.maxUnavailable}`,
      terminationGracePeriodSeconds: pod.terminationGracePeriodSeconds,
      image: {
        repository: settings.image.repository,
        tag: settings.image.tag ?? settings.version,
        pullPolicy: settings.image.pullPolicy,
      },
      logging: config.logging,
      server_config: {
        full_shutdown_duration: config.server_config.full_shutdown_duration,
        healths: { startup: { startupProbe: startupProbe(agent.startupProbe) } },
      },
      observability: observability(config.observability),
      podPriority:
        settings.priority.type === 'create' ? { enabled: true, value: settings.priority.value } : { enabled: false },
      podAnnotations: spec.template.metadata.annotations,
      podSecurityContext: pod.securityContext,
      securityContext: agent.securityContext,
      affinity: affinity(pod.affinity),
      ...given('nodeSelector', pod.nodeSelector),
      ...given('tolerations', pod.tolerations),
      ...given('topologySpreadConstraints', pod.topologySpreadConstraints),
      resources: resources(agent.resources),
      env: agent.env,
      initContainers: pod.initContainers,
      volumes: withoutNames(pod.volumes, [names.agentConfig, names.local]),
      volumeMounts: withoutNames(agent.volumeMounts, [names.agentConfig, names.local, names.claim]),
      persistentVolume: persistentVolume(settings),
      sidecar: { enabled: false, initContainerEnabled: false },
      ngt: withoutKeys(config.ngt, Object.keys(chart.missingNgtKeys)),
    },
  };
}

/** The parsed `config.yaml` of the agent. */
export function agentConfigOf(manifests: readonly Manifest[], settings: ValdAgentSettings): AgentConfig {
  return parse(manifest(manifests, 'ConfigMap', objectNames(settings.name).agentConfig)['data']['config.yaml']);
}

/** The objects that the values refer to and that upstream’s chart does not make. */
export function objectsBeside(manifests: readonly Manifest[], settings: ValdAgentSettings): Manifest[] {
  const kinds = ['ConfigMap', 'PersistentVolumeClaim', 'NetworkPolicy'];
  const ofChart = objectNames(settings.name).agentConfig;
  return manifests.filter(({ kind, metadata }) => kinds.includes(kind) && metadata.name !== ofChart);
}

function manifest(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  return manifests.find((object) => object.kind === kind && object.metadata.name === name)!;
}

/** The chart has `storageClass: vald-sc`, a class that nobody has; empty text renders as the cluster’s default. */
function persistentVolume(settings: ValdAgentSettings): Values {
  const claim = volumeClaim(settings.backup);
  if (!claim) return { enabled: false };
  return {
    enabled: true,
    accessMode: claim.accessMode,
    mountPropagation: 'None',
    storageClass: claim.storageClass ?? '',
    size: claim.size,
  };
}

/** The chart takes what is missing here from its own defaults, which are ours too. */
function startupProbe({ failureThreshold, periodSeconds }: Values): Values {
  return { failureThreshold, periodSeconds };
}

function observability({ enabled, otlp }: AgentConfig['observability']): Values {
  const attribute = { service_name: otlp.attribute['service_name'] };
  return { enabled, otlp: enabled ? { collector_endpoint: otlp['collector_endpoint'], attribute } : { attribute } };
}

/** The chart’s own anti-affinity names the agent `vald-agent`, whatever it is called. */
function affinity(ours: { podAntiAffinity?: Values }): Values {
  const none = { preferredDuringSchedulingIgnoredDuringExecution: [] };
  return { ...ours, podAntiAffinity: { ...none, ...ours.podAntiAffinity } };
}

/** The chart requests CPU and memory; null takes a request away. */
function resources(ours: { requests?: Values }): Values {
  return { ...ours, requests: { cpu: null, memory: null, ...ours.requests } };
}

function given(key: string, value: unknown): Values {
  return value === undefined ? {} : { [key]: value };
}

function withoutNames<Item extends { name: string }>(items: readonly Item[], names: readonly string[]): Item[] {
  return items.filter(({ name }) => !names.includes(name));
}

function withoutKeys(map: Values, keys: readonly string[]): Values {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}
