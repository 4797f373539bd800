import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programPath } from './find.js';
import { NdbPod, podFolder } from './ndb-pod.js';
import { ndbFolder } from './ndb-programs.js';

export interface NdbClusterOptions {
  /** Data nodes, in groups of two replicas; ids as rondb-helm gives them: 1, 2, 4, 5. @default 2 */
  readonly dataNodes?: 2 | 4;
  /** LDM threads of a node: the parts of its backups. @default 2 */
  readonly parts?: number;
  /** Free slots for ndb_restore and other tools. @default 8 */
  readonly apiSlots?: number;
  /** Whether data pods have the container `rclone-listener`. @default false */
  readonly sidecar?: boolean;
  /** Memory for rows in each node, in MiB. @default 60 */
  readonly dataMemory?: number;
}

export interface DataNode {
  readonly id: number;
  readonly pod: string;
  /** What is mounted at /srv/hops/mysql-cluster. */
  readonly folder: string;
}

/** Paths, names and the password as rondb-helm's pods have them. */
export const dataRoot = '/srv/hops/mysql-cluster';
export const backupFolder = `${dataRoot}/ndb/backups/BACKUP`;
export const sidecarBackupFolder = '/home/hopsworks/data/ndb/backups/BACKUP';
export const managementPod = { name: 'mgmds-0', container: 'mgmd' } as const;
export const sqlPod = { name: 'mysqlds-0', container: 'mysqld' } as const;
export const dataContainer = 'ndbmtd';
export const sidecarContainer = 'rclone-listener';
/** Options file in the SQL pod that lets the tests' own clients in as root. */
export const clientOptions = `${dataRoot}/client.cnf`;
/** Root's password: with all that breaks careless quoting. */
export const rootPassword = `it's a "pass" $HOME \\ word#;`;

const debian =
  'awk base64 basename bash cat chmod cmp comm cp cut date dd df dirname du echo env expr false find fold grep gzip head hostname id ' +
  'kill ln ls md5sum mkdir mktemp mv nl nproc od paste ps printf pwd readlink realpath rm rmdir sed seq sh sha256sum sleep sort ' +
  'split stat stdbuf sync tac tail tar tee test timeout touch tr true truncate tsort uname uniq wc xargs';
const ndbPrograms =
  'mysql mysqladmin mysqld mysqldump ndb_desc ndb_mgm ndb_mgmd ndb_print_backup_file ndb_restore ndb_select_all ndb_show_tables ' +
  'ndb_waiter ndbmtd ndbxfrm';

/** Programs of an image, by their names: those of Debian that are here, and those of NDB. */
function imagePrograms(...ndb: string[]): Record<string, string> {
  return Object.fromEntries([
    ...debian.split(' ').map((name) => [name, `/usr/bin/${name}`]),
    ...ndb.map((name) => [name, `/opt/ndb/bin/${name}`]),
  ]);
}

/**
 * A real NDB cluster on 127.0.0.1 in pods as rondb-helm names them: one management server, data nodes, one SQL server.
 * It takes about 8 seconds to start and 400 MB of memory per data node. Everything ends with the test process.
 */
