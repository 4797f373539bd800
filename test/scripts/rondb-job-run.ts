import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Manifest, printManifest, printOwner, printStarted } from '../../src/repository/index.js';
import type { ClusterScript, RondbRestoreVariable, RondbVerifyVariable } from '../../src/scripts/index.js';
import { programPath } from '../programs/find.js';
import type { S3Server } from '../programs/s3-server.js';
import { RecordedCluster, recordedPassword } from './recorded-cluster.js';
import { RecordedDatabase } from './recorded-database.js';
import { clusterId, recordedEnvironment } from './recorded-environment.js';

export { clusterId } from './recorded-environment.js';
export const otherClusterId = '00000000-0000-4000-8000-000000000000';

/** How a run ended. `code` is null when a signal ended it; `report` is what it printed, if it got so far. */
export interface Outcome {
  readonly code: number | null;
  readonly log: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read it field by field
  readonly report: any;
}

/** What happens to the command with this number, counted from 1. */
export interface Fault {
  readonly at: number;
  /** Killed with the whole container before it runs; not run and failed; run and failed. */
  readonly how: 'killed' | 'failed' | 'failed after its work';
}

export interface RunOptions {
  readonly environment?: Partial<Record<RondbRestoreVariable | RondbVerifyVariable, string>>;
  readonly fault?: Fault;
  /** Lines of bash that every command runs first; `$name` is the command and `$*` its arguments. */
  readonly before?: string;
  /** Called with everything logged so far, whenever there is more; `stop` sends TERM to the shell. */
  readonly onLog?: (log: string, stop: () => void) => void;
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

let counter = 0;

/** A recorded cluster with its database, its folder in a real S3 store, and the container that runs a script. */
export class JobRun {
  readonly folder = mkdtempSync(join(tmpdir(), 'chartwright-job-'));
  readonly cluster = new RecordedCluster(this.folder);
  readonly database = new RecordedDatabase(this.folder);
  readonly name = `job-${process.pid}-${++counter}`;
  /** The cluster's folder in the store, as files. */
  readonly storeFolder: string;
  #runs = 0;

  constructor(
    private readonly server: S3Server,
    private readonly script: ClusterScript,
  ) {
    this.storeFolder = join(server.folder, 'backups', 'prefix', this.name);
    const escaped = recordedPassword.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    writeFileSync(join(this.folder, 'options'), `[client]\nuser="root"\npassword="${escaped}"\n`);
    this.put('owner.json', printOwner({ cluster: this.name, clusterId }));
  }

  /** Writes an object of the cluster's folder. */
  put(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.storeFolder, path)), { recursive: true });
    writeFileSync(join(this.storeFolder, path), content);
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

  /** Runs the script with only the contract's programs on PATH. Each run is a pod of its own. */
  async run(options: RunOptions = {}): Promise<Outcome> {
    const run = `${++this.#runs}`;
    const place = join(this.folder, `run-${run}`);
    mkdirSync(join(place, 'scripts'), { recursive: true });
    mkdirSync(join(place, 'tmp'));
    for (const { name, content } of [this.script, ...(this.script.libraries ?? [])])
      writeFileSync(join(place, 'scripts', name), content);
    const environment = { ...this.#environment(run), ...options.environment };
    const names = new Set(this.script.environment.map(({ name }) => name));
    const child = spawn(programPath('bash'), [join(place, 'scripts', this.script.name)], {
      cwd: '/',
      detached: true, // a session of its own, which a kill ends as a whole
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: this.#path(place, options),
        HOME: '/nonexistent',
        TMPDIR: join(place, 'tmp'),
        ...Object.fromEntries(Object.entries(environment).filter(([name]) => names.has(name))),
        ...this.#rclone(),
      },
    });
    let log = '';
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => {
      log += text;
      options.onLog?.(log, () => child.kill('SIGTERM'));
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
    killSession(child.pid!);
    return { code, log, report: output.endsWith('}\n') ? JSON.parse(output) : undefined };
  }

  /** The commands that the last run has started, with their arguments. */
  calls(): string[] {
    const calls = join(this.folder, `run-${this.#runs}`, 'calls');
    return existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : [];
  }

  /** What the last run has left in its temporary folder. */
  leftovers(): string[] {
    return readdirSync(join(this.folder, `run-${this.#runs}`, 'tmp'));
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

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(this.storeFolder, { recursive: true, force: true });
  }

  #environment(run: string): Record<RondbRestoreVariable | RondbVerifyVariable, string> {
    const store = `store:backups/prefix/${this.name}`;
    return {
      ...recordedEnvironment('job', run, [1, 2], store),
      TRANSFERS: '2',
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
      RESTORE_TIMEOUT_SECONDS: '120',
      VERIFY_SHARE: '1',
    };
  }

  #rclone(): Record<string, string> {
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

  /** A PATH where each command first counts itself, then becomes the real one or suffers the fault. */
  #path(place: string, { fault, before = '' }: RunOptions): string {
    const path = join(place, 'bin');
    const calls = join(place, 'calls');
    mkdirSync(path);
    for (const name of ['bash', 'timeout']) symlinkSync(programPath(name), join(path, name));
    writeFileSync(join(place, 'kubectl'), this.cluster.kubectl);
    chmodSync(join(place, 'kubectl'), 0o755);
    const names = this.script.image.programs.flatMap(({ name, commands }) => commands ?? [name]);
    for (const name of names.filter((name) => name !== 'bash' && name !== 'timeout')) {
      // The fake kubectl needs programs that the toolbox has not.
      const real =
        name === 'kubectl' ? `/usr/bin/env PATH=/usr/bin:/bin '${join(place, 'kubectl')}'` : `'${programPath(name)}'`;
      const session = 'read -r session < <(/usr/bin/ps -o sid= $$)';
      const members = '$(/usr/bin/ps -o pid= --sid "$session")';
      const faults = {
        killed: `${session}; for pid in ${members}; do [[ $pid == $$ ]] || kill -KILL "$pid" 2>/dev/null; done; kill -KILL $$`,
        failed: 'exit 1',
        'failed after its work': `${real} "$@"; exit 1`,
      };
      const lines = [
        `#!${programPath('bash')}`,
        `name=${name}`,
        // in one line, however many lines the arguments have
        `arguments=$*; arguments=\${arguments//$'\\n'/ }; printf '%s\\n' "$name \${arguments:0:900}" >>'${calls}'`,
        before,
        ...(fault ? [`mapfile -t calls <'${calls}'`, `if ((\${#calls[@]} == ${fault.at})); then`] : []),
        ...(fault ? [faults[fault.how], 'fi'] : []),
        `exec ${real} "$@"`,
      ];
      writeFileSync(join(path, name), `${lines.join('\n')}\n`);
      chmodSync(join(path, name), 0o755);
    }
    return path;
  }
}

/** What a killed container leaves behind is gone with it. */
function killSession(session: number): void {
  for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]) === session) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
}
