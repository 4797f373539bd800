import { createHash } from 'node:crypto';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { printManifest, readManifest } from '../../src/repository/index.js';
import { type RondbBackupVariable, rondbBackup } from '../../src/scripts/index.js';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import {
  backupFolder,
  dataContainer,
  NdbCluster,
  rootPassword,
  sidecarBackupFolder,
  sidecarContainer,
  sqlPod,
} from '../programs/ndb-cluster.js';
import { wholeNdbNeeds } from '../programs/ndb-programs.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { Toolbox, type ToolboxRunOptions } from '../programs/toolbox.js';
import { ToolboxNamespace } from '../programs/toolbox-namespace.js';
import { clusterId } from './rondb-backup-run.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const definitions = `
CREATE DATABASE shop; CREATE DATABASE \`we ird\`; CREATE DATABASE \`b\`\`t\`; CREATE DATABASE \`users\`; CREATE DATABASE \`back\\slash\`;
CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80), picture BLOB, code INT UNIQUE) ENGINE=NDB;
INSERT INTO shop.orders (name, picture, code) SELECT UUID(), REPEAT(UUID(), 30), NULL FROM information_schema.columns LIMIT 2000;
CREATE TABLE shop.notes (id INT PRIMARY KEY) ENGINE=InnoDB;
CREATE VIEW shop.names AS SELECT name FROM shop.orders;
CREATE TABLE \`we ird\`.\`t\`\`a b\` (id INT PRIMARY KEY, \`c d\` VARCHAR(10) DEFAULT 'x;y') ENGINE=NDB;
INSERT INTO \`we ird\`.\`t\`\`a b\` VALUES (1, 'one'), (2, 'two');
CREATE TABLE users.users (id INT PRIMARY KEY) ENGINE=NDB;
CREATE PROCEDURE \`we ird\`.\`p r\`() SELECT ') AUTO_INCREMENT=5';
CREATE FUNCTION shop.one() RETURNS INT DETERMINISTIC RETURN 1;
CREATE TRIGGER shop.fill BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.name = COALESCE(NEW.name, 'none');
CREATE EVENT shop.daily ON SCHEDULE EVERY 1 DAY DO SELECT 1;
CREATE ROLE 'reader', 'wri ter';
GRANT SELECT ON shop.* TO 'reader';
CREATE USER 'al''ice\`x'@'%' IDENTIFIED BY 'secret' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 10 COMMENT 'it''s REQUIRE x';
GRANT 'reader', 'wri ter' TO 'al''ice\`x'@'%';
ALTER USER 'al''ice\`x'@'%' DEFAULT ROLE 'reader', 'wri ter';
CREATE USER bob@'10.%' IDENTIFIED BY 'b';
GRANT ALL ON \`we ird\`.* TO bob@'10.%' WITH GRANT OPTION;
GRANT EXECUTE ON PROCEDURE \`we ird\`.\`p r\` TO bob@'10.%';
`;

const tables = ['shop.orders', '`we ird`.`t``a b`', 'users.users'];

/** What has to be the same afterwards: rows, and definitions that only SQL knows. */
const everything = [
  `CHECKSUM TABLE ${tables.join(', ')};`,
  ...tables.map((table) => `SELECT COUNT(*) FROM ${table};`),
  'SET print_identified_with_as_hex = 1;',
  `SHOW CREATE USER 'al''ice\`x'@'%'; SHOW GRANTS FOR 'al''ice\`x'@'%'; SHOW CREATE USER reader; SHOW GRANTS FOR reader;`,
  `SHOW CREATE USER bob@'10.%'; SHOW GRANTS FOR bob@'10.%';`,
  'SHOW CREATE VIEW shop.names; SHOW CREATE PROCEDURE `we ird`.`p r`; SHOW CREATE FUNCTION shop.one;',
  'SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = "shop";',
  'SELECT event_name, event_definition FROM information_schema.events; SHOW CREATE TABLE shop.notes;',
].join('\n');

