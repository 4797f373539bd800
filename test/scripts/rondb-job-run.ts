import { createHash } from 'node:crypto';
import { type Manifest, printManifest, printOwner, printStarted } from '../../src/repository/index.js';
import type { ClusterScript, RondbRestoreVariable, RondbVerifyVariable } from '../../src/scripts/index.js';
import type { S3Server } from '../programs/s3-server.js';
import { RecordedCluster } from './recorded-cluster.js';
import { RecordedDatabase } from './recorded-database.js';
import { clusterId, recordedEnvironment } from './recorded-environment.js';
import { type PlayOptions, type RclonePlayer, ScriptRun } from './script-run.js';

export { clusterId } from './recorded-environment.js';
export const otherClusterId = '00000000-0000-4000-8000-000000000000';

/** How a run ended. `code` is null when a signal ended it; `report` is what it printed, if it got so far. */
export interface Outcome {
  readonly code: number | null;
  readonly log: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read it field by field
  readonly report: any;
}

export interface RunOptions extends PlayOptions {
  readonly environment?: Partial<Record<RondbRestoreVariable | RondbVerifyVariable, string>> | undefined;
}

const databasesSql = `-- Current Database: \`shop\`
CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`shop\` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE \`shop\`;
CREATE TABLE \`customers\` (
  \`id\` int NOT NULL
) ENGINE=ndbcluster AUTO_INCREMENT=7;
CREATE TABLE \`orders\` (
  \`id\` int NOT NULL,
  CONSTRAINT \`of_customer\` FOREIGN KEY (\`id\`) REFERENCES \`customers\` (\`id\`)
) ENGINE=ndbcluster;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=\`root\`@\`localhost\`*/ /*!50003 TRIGGER \`given\` BEFORE INSERT ON \`orders\` FOR EACH ROW set @a = 1 */;;
DELIMITER ;
/*!50001 CREATE VIEW \`totals\` AS SELECT 
 1 AS \`id\`*/;
DELIMITER ;;
CREATE DEFINER=\`root\`@\`localhost\` PROCEDURE \`count_orders\`()
BEGIN
  SELECT 1;
END ;;
DELIMITER ;
/*!50001 DROP VIEW IF EXISTS \`totals\`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=\`root\`@\`localhost\` SQL SECURITY DEFINER */
/*!50001 VIEW \`totals\` AS select \`orders\`.\`id\` AS \`id\` from \`orders\` */;
`;
const usersSql = `CREATE USER \`alice\`@\`%\` IDENTIFIED WITH 'caching_sha2_password' AS 0x2441 REQUIRE NONE;
GRANT SELECT ON \`shop\`.* TO \`alice\`@\`%\`;
`;

/** The database after a whole restore of a set that {@link JobRun.putSet} has made. */
export const restored = {
  'database/shop': '',
  epoch: '20\n',
  'grant/alice': 'GRANT SELECT ON `shop`.*\n',
  'indexed/shop/customers': 'row of node 1\nrow of node 2\n',
  'indexed/shop/orders': 'row of node 1\nrow of node 2\n',
  'procedure/shop/count_orders': '',
  'table/shop/customers': 'row of node 1\nrow of node 2\n',
  'table/shop/orders': 'row of node 1\nrow of node 2\n',
  'trigger/shop/given': '',
  'user/alice': '',
  'view/shop/totals': '',
};

/** A recorded cluster with its database, its folder in a store, and the container that runs a script. */
export class JobRun extends ScriptRun {
  readonly cluster = new RecordedCluster(this.folder);
  readonly database = new RecordedDatabase(this.folder);
  readonly #names: ReadonlySet<string>;

  constructor(server: S3Server, script: ClusterScript, rclone: RclonePlayer = 'recorded') {
    super(server, script, rclone);
    this.#names = new Set(script.environment.map(({ name }) => name));
    this.put('owner.json', printOwner({ cluster: this.name, clusterId }));
  }

  /** Puts a committed set of two nodes into the store; `filler` makes it larger. */
  putSet(backupId: number, change: Partial<Manifest> = {}, filler = ''): this {
    const contents: Record<string, string> = { 'databases.sql': databasesSql, 'users.sql': usersSql };
    for (const node of [1, 2])
      Object.assign(contents, {
        [`rondb/${node}/BACKUP-${backupId}-0.${node}.Data`]: `row of node ${node}\n${filler}`,
        [`rondb/${node}/BACKUP-${backupId}.${node}.ctl`]: 'tables\n',
        [`rondb/${node}/BACKUP-${backupId}.${node}.log`]: `changes ${backupId} ${node}\n`,
      });
    const files = Object.entries(contents).map(([path, text]) => ({
      path,
      size: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    }));
    for (const [path, text] of Object.entries(contents)) this.put(`${backupId}/${path}`, text);
    const started = '2026-11-21T03:24:08Z';
    this.put(`${backupId}/started.json`, printStarted({ clusterId, backupId, started }));
    const hash = '0'.repeat(64);
    const manifest: Manifest = {
      version: 1,
      kind: 'rondb',
      clusterId,
      clusterName: 'shop',
      backupId,
      started,
      finished: '2026-11-21T03:30:00Z',
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      files,
      encryption: { type: 'none' },
      script: { name: 'rondb-backup.sh', version: '0.1.0' },
      tools: {},
      rondb: {
        topology: {
          nodeGroups: 1,
          replicas: 2,
          nodes: [1, 2].map((nodeId) => ({ nodeId, nodeGroup: 0, parts: 1 })),
        },
        ...{ startGcp: 1, stopGcp: 2, records: 4, logRecords: 0, dataBytes: 1, logBytes: 1 },
        schemaHash: { before: hash, after: hash },
      },
      ...change,
    };
    this.put(`${backupId}/manifest.json`, printManifest(manifest));
    return this;
  }

  async run({ environment, ...options }: RunOptions = {}): Promise<Outcome> {
    const variables = (run: string) => {
      const all = Object.entries({ ...this.#environment(run), ...environment });
      return Object.fromEntries(all.filter(([name]) => this.#names.has(name)));
    };
    const { code, log, output } = await this.play(variables, { kubectl: this.cluster.kubectl }, options);
    return { code, log, report: output };
  }

  /** What the status ConfigMap has under a key. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read it field by field
  status(key: 'restore' | 'verify'): any {
    return JSON.parse(this.cluster.object('configmap').data[key] ?? 'null');
  }

  /** Files that restores have left on the nodes. */
  copies(): string[] {
    return [1, 2].flatMap((node) => Object.keys(this.cluster.native(node)).map((path) => `${node} ${path}`));
  }

  #environment(run: string): Record<RondbRestoreVariable | RondbVerifyVariable, string> {
    return {
      ...recordedEnvironment('job', run, [1, 2], this.storePath),
      TRANSFERS: '2',
      INCLUDE_DATABASES: '',
      EXCLUDE_DATABASES: '',
      INCLUDE_TABLES: '',
      EXCLUDE_TABLES: '',
      MODE: 'apply',
      BACKUP_ID: 'latest',
      SOURCE_PATH: this.storePath,
      RESTORE_USERS: 'true',
      INTO_NON_EMPTY: 'false',
      ALLOW_UNVERIFIED: 'false',
      API_SLOTS: '0',
      RESTORE_TIMEOUT_SECONDS: '120',
      VERIFY_SHARE: '1',
    };
  }
}
