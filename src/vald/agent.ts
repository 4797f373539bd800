import { Chart, Names } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { addOutputFile, declareExternal, reportProblems } from '../kube/index.js';
import { type ClusterScript, valdRestore, valdStartGate, valdUpload } from '../scripts/index.js';
import { addNetworkPolicy, addServiceAccount } from './access.js';
import { agentConfig } from './agent-config.js';
import { repositoryUploader, storeBackup, volumeClaim } from './backup-method.js';
import { checkSettings } from './checks.js';
import { addBoundClaims, claimTemplate } from './claims.js';
import { externalReferences } from './external-references.js';
import { agentLabels, objectNames, priorityClassName } from './names.js';
import { podTemplate } from './pod.js';
import type { ValdAgentWithBackupProps } from './props.generated.js';
import type { ValdAgentSettings } from './props-schema.js';
import { runbook } from './runbook.js';
import { agentPorts } from './server-config.js';
import { sidecarConfig } from './sidecar-config.js';
import type { Sizing } from './sizing.js';

/**
 * Vald’s agent with a backup that restores: every object that upstream’s chart makes for the agent, with the same
 * names, labels, ports, probes, mounts and configuration keys, so that gateway, discoverer and index manager of the
 * installation work with it unchanged. Where upstream’s way loses data it differs; `docs/vald-deviations.md` lists
 * each place with the reason.
 *
 * Wrong props make no objects. What is wrong is said once for the whole app when it is synthesized.
 *
 * @example
 * ```ts
 * new ValdAgentWithBackup(chart, 'agent', {
 *   namespace: 'vald',
 *   backup: BackupMethod.both({
 *     volume: { size: '100Gi' },
 *     store: ObjectStore.s3({
 *       bucket: 'vald-backups', region: 'eu-north-1', credentials: Credentials.secret({ name: 'aws-secret' }),
 *     }),
 *     clusterId: '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2',
 *   }),
 *   ngt: { dimension: 784 },
 * });
 * ```
 */
export class ValdAgentWithBackup extends Construct {
  /** The props with all defaults filled in, or undefined where they were refused. */
  readonly settings: ValdAgentSettings | undefined;
  /** What was computed from the size of the index, or undefined where the props were refused. */
  readonly sizing: Sizing | undefined;
  /** The namespace of the objects. */
  readonly namespace: string;

  constructor(scope: Construct, id: string, props: ValdAgentWithBackupProps) {
    super(scope, id);
    const { settings, sizing, problems } = checkSettings(props, this.node.path);
    this.namespace = settings?.namespace ?? Chart.of(this).namespace ?? 'default';
    reportProblems(this, problems);
    if (!settings || !sizing || problems.some((problem) => problem.severity === 'error')) return;
    this.settings = settings;
    this.sizing = sizing;
    this.#render(settings, sizing);
  }

  #render(settings: ValdAgentSettings, sizing: Sizing): void {
    const names = objectNames(settings.name);
    const labels = agentLabels(settings);
    const metadata: k8s.ObjectMeta = { labels, ...(settings.namespace ? { namespace: settings.namespace } : {}) };
    const named = (name: string): k8s.ObjectMeta => ({ ...metadata, name });
    const context = { settings, sizing, namespace: this.namespace };
    const backup = storeBackup(settings.backup);
    const uploader = repositoryUploader(settings.backup);
    const files = {
      agentConfig: agentConfig(settings, sizing),
      ...(backup && !uploader ? { sidecarConfig: sidecarConfig(settings, backup, this.namespace, sizing) } : {}),
      scripts: scriptFiles([
        valdRestore,
        ...(settings.copyOnWrite ? [] : [valdStartGate]),
        ...(uploader ? [valdUpload] : []),
      ]),
    };

