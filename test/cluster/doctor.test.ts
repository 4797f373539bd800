import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  allChecks,
  Cluster,
  type Diagnosis,
  DoctorContext,
  diagnose,
  findAttachments,
  type KubeObject,
} from '../../src/cluster/index.js';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { type AnyObject, create, goodStatus, healthyObjects } from './healthy-cluster.js';
import { transportOf } from './request-transport.js';

const find = (objects: AnyObject[], kind: string, name: string | RegExp): AnyObject =>
  objects.find(
    (one) =>
      one.kind === kind && (typeof name === 'string' ? one.metadata.name === name : name.test(one.metadata.name)),
  );
const without = (objects: AnyObject[], kind: string, name: string | RegExp): AnyObject[] =>
  objects.filter((one) => one !== find(objects, kind, name));
const podSpecOf = (objects: AnyObject[]) =>
  find(objects, 'CronJob', 'rondb-backup').spec.jobTemplate.spec.template.spec;

/** A change of a namespace where all is well, and what the doctor then says: check, verdict, subject and fact. */
type Change = (objects: AnyObject[], namespace: string) => AnyObject[] | undefined;
type Case = [name: string, Change, ...expected: [id: string, verdict: string, seen: RegExp][]];

const status =
  (key: 'backup' | 'verify' | 'restore', changes: object): Change =>
  (objects) => {
    const { data } = find(objects, 'ConfigMap', 'rondb-backup-status');
    data[key] = JSON.stringify({ ...goodStatus()[key], ...changes });
    return undefined;
  };
const added =
  (...make: ((namespace: string) => AnyObject)[]): Change =>
  (objects, namespace) => [...objects.slice(0, 2), ...make.map((one) => one(namespace)), ...objects.slice(2)];
const claims = (name: string) => (namespace: string) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'vald-agent', namespace },
  spec: {
    replicas: 1,
    serviceName: 'vald-agent',
    selector: { matchLabels: { app: 'vald-agent' } },
    template: {
      metadata: { labels: { app: 'vald-agent' } },
      spec: {
        containers: [
          {
            name: 'agent',
            image: 'vdaas/vald-agent-ngt:v1.8.0',
            env: [
              { name: 'STORE_PATH', value: 'store:vald/vald' },
              { name: 'CLUSTER_ID', value: 'one' },
            ],
          },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: 'pvc' },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: name, resources: { requests: { storage: '10Gi' } } },
      },
    ],
  },
  status: { replicas: 1, readyReplicas: 1 },
});
const claim =
  (storage: string, storageClassName = 'kept') =>
  (namespace: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'pvc-vald-agent-0', namespace },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } },
    status: { phase: 'Bound', capacity: { storage }, accessModes: ['ReadWriteOnce'] },
  });

const slots = (config: string) => (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'mgmd-configs', namespace },
  data: { 'config.ini': config },
});
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

