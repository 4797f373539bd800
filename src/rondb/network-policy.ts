import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { storePort } from '../store/index.js';
import { port } from '../units/index.js';
import { objectLabels } from './names.js';
import type { JobContext } from './pod.js';
import type { JobSettings } from './props-schema.js';

/**
 * Lets nothing into the pods of a job, and out what they need. What they do in the cluster's pods goes through the API
 * server, whose address no policy can name: hence its ports, to anywhere.
 */
export function addNetworkPolicy(scope: Construct, { kind, name, settings }: JobContext): void {
  const { repository, networkPolicy } = settings;
  if (!networkPolicy) return;
  const labels = objectLabels(repository, kind);
  new k8s.KubeNetworkPolicy(scope, 'network-policy', {
    metadata: { name, namespace: repository.cluster.namespace, labels },
    spec: {
      podSelector: {
        matchLabels: { 'app.kubernetes.io/part-of': repository.name, 'app.kubernetes.io/component': kind },
      },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      egress: networkPolicy.egress ?? usualEgress(settings),
    },
  });
}

function usualEgress(settings: JobSettings): k8s.NetworkPolicyEgressRule[] {
  const pushgateway = 'pushgateway' in settings ? settings.pushgateway : undefined;
  const store = storePort(settings.repository.store);
  return [
    { ports: [tcp(53), { ...tcp(53), protocol: 'UDP' }] },
    { ports: [tcp(443), tcp(6443)] },
    store === undefined ? {} : { ports: [tcp(store)] },
    ...(pushgateway === undefined ? [] : [{ ports: [tcp(port(pushgateway))] }]),
  ];
}

function tcp(number: number): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(number), protocol: 'TCP' };
}
