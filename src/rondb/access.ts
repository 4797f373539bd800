import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { declareExternal } from '../kube/index.js';
import { serviceAccountAnnotations } from '../store/index.js';
import { objectLabels, statusName } from './names.js';
import type { JobContext } from './pod.js';
import type { RonDBRepositorySettings } from './repository-schema.js';

/** The ServiceAccount of a job and the Role that is bound to it: by name, and only what its script does. */
export function addAccess(scope: Construct, { kind, name, settings }: JobContext): void {
  const { repository, serviceAccount } = settings;
  const { namespace } = repository.cluster;
  const metadata = { name, namespace, labels: objectLabels(repository, kind) };
  if (!serviceAccount) {
    const annotations = serviceAccountAnnotations(repository.store);
    new k8s.KubeServiceAccount(scope, 'service-account', {
      metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
      automountServiceAccountToken: false,
    });
  }
  new k8s.KubeRole(scope, 'role', {
    metadata,
    rules: kind === 'verify' ? statusRules(repository) : [...clusterRules(repository), ...statusRules(repository)],
  });
  const binding = new k8s.KubeRoleBinding(scope, 'role-binding', {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccount?.name ?? name, namespace }],
  });
  if (serviceAccount) declareExternal(binding, [{ kind: 'ServiceAccount', name: serviceAccount.name }]);
}

function clusterRules({ cluster }: RonDBRepositorySettings): k8s.PolicyRule[] {
  const pods = [...cluster.dataNodes.map(({ pod }) => pod), cluster.sqlPod];
  return [
    { apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: pods },
    // kubectl opens exec by WebSocket, which is a GET, or by SPDY, which is a POST: which one depends on both versions.
    { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'], resourceNames: pods },
    // A name cannot be asked for in a request that creates.
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      verbs: ['get', 'update'],
      resourceNames: [cluster.leaseName],
    },
  ];
}

function statusRules(repository: RonDBRepositorySettings): k8s.PolicyRule[] {
  return [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'], resourceNames: [statusName(repository)] },
  ];
}