const cases: Case[] = [
  ['nothing wrong', () => undefined],
  [
    'a Secret that is not there',
    (objects) => without(objects, 'Secret', 'backup-store'),
    ['DOC020', 'error', /^Secret \S+\/backup-store is not there$/],
  ],
  [
    'a Secret without a key',
    (objects) => {
      delete find(objects, 'Secret', 'backup-store').stringData['secret-access-key'];
      return undefined;
    },
    ['DOC020', 'error', /^Secret \S+\/backup-store has no key secret-access-key$/],
  ],
  [
    'a Secret with an empty key',
    (objects) => {
      find(objects, 'Secret', 'mysql-passwords').stringData.root = '';
      return undefined;
    },
    ['DOC020', 'error', /mysql-passwords its key root is empty/],
  ],
  [
    'a ServiceAccount that is not there',
    (objects) => without(objects, 'ServiceAccount', 'rondb-backup'),
    ['DOC021', 'error', /^ServiceAccount \S+\/rondb-backup is not there/],
  ],
  [
    'no Secret and no identity',
    (objects) => {
      const { env } = podSpecOf(objects).containers[0];
      env.find(({ name }: AnyObject) => name === 'RCLONE_CONFIG_STORE_ENV_AUTH').value = 'true';
      return undefined;
    },
    ['DOC021', 'warning', /rondb-backup has no identity in a cloud/],
  ],
  [
    'a PriorityClass that is not there',
    (objects) => {
      podSpecOf(objects).priorityClassName = 'high';
      return undefined;
    },
    ['DOC022', 'error', /^PriorityClass high is not there$/],
    ['DOC042', 'error', /no PriorityClass with name high was found/],
  ],
  [
    'a Role without exec',
    (objects) => {
      const role = find(objects, 'Role', 'rondb-backup');
      role.rules = role.rules.filter(({ resources }: AnyObject) => !resources.includes('pods/exec'));
      return undefined;
    },
    ['DOC012', 'error', /may not create pods\/exec mysqlds-0, which rondb-backup needs/],
  ],
  ['a storage class that is not there', added(claims('none')), ['DOC030', 'error', /^StorageClass none is not there/]],
  [
    'a storage class that deletes and does not grow',
    added(claims('loose')),
    ['DOC031', 'warning', /^StorageClass loose deletes volumes with their claims, cannot expand volumes$/],
  ],
  [
    'a claim that is too small',
    added(claims('kept'), claim('8Gi')),
    ['DOC032', 'error', /has 8Gi, and 10Gi is asked for/],
  ],
  ['a claim that is large enough', added(claims('kept'), claim('12Gi'))],
  [
    'a StatefulSet whose pods are not ready',
    added((namespace) => ({ ...claims('kept')(namespace), status: { replicas: 1, readyReplicas: 0 } })),
    ['DOC070', 'error', /vald-agent 0 of 1 pods are ready/],
  ],
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
    ['DOC063', 'error', /^ConfigMap \S+\/mgmd-configs 0 API slots have no host: a restore would be refused$/],
  ],
  [
    'fewer API slots than data nodes',
    added(slots('[API DEFAULT]\nx=1\n[API]\nNodeId=1\n# HostName=a\n[ api ]\n[MYSQLD]\nHostName=b\n[NDBD]\nNodeId=2')),
    ['DOC063', 'warning', /2 API slots have no host, so the 4 data nodes are not restored all at once/],
  ],
  ['as many API slots as data nodes', added(slots('[API]\n'.repeat(4)))],
  [
    'pods of two versions',
    (objects) => {
      for (const pod of objects.filter(({ kind }) => kind === 'Pod'))
        pod.spec.containers[0].image = `rondb:${pod.metadata.name === 'mysqlds-0' ? '24.10.17' : '24.10.18'}`;
      return undefined;
    },
    ['DOC064', 'warning', /^RonDB \S+ 24\.10\.18: node-group-0-0, .*; 24\.10\.17: mysqlds-0$/],
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
  [
    'a storage class without room',
    added(claims('kept-full')),
    ['DOC033', 'error', /^StorageClass kept-full has nowhere room for a volume of 10Gi$/],
  ],
  [
    'a claim that is too small and cannot grow',
    added(claims('loose'), claim('8Gi', 'loose')),
    ['DOC031', 'warning', /./],
    ['DOC032', 'error', /has 8Gi, and 10Gi is asked for/],
  ],
  [
    'a backup that is too old',
    status('backup', { lastCommitted: { time: '2026-01-01T00:00:00Z' } }),
    ['DOC080', 'error', /the last backup is of 2026-01-01T00:00:00Z, .* a run is due every 24 hours/],
  ],
  ['no backup yet', status('backup', { lastCommitted: null }), ['DOC080', 'error', /has not committed a backup yet/]],
  [
    'a schedule that is suspended',
    (objects) => {
      find(objects, 'CronJob', 'rondb-backup').spec.suspend = true;
      return undefined;
    },
    ['DOC080', 'warning', /is suspended/],
  ],
  [
    'a last attempt that failed',
    status('backup', { state: 'failed', exitCode: 12 }),
    ['DOC081', 'error', /ended with 12: the store cannot be listed, read, written or deleted/],
  ],
  [
    'a restore that has not ended',
    status('restore', { unfinished: { backupId: 7 } }),
    ['DOC082', 'error', /a restore of backup 7 has not come to its end/],
  ],
  [
    'damaged files',
    status('verify', { state: 'damaged', damaged: [{}, {}] }),
    ['DOC083', 'error', /2 files are damaged/],
  ],
  [
    'backups that were never verified',
    status('verify', { lastRight: null }),
    ['DOC083', 'warning', /were not verified yet/],
  ],
  [
    'no CronJob that verifies',
    (objects) => without(objects, 'CronJob', 'rondb-verify'),
    ['DOC083', 'warning', /nothing verifies its backups/],
  ],
  [
    'a lease of a pod that is gone',
    added((namespace) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'rondb-backup', namespace, annotations: { 'holder-pod': 'gone' } },
      spec: {
        holderIdentity: 'uid',
        acquireTime: `${new Date().toISOString().slice(0, 19)}.000000Z`,
        leaseDurationSeconds: 9000,
      },
    })),
    ['DOC084', 'warning', /is held by a pod that is gone, until /],
  ],
];

