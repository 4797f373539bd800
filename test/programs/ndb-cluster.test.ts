import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from './find.js';
import { type KubeApiServer, startKubeApiServer } from './kube-api-server.js';
import { backupFolder, dataContainer, NdbCluster, sqlPod } from './ndb-cluster.js';
import { wholeNdbNeeds } from './ndb-programs.js';
import { Toolbox, type ToolboxRunOptions } from './toolbox.js';
import { ToolboxNamespace } from './toolbox-namespace.js';

const script = {
  name: 'lines.sh',
  image: {
    programs: [
      { name: 'coreutils', oldest: '9.1', commands: ['cat', 'sleep', 'sort'] },
      { name: 'kubectl', oldest: '1.28.0' },
    ],
    defaultImage: { repository: 'hopsworks/hwutils', tag: '1.0' },
  },
};
const needs = ['kube-apiserver', 'etcd', 'kubectl', 'rclone', 'jq'];
describeWith(
  needs,
  'a real NDB cluster and the toolbox',
  () => {
    let kube: KubeApiServer;
    let cluster: NdbCluster;
    let namespace: ToolboxNamespace;
    let toolbox: Toolbox;
    /** Runs lines of bash in the toolbox. */
    const run = (lines: string, options: ToolboxRunOptions = {}, environment = {}) =>
      toolbox.run({ ...script, content: `set -euo pipefail\n${lines}\n` }, environment, options);
    beforeAll(async () => {
      [kube, cluster] = await Promise.all([startKubeApiServer(), NdbCluster.start()]);
      namespace = await ToolboxNamespace.open(kube, cluster);
      toolbox = new Toolbox(cluster, namespace);
    });
    afterAll(async () => {
      toolbox?.remove();
      namespace?.remove();
      await Promise.all([cluster?.destroy(), kube?.stop()]);
    });

    test('a backup through the stand-in is in the folders of both nodes', async () => {
      await cluster.sql(
        'CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY) ENGINE=NDB; INSERT INTO d.t VALUES (1), (2)',
      );
      const command = `START BACKUP 77 SNAPSHOTEND WAIT COMPLETED`;
      const backup = await run(
        [
          `kubectl exec node-group-0-0 -c ${dataContainer} -- ndb_mgm -c "$MANAGEMENT_SERVER" -e '${command}'`,
          `for pod in node-group-0-0 node-group-0-1; do`,
          `  kubectl exec $pod -c ${dataContainer} -- bash -c 'cd ${backupFolder}/BACKUP-77 && echo */*.ctl'`,
          `done`,
        ].join('\n'),
        {},
        { MANAGEMENT_SERVER: cluster.managementServer },
      );
      expect(backup.log).toBe('');
      expect(backup.code).toBe(0);
      expect(backup.stdout).toContain('Backup 77 started from node 65 completed');
      for (const { id } of cluster.nodes)
        expect(backup.stdout).toContain(
          `BACKUP-77-PART-1-OF-2/BACKUP-77.${id}.ctl BACKUP-77-PART-2-OF-2/BACKUP-77.${id}.ctl`,
        );
      expect(backup.calls).toHaveLength(3);
    });

    test('exec passes input, output and status as kubectl does', async () => {
      const exec = `kubectl exec -i ${sqlPod.name} -c ${sqlPod.container} --`;
      const result = await run(`echo hello | ${exec} bash -c 'cat; echo to stderr >&2; exit 7' || echo "code $?"`);
      expect(result.stdout).toBe('hello\ncode 7\n');
      expect(result.log).toBe('to stderr\ncommand terminated with exit code 7\n');
      expect((await run(`echo hello | ${exec.replace('-i ', '')} cat`)).stdout).toBe('');
    });

    test.each([
      ['a pod that is not there', 'no-such-pod', dataContainer, 'pods "no-such-pod" not found'],
      [
        'a container that the pod has not',
        'node-group-0-0',
        'none',
        'container none is not valid for pod node-group-0-0',
      ],
    ])('%s is refused', async (_, pod, container, message) => {
      const { code, log } = await run(`kubectl exec ${pod} -c ${container} -- true`);
      expect({ code, log }).toEqual({ code: 1, log: expect.stringContaining(message) });
    });

    test('what the Role does not allow is forbidden', async () => {
      const rules = [
        { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'], resourceNames: ['node-group-0-0'] },
      ];
      const strict = await ToolboxNamespace.open(kube, cluster, { rules });
      const box = new Toolbox(cluster, strict);
      try {
        const content = `kubectl exec node-group-0-0 -c ${dataContainer} -- true`;
        const { code, log } = await box.run({ ...script, content }, {});
        expect({ code, log }).toEqual({ code: 1, log: expect.stringContaining('pods "node-group-0-0" is forbidden') });
      } finally {
        box.remove();
        strict.remove();
      }
    });

    test('a toolbox is not root, has a small /tmp and no other program, and is killed as a whole', async () => {
      const inside = await run('echo $UID; echo x >/tmp/x; ! type -P mysql; ! : 2>/dev/null >/scripts/x');
      expect(inside).toMatchObject({ code: 0, stdout: '1000\n' });
      const killed = await run('sleep 600 & sleep 600', { onCall: (_, number, { kill }) => number === 2 && kill() });
      expect(killed).toMatchObject({ code: null, calls: ['sleep 600', 'sleep 600'] });
      const failed = await run('cat </dev/null; sort </scripts/*; echo after', { fault: { at: 2, how: 'failed' } });
      expect(failed).toMatchObject({ code: 1, stdout: '' });
    });

    test('what runs in a pod lives on when the client is killed, and is gone with its pod', async () => {
      const pod = cluster.nodes[1]!;
      const exec = `kubectl exec ${pod.pod} -c ${dataContainer} --`;
      const running = async () => (await cluster.exec(pod, 'ps', '-eo', 'args')).stdout.includes('sleep 4321');
      await run(`${exec} sleep 4321`, {
        onLog: () => {},
        onCall: (_, __, { kill }) => setTimeout(kill, 500),
      });
      expect(await running()).toBe(true);
      await cluster.killNode(pod.id, { pod: true });
      expect((await run(`${exec} true`)).log).toContain(`pods "${pod.pod}" not found`);
      await cluster.startNode(pod.id);
      expect(await running()).toBe(false);
      expect(await cluster.sql('SELECT COUNT(*) FROM d.t')).toBe('2\n');
    });

    test('a cluster starts over empty, and a lost SQL pod comes back with the tables', async () => {
      await cluster.killSqlPod();
      await cluster.startSqlPod();
      expect(await cluster.sql('SELECT a FROM d.t ORDER BY a')).toBe('1\n2\n');
      await cluster.killManagementServer();
      await cluster.startManagementServer();
      await cluster.startOver();
      expect(await cluster.sql(`SHOW DATABASES LIKE 'd'`)).toBe('');
    });
  },
  wholeNdbNeeds(),
);