export class NdbCluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'ndb-'));
  /** What a kubectl stand-in looks into: `<pod>/<container>`. */
  readonly podsFolder = join(this.folder, 'pods');
  readonly nodes: readonly DataNode[];
  readonly #options: Required<NdbClusterOptions>;
  readonly #pods = new Map<string, NdbPod>();
  readonly #servers = new Map<string, ChildProcess>();
  #port = 0;

  private constructor(options: NdbClusterOptions) {
    this.#options = { dataNodes: 2, parts: 2, apiSlots: 8, sidecar: false, dataMemory: 60, ...options };
    chmodSync(this.folder, 0o755);
    this.nodes = Array.from({ length: this.#options.dataNodes }, (_, index) => {
      const [group, replica] = [index >> 1, index % 2];
      const pod = `node-group-${group}-${replica}`;
      return { id: 3 * group + replica + 1, pod, folder: join(this.folder, pod) };
    });
  }

  /** @throws Error with what a program said, if the cluster is not up within two minutes */
  static async start(options: NdbClusterOptions = {}): Promise<NdbCluster> {
    const cluster = new NdbCluster(options);
    try {
      await cluster.#up();
      return cluster;
    } catch (error) {
      await cluster.destroy();
      throw error;
    }
  }

  /** `host:port`. */
  get managementServer(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** As the scripts want it: `1=node-group-0-0 2=node-group-0-1`. */
  get dataNodes(): string {
    return this.nodes.map(({ id, pod }) => `${id}=${pod}`).join(' ');
  }

  pod(name: string): NdbPod {
    const found = this.#pods.get(name);
    if (!found) throw new Error(`no pod ${name} runs`);
    return found;
  }

  /** Runs SQL as root through the socket; the answer as mysql prints it: tabs, no headings. @throws Error if it fails */
  async sql(statements: string, database = ''): Promise<string> {
    const options = [`--defaults-file=${clientOptions}`, '--batch', '--raw', '--skip-column-names'];
    const command = ['mysql', ...options, database];
    const { code, stdout, stderr } = await this.pod(sqlPod.name).exec(sqlPod.container, command, statements);
    if (code !== 0) throw new Error(`${stderr.trim()}\nin ${statements.slice(0, 500)}`);
    return stdout;
  }

  /** Runs a command of ndb_mgm and gives its output, which includes errors. */
  async manage(command: string): Promise<string> {
    const { stdout, stderr } = await this.pod(managementPod.name).exec(managementPod.container, [
      ...['ndb_mgm', '-c', this.managementServer, '--connect-retries=1', '-e', command],
    ]);
    return stdout + stderr;
  }

  /** Runs a program in the pod of a data node. */
  exec(node: DataNode, ...command: string[]) {
    return this.pod(node.pod).exec(dataContainer, command);
  }

  node(id: number): DataNode {
    const found = this.nodes.find((node) => node.id === id);
    if (!found) throw new Error(`no data node ${id}`);
    return found;
  }

  /** A data node's process dies as by a power cut; with `pod`, its pod too, so that nothing can be run in it. */
  async killNode(id: number, { pod = false } = {}): Promise<void> {
    await this.#killServer(this.node(id).pod);
    if (pod) await this.#removePod(this.node(id).pod);
    // Until the management server has seen it, the node counts as started.
    for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50))
      if (!this.#servers.has(managementPod.name) || /not connected/.test(await this.manage(`${id} status`))) return;
    throw new Error(`the management server does not notice that node ${id} is gone`);
  }

  /** Starts a data node again and waits until it is started. */
  async startNode(id: number): Promise<void> {
    const node = this.node(id);
    if (!this.#pods.has(node.pod)) await this.#openDataPod(node);
    await this.#serve(node.pod, dataContainer, this.#dataNodeCommand(id));
    await this.#untilStarted();
  }

  async killManagementServer(): Promise<void> {
    await this.#killServer(managementPod.name);
  }

  async startManagementServer(): Promise<void> {
    await this.#serveManagement();
    await this.#untilStarted();
  }

  /** A data node stands still: what waits for it goes on waiting. It has to be killed soon, or set going with CONT. */
  signalNode(id: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    const server = this.#servers.get(this.node(id).pod);
    if (server) this.pod(this.node(id).pod).killProgram(server, signal);
  }

  /** The SQL server's pod is gone; its emptyDir too, as upstream has it, unless the folder stays. */
  async killSqlPod({ keepFolder = false } = {}): Promise<void> {
    await this.#killServer(sqlPod.name);
    await this.#removePod(sqlPod.name);
    // The lock names a process id, and those begin anew in a new pod.
    const gone = keepFolder ? join(sqlPod.name, 'mysql.sock.lock') : sqlPod.name;
    rmSync(join(this.folder, gone), { recursive: true, force: true });
  }

  async startSqlPod(): Promise<void> {
    await this.#openSqlPod();
    await this.#serveSql();
  }

  /** Loses every pod with its disks and starts an empty cluster of the same size and at the same address. */
  async startOver(): Promise<void> {
    await this.#down();
    for (const { folder } of this.nodes) rmSync(folder, { recursive: true, force: true });
    for (const { name } of [managementPod, sqlPod]) rmSync(join(this.folder, name), { recursive: true, force: true });
    await this.#up();
  }

  /** Ends everything and removes every file; safe to call twice. */
  async destroy(): Promise<void> {
    await this.#down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #up(): Promise<void> {
    this.#port ||= await freePort();
    const management = podFolder(join(this.folder, managementPod.name));
    writeFileSync(join(management, 'config.ini'), this.#config());
    const { name, container } = managementPod;
    const sql = this.#openSqlPod();
    sql.catch(() => {}); // it is waited for below
    const [pod] = await Promise.all([
      NdbPod.start(name, join(this.podsFolder, name), [
        {
          name: container,
          mounts: { '/opt/ndb': ndbFolder()!, [dataRoot]: management },
          programs: imagePrograms('ndb_mgmd', 'ndb_mgm', 'ndb_waiter'),
        },
      ]),
      ...this.nodes.map((node) => this.#openDataPod(node)),
    ]);
    this.#pods.set(name, pod);
    await this.#serveManagement('--initial');
    await Promise.all(
      this.nodes.map(({ id, pod }) => this.#serve(pod, dataContainer, [...this.#dataNodeCommand(id), '--initial'])),
    );
    await sql;
    await Promise.all([this.#untilStarted(), this.#serveSql()]);
  }

  async #down(): Promise<void> {
    await Promise.all([...this.#servers.keys()].map((pod) => this.#killServer(pod)));
    await Promise.all([...this.#pods.keys()].map((pod) => this.#removePod(pod)));
  }

  async #openDataPod({ pod, folder }: DataNode): Promise<void> {
    const data = podFolder(folder);
    for (const path of ['ndb', 'ndb/backups', 'ndb_data', 'log']) podFolder(join(data, path));
    const main = {
      name: dataContainer,
      mounts: { '/opt/ndb': ndbFolder()!, [dataRoot]: data },
      programs: imagePrograms(...ndbPrograms.split(' ')),
      environment: { MYSQL_UNIX_PORT: `${dataRoot}/mysql.sock` },
    };
    const sidecar = {
      name: sidecarContainer,
      mounts: { '/home/hopsworks/data': data, '/opt/rclone': programPath('rclone') },
      programs: { ...imagePrograms(), rclone: '/opt/rclone', jq: programPath('jq') },
    };
    const containers = this.#options.sidecar ? [main, sidecar] : [main];
    this.#pods.set(pod, await NdbPod.start(pod, join(this.podsFolder, pod), containers));
  }

  async #openSqlPod(): Promise<void> {
    const { name, container } = sqlPod;
    const pod = await NdbPod.start(name, join(this.podsFolder, name), [
      {
        name: container,
        mounts: { '/opt/ndb': ndbFolder()!, [dataRoot]: podFolder(join(this.folder, name)) },
        programs: imagePrograms(...ndbPrograms.split(' ')),
        environment: { MYSQL_UNIX_PORT: `${dataRoot}/mysql.sock` },
      },
    ]);
    this.#pods.set(name, pod);
    const data = `${dataRoot}/mysql`;
    const script = `ALTER USER root@localhost IDENTIFIED BY '${rootPassword.replace(/['\\]/g, '\\$&')}';`;
    writeFileSync(join(this.folder, name, 'init.sql'), script);
    const client = ['[client]', 'user=root', `password="${rootPassword.replace(/["'\\]/g, '\\$&')}"`];
    writeFileSync(join(this.folder, name, 'client.cnf'), [...client, 'default-character-set=utf8mb4', ''].join('\n'));
    if (existsSync(join(this.folder, name, 'mysql'))) return;
    const initialized = await pod.exec(container, [
      ...['mysqld', '--no-defaults', '--initialize-insecure', `--datadir=${data}`, '--basedir=/opt/ndb'],
      `--init-file=${dataRoot}/init.sql`,
    ]);
    if (initialized.code !== 0) throw new Error(`mysqld --initialize: ${initialized.stderr}`);
  }

  async #serveManagement(...more: string[]): Promise<void> {
    const { name, container } = managementPod;
    const folders = [`--config-file=${dataRoot}/config.ini`, `--configdir=${dataRoot}`];
    await this.#serve(name, container, ['ndb_mgmd', '--nodaemon', '--skip-config-cache', ...folders, ...more]);
    // A data node that comes too early tries again only after five seconds.
    for (const end = Date.now() + 30_000; !(await this.manage('show')).includes('[ndbd(NDB)]'); await sleep(50))
      if (Date.now() > end) throw new Error('the management server does not answer');
  }

  async #serveSql(): Promise<void> {
    const { name, container } = sqlPod;
    const port = await freePort();
    const server = await this.#serve(name, container, [
      ...['mysqld', '--no-defaults', `--datadir=${dataRoot}/mysql`, '--basedir=/opt/ndb', '--bind-address=127.0.0.1'],
      ...[
        `--port=${port}`,
        `--socket=${dataRoot}/mysql.sock`,
        '--mysqlx=OFF',
        '--skip-log-bin',
        '--log-error-verbosity=1',
      ],
      ...[
        '--ndbcluster',
        `--ndb-connectstring=${this.managementServer}`,
        '--ndb-wait-setup=100',
        '--event-scheduler=ON',
      ],
      ...['--innodb-buffer-pool-size=8M', '--performance-schema=OFF', '--innodb-redo-log-capacity=8M'],
    ]);
    for (const end = Date.now() + 120_000; ; await sleep(100)) {
      try {
        await this.sql('SELECT COUNT(*) FROM ndbinfo.nodes');
        return;
      } catch (error) {
        if (Date.now() > end || server.ended) throw new Error(`mysqld: ${error}\n${server.said()}`);
      }
    }
  }

  #dataNodeCommand(id: number): string[] {
    return ['ndbmtd', `--ndb-nodeid=${id}`, '-c', this.managementServer, '--nodaemon'];
  }

  async #untilStarted(): Promise<void> {
    const { code, stdout } = await this.pod(managementPod.name).exec(managementPod.container, [
      ...['ndb_waiter', '-c', this.managementServer, '--timeout=120'],
    ]);
    if (code !== 0) throw new Error(`the data nodes do not start: ${stdout.slice(-1500)}`);
  }

  async #serve(pod: string, container: string, command: readonly string[]) {
    const child = this.pod(pod).spawn(container, command);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-4000)));
    const server = { ended: false, said: () => said };
    child.once('exit', () => (server.ended = true));
    this.#servers.set(pod, child);
    return server;
  }

  async #killServer(pod: string): Promise<void> {
    const server = this.#servers.get(pod);
    this.#servers.delete(pod);
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    // nsenter is what we have started, its child is the server.
    this.pod(pod).killProgram(server);
    await gone;
  }

  async #removePod(name: string): Promise<void> {
    await this.#pods.get(name)?.kill();
    this.#pods.delete(name);
  }

  #config(): string {
    const { parts, apiSlots, dataMemory } = this.#options;
    return [
      '[ndbd default]',
      'NoOfReplicas=2',
      `DataMemory=${dataMemory}M`,
      `ThreadConfig=main,ldm={count=${parts}},recv,rep,tc`,
      'RedoBuffer=16M',
      'FragmentLogFileSize=16M',
      'NoOfFragmentLogFiles=4',
      'CompressedBackup=1',
      'SharedGlobalMemory=20M',
      'MaxNoOfConcurrentOperations=16384',
      `DataDir=${dataRoot}/log`,
      `FileSystemPath=${dataRoot}/ndb_data`,
      `BackupDataDir=${dataRoot}/ndb/backups`,
      'HeartbeatIntervalDbDb=1500',
      'StopOnError=1',
      '[ndb_mgmd]',
      'NodeId=65',
      'HostName=127.0.0.1',
      `PortNumber=${this.#port}`,
      `DataDir=${dataRoot}`,
      ...this.nodes.flatMap(({ id }, index) => [
        '[ndbd]',
        `NodeId=${id}`,
        'HostName=127.0.0.1',
        `NodeGroup=${index >> 1}`,
      ]),
      '[mysqld]',
      'NodeId=67',
      ...Array.from({ length: apiSlots }, (_, index) => `[api]\nNodeId=${100 + index}`),
      '',
    ].join('\n');
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = address && typeof address === 'object' ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