describeWith(['etcd', 'kube-apiserver'], 'the doctor', () => {
  let kube: KubeApiServer;
  let cluster: Cluster;
  const { signal } = new AbortController();
  let count = 0;
  beforeAll(async () => {
    kube = await startKubeApiServer();
    cluster = new Cluster(transportOf(kube));
    const storage = (name: string, reclaimPolicy: string, allowVolumeExpansion: boolean) => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'example.com/disks',
      reclaimPolicy,
      allowVolumeExpansion,
    });
    await create(kube, [
      storage('kept', 'Retain', true),
      storage('kept-full', 'Retain', true),
      storage('loose', 'Delete', false),
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'CSIStorageCapacity',
        metadata: { name: 'zone-a', namespace: 'default' },
        storageClassName: 'kept-full',
        capacity: '100Gi',
        maximumVolumeSize: '5Gi',
      },
    ]);
  });
  afterAll(() => kube?.stop());

  const seen = new Set<string>();
  const findings = (found: readonly Diagnosis[]) =>
    found
      .filter(({ verdict }) => verdict === 'error' || verdict === 'warning')
      .map(({ check, verdict, subject, seen: fact }) => [check.id, verdict, `${subject} ${fact}`]);

  describe('says of a namespace with', () => {
    test.each(cases)('%s', async (_, change, ...expected) => {
      const namespace = `case-${++count}`;
      const objects = healthyObjects(namespace);
      await create(kube, change(objects, namespace) ?? objects);
      const attachments = await findAttachments(cluster, namespace);
      const there = attachments.flatMap(({ backup, verify, restore, agents }) =>
        [backup, verify, restore, agents].filter((one) => one !== undefined),
      );
      const context = new DoctorContext(cluster, namespace, there, attachments, true, new Date(), signal);
      const found = await diagnose(context, false);
      for (const { check } of found) seen.add(check.id);
      expect(JSON.stringify(found)).not.toContain('secret-value-1f7a');
      expect(findings(found)).toEqual(
        expected.map(([id, verdict, fact]) => [id, verdict, expect.stringMatching(fact)]),
      );
    });
  });

  /** Objects that are not applied yet, in a namespace that is there. */
  async function diagnoseObjects(
    change: (objects: AnyObject[], namespace: string) => AnyObject[],
  ): Promise<Diagnosis[]> {
    const namespace = `case-${++count}`;
    const objects = healthyObjects(namespace);
    const jobs = objects.findIndex(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by']);
    await create(kube, objects.slice(0, jobs));
    const given = change(objects.slice(jobs), namespace) as KubeObject[];
    const found = await diagnose(new DoctorContext(cluster, namespace, given, [], false, new Date(), signal), false);
    for (const { check } of found) seen.add(check.id);
    return found;
  }

  describe('says of objects that are to be applied', () => {
    test('nothing where all is well, and changes nothing', async () => {
      const found = await diagnoseObjects((objects) => objects);
      expect(findings(found)).toEqual([]);
      expect(found.filter(({ check }) => check.id === 'DOC003').length).toBeGreaterThan(10);
      const { body } = await kube.request('GET', `/apis/batch/v1/namespaces/case-${count}/cronjobs`);
      expect(body.items).toEqual([]);
    });

    test.each<[string, (objects: AnyObject[], namespace: string) => AnyObject[], ...[string, string, RegExp][]]>([
      [
        'a kind that the server does not have',
        (objects, namespace) => [
          ...objects,
          {
            apiVersion: 'monitoring.coreos.com/v1',
            kind: 'PrometheusRule',
            metadata: { name: 'a', namespace },
            spec: {},
          },
        ],
        ['DOC002', 'error', /^monitoring.coreos.com\/v1 PrometheusRule the server does not have this kind/],
      ],
      [
        'a field that the server does not have',
        (objects) => {
          find(objects, 'CronJob', 'rondb-verify').spec.shedule = 'x';
          return objects;
        },
        ['DOC003', 'error', /rondb-verify .*\.spec\.shedule: field not declared in schema/],
      ],
      [
        'a namespace that is not there',
        (objects) =>
          objects.map((one) => ({ ...one, metadata: { ...one.metadata, namespace: 'nowhere' } })).slice(0, 1),
        ['DOC003', 'error', /namespaces "nowhere" not found/],
      ],
    ])('%s', async (_, change, ...expected) => {
      expect(findings(await diagnoseObjects(change))).toEqual(
        expected.map(([id, verdict, fact]) => [id, verdict, expect.stringMatching(fact)]),
      );
    });

    test('that a namespace which comes along is no fault', async () => {
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'comes-along' } };
      const given = [
        namespace,
        ...healthyObjects('comes-along').filter(({ kind }) => kind === 'CronJob'),
      ] as KubeObject[];
      const found = await diagnose(new DoctorContext(cluster, 'default', given, [], false, new Date(), signal), false);
      const missing = found.filter(({ check, verdict }) => verdict === 'error' && /^DOC0(03|40|42)$/.test(check.id));
      expect(missing).toEqual([]);
      expect(
        found.some(({ verdict, seen: fact }) => verdict === 'skipped' && /comes with the objects/.test(fact)),
      ).toBe(true);
    });
  });

  test('has played every check that makes no pod', () => {
    expect(allChecks.map(({ id }) => id).filter((id) => !seen.has(id) && id !== 'DOC090')).toEqual([]);
  });
});
