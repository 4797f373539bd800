import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { valdRestore } from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { indexId, savedIndex, writeIndex } from '../scripts/index-folder.js';
import { clusterId } from './sets.js';
import { movingCommands, movingPage } from './upstream-moving-page.js';

describeWith(['rclone'], 'the first backup of docs/moving.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chartwright-moving-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const [, check, place, upload] = movingCommands(
    '3b. For a method with object storage, or without snapshots: a copy of each index',
  );
  const environment = {
    PATH: `${dirname(programPath('rclone'))}:/usr/bin:/bin`,
    HOME: folder,
    NAMESPACE: 'vald',
    AGENT: 'vald-agent',
    REPLICAS: '3',
    RCLONE_CONFIG: '',
    RCLONE_CONFIG_STORE_TYPE: 'alias',
    RCLONE_CONFIG_STORE_REMOTE: join(folder, 'store'),
  };

  const run = (script: string, more: Record<string, string> = {}) => {
    const ran = spawnSync('sh', ['-eu', '-c', script], { cwd: folder, env: { ...environment, ...more } });
    return { status: ran.status, output: `${ran.stdout}${ran.stderr}` };
  };

  /** Runs the restore of a pod that comes up with an empty volume. */
  const restore = (pod: string) => {
    const volume = join(folder, `new-${pod}`);
    mkdirSync(volume);
    for (const { name, content } of [valdRestore, ...valdRestore.libraries]) writeFileSync(join(folder, name), content);
    const { status, output } = run(`exec sh ./${valdRestore.name}`, {
      BACKUP_METHOD: 'both',
      INDEX_PATH: join(volume, 'index'),
      COPY_ON_WRITE: 'true',
      BROKEN_INDEX_HISTORY_LIMIT: '1',
      POD_NAME: pod,
      START_GATE: 'none',
      TERMINATION_LOG: 'none',
      STORE_PATH: 'store:vald-backups/vald-vald-agent-3f0c9c6e',
      CLUSTER_ID: clusterId,
      CLUSTER_NAME: 'vald-vald-agent-3f0c9c6e',
      ALLOW_EMPTY_START: 'false',
      BACKUP_INTERVAL_SECONDS: '600',
      RESTORE_TIMEOUT_SECONDS: '60',
      RESTORE_AS_OF: '',
    });
    return { status, output, index: () => indexId(join(volume, 'index/origin')) };
  };

  beforeAll(() => {
    mkdirSync(join(folder, 'store/vald-backups'), { recursive: true });
    const copy = /tar -C \S+ -cz \./.exec(movingPage)![0];
    for (const ordinal of [0, 1, 2]) {
      const origin = join(folder, `origin-${ordinal}`);
      writeIndex(origin, savedIndex(`index ${ordinal}`, 100 + ordinal));
      expect(run(`${copy.replace(/-C \S+/, `-C ${origin}`)} > vald-agent-${ordinal}.tar.gz`).status).toBe(0);
    }
  });

  test('its check shows how many vectors each copy has', () => {
    const { status, output } = run(check!);
    expect(status).toBe(0);
    expect(output.match(/"index_count":\d+/g)).toEqual([100, 101, 102].map((count) => `"index_count":${count}`));
  });

  test('its check stops at a copy that was cut off', () => {
    expect(run(`cp vald-agent-0.tar.gz whole; head -c 50 whole > vald-agent-0.tar.gz; ${check}`).status).not.toBe(0);
    run('mv whole vald-agent-0.tar.gz');
  });

  test('each new pod restores its own copy, and one whose copy was forgotten does not start', () => {
    const uploaded = run(`${place}${upload}`);
    expect(uploaded).toMatchObject({ status: 0 });
    expect(uploaded.output.match(/\S+$/gm)?.sort()).toEqual(
      [
        'owner.json',
        ...[0, 1, 2].flatMap((ordinal) => [`vald-agent-${ordinal}.seen`, `vald-agent-${ordinal}.tar.gz`]),
      ].sort(),
    );

    for (const ordinal of [0, 1]) {
      const restored = restore(`vald-agent-${ordinal}`);
      expect(restored).toMatchObject({ status: 0 });
      expect(restored.index()).toBe(`index ${ordinal}`);
    }
    run('rm store/vald-backups/vald-vald-agent-3f0c9c6e/vald-agent-2.tar.gz');
    expect(restore('vald-agent-2')).toMatchObject({ status: 15 });
  });
});