describeWith(
  ['kube-apiserver', 'etcd', 'kubectl', 'rclone', 'versitygw', 'jq'],
  'rondb-backup.sh with real NDB',
  () => {
    let kube: KubeApiServer;
    let cluster: NdbCluster;
    let store: S3Server;
    let namespace: ToolboxNamespace;
    let toolbox: Toolbox;
    let pods = 0;

    beforeAll(async () => {
      [kube, cluster, store] = await Promise.all([
        startKubeApiServer(),
        NdbCluster.start({ sidecar: true }),
        startS3Server(),
      ]);
      store.createBucket('backups');
      const status = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'status' } };
      namespace = await ToolboxNamespace.open(kube, cluster, { objects: [status] });
      toolbox = new Toolbox(cluster, namespace);
      await cluster.sql(definitions);
    });
    afterAll(async () => {
      toolbox?.remove();
      namespace?.remove();
      await Promise.all([cluster?.destroy(), kube?.stop(), store?.stop()]);
    });

    async function backUp(
      environment: Partial<Record<RondbBackupVariable, string>> = {},
      options: ToolboxRunOptions = {},
    ) {
      const pod = ++pods;
      const all: Record<RondbBackupVariable, string> = {
        NAMESPACE: namespace.name,
        STATUS_CONFIGMAP: 'status',
        COMMAND_TIMEOUT_SECONDS: '120',
        POD_NAME: `backup-${pod}`,
        POD_UID: `uid-${pod}`,
        LEASE_NAME: 'backup',
        LEASE_SECONDS: '3600',
        DATA_NODES: cluster.dataNodes,
        DATA_CONTAINER: dataContainer,
        BACKUP_FOLDER: backupFolder,
        MANAGEMENT_SERVER: cluster.managementServer,
        SQL_POD: sqlPod.name,
        SQL_CONTAINER: sqlPod.container,
        SQL_USER: 'root',
        SQL_PASSWORD: rootPassword,
        CLUSTER_ID: clusterId,
        STORE_ROOT: 'store:backups',
        STORE_PATH: 'store:backups/prefix/shop',
        ENCRYPTION: 'none',
        KEY_FINGERPRINT: '',
        WAY: 'stream',
        SIDECAR_CONTAINER: sidecarContainer,
        SIDECAR_BACKUP_FOLDER: sidecarBackupFolder,
        TRANSFERS: '3',
        TRANSFER_RETRIES: '1',
        PUSHGATEWAY: '',
        TRANSFER_TIMEOUT_SECONDS: '300',
        CLUSTER_NAME: 'shop',
        ADOPT_FOLDER: 'false',
        SCHEMA_ATTEMPTS: '2',
        MINIMUM_FREE_PERCENT: '0',
        PREFLIGHT_TIMEOUT_SECONDS: '300',
        NATIVE_BACKUP_TIMEOUT_SECONDS: '120',
        RETENTION_TIMEOUT_SECONDS: '120',
        KEEP_LAST: '3',
        KEEP_WITHIN_SECONDS: '0',
        KEEP_DAILY: '0',
        KEEP_WEEKLY: '0',
        KEEP_MONTHLY: '0',
        KEEP_YEARLY: '0',
        LEFTOVER_GRACE_SECONDS: '86400',
        PACKAGE_VERSION: '0.1.0',
        ...environment,
      };
      const rclone = {
        RCLONE_CONFIG_STORE_TYPE: 's3',
        RCLONE_CONFIG_STORE_PROVIDER: 'Other',
        RCLONE_CONFIG_STORE_ENDPOINT: store.endpoint,
        RCLONE_CONFIG_STORE_REGION: store.region,
        RCLONE_CONFIG_STORE_ACCESS_KEY_ID: store.accessKey,
        RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: store.secretKey,
        RCLONE_CONFIG_STORE_FORCE_PATH_STYLE: 'true',
        RCLONE_CONFIG_STORE_NO_CHECK_BUCKET: 'true',
      };
      const run = await toolbox.run(rondbBackup, { ...all, ...rclone }, options);
      return { ...run, result: run.stdout.endsWith('}\n') ? JSON.parse(run.stdout) : undefined };
    }

    const setFolder = (id: number) => join(store.folder, 'backups/prefix/shop', `${id}`);

    /** The manifest of a set whose every byte is in the store. */
    function readSet(id: number) {
      const path = join(setFolder(id), 'manifest.json');
      const text = readFileSync(path, 'utf8');
      const { manifest, problems } = readManifest(text, { path, backupId: id });
      expect(problems).toEqual([]);
      expect(printManifest(manifest!)).toBe(text);
      for (const file of manifest!.files) {
        const content = readFileSync(join(setFolder(id), file.path));
        expect(createHash('sha256').update(content).digest('hex'), file.path).toBe(file.sha256);
      }
      return manifest!;
    }

    const nativeFolders = async () =>
      (await Promise.all(cluster.nodes.map((node) => cluster.exec(node, 'ls', backupFolder)))).map(
        ({ stdout }) => stdout,
      );

    test('each way commits the same kind of set, and the nodes have nothing of it afterwards', async () => {
      for (const WAY of ['sidecar', 'stream']) {
        const { code, log, result } = await backUp({ WAY });
        expect(code, log).toBe(0);
        expect(result.warnings, log).toEqual([]);
        const manifest = readSet(result.backupId);
        expect(manifest.rondb.topology.nodes.map(({ parts }) => parts)).toEqual([2, 2]);
        expect(manifest.rondb.records).toBeGreaterThan(2000);
        expect(manifest.rondb.schemaHash.before).toBe(manifest.rondb.schemaHash.after);
        expect(await nativeFolders()).toEqual(['', '']);
      }
      const lease = await namespace.get('lease', 'backup');
      expect(lease.spec.holderIdentity).toBeUndefined();
      expect(JSON.parse((await namespace.get('configmap', 'status')).data.backup).state).toBe('committed');
    });

    test('rows that change and a schema that changes meanwhile: another native backup, equal hashes', async () => {
      let altered: Promise<string> | undefined;
      const { code, log, result } = await backUp(
        {},
        {
          onLog: (log) => {
            if (!altered && log.includes('native backup'))
              altered = cluster.sql('CREATE TABLE shop.meanwhile (id INT PRIMARY KEY) ENGINE=InnoDB');
          },
        },
      );
      expect(code, log).toBe(0);
      await altered;
      const { before, after } = readSet(result.backupId).rondb.schemaHash;
      expect([before === after, await nativeFolders()]).toEqual([true, ['', '']]);
      await cluster.sql('DROP TABLE shop.meanwhile');
    });

    test('a node down: the other one has all rows', async () => {
      await cluster.killNode(2);
      try {
        const { code, log, result } = await backUp();
        expect(code, log).toBe(0);
        expect(readSet(result.backupId).rondb.topology.nodes.map(({ nodeId }) => nodeId)).toEqual([1]);
      } finally {
        await cluster.startNode(2);
      }
    });

    test('killed while NDB writes: the next run ends what is left and commits', async () => {
      const killed = await backUp({}, { onLog: (log, { kill }) => log.includes('native backup') && kill() });
      expect(killed.code).toBe(null);
      await namespace.kubectl('delete', 'lease', 'backup'); // as if it had expired
      const { code, log, result } = await backUp();
      expect(code, log).toBe(0);
      readSet(result.backupId);
      expect(await nativeFolders()).toEqual(['', '']);
    });

    test('a native backup of somebody else is left alone', async () => {
      const outcome = await cluster.manage('START BACKUP 300000000 SNAPSHOTEND WAIT COMPLETED');
      expect(outcome).toContain('completed');
      const { code, log, result } = await backUp();
      expect([code, result?.backupId], log).toEqual([0, 300000001]);
      expect(result.warnings).toEqual(['BACKUP-300000000 on the nodes is not ours and stays']);
      expect(await nativeFolders()).toEqual(['BACKUP-300000000\n', 'BACKUP-300000000\n']);
    });

    test('a set restored by hand into an empty cluster has every row and every definition', async () => {
      const { code, log, result } = await backUp();
      expect(code, log).toBe(0);
      const manifest = readSet(result.backupId);
      const before = await cluster.sql(everything);
      await cluster.startOver();

      const node = cluster.node(1);
      cpSync(join(setFolder(result.backupId), 'rondb'), join(node.folder, 'restore'), { recursive: true });
      const restore = async (nodeId: number, ...options: string[]) => {
        const from = `/srv/hops/mysql-cluster/restore/${nodeId}`;
        const known = [`--nodeid=${nodeId}`, `--backupid=${result.backupId}`, `--backup-path=${from}`];
        const done = await cluster.exec(node, 'ndb_restore', '-c', cluster.managementServer, ...known, ...options);
        expect(done.code, done.stdout + done.stderr).toBe(0);
      };
      await restore(1, '--restore-meta', '--disable-indexes');
      for (const { nodeId } of manifest.rondb.topology.nodes) await restore(nodeId, '--restore-data');
      await restore(1, '--rebuild-indexes');
      // With the changes of upstream's own restore; grants name routines, so they come last.
      for (const name of ['databases.sql', 'users.sql']) {
        const sql = readFileSync(join(setFolder(result.backupId), name), 'utf8');
        await cluster.sql(sql.replace(/^CREATE (TABLE|USER) /gm, 'CREATE $1 IF NOT EXISTS '));
      }
      expect(await cluster.sql(everything)).toBe(before);
    });
  },
  wholeNdbNeeds(),
);
