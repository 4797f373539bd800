import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ApiRequest,
  allChecks,
  Cluster,
  type Diagnosis,
  DoctorContext,
  diagnose,
  findAttachments,
  type KubeObject,
  objectsOf,
  type Transport,
} from '../../src/cluster/index.js';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { backupCases } from './doctor/backup-cases.js';
import { type Case, find } from './doctor/case.js';
import { databaseCases } from './doctor/database-cases.js';
import { namespaceCases } from './doctor/namespace-cases.js';
import { networkCases } from './doctor/network-cases.js';
import { referenceCases } from './doctor/reference-cases.js';
import { claims, storageCases } from './doctor/storage-cases.js';
import { type AnyObject, create, healthyObjects } from './healthy-cluster.js';
import { transportOf } from './request-transport.js';

/** A namespace where all is well and one thing is changed, by subject; one API server looks at all of them. */
const cases: readonly Case[] = [
  ...referenceCases,
  ...storageCases,
  ...namespaceCases,
  ...networkCases,
  ...databaseCases,
  ...backupCases,
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
    test.each([...cases])('%s', async (_, change, ...expected) => {
      const namespace = `case-${++count}`;
      const objects = healthyObjects(namespace);
      await create(kube, change(objects, namespace) ?? objects);
      const attachments = await findAttachments(cluster, namespace);
      const context = new DoctorContext(
        cluster,
        namespace,
        attachments.flatMap(objectsOf),
        attachments,
        true,
        new Date(),
        signal,
      );
      const found = await diagnose(context, false);
      for (const { check } of found) seen.add(check.id);
      expect(JSON.stringify(found)).not.toContain('secret-value-1f7a');
      expect(findings(found)).toEqual(
        expected.map(([id, verdict, fact]) => [id, verdict, expect.stringMatching(fact)]),
      );
    });
  });

  describe('asks the management server, and says', () => {
    const shown = (...api: string[]) => `Connected to management server
[ndbd(NDB)]	4 node(s)
id=1	@10.0.0.1  (mysql-8.4.3 ndb-24.10.18, Nodegroup: 0, *)
id=2	@10.0.0.2  (mysql-8.4.3 ndb-24.10.18, Nodegroup: 0)
id=3 (not connected, accepting connect from node-3)

[ndb_mgmd(MGM)]	1 node(s)
id=65	@10.0.0.5  (mysql-8.4.3 ndb-24.10.17)

[mysqld(API)]	5 node(s)
${api.map((line, index) => `id=${67 + index}${line}\n`).join('')}`;
    const free = ' (not connected, accepting connect from any host)';
    const taken = '\t@10.0.0.6  (mysql-8.4.3 ndb-24.10.18)';
    const reserved = ' (not connected, accepting connect from mysqlds-0.mysqlds)';
    const answer = (stdout: string) => async () => ({ status: 101, exitCode: 0, stdout, stderr: '' });
    let there: KubeObject[];
    let place: string;
    beforeAll(async () => {
      place = `case-${++count}`;
      await create(kube, healthyObjects(place));
      there = (await findAttachments(cluster, place)).flatMap(objectsOf);
    });
    test.each<[string, Transport['exec'], [verdict: string, seen: RegExp], [verdict: string, seen: RegExp]]>([
      [
        'how many slots are free',
        answer(shown(free, free, taken, free, free, reserved)),
        ['ok', /^4 API slots are free now, says the management server$/],
        ['ok', /^runs 24\.10\.18 \(as the management server says\)$/],
      ],
      [
        'that none is, and that an SQL server is of another version',
        answer(shown(reserved, '\t@10.0.0.6  (mysql-8.4.2 ndb-24.10.16)')),
        ['error', /^0 API slots are free now, .*: a restore would be refused$/],
        ['warning', /^24\.10\.18: node 1, node 2; 24\.10\.16: node 68 \(as the management server says\)$/],
      ],
      [
        'that it may not be asked',
        async () => ({ status: 403, exitCode: -1, stdout: '', stderr: 'forbidden' }),
        ['skipped', /^has no config\.ini/],
        [
          'skipped',
          /^no version is known \(by the tags of its images: you may not run ndb_mgm in the pod node-group-0-0\)$/,
        ],
      ],
      [
        'that it does not answer',
        async () => ({ status: 101, exitCode: 255, stdout: '', stderr: 'Unable to connect' }),
        ['skipped', /^has no config\.ini/],
        ['skipped', /ndb_mgm in the container ndbmtd ended with 255/],
      ],
      [
        'that it prints something else',
        answer('welcome'),
        ['skipped', /^has no config\.ini/],
        ['skipped', /what ndb_mgm printed shows no nodes/],
      ],
    ])('%s', async (_, exec, slots, versions) => {
      const asked = new Cluster({ ...transportOf(kube), exec });
      const context = new DoctorContext(asked, place, there, [], true, new Date(), signal);
      const looked = ['DOC063', 'DOC064'].map((id) => allChecks.find((check) => check.id === id)!.run(context));
      const found = (await Promise.all(looked)).map((sightings) => sightings.map((one) => [one.verdict, one.seen]));
      const matching = ([verdict, seen]: [string, RegExp]) => [[verdict, expect.stringMatching(seen)]];
      expect(found).toEqual([matching(slots), matching(versions)]);
    });
  });

  describe('says of a server', () => {
    const version = (minor: string) => async (request: ApiRequest) =>
      request.path === '/version'
        ? { status: 200, text: JSON.stringify({ major: '1', minor, gitVersion: `v1.${minor}.0` }), warnings: [] }
        : transportOf(kube).send(request);
    const sidecar = (namespace: string) => ({
      ...claims('kept')(namespace),
      spec: { template: { spec: { containers: [], initContainers: [{ name: 'a', restartPolicy: 'Always' }] } } },
    });
    test.each([
      ['that is too old', '27+', 'error', /^Kubernetes v1\.27\+\.0; supported from 1\.28 on$/],
      ['without native sidecars', '28', 'error', /^needs native sidecars; Kubernetes v1\.28\.0 has none$/],
      ['with them', '29', 'ok', /^Kubernetes v1\.29\.0$/],
    ])('%s', async (_, minor, verdict, seen) => {
      const old = new Cluster({ ...transportOf(kube), send: version(minor) });
      const objects = [sidecar('default')] as unknown as KubeObject[];
      const context = new DoctorContext(old, 'default', objects, [], true, new Date(), signal);
      const [check] = allChecks;
      expect(await check!.run(context)).toMatchObject([{ verdict, seen: expect.stringMatching(seen) }]);
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
