import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Chart, Testing } from 'cdk8s';
import { Credentials, ObjectStore } from '../../src/index.js';
import { printOwner, printStarted } from '../../src/repository/index.js';
import {
  BackupMethod,
  Uploader,
  ValdAgentWithBackup,
  ValdRestoreDrillCronJob,
  ValdVerifyCronJob,
} from '../../src/vald/index.js';
import { clusterId } from '../rondb/sets.js';
import type { TestBed } from './test-bed.js';

/** The objects of two of Vald’s agents whose store is the S3 server, and with `jobs` those that verify and drill. */
export function valdObjects(
  { s3 }: TestBed,
  namespace: string,
  { jobs = true, uploader }: { jobs?: boolean; uploader?: ReturnType<typeof Uploader.valdSidecar> } = {},
): object[] {
  const chart = new Chart(Testing.app(), 'test');
  const store = ObjectStore.minio({
    bucket: 'backups',
    region: s3.region,
    endpoint: s3.endpoint,
    prefix: namespace,
    credentials: Credentials.secret({ name: 'backup-store' }),
  });
  const agent = new ValdAgentWithBackup(chart, 'agent', {
    namespace,
    replicas: 2,
    copyOnWrite: false,
    ngt: { dimension: 8 },
    backup: BackupMethod.both({
      volume: { size: '1Gi' },
      store,
      clusterId,
      clusterName: 'vald',
      backupInterval: '10m',
      uploader: uploader ?? Uploader.repository({ retention: { keepLast: 1, keepWithin: '26h' } }),
    }),
  });
  if (jobs) {
    new ValdVerifyCronJob(chart, 'verify', { agent, schedule: '23 * * * *' });
    new ValdRestoreDrillCronJob(chart, 'drill', { agent, schedule: '41 4 * * *' });
  }
  return (chart.toJson() as { kind: string }[]).filter(({ kind }) =>
    ['StatefulSet', 'CronJob', 'ConfigMap'].includes(kind),
  );
}

/** What Vald’s agents have in the store, as the files that an S3 server serves. */
export class StoredGenerations {
  readonly folder: string;

  constructor({ s3 }: TestBed, namespace: string) {
    this.folder = join(s3.folder, 'backups', namespace, `vald-${clusterId.slice(0, 8)}`);
    this.put('owner.json', printOwner({ cluster: 'vald', clusterId }));
  }

  /** Writes an object. */
  put(path: string, content: string): this {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
    return this;
  }

  /** Starts a generation and does not finish it. */
  start(pod: string, backupId: number, started: string): this {
    return this.put(`${pod}/${backupId}/started.json`, printStarted({ clusterId, backupId, started }));
  }

  /** A committed generation. */
  commit(pod: string, backupId: number, saved: string, vectors: number): this {
    const content = `index ${backupId}\n`;
    const sha256 = createHash('sha256').update(content).digest('hex');
    const manifest = {
      version: 1,
      kind: 'vald',
      clusterId,
      clusterName: 'vald',
      backupId,
      started: saved,
      finished: saved,
      bytes: content.length,
      files: [{ path: 'index/grp', size: content.length, sha256 }],
      encryption: { type: 'none' },
      script: { name: 'vald-upload.sh', version: '0.1.0' },
      tools: { rclone: '1.75.1' },
      vald: { pod, vectors, saved, copyOnWrite: false },
    };
    return this.start(pod, backupId, saved)
      .put(`${pod}/${backupId}/index/grp`, content)
      .put(`${pod}/${backupId}/manifest.json`, JSON.stringify(manifest));
  }

  /** What a pod’s uploader says of itself. */
  status(pod: string, checked: string, saved: string): this {
    const status = { backupId: 101, checked, clusterId, pod, podUid: 'u', saved, vectors: 7, version: 1 };
    return this.put(`${pod}/status.json`, JSON.stringify(status));
  }
}
