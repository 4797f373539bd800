import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from '../test/programs/find.js';
import { type S3Server, startS3Server } from '../test/programs/s3-server.js';
import { RestorePod } from '../test/scripts/restore-pod.js';
import { Uploader } from '../test/scripts/upload-pod.js';
import { alternate, type Figure, type Measurement, runProcess } from './measure.js';

/** Upload and restore of one index, ours first, beside bare rclone. */
export interface ValdRepositoryMeasurement {
  readonly title: string;
  readonly measurements: readonly Measurement[];
  /** How many times as long as bare rclone ours may take. */
  readonly aim: number;
}

const mebibyte = 2 ** 20;
/** The files of an index by their share of its size. */
const shares = { grp: 0.35, obj: 0.6, prf: 0.001, tre: 0.02, 'ngt-meta.kvsdb': 0.02, 'ngt-timestamp.kvsdb': 0.009 };

/**
 * An index that does not compress, into a real S3 server on the same machine and back. Ours is all that the scripts do:
 * copy on the volume, hashes, upload, reading back, manifest; and for a restore download, hashes, putting in place. Beside
 * it stands the least that does the same to the bytes: `rclone copy`, then `rclone cat | sha256sum` of each file.
 */
export async function measureValdRepository(
  mebibytes: number,
  rounds: number,
  progress: (text: string) => void,
): Promise<ValdRepositoryMeasurement[]> {
  const server = await startS3Server();
  server.createBucket('index');
  try {
    const results: ValdRepositoryMeasurement[] = [];
    for (const copyOnWrite of ['true', 'false']) {
      const pod = new RestorePod({
        server,
        environment: { COPY_ON_WRITE: copyOnWrite, RESTORE_TIMEOUT_SECONDS: '3600' },
      });
      try {
        writeIndex(join(pod.own().indexPath, 'origin'), mebibytes);
        const bare = { name: 'rclone copy, then cat | sha256sum', run: () => bareTime(server, pod) };
        const index = `a Vald index of ${mebibytes} MiB, copy-on-write ${copyOnWrite}`;
        const uploads = await alternate([{ name: 'our upload', run: () => uploadTime(pod) }, bare], rounds, progress);
        results.push({ title: `upload of ${index}`, measurements: uploads, aim: 1.25 });
        await uploadTime(pod);
        const restores = await alternate(
          [{ name: 'our restore', run: () => restoreTime(pod) }, bare],
          rounds,
          progress,
        );
        results.push({ title: `restore of ${index}`, measurements: restores, aim: 1.25 });
      } finally {
        pod.remove();
      }
    }
    return results;
  } finally {
    await server.stop();
  }
}

function writeIndex(folder: string, mebibytes: number): void {
  mkdirSync(folder, { recursive: true });
  const block = Buffer.alloc(mebibyte);
  for (const [name, share] of Object.entries(shares)) {
    const descriptor = openSync(join(folder, name), 'w');
    for (let left = Math.round(mebibytes * mebibyte * share); left > 0; left -= mebibyte)
      writeSync(descriptor, randomFillSync(block), 0, Math.min(left, mebibyte));
    closeSync(descriptor);
  }
  writeFileSync(join(folder, 'metadata.json'), '{"ngt":{"index_count":100000},"is_invalid":false}\n');
}

/** From TERM to the end: what the last upload of a pod takes. The generation before is removed, so that it is a new one. */
async function uploadTime(pod: RestorePod): Promise<Figure> {
  rmSync(join(pod.storeFolder!, 'vald-agent-0'), { recursive: true, force: true });
  rmSync(join(pod.volume, '.upload-done'), { force: true });
  const uploader = new Uploader(pod, {
    BACKUP_INTERVAL_SECONDS: '3600',
    UPLOAD_TIMEOUT_SECONDS: '3600',
    SHUTDOWN_TIMEOUT_SECONDS: '3600',
  });
  uploader.start();
  await uploader.said('watching');
  const began = performance.now();
  const code = await uploader.stop();
  const milliseconds = performance.now() - began;
  if (code !== 0 || uploader.generations().length !== 1)
    throw new Error(`the upload ended with ${code}\n${uploader.log}`);
  return { milliseconds };
}

async function restoreTime(pod: RestorePod): Promise<Figure> {
  const origin = join(pod.indexPath, 'origin');
  rmSync(origin, { recursive: true });
  const { code, log, milliseconds } = await pod.run();
  if (code !== 0 || !log.includes('restored generation')) throw new Error(`the restore ended with ${code}\n${log}`);
  return { milliseconds };
}

async function bareTime(server: S3Server, pod: RestorePod): Promise<Figure> {
  const store = `:s3,provider=Other,endpoint='${server.endpoint}',region=${server.region},access_key_id=${server.accessKey},secret_access_key=${server.secretKey},force_path_style=true,no_check_bucket=true:index/bare`;
  const rclone = `'${programPath('rclone')}' --config ''`;
  const cats = Object.keys(shares).map((name) => `${rclone} cat "$1/${name}" | sha256sum`);
  const script = ['set -euo pipefail', `${rclone} copy --transfers 4 "$2" "$1"`, ...cats].join('\n');
  const source = join(pod.indexPath, 'origin');
  try {
    return await runProcess({ program: programPath('bash'), parameters: ['-c', script, 'bare', store, source] });
  } finally {
    rmSync(join(server.folder, 'index/bare'), { recursive: true, force: true });
  }
}
