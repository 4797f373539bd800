import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { printOwner, type RetentionPlan } from '../../src/repository/index.js';
import { type RepositoryRetentionVariable, repositoryRetention } from '../../src/scripts/index.js';
import type { S3Server } from '../programs/s3-server.js';
import { clusterId, type History } from '../repository/history.js';
import { type PlayOptions, ScriptRun } from './script-run.js';

/** How a run ended. `code` is null when a signal ended it; `plan` is what it printed, undefined where it got not so far. */
export interface Outcome {
  readonly code: number | null;
  readonly log: string;
  readonly plan: RetentionPlan | undefined;
}

export interface RunOptions extends PlayOptions {
  readonly environment?: Partial<Record<RepositoryRetentionVariable, string | undefined>>;
}

/** One cluster's folder in a real S3 store, and the container that runs the script for it with the real rclone. */
export class RetentionRun extends ScriptRun {
  /** @param series name of the folder that holds the sets @default - the cluster's own folder */
  constructor(
    server: S3Server,
    private readonly series?: string,
  ) {
    super(server, repositoryRetention, 'real');
    this.putAt('owner.json', printOwner({ cluster: this.name, clusterId }), 0);
  }

  /** Writes an object of the cluster's folder, put there at that time. */
  putAt(path: string, text: string, seconds: number): this {
    this.put(path, text);
    utimesSync(join(this.storeFolder, path), seconds, seconds);
    return this;
  }

  /** Writes a whole history into the series' folder. */
  fill(history: History): this {
    for (const [path, { text, modified }] of history.objects)
      this.putAt(this.series ? `${this.series}/${path}` : path, text, Date.parse(modified) / 1000);
    return this;
  }

  async run({ environment, ...options }: RunOptions = {}): Promise<Outcome> {
    const variables: Record<RepositoryRetentionVariable, string> = {
      MODE: 'apply',
      STORE_PATH: this.storePath,
      SERIES_PATH: this.series ? `${this.storePath}/${this.series}` : this.storePath,
      CLUSTER_ID: clusterId,
      KEEP_LAST: '1',
      KEEP_WITHIN_SECONDS: '0',
      KEEP_DAILY: '0',
      KEEP_WEEKLY: '0',
      KEEP_MONTHLY: '0',
      KEEP_YEARLY: '0',
      LEFTOVER_GRACE_SECONDS: '172800',
      GUARD_COMMAND: 'true',
      RETENTION_TIMEOUT_SECONDS: '60',
    };
    const outcome = await this.play(() => ({ ...variables, ...environment }), {}, options);
    return { code: outcome.code, log: outcome.log, plan: outcome.output };
  }
}
