import { added, type Case } from './case.js';

const manager = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'mgmds-0', namespace, labels: { rondbService: 'mgmd' } },
  spec: { containers: [{ name: 'mgmd', image: 'none' }] },
});
const incoming =
  (...values: string[]) =>
  (namespace: string) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'restrict', namespace },
    spec: {
      podSelector: { matchLabels: { rondbService: 'mgmd' } },
      ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'rondbService', operator: 'In', values }] } }] }],
    },
  });

/** Network policies. */
export const networkCases: readonly Case[] = [
  [
    'a network policy that lets out names only',
    added((namespace) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'closed', namespace },
      spec: {
        podSelector: { matchExpressions: [{ key: 'app.kubernetes.io/component', operator: 'In', values: ['backup'] }] },
        policyTypes: ['Egress'],
        egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }],
      },
    })),
    ['DOC050', 'error', /^CronJob \S+\/rondb-backup closed does not let out to the store \(port 443\), the API server/],
  ],
  [
    'a network policy that lets out what is needed',
    added((namespace) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'open', namespace },
      spec: {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }, { ports: [{ port: 400, endPort: 500 }] }],
      },
    })),
  ],
  [
    'a network policy that keeps the data nodes from the management server',
    added(manager, incoming('mysqld')),
    ...['rondb-backup', 'rondb-restore'].map((name): [string, string, RegExp] => [
      'DOC051',
      'error',
      new RegExp(`/${name}\\S* restrict does not let node-group-0-0 reach mgmds-0, port 1186$`),
    ]),
  ],
  [
    'a network policy that lets the data nodes in',
    (objects, namespace) => {
      for (const pod of objects.filter(({ kind, metadata }) => kind === 'Pod' && /^node/.test(metadata.name)))
        pod.metadata.labels = { rondbService: 'ndbmtd' };
      return added(manager, incoming('mysqld', 'ndbmtd'))(objects, namespace);
    },
  ],
];
