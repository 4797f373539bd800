import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test as oneByOne } from 'vitest';
import { valdUpload } from '../../src/scripts/index.js';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { type IndexFiles, neverSaved, savedIndex } from './index-folder.js';
import { clusterId, foreignId, RestorePod } from './restore-pod.js';
import { Uploader, uploadCommands } from './upload-pod.js';

// Each waits for intervals to pass, in a folder and a cluster of its own.
const test = oneByOne.concurrent;

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-upload.sh', () => {
  let server: S3Server;
  const pods: RestorePod[] = [];
  const uploaders: Uploader[] = [];
  const newUploader = (
    environment: Uploader['environment'] | Partial<Uploader['environment']> = {},
    pod: ConstructorParameters<typeof RestorePod>[0] = {},
  ): Uploader => {
    const made = new RestorePod({ server, rclone: 'recorded', ...pod });
    pods.push(made);
    const uploader = new Uploader(made.own(), environment);
    uploaders.push(uploader);
    return uploader;
  };
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('index');
  });
  afterAll(async () => {
    await Promise.all(uploaders.map((uploader) => uploader.kill()));
    for (const pod of pods) pod.remove();
    await server?.stop();
  });

  /** The files of a generation in the store. */
  const stored = (uploader: Uploader, id: number): IndexFiles => {
    const folder = join(uploader.folder(id), 'index');
    return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  };
  const sorted = (files: IndexFiles) => Object.fromEntries(Object.entries(files).sort());
  const one = savedIndex('one', 10);
  const two = savedIndex('two', 20);

  test.for(['true', 'false'])('uploads a save as a generation, copy-on-write %s', async (COPY_ON_WRITE) => {
    const uploader = newUploader({ COPY_ON_WRITE }, { rclone: 'real' });
    uploader.save(one);
    const before = uploader.pod.snapshot(uploader.pod.indexPath);
    uploader.start();
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    const [generation, ...others] = uploader.generations();
    expect(others).toEqual([]);
    expect(generation).toMatchObject({
      clusterId,
      kind: 'vald',
      vald: { pod: 'vald-agent-0', vectors: 10, copyOnWrite: COPY_ON_WRITE === 'true' },
    });
    expect(sorted(stored(uploader, generation!.backupId))).toEqual(sorted(one));
    expect(uploader.pod.snapshot(uploader.pod.indexPath), 'the index is as it was').toEqual(before);
    expect(
      readdirSync(uploader.pod.volume)
        .filter((name) => name !== '.staging')
        .sort(),
    ).toEqual(['.upload-done', '.volume-owner', 'index']);
    const status = JSON.parse(readFileSync(join(uploader.pod.storeFolder!, 'vald-agent-0/status.json'), 'utf8'));
    expect(status).toMatchObject({ backupId: generation!.backupId, state: 'current', vectors: 10, version: 1 });
  });

  test('uploads each save, and none that is what the newest generation holds', async () => {
    const uploader = newUploader();
    uploader.save(one);
    uploader.start();
    await uploader.said('is committed');
    utimesSync(join(uploader.pod.indexPath, 'origin/metadata.json'), new Date(), new Date());
    await uploader.said('is what generation');
    uploader.save(two);
    await uploader.said('is committed', 2);
    expect(await uploader.stop()).toBe(0);
    expect(uploader.generations().map(({ vald }) => vald.vectors)).toEqual([10, 20]);
    uploader.start();
    await uploader.said('watching');
    expect(await uploader.stop()).toBe(0);
    expect(uploader.generations()).toHaveLength(2);
  });

  test('waits an interval from one upload to the next, and does not when it is told to stop', async () => {
    const uploader = newUploader({ BACKUP_INTERVAL_SECONDS: '3600' });
    uploader.save(one);
    uploader.start();
    await uploader.said('is committed');
    uploader.save(two);
    expect(await uploader.stop()).toBe(0);
    expect(uploader.generations().map(({ vald }) => vald.vectors)).toEqual([10, 20]);
    expect(uploader.log).toContain('is the last save');
  });

  test.for<[string, () => IndexFiles]>([
    ['of an agent that never saved', () => neverSaved],
    ['that is being saved', () => ({ ...one, 'metadata.json': '' })],
    ['that was marked invalid', () => ({ ...one, 'metadata.json': '{"ngt":{"index_count":9},"is_invalid":true}' })],
  ])('uploads no index %s', async ([, files]) => {
    const uploader = newUploader();
    uploader.save(files());
    uploader.start();
    await uploader.said('watching');
    expect(await uploader.stop()).toBe(0);
    expect(uploader.log).toContain('nothing to upload');
    expect(uploader.generations()).toEqual([]);
  });

  test('notices a save while it copies, and copies again', async () => {
    const uploader = newUploader();
    uploader.save(one);
    const { folder, indexPath } = uploader.pod;
    const before = `if [ "$name $4" = "timeout cp" ] && ! [ -e ${folder}/once ]; then
      : >${folder}/once
      printf changed >${indexPath}/origin/grp
      printf '%s' "$(cat ${indexPath}/origin/metadata.json)" >${indexPath}/origin/metadata.json
    fi`;
    uploader.start({ before });
    await uploader.said('saved while it was copied');
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    const [generation] = uploader.generations();
    expect(stored(uploader, generation!.backupId)['grp']).toBe('changed');
    expect(uploader.generations()).toHaveLength(1);
  });

  test('with copy-on-write uploads one save whole although the next comes meanwhile', async () => {
    const uploader = newUploader({ COPY_ON_WRITE: 'true' });
    const large = { ...one, grp: 'x'.repeat(400_000) };
    uploader.save(large);
    uploader.start({ rclone: { RCLONE_BWLIMIT: '200k' } });
    for (; !existsSync(join(uploader.pod.volume, '.upload/started')); )
      await new Promise((done) => setTimeout(done, 20));
    uploader.save(two);
    uploader.save(savedIndex('three', 30));
    await uploader.said('is committed', 2);
    expect(await uploader.stop()).toBe(0);
    const generations = uploader.generations();
    expect(generations.map(({ vald }) => vald.vectors)).toEqual([10, 30]);
    expect(sorted(stored(uploader, generations[0]!.backupId))).toEqual(sorted(large));
  });

  test('told to stop in an upload of what is not the last save, it uploads the last save', async () => {
    const uploader = newUploader();
    uploader.save({ ...one, grp: 'x'.repeat(2_000_000) });
    uploader.start({ rclone: { RCLONE_BWLIMIT: '200k' } });
    for (; !existsSync(join(uploader.pod.volume, '.upload/started')); )
      await new Promise((done) => setTimeout(done, 20));
    uploader.save(two);
    const began = performance.now();
    expect(await uploader.stop()).toBe(0);
    expect(performance.now() - began, 'not as long as the other takes').toBeLessThan(9_000);
    expect(uploader.generations().map(({ vald }) => vald.vectors)).toEqual([20]);
  });

  test('goes on trying while the store is down, and keeps the last save for the next start', async () => {
    const uploader = newUploader({ UPLOAD_TIMEOUT_SECONDS: '2', SHUTDOWN_TIMEOUT_SECONDS: '3' });
    uploader.save(one);
    const down = { RCLONE_CONFIG_STORE_ENDPOINT: 'http://127.0.0.1:1' };
    uploader.start({ rclone: down });
    await uploader.said('not backed up');
    expect(await uploader.stop()).toBe(12);
    expect(uploader.log).toContain('the next start goes on');
    // In place, the agent begins a save that it does not end: what was saved is only in the copy now.
    writeFileSync(join(uploader.pod.indexPath, 'origin/metadata.json'), '');
    uploader.start({ environment: { UPLOAD_TIMEOUT_SECONDS: '60', SHUTDOWN_TIMEOUT_SECONDS: '60' } });
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    const [generation] = uploader.generations();
    expect(sorted(stored(uploader, generation!.backupId))).toEqual(sorted(one));
  });

  test('sends again what does not come back as it was', async () => {
    const uploader = newUploader({}, { rclone: 'real' });
    uploader.save(one);
    const { folder, storeFolder } = uploader.pod;
    const before = `case "$name $*" in "rclone "*" checksum "*) if ! [ -e ${folder}/once ]; then
      : >${folder}/once
      for file in ${storeFolder}/vald-agent-0/*/index/tre; do printf 'tre of onE' >"$file"; done
    fi ;; esac`;
    uploader.start({ before });
    await uploader.said('did not arrive whole');
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    const [generation] = uploader.generations();
    expect(sorted(stored(uploader, generation!.backupId))).toEqual(sorted(one));
  });

  test.for<[string, (folder: string) => void]>([
    ['has lost a file', (folder) => rmSync(join(folder, 'index/grp'))],
    ['has a file cut off', (folder) => truncateSync(join(folder, 'index/grp'), 3)],
    ['has lost its manifest', (folder) => rmSync(join(folder, 'manifest.json'))],
  ])('uploads the index again when its generation %s', async ([, damage]) => {
    const uploader = newUploader();
    uploader.save(one);
    uploader.start();
    await uploader.said('is committed');
    const id = uploader.generations()[0]!.backupId;
    damage(uploader.folder(id));
    await uploader.said('uploading the index again');
    await uploader.said('is committed', 2);
    expect(await uploader.stop()).toBe(0);
    const newest = uploader.generations().at(-1)!;
    expect(newest.backupId).toBeGreaterThan(id);
    expect(sorted(stored(uploader, newest.backupId))).toEqual(sorted(one));
  });

  test.for<[string, (uploader: Uploader) => unknown, number, string]>([
    ['has no owner', ({ pod }) => rmSync(join(pod.storeFolder!, 'owner.json')), 10, 'has no owner.json'],
    ['is another cluster’s', ({ pod }) => pod.own(foreignId), 11, `belongs to cluster ${foreignId}`],
    ['has an owner file of nobody', ({ pod }) => pod.store('owner.json', '{}'), 11, 'belongs to cluster'],
  ])('writes nothing to a folder that %s', async ([, change, code, log]) => {
    const uploader = newUploader();
    uploader.save(one);
    change(uploader);
    expect(await uploader.start().exit()).toBe(code);
    expect(uploader.log).toContain(log);
    expect(existsSync(join(uploader.pod.storeFolder!, 'vald-agent-0'))).toBe(false);
  });

  test('commits nothing to a folder that another cluster takes over meanwhile', async () => {
    const uploader = newUploader();
    uploader.save(one);
    const before = `case "$name $*" in "rclone "*" checksum "*)
      printf '{"clusterId":"${foreignId}"}' >${uploader.pod.storeFolder}/owner.json ;; esac`;
    expect(await uploader.start({ before }).exit()).toBe(11);
    expect(uploader.generations()).toEqual([]);
  });

  test('uploads nothing from a volume that was another pod’s', async () => {
    const uploader = newUploader();
    uploader.save(one);
    writeFileSync(join(uploader.pod.volume, '.volume-owner'), `vald-agent-7 ${clusterId}\n`);
    expect(await uploader.start().exit()).toBe(17);
    expect(uploader.log).toContain('belongs to pod vald-agent-7');
    expect(uploader.generations()).toEqual([]);
  });

  test('keeps two clusters in one bucket apart, and two pods of one cluster', async () => {
    const rclone = 'real';
    const first = newUploader({}, { rclone });
    const second = newUploader({}, { rclone });
    const third = newUploader(
      { POD_NAME: 'vald-agent-1' },
      { rclone, cluster: first.pod.environment.CLUSTER_NAME, environment: { POD_NAME: 'vald-agent-1' } },
    );
    const indexes = new Map([first, second, third].map((uploader, n) => [uploader, savedIndex(`of ${n}`, n + 1)]));
    await Promise.all(
      [...indexes].map(async ([uploader, files]) => {
        uploader.save(files);
        uploader.start();
        await uploader.said('is committed');
        expect(await uploader.stop()).toBe(0);
      }),
    );
    for (const [uploader, files] of indexes) {
      const [generation, ...others] = uploader.generations();
      expect(others).toEqual([]);
      expect(sorted(stored(uploader, generation!.backupId))).toEqual(sorted(files));
    }
  });

  test('gives ids that only grow, whatever the clock does', async () => {
    const uploader = newUploader();
    const clock = (seconds: number) => `if [ "$name $*" = "date +%s" ]; then echo ${seconds}; exit 0; fi`;
    const ids: number[] = [];
    for (const [n, seconds] of [1_700_000_000, 1_600_000_000, 2_000_000_000, 1_700_000_500].entries()) {
      uploader.save(savedIndex(`clock ${n}`, n + 1));
      uploader.start({ before: clock(seconds) });
      await uploader.said('is committed');
      expect(await uploader.stop()).toBe(0);
      ids.push(uploader.generations().at(-1)!.backupId);
    }
    expect(ids).toEqual([122_163_200, 122_163_201, 422_163_200, 422_163_201]);
    expect(uploader.generations().map(({ vald }) => vald.vectors)).toEqual([1, 2, 3, 4]);
  });

  test('takes another id where another pod of its name has begun the same generation', async () => {
    const uploader = newUploader();
    uploader.save(one);
    const { folder, storeFolder } = uploader.pod;
    const before = `case "$name $*" in "rclone "*" checksum "*) if ! [ -e ${folder}/once ]; then
      : >${folder}/once
      for file in ${storeFolder}/vald-agent-0/*/started.json; do printf 'of the other' >"$file"; done
    fi ;; esac`;
    uploader.start({ before });
    await uploader.said('taking another id');
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    expect(uploader.generations()).toHaveLength(1);
  });

  test('says in status.json what was restored last', async () => {
    const uploader = newUploader();
    const said = async (note: string) => {
      writeFileSync(join(uploader.pod.volume, '.restored'), note);
      const before = uploader.generations().length;
      uploader.save(savedIndex(`index ${before}`, before + 1));
      uploader.start();
      await uploader.said('is committed');
      expect(await uploader.stop()).toBe(0);
      const status = readFileSync(join(uploader.pod.storeFolder!, 'vald-agent-0/status.json'), 'utf8');
      return JSON.parse(status).restored;
    };
    uploader.save(one);
    const note = { at: '2026-11-21T03:24:08Z', generation: 7, skipped: [9, 8] };
    expect(await said(`${JSON.stringify(note)}\n`)).toEqual(note);
    expect(await said('{"at":"2026'), 'a note that was cut off').toBeUndefined();
  });

  test.for<[keyof Uploader['environment'], string]>([
    ['AGENT_PORT', 'grpc'],
    ['INDEX_PATH', '/index'],
    ['COPY_ON_WRITE', 'yes'],
    ['STORE_PATH', 'store:bucket'],
    ['STORE_PATH', 'store:bucket/../other'],
    ['CLUSTER_ID', 'a b'],
    ['BACKUP_INTERVAL_SECONDS', '0'],
    ['KEEP_LAST', '0'],
    ['KEEP_DAILY', '-1'],
    ['TRANSFERS', 'four'],
  ])('refuses %s=%s', async ([name, value]) => {
    const uploader = newUploader();
    expect(await uploader.start({ environment: { [name]: value } }).exit()).toBe(2);
    expect(uploader.log).toContain('hint: Allowed:');
  });

  test('lists every program that it calls, and none that it does not', async () => {
    const uploader = newUploader({ KEEP_LAST: '1', BACKUP_INTERVAL_SECONDS: '1' });
    const calls = join(uploader.pod.folder, 'all-calls');
    const options = { before: `echo "$name $3 $4 $5" >>${calls}` };
    for (const [n, COPY_ON_WRITE] of ['false', 'true'].entries()) {
      uploader.save(savedIndex(`index ${n}`, n + 1));
      uploader.start({ ...options, environment: { COPY_ON_WRITE } });
      await uploader.said('is committed');
      if (n === 1) await uploader.said('is deleted');
      await uploader.stop();
    }
    const stranger = newUploader({}, { environment: { INDEX_PATH: join(uploader.pod.folder, 'none/index') } });
    expect(await stranger.start(options).exit()).toBe(16);
    const called = new Set(
      readFileSync(calls, 'utf8')
        .split('\n')
        .flatMap((line) => (line.startsWith('timeout') ? ['timeout', line.split(' ')[2]!] : [line.split(' ')[0]!])),
    );
    // Those with which an agent is asked: vald-upload.agent.test.ts.
    expect(uploadCommands.filter((name) => !called.has(name))).toEqual(['mkfifo', 'nc', 'od', 'wc']);
    expect(valdUpload.image.defaultImage.repository).toBe('rclone/rclone');
    expect(statSync(calls).size).toBeGreaterThan(0);
  });
});
