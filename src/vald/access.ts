import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { port } from '../units/index.js';
import { storeBackup } from './backup-method.js';
import { objectNames } from './names.js';
import { needsServiceAccount } from './pod.js';
import type { ValdAgentSettings } from './props-schema.js';
import { agentPorts } from './server-config.js';

/** Names that upstream’s chart gives the components which call the agent. */
const callers = [
  'vald-lb-gateway',
  'vald-manager-index',
  'vald-index-correction',
  'vald-index-creation',
  'vald-index-save',
  'vald-index-deletion',
];

/** The ServiceAccount of the pods and, where the agent writes its counts into annotations, the Role for that. */
export function addServiceAccount(scope: Construct, settings: ValdAgentSettings, metadata: k8s.ObjectMeta): void {
  if (settings.serviceAccount || !needsServiceAccount(settings)) return;
  const credentials = storeBackup(settings.backup)?.store.credentials;
  const annotations = credentials?.type === 'workloadIdentity' ? credentials.serviceAccountAnnotations : {};
  const name = settings.name;
  new k8s.KubeServiceAccount(scope, 'service-account', {
    metadata: { ...metadata, name, ...(Object.keys(annotations).length ? { annotations } : {}) },
    automountServiceAccountToken: false,
  });
  if (!settings.exportIndexInfo) return;
  new k8s.KubeRole(scope, 'role', {
    metadata: { ...metadata, name },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch'] }],
  });
  new k8s.KubeRoleBinding(scope, 'role-binding', {
    metadata: { ...metadata, name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, ...(metadata.namespace ? { namespace: metadata.namespace } : {}) }],
  });
}

/** Lets in the Vald components of the namespace, and out what the pods need: names, the store, the collector. */
export function addNetworkPolicy(
  scope: Construct,
  settings: ValdAgentSettings,
  metadata: k8s.ObjectMeta,
  namespace: string,
): void {
  const policy = settings.networkPolicy;
  if (!policy) return;
  const from = callers.map((app) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    podSelector: { matchLabels: { app } },
  }));
  new k8s.KubeNetworkPolicy(scope, 'network-policy', {
    metadata: { ...metadata, name: objectNames(settings.name).networkPolicy },
    spec: {
      podSelector: { matchLabels: { app: settings.name } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from, ports: Object.values(agentPorts).map((number) => tcp(number)) }, ...policy.ingress],
      egress: policy.egress ?? defaultEgress(settings),
    },
  });
}

function defaultEgress(settings: ValdAgentSettings): k8s.NetworkPolicyEgressRule[] {
  const store = storeBackup(settings.backup)?.store;
  const storePort = store?.type === 's3' && store.endpoint !== undefined ? port(store.endpoint) : 443;
  const dns = {
    to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
    ports: [tcp(53), { ...tcp(53), protocol: 'UDP' }],
  };
  return [
    dns,
    ...(store ? [{ ports: [tcp(storePort)] }] : []),
    ...(settings.exportIndexInfo ? [{ ports: [tcp(443), tcp(6443)] }] : []),
    ...(settings.collectorEndpoint !== undefined ? [{ ports: [tcp(port(settings.collectorEndpoint))] }] : []),
  ];
}

function tcp(number: number): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(number), protocol: 'TCP' };
}
