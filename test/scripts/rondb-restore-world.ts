import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { printManifest, printOwner, printStarted } from '../../src/repository/index.js';
import { type RondbRestoreVariable, rondbRestore } from '../../src/scripts/index.js';
import type { KubeApiServer } from '../programs/kube-api-server.js';
import {
  backupFolder,
  dataContainer,
  type NdbCluster,
  rootPassword,
  sidecarBackupFolder,
  sidecarContainer,
  sqlPod,
} from '../programs/ndb-cluster.js';
import type { S3Server } from '../programs/s3-server.js';
import { Toolbox, type ToolboxRun, type ToolboxRunOptions } from '../programs/toolbox.js';
import { ToolboxNamespace } from '../programs/toolbox-namespace.js';

export const clusterId = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';
export const statusName = 'rondb-backup-status';

type Variables = Partial<Record<RondbRestoreVariable, string>>;

/** What a run printed, if it got so far. Its shape is what the tests look at. */
// biome-ignore lint/suspicious/noExplicitAny: tests read the report field by field
export type Report = any;

export interface RestoreRun extends ToolboxRun {
  readonly report: Report;
}

let counter = 0;

/** A cluster to restore into, a folder of a real S3 store with sets, and the container that runs the script. */
export class RestoreWorld {
  readonly folderName = `cluster-${process.pid}-${++counter}`;
  /** The cluster's folder in the store, as files. */
  readonly storeFolder: string;
  readonly #toolbox: Toolbox;

  private constructor(
    readonly cluster: NdbCluster,
    readonly namespace: ToolboxNamespace,
    private readonly server: S3Server,
  ) {
    this.#toolbox = new Toolbox(cluster, namespace);
    this.storeFolder = join(server.folder, 'backups', 'prefix', this.folderName);
    mkdirSync(this.storeFolder, { recursive: true });
    this.put('owner.json', printOwner({ cluster: this.folderName, clusterId }));
  }

