import { k8s } from 'cdk8s-plus-28';
import { Construct, type IConstruct } from 'constructs';
import { declareExternal, type External } from '../kube/index.js';
import { storeReferences } from '../store/index.js';
import { addAccess } from './access.js';
import { objectLabels, scriptsName, statusName } from './names.js';
import { addNetworkPolicy } from './network-policy.js';
import { type JobContext, scriptFiles } from './pod.js';
import type { JobSettings } from './props-schema.js';
import type { RonDBRepositorySettings } from './repository-schema.js';

/** Everything that a job needs beside itself. */
export function addJobObjects(scope: Construct, context: JobContext): void {
  const { repository } = context.settings;
  addAccess(scope, context);
  new k8s.KubeConfigMap(scope, 'scripts', {
    metadata: {
      name: scriptsName(context.name),
      namespace: repository.cluster.namespace,
      labels: objectLabels(repository, context.kind),
    },
    data: scriptFiles(context.script),
  });
  addNetworkPolicy(scope, context);
  addStatus(scope, repository);
}

/** Says what a job refers to and somebody else makes. */
export function declareJobExternal(
  job: k8s.KubeCronJob | k8s.KubeJob,
  settings: JobSettings,
  asksCluster: boolean,
): void {
  const { store, cluster } = settings.repository;
  const references: External[] = [
    ...storeReferences(store),
    ...(asksCluster
      ? [{ kind: 'Secret', name: cluster.sqlPassword.name, keys: [cluster.sqlPassword.keys.password] }]
      : []),
    ...settings.imagePullSecrets.map((name) => ({ kind: 'Secret', name })),
    ...(settings.serviceAccount ? [{ kind: 'ServiceAccount', name: settings.serviceAccount.name }] : []),
    ...(settings.priorityClassName === undefined ? [] : [{ kind: 'PriorityClass', name: settings.priorityClassName }]),
  ];
  declareExternal(job, references);
}

const withStatus = new WeakMap<IConstruct, Set<string>>();

/**
 * The ConfigMap that every attempt writes its outcome to. All jobs of a repository share it, so the first one in an app
 * makes it. It is without `data`: what is applied again must not take away what the scripts have written.
 */
function addStatus(scope: Construct, repository: RonDBRepositorySettings): void {
  const { namespace } = repository.cluster;
  const name = statusName(repository);
  const made = withStatus.get(scope.node.root) ?? new Set();
  withStatus.set(scope.node.root, made);
  if (made.has(`${namespace}/${name}`)) return;
  made.add(`${namespace}/${name}`);
  new k8s.KubeConfigMap(new Construct(scope, 'status'), 'config-map', {
    metadata: { name, namespace, labels: objectLabels(repository) },
  });
}
