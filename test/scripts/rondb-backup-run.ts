import { join } from 'node:path';
import { readManifest, readStarted } from '../../src/repository/index.js';
import { type RondbBackupVariable, rondbBackup } from '../../src/scripts/index.js';
import type { S3Server } from '../programs/s3-server.js';
import { RecordedCluster } from './recorded-cluster.js';
import { recordedEnvironment } from './recorded-environment.js';
import { type PlayOptions, type RclonePlayer, ScriptRun } from './script-run.js';

export { clusterId } from './recorded-environment.js';

/** How a run ended. `code` is null when a signal ended it; `result` is the line on stdout, if there is one. */
export interface Outcome {
  readonly code: number | null;
  readonly log: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read it field by field
  readonly result: any;
}

export interface RunOptions extends PlayOptions {
  readonly environment?: Partial<Record<RondbBackupVariable, string | undefined>>;
}

/** A recorded cluster, its folder in a store, and the container that runs the backup. */
export class BackupRun extends ScriptRun {
  readonly cluster: RecordedCluster;

  constructor(server: S3Server, { rclone = 'recorded', nodes = [1, 2] }: BackupRunOptions = {}) {
    super(server, rondbBackup, rclone);
    this.cluster = new RecordedCluster(this.folder, nodes);
  }

  async run({ environment, ...options }: RunOptions = {}): Promise<Outcome> {
    const variables = (run: string): Record<RondbBackupVariable, string> => ({
      ...recordedEnvironment('backup', run, this.cluster.nodes, this.storePath),
      TRANSFERS: '3',
      CLUSTER_NAME: 'shop',
      ADOPT_FOLDER: 'false',
      SCHEMA_ATTEMPTS: '2',
      MINIMUM_FREE_PERCENT: '0',
      NATIVE_BACKUP_TIMEOUT_SECONDS: '60',
      RETENTION_TIMEOUT_SECONDS: '60',
      KEEP_LAST: '3',
      KEEP_WITHIN_SECONDS: '0',
      KEEP_DAILY: '0',
      KEEP_WEEKLY: '0',
      KEEP_MONTHLY: '0',
      KEEP_YEARLY: '0',
      LEFTOVER_GRACE_SECONDS: '86400',
    });
    const places = { kubectl: this.cluster.kubectl };
    const outcome = await this.play((run) => ({ ...variables(run), ...environment }), places, options);
    return { code: outcome.code, log: outcome.log, result: outcome.output };
  }

  /** Ids of sets with a manifest. */
  committed(): number[] {
    return this.#ids('manifest.json');
  }

  /** Ids of sets that a run has begun. */
  started(): number[] {
    return this.#ids('started.json').filter((id) => readStarted(this.stored()[`${id}/started.json`]!)?.backupId === id);
  }

  /** The manifest of a set. @throws Error if it cannot be relied on */
  manifest(id: number) {
    const path = join(this.storeFolder, `${id}/manifest.json`);
    const { manifest, problems } = readManifest(this.stored()[`${id}/manifest.json`]!, { path, backupId: id });
    if (!manifest) throw new Error(JSON.stringify(problems));
    return manifest;
  }

  #ids(file: string): number[] {
    return Object.keys(this.stored())
      .filter((path) => path.endsWith(`/${file}`))
      .map((path) => Number(path.split('/')[0]));
  }
}

export interface BackupRunOptions {
  /** @default recorded */
  readonly rclone?: RclonePlayer;
  /** Ids of the data nodes, two to a group. @default 1 and 2 */
  readonly nodes?: readonly number[];
}
