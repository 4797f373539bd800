import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, programPath } from '../test/programs/find.js';
import { type S3Server, startS3Server } from '../test/programs/s3-server.js';
import { BackupRun } from '../test/scripts/rondb-backup-run.js';
import { alternate, type Figure, type Measurement, runProcess } from './measure.js';

/** The same bytes backed up from the folders of so many data nodes: by our scripts, and by bare rclone. */
export interface BackupMeasurement {
  readonly nodes: number;
  readonly bytes: number;
  /** Ours first. */
  readonly measurements: readonly Measurement[];
}

/** Programs without which a backup is not measured. */
const programs = ['rclone', 'versitygw', 'jq', 'bash'];

/** What is missing for {@link measureBackups}, or an empty list. */
export function missingPrograms(): string[] {
  return programs.filter((name) => !findProgram(name));
}

const transfers = 3;
const mebibyte = 2 ** 20;

/**
 * A backup of files that do not compress into a real S3 server on the same machine. Ours is the whole script: lease,
 * checks, SQL definitions, hash at the source, upload, reading back, manifest, removal, retention; the database and the
 * Kubernetes API are recorded and answer at once. Beside it stands the least that does the same to the bytes: one
 * `rclone copy` of all files, then `rclone cat | sha256sum` of each.
 */
export async function measureBackups(
  nodeCounts: readonly number[],
  mebibytes: number,
  rounds: number,
  folder: string,
  progress: (text: string) => void,
): Promise<BackupMeasurement[]> {
  const server = await startS3Server();
  try {
    server.createBucket('backups');
    const results: BackupMeasurement[] = [];
    for (const nodes of nodeCounts) {
      const source = mkdtempSync(join(folder, 'source-'));
      const files = Array.from({ length: nodes }, (_, index) => join(source, `${index + 1}`, 'Data'));
      for (const file of files) writeRandom(file, Math.ceil(mebibytes / nodes));
      const subjects = [
        { name: 'our backup', run: () => ours(server, files) },
        { name: 'rclone copy, then cat | sha256sum', run: () => bare(server, source, files) },
      ];
      const measurements = await alternate(subjects, rounds, (text) =>
        progress(`backup of ${nodes} nodes, ${mebibytes} MiB: ${text}`),
      );
      results.push({ nodes, bytes: Math.ceil(mebibytes / nodes) * nodes * mebibyte, measurements });
      rmSync(source, { recursive: true });
    }
    return results;
  } finally {
    await server.stop();
  }
}

async function ours(server: S3Server, files: readonly string[]): Promise<Figure> {
  const nodes = files.map((_, index) => index + 1);
  const run = new BackupRun(server, { rclone: 'real', nodes });
  try {
    for (const node of nodes) run.cluster.setData(node, files[node - 1]!);
    const began = performance.now();
    const { code, log } = await run.run({
      environment: { TRANSFERS: `${transfers}`, TRANSFER_TIMEOUT_SECONDS: '3600' },
    });
    if (code !== 0) throw new Error(`the backup ended with ${code}\n${log}`);
    return { milliseconds: performance.now() - began };
  } finally {
    run.remove();
  }
}

async function bare(server: S3Server, source: string, files: readonly string[]): Promise<Figure> {
  const store = `:s3,provider=Other,endpoint='${server.endpoint}',region=${server.region},access_key_id=${server.accessKey},secret_access_key=${server.secretKey},force_path_style=true,no_check_bucket=true:backups/bare`;
  const rclone = `'${programPath('rclone')}' --config ''`;
  const cats = files.map((_, index) => `${rclone} cat "$1/${index + 1}/Data" | sha256sum`);
  const script = ['set -euo pipefail', `${rclone} copy --transfers ${transfers} "$2" "$1"`, ...cats].join('\n');
  try {
    return await runProcess({ program: programPath('bash'), parameters: ['-c', script, 'bare', store, source] });
  } finally {
    rmSync(join(server.folder, 'backups/bare'), { recursive: true, force: true });
  }
}

function writeRandom(file: string, mebibytes: number): void {
  mkdirSync(join(file, '..'), { recursive: true });
  const descriptor = openSync(file, 'w');
  const block = Buffer.alloc(mebibyte);
  for (let written = 0; written < mebibytes; written++) writeSync(descriptor, randomFillSync(block));
  closeSync(descriptor);
}
