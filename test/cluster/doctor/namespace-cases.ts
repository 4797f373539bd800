import { added, type Case, find, podSpecOf } from './case.js';

/** Namespaces: PodSecurity, quotas, limits. */
export const namespaceCases: readonly Case[] = [
  [
    'a PodSecurity level that the pods do not keep',
    (objects) => {
      find(objects, 'Namespace', /./).metadata.labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
      podSpecOf(objects).containers[0].securityContext.allowPrivilegeEscalation = true;
      return [...objects.slice(0, 4), ...objects.slice(9)];
    },
    ['DOC042', 'error', /violates PodSecurity "restricted:latest"/],
    ['DOC060', 'error', /there is no pod node-group-0-0, /],
    ['DOC060', 'error', /Job .* there is no pod node-group-0-0, /],
  ],
  [
    'a quota that is used up',
    // After the Jobs, which it would refuse.
    (objects, namespace) => [
      ...objects,
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'few', namespace },
        spec: { hard: { 'count/jobs.batch': '5' } },
        status: { hard: { 'count/jobs.batch': '5' }, used: { 'count/jobs.batch': '5' } },
      },
    ],
    ['DOC041', 'error', /few count\/jobs.batch: 5 of 5 used/],
  ],
  [
    'a quota that wants limits',
    added((namespace) => ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'limits', namespace },
      spec: { hard: { 'limits.cpu': '100' }, scopes: ['Terminating'] },
      status: { hard: { 'limits.cpu': '100' }, used: { 'limits.cpu': '0' } },
    })),
    ['DOC041', 'error', /wants limits.cpu, which CronJob rondb-backup does not name/],
    ['DOC041', 'error', /wants limits.cpu, which CronJob rondb-verify does not name/],
    ['DOC041', 'error', /wants limits.cpu, which Job rondb-restore/],
  ],
];