  static async open(cluster: NdbCluster, kube: KubeApiServer, server: S3Server): Promise<RestoreWorld> {
    const status = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: statusName } };
    const namespace = await ToolboxNamespace.open(kube, cluster, { objects: [status] });
    return new RestoreWorld(cluster, namespace, server);
  }

  /** Writes an object of the cluster's folder. */
  put(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.storeFolder, path)), { recursive: true });
    writeFileSync(join(this.storeFolder, path), content);
  }

  /** Takes a native backup and puts it, with the SQL files, into the store as a committed set. */
  async takeSet(backupId: number, from = this.cluster): Promise<void> {
    const said = await from.manage(`START BACKUP ${backupId} SNAPSHOTEND WAIT COMPLETED`);
    const figures =
      /StartGCP: (\d+) StopGCP: (\d+)\s+#Records: (\d+) #LogRecords: (\d+)\s+Data: (\d+) bytes Log: (\d+)/;
    const [startGcp, stopGcp, records, logRecords, dataBytes, logBytes] = (figures.exec(said) ?? [])
      .slice(1)
      .map(Number);
    if (logBytes === undefined) throw new Error(said);
    for (const { id, folder } of from.nodes) {
      const source = join(folder, 'ndb/backups/BACKUP', `BACKUP-${backupId}`);
      cpSync(source, join(this.storeFolder, `${backupId}/rondb/${id}`), { recursive: true });
      rmSync(source, { recursive: true });
    }
    const names = (await from.sql(systemlessDatabases)).trim().split('\n').filter(Boolean);
    this.put(`${backupId}/databases.sql`, names.length ? await dump(from, names) : '-- There are no databases.\n');
    this.put(`${backupId}/users.sql`, await users(from));
    this.commit(backupId, from, { startGcp, stopGcp, records, logRecords, dataBytes, logBytes });
  }

  /** Writes a manifest for what is in a set's folder. */
  commit(backupId: number, from: NdbCluster, figures: object): void {
    const folder = join(this.storeFolder, `${backupId}`);
    const started = '2026-11-21T03:24:08Z';
    this.put(`${backupId}/started.json`, printStarted({ clusterId, backupId, started }));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path !== 'started.json' && statSync(join(folder, path)).isFile())
      .map((path) => {
        const content = readFileSync(join(folder, path));
        return { path, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
      });
    const nodes = from.nodes.map(({ id }, index) => ({ nodeId: id, nodeGroup: index >> 1, parts: 2 }));
    const hash = '0'.repeat(64);
    const manifest = {
      version: 1,
      kind: 'rondb',
      clusterId,
      clusterName: this.folderName,
      backupId,
      started,
      finished: '2026-11-21T03:30:00Z',
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      files,
      encryption: { type: 'none' },
      script: { name: 'test', version: '0.1.0' },
      tools: {},
      rondb: {
        topology: { nodeGroups: nodes.length / 2, replicas: 2, nodes },
        ...figures,
        schemaHash: { before: hash, after: hash },
      },
    };
    this.put(`${backupId}/manifest.json`, printManifest(manifest as Parameters<typeof printManifest>[0]));
  }

  /** Runs the script; without variables it restores the newest set, whole, into the empty cluster. */
  async restore(variables: Variables = {}, options: ToolboxRunOptions = {}): Promise<RestoreRun> {
    const run = await this.#toolbox.run(
      rondbRestore,
      { ...this.#store(), ...this.environment(), ...variables },
      options,
    );
    return { ...run, report: run.stdout.endsWith('}\n') ? JSON.parse(run.stdout) : undefined };
  }

  environment(): Record<RondbRestoreVariable, string> {
    const store = `store:backups/prefix/${this.folderName}`;
    return {
      NAMESPACE: this.namespace.name,
      STATUS_CONFIGMAP: statusName,
      COMMAND_TIMEOUT_SECONDS: '60',
      POD_NAME: 'restore-x1',
      POD_UID: `uid-${process.pid}-${counter}`,
      LEASE_NAME: 'rondb-backup',
      LEASE_SECONDS: '900',
      DATA_NODES: this.cluster.dataNodes,
      DATA_CONTAINER: dataContainer,
      BACKUP_FOLDER: backupFolder,
      MANAGEMENT_SERVER: this.cluster.managementServer,
      SQL_POD: sqlPod.name,
      SQL_CONTAINER: sqlPod.container,
      SQL_USER: 'root',
      SQL_PASSWORD: rootPassword,
      CLUSTER_ID: clusterId,
      STORE_ROOT: 'store:backups',
      STORE_PATH: store,
      ENCRYPTION: 'none',
      KEY_FINGERPRINT: '',
      WAY: 'stream',
      SIDECAR_CONTAINER: sidecarContainer,
      SIDECAR_BACKUP_FOLDER: sidecarBackupFolder,
      TRANSFERS: '3',
      TRANSFER_RETRIES: '1',
      TRANSFER_TIMEOUT_SECONDS: '120',
      INCLUDE_DATABASES: '',
      EXCLUDE_DATABASES: '',
      INCLUDE_TABLES: '',
      EXCLUDE_TABLES: '',
      MODE: 'apply',
      BACKUP_ID: 'latest',
      SOURCE_PATH: store,
      RESTORE_USERS: 'true',
      INTO_NON_EMPTY: 'false',
      ALLOW_UNVERIFIED: 'false',
      API_SLOTS: '0',
      PREFLIGHT_TIMEOUT_SECONDS: '60',
      RESTORE_TIMEOUT_SECONDS: '120',
      PACKAGE_VERSION: '0.1.0',
    };
  }

  /** What the status ConfigMap says about restores. */
  async status(): Promise<Report> {
    const { data } = await this.namespace.get('configmap', statusName);
    return JSON.parse(data?.restore ?? 'null');
  }

  /** What restores have left on the nodes. */
  copies(): string[] {
    return this.cluster.nodes.flatMap(({ folder, pod }) =>
      readdirSync(join(folder, 'ndb/backups'), { recursive: true, encoding: 'utf8' })
        .filter((path) => /^BACKUP\/restore-\d+$/.test(path))
        .map((path) => `${pod} ${path}`),
    );
  }

  close(): void {
    this.#toolbox.remove();
    this.namespace.remove();
    rmSync(this.storeFolder, { recursive: true, force: true });
  }

  #store(): Record<string, string> {
    return {
      RCLONE_CONFIG_STORE_TYPE: 's3',
      RCLONE_CONFIG_STORE_PROVIDER: 'Other',
      RCLONE_CONFIG_STORE_ENDPOINT: this.server.endpoint,
      RCLONE_CONFIG_STORE_REGION: this.server.region,
      RCLONE_CONFIG_STORE_ACCESS_KEY_ID: this.server.accessKey,
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: this.server.secretKey,
      RCLONE_CONFIG_STORE_FORCE_PATH_STYLE: 'true',
      RCLONE_CONFIG_STORE_NO_CHECK_BUCKET: 'true',
    };
  }
}

const systemlessDatabases = `SELECT schema_name FROM information_schema.schemata
  WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'ndbinfo')`;

async function dump(cluster: NdbCluster, databases: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster
    .pod(sqlPod.name)
    .exec(sqlPod.container, [
      ...['bash', '-c', 'file=$1; shift; exec mysqldump --defaults-file=<(printf "%s\\n" "$file") "$@"', 'dump'],
      `[client]\nuser=root\npassword="${rootPassword.replace(/["'\\]/g, '\\$&')}"`,
      ...['--no-data', '--routines', '--events', '--triggers', '--no-tablespaces', '--set-gtid-purged=OFF'],
      ...[
        '--skip-lock-tables',
        '--skip-add-drop-table',
        '--default-character-set=utf8mb4',
        '--databases',
        ...databases,
      ],
    ]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

async function users(cluster: NdbCluster): Promise<string> {
  const accounts = await cluster.sql(`SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user
    WHERE user NOT LIKE 'mysql.%' AND user <> 'root' ORDER BY user`);
  const lines: string[] = [];
  for (const form of ['CREATE USER', 'GRANTS FOR'])
    for (const account of accounts.trim().split('\n').filter(Boolean))
      lines.push(
        ...(await cluster.sql(`SET print_identified_with_as_hex = 1; SHOW ${form} ${account}`)).trim().split('\n'),
      );
  return lines.map((line) => `${line.replace(/ DEFAULT ROLE [^ ]+/, '')};\n`).join('');
}