    this.#addPriorityClass(settings, labels);
    new k8s.KubePodDisruptionBudget(this, 'disruption-budget', {
      metadata: named(names.agent),
      spec: {
        maxUnavailable: k8s.IntOrString.fromNumber(settings.maxUnavailable),
        selector: { matchLabels: { app: settings.name } },
        unhealthyPodEvictionPolicy: 'IfHealthyBudget',
      },
    });
    addServiceAccount(this, settings, metadata);
    addNetworkPolicy(this, settings, metadata, this.namespace);
    new k8s.KubeConfigMap(this, 'config', {
      metadata: named(names.agentConfig),
      data: { 'config.yaml': files.agentConfig },
    });
    if (files.sidecarConfig)
      new k8s.KubeConfigMap(this, 'sidecar-config', {
        metadata: named(names.sidecarConfig),
        data: { 'config.yaml': files.sidecarConfig },
      });
    new k8s.KubeConfigMap(this, 'restore-script', {
      metadata: named(names.restoreScript),
      data: files.scripts,
    });
    new k8s.KubeService(this, 'service', {
      metadata: named(names.agent),
      spec: {
        clusterIp: 'None',
        ports: [servicePort('grpc', agentPorts.grpc), servicePort('readiness', agentPorts.readiness)],
        selector: {
          app: settings.name,
          'app.kubernetes.io/name': settings.appName,
          'app.kubernetes.io/component': 'agent',
        },
        type: 'ClusterIP',
      },
    });
    this.#addAutoscaler(settings, named(names.agent));
    addBoundClaims(this, settings, metadata);
    const claim = volumeClaim(settings.backup);
    const statefulSet = new k8s.KubeStatefulSet(this, 'stateful-set', {
      metadata: { ...named(names.agent), labels: { app: settings.name, ...labels } },
      spec: {
        podManagementPolicy: settings.podManagementPolicy,
        ...(settings.autoscaling ? {} : { replicas: settings.replicas }),
        revisionHistoryLimit: 2,
        selector: { matchLabels: { app: settings.name } },
        serviceName: names.agent,
        template: podTemplate(context, files),
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        ...(claim
          ? {
              volumeClaimTemplates: [claimTemplate(names.claim, claim)],
              persistentVolumeClaimRetentionPolicy: claim.retention,
            }
          : {}),
      },
    });
    declareExternal(statefulSet, externalReferences(settings));
    addOutputFile(this, {
      output: 'manifests',
      path: `${Names.toDnsLabel(Chart.of(this))}/RUNBOOK.md`,
      content: () => runbook(context),
    });
  }

  #addPriorityClass(settings: ValdAgentSettings, labels: Record<string, string>): void {
    if (settings.priority.type !== 'create') return;
    new k8s.KubePriorityClass(this, 'priority-class', {
      metadata: { name: priorityClassName(this.namespace, settings.name), labels },
      value: settings.priority.value,
      globalDefault: false,
      preemptionPolicy: 'Never',
      description: 'A priority class for Vald agent.',
    });
  }

  #addAutoscaler(settings: ValdAgentSettings, metadata: k8s.ObjectMeta): void {
    if (!settings.autoscaling) return;
    new k8s.KubeHorizontalPodAutoscalerV2(this, 'autoscaler', {
      metadata,
      spec: {
        minReplicas: settings.replicas,
        maxReplicas: settings.autoscaling.maxReplicas,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: settings.name },
        metrics: [
          {
            type: 'Resource',
            resource: {
              name: 'cpu',
              target: { type: 'Utilization', averageUtilization: settings.autoscaling.targetCpuUtilization },
            },
          },
        ],
        // An agent that is scaled away takes its vectors with it: nobody else has them (rule 48).
        behavior: { scaleDown: { selectPolicy: 'Disabled' } },
      },
    });
  }
}

/** Scripts with the libraries that they source, as a ConfigMap’s keys in its order: a checksum is taken over them. */
function scriptFiles(scripts: readonly ClusterScript[]): Record<string, string> {
  const files = scripts.flatMap(({ name, content, libraries = [] }) => [{ name, content }, ...libraries]);
  const sorted = files.sort((one, other) => (one.name < other.name ? -1 : 1));
  return Object.fromEntries(sorted.map(({ name, content }) => [name, content]));
}

function servicePort(name: string, number: number): k8s.ServicePort {
  return { name, port: number, protocol: 'TCP', targetPort: k8s.IntOrString.fromNumber(number) };
}
