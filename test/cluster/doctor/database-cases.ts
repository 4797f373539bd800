import type { AnyObject } from '../healthy-cluster.js';
import { added, type Case, find, without } from './case.js';
import { claims } from './storage-cases.js';

const slots = (config: string) => (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'mgmd-configs', namespace },
  data: { 'config.ini': config },
});

/** The databases’ own pods and settings. */
export const databaseCases: readonly Case[] = [
  [
    'a StatefulSet whose pods are not ready',
    added((namespace) => ({ ...claims('kept')(namespace), status: { replicas: 1, readyReplicas: 0 } })),
    ['DOC070', 'error', /vald-agent 0 of 1 pods are ready/],
  ],
  [
    'a data node that is gone',
    (objects) => without(objects, 'Pod', 'node-group-1-1'),
    ['DOC060', 'error', /^CronJob .* there is no pod node-group-1-1$/],
    ['DOC060', 'error', /^Job .* there is no pod node-group-1-1$/],
  ],
  [
    'a data node that no job knows',
    added((namespace) => ({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'node-group-2', namespace, labels: { rondbService: 'ndbmtd' } },
      spec: {
        replicas: 1,
        serviceName: 'x',
        selector: { matchLabels: { app: 'x' } },
        template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'ndbmtd', image: 'none' }] } },
      },
    })),
    ['DOC060', 'error', /^CronJob .* node-group-2-0 is not in DATA_NODES$/],
    ['DOC060', 'error', /^Job .* node-group-2-0 is not in DATA_NODES$/],
  ],
  [
    'a SQL pod that is not ready',
    (objects) => {
      find(objects, 'Pod', 'mysqlds-0').status.conditions[0].status = 'False';
      return undefined;
    },
    ['DOC061', 'warning', /mysqlds-0 is not ready \(Running\)/],
  ],
  [
    'upstream’s own backup',
    added((namespace) => ({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'create-rondb-backup', namespace },
      spec: {
        schedule: '0 3 * * *',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } },
        },
      },
    })),
    ['DOC062', 'error', /create-rondb-backup runs by 0 3 \* \* \*/],
  ],
  [
    'upstream’s own backup on a day that never comes, as the container beside the data nodes needs it',
    added((namespace) => ({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'create-rondb-backup', namespace },
      spec: {
        schedule: '0 0 31 2 *',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } },
        },
      },
    })),
  ],
  [
    'no API slot without a host',
    added(slots('[API]\nHostName=a # b\n[MYSQLD]\nhostname: b')),
    [
      'DOC063',
      'error',
      /^ConfigMap \S+\/mgmd-configs 0 API slots have no host in the configuration \(who has taken one is not known: .*\): a restore would be refused$/,
    ],
  ],
  [
    'fewer API slots than data nodes',
    added(slots('[API DEFAULT]\nx=1\n[API]\nNodeId=1\n# HostName=a\n[ api ]\n[MYSQLD]\nHostName=b\n[NDBD]\nNodeId=2')),
    [
      'DOC063',
      'warning',
      /2 API slots have no host in the configuration .*, so the 4 data nodes are not restored all at once/,
    ],
  ],
  ['as many API slots as data nodes', added(slots('[API]\n'.repeat(4)))],
  [
    'pods of two versions',
    (objects) => {
      for (const pod of objects.filter(({ kind }) => kind === 'Pod'))
        pod.spec.containers[0].image = `rondb:${pod.metadata.name === 'mysqlds-0' ? '24.10.17' : '24.10.18'}`;
      return undefined;
    },
    [
      'DOC064',
      'warning',
      /^RonDB \S+ 24\.10\.18: node-group-0-0, .*; 24\.10\.17: mysqlds-0 \(by the tags of its images: .*\)$/,
    ],
  ],
  [
    'agents of a version that was not tested',
    added((namespace) => {
      const object: AnyObject = claims('kept')(namespace);
      object.spec.template.spec.containers[0].image = 'vdaas/vald-agent-ngt:v1.6.3';
      return object;
    }),
    ['DOC070', 'warning', /the image vdaas\/vald-agent-ngt:v1\.6\.3 is of a version that was not tested$/],
  ],
];
