import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clusterSchema, RonDBCluster } from '../../src/rondb/cluster.js';
import { describeWith, sharedFolder } from '../programs/find.js';

const golden = sharedFolder('golden/rondb');

interface Container {
  name: string;
  volumeMounts?: { mountPath: string; name: string }[];
}
interface GoldenObject {
  kind: string;
  metadata: { name: string; namespace?: string };
  data?: Record<string, string>;
  spec?: {
    replicas?: number;
    template?: { metadata: { labels: Record<string, string> }; spec: { containers: Container[] } };
    jobTemplate?: { spec: { template: { metadata: { labels: Record<string, string> } } } };
    ports?: { port: number }[];
  };
}

test('node ids leave room for three replicas in each group', () => {
  const nodes = RonDBCluster.fromUpstream({ namespace: 'db', numNodeGroups: 2, activeDataReplicas: 2 }).dataNodes;
  expect(nodes.map(({ nodeId, pod }) => `${nodeId}=${pod}`)).toEqual([
    '1=node-group-0-0',
    '2=node-group-0-1',
    '4=node-group-1-0',
    '5=node-group-1-1',
  ]);
});

test('every name can be set by hand', () => {
  const cluster = RonDBCluster.fromUpstream({ namespace: 'db', dataContainer: 'ndb', sqlPod: 'sql-3' });
  expect(clusterSchema.parse(cluster)).toMatchObject({ dataContainer: 'ndb', sqlPod: 'sql-3', namespace: 'db' });
});

describeWith(
  [],
  'against what rondb-helm renders for two node groups of two replicas',
  () => {
    const objects = JSON.parse(readFileSync(join(golden!, 'cluster-with-backups.json'), 'utf8')) as GoldenObject[];
    const find = (kind: string, name: string) =>
      objects.find((object) => object.kind === kind && object.metadata.name === name)!;
    const cluster = clusterSchema.parse(RonDBCluster.fromUpstream({ namespace: 'rondb', numNodeGroups: 2 }));
    const containers = (name: string) => find('StatefulSet', name).spec!.template!.spec.containers;

    test('the data nodes are the pods of the StatefulSets, with the containers named', () => {
      const pods = ['node-group-0', 'node-group-1'].flatMap((name) =>
        Array.from({ length: find('StatefulSet', name).spec!.replicas! }, (_, ordinal) => `${name}-${ordinal}`),
      );
      expect(cluster.dataNodes.map(({ pod }) => pod)).toEqual(pods);
      expect(containers('node-group-0').map(({ name }) => name)).toEqual([
        cluster.dataContainer,
        cluster.sidecarContainer,
      ]);
    });

    test('the sidecar sees the backup folder where it mounts the data node’s volume', () => {
      const [data, sidecar] = containers('node-group-0') as [Container, Container];
      const volume = data.volumeMounts![0]!.name;
      const mount = sidecar.volumeMounts!.find(({ name }) => name === volume)!.mountPath;
      expect(cluster.sidecarBackupFolder.startsWith(`${mount}/`)).toBe(true);
    });

    test('management server, SQL server and password are those of the objects', () => {
      expect(cluster.managementHost).toBe('mgmds-0.headless-mgmds.rondb.svc.cluster.local');
      expect(find('Service', 'headless-mgmds').spec!.ports!.map(({ port }) => port)).toContain(cluster.managementPort);
      expect(find('StatefulSet', 'mgmds')).toBeDefined();
      expect(containers('mysqlds').map(({ name }) => name)).toContain(cluster.sqlContainer);
      expect(`${find('StatefulSet', 'mysqlds').metadata.name}-0`).toBe(cluster.sqlPod);
      expect(find('Secret', cluster.sqlPassword.name)).toBeDefined();
    });

    test('backup pods carry the label that the NetworkPolicies want', () => {
      const labels = find('CronJob', 'create-rondb-backup').spec!.jobTemplate!.spec.template.metadata.labels;
      expect(cluster.backupLabels).toEqual(labels);
    });
  },
  { '../shared/golden/rondb': golden },
);
