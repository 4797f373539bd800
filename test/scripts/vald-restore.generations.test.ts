import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { indexObject, savedIndex } from './index-folder.js';
import { RestorePod } from './restore-pod.js';
import type { RclonePlayer } from './script-run.js';
import { Uploader } from './upload-pod.js';

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-restore.sh with generations', () => {
  let server: S3Server;
  const pods: RestorePod[] = [];
  const uploaders: Uploader[] = [];
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('index');
  });
  afterAll(async () => {
    for (const pod of uploads.values()) pod.remove();
    await server?.stop();
  });
  afterEach(async () => {
    await Promise.all(uploaders.splice(0).map((uploader) => uploader.kill()));
    for (const pod of pods.splice(0)) pod.remove();
  });

  /** A pod that has uploaded these indexes, and then lost its disk. */
  const upload = async (names: readonly string[]) => {
    const pod = new RestorePod({ server }).own();
    const uploader = new Uploader(pod);
    try {
      uploader.start();
      await uploader.said('watching');
      for (const [n, name] of names.entries()) {
        uploader.save(savedIndex(name));
        await uploader.said('is committed', n + 1);
      }
      expect(await uploader.stop()).toBe(0);
    } finally {
      await uploader.kill();
    }
    loseDisk(pod);
    return pod;
  };
  const uploads = new Map<string, RestorePod>();
  /** A pod of its own with what {@link upload} leaves, which each list of names is uploaded for once. */
  const uploadedFor = async (rclone: RclonePlayer, ...names: string[]) => {
    const made = uploads.get(names.join()) ?? (await upload(names));
    uploads.set(names.join(), made);
    const pod = made.copy({ rclone });
    pods.push(pod);
    const uploader = new Uploader(pod);
    uploaders.push(uploader);
    const ids = uploader.generations().map(({ backupId }) => backupId);
    return { pod, uploader, ids, folder: (n: number) => uploader.folder(ids.at(n)!) };
  };
  const uploaded = (...names: string[]) => uploadedFor('recorded', ...names);
  const loseDisk = (pod: RestorePod) => {
    rmSync(pod.volume, { recursive: true });
    mkdirSync(pod.volume);
  };
  const flip = (file: string) => {
    const bytes = readFileSync(file);
    bytes[0] = bytes[0]! ^ 1;
    writeFileSync(file, bytes);
  };

  test('restores the newest generation, and the agent’s disk wins from then on', async () => {
    const { pod, ids } = await uploadedFor('real', 'one', 'two');
    expect(await pod.run()).toMatchObject({
      code: 0,
      log: expect.stringContaining(`restored generation ${ids[1]}: 10 vectors`),
    });
    expect(pod.disk()).toEqual({ origin: 'two' });
    expect(await pod.run()).toMatchObject({ code: 0, log: expect.stringContaining('on the disk is valid') });
  });

  test.for<[string, (folder: string) => void]>([
    ['with a flipped byte', (folder) => flip(join(folder, 'index/grp'))],
    ['with a file cut off', (folder) => truncateSync(join(folder, 'index/grp'), 2)],
    ['without one of its files', (folder) => rmSync(join(folder, 'index/tre'))],
    ['with a manifest cut off', (folder) => truncateSync(join(folder, 'manifest.json'), 200)],
    [
      'with the manifest of another cluster',
      (folder) => {
        const file = join(folder, 'manifest.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/"clusterId": "./, '"clusterId": "0'));
      },
    ],
    [
      'with another number of vectors in its manifest',
      (folder) => {
        const file = join(folder, 'manifest.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('"vectors": 10', '"vectors": 11'));
      },
    ],
    [
      'with a file outside of its folder',
      (folder) => {
        const file = join(folder, 'manifest.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('index/grp', 'index/../grp'));
      },
    ],
  ])('takes the one before in place of a generation %s, and says so', async ([, damage]) => {
    const { pod, ids, folder } = await uploaded('one', 'two');
    damage(folder(1));
    const outcome = await pod.run();
    expect(outcome).toMatchObject({ code: 0, log: expect.stringContaining(`restored generation ${ids[0]}`) });
    expect(outcome.log).toMatch(new RegExp(`warning: generation ${ids[1]} .*: trying the one before`));
    expect(pod.disk()).toEqual({ origin: 'one' });
  });

  test('tells Kubernetes and the uploader that it has fallen back, until a restore need not', async () => {
    const { pod, uploader, ids, folder } = await uploaded('one', 'two');
    const TERMINATION_LOG = join(pod.folder, 'termination-log');
    const start = async () => {
      expect(await pod.run({ environment: { TERMINATION_LOG } })).toMatchObject({ code: 0 });
      return readFileSync(TERMINATION_LOG, 'utf8');
    };
    const note = () => JSON.parse(readFileSync(join(pod.volume, '.restored'), 'utf8'));
    const file = join(folder(1), 'index/grp');
    flip(file);
    expect(await start()).toMatch(
      new RegExp(
        `^restored generation ${ids[0]}: 10 vectors, saved at \\S+Z; ` +
          `fallen back, as generation ${ids[1]} is damaged: what was saved since is not in it\n$`,
      ),
    );
    const fallenBack = note();
    expect(fallenBack).toEqual({
      at: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      generation: ids[0],
      skipped: [ids[1]],
    });
    expect(await start()).toBe('the index on the disk is valid: 10 vectors\n');
    uploader.start();
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    const status = readFileSync(join(pod.storeFolder!, 'vald-agent-0/status.json'), 'utf8');
    expect(JSON.parse(status).restored).toEqual(fallenBack);
    loseDisk(pod);
    const newest = uploader.generations().at(-1)!.backupId;
    expect(await start()).toMatch(new RegExp(`^restored generation ${newest}: 10 vectors, saved at \\S+Z\n$`));
    expect(note()).toMatchObject({ generation: newest, skipped: [] });
  });

  test('knows that it has fallen back wherever it was killed', async () => {
    const { pod, ids, folder } = await uploaded('one', 'two');
    flip(join(folder(1), 'index/grp'));
    await pod.run({ killAt: 0 });
    const steps = pod.calls().flatMap((call, index) => (/^(mv|rm) /.test(call) ? [index + 1] : []));
    expect(steps.length).toBeGreaterThan(3);
    for (const killAt of steps) {
      loseDisk(pod);
      await pod.run({ killAt });
      expect(await pod.run()).toMatchObject({ code: 0 });
      const note = JSON.parse(readFileSync(join(pod.volume, '.restored'), 'utf8'));
      expect(note, `killed at ${killAt}`).toMatchObject({ generation: ids[0], skipped: [ids[1]] });
    }
  });

  test('starts the agent also where Kubernetes cannot be told', async () => {
    const { pod } = await uploaded('one');
    const outcome = await pod.run({ environment: { TERMINATION_LOG: join(pod.folder, 'none/log') } });
    expect(outcome).toMatchObject({ code: 0, log: expect.stringContaining('warning: Kubernetes is not told') });
  });

  test('is not led to the one before by a generation that never ended', async () => {
    const { pod, ids, folder } = await uploaded('one', 'two');
    rmSync(join(folder(1), 'manifest.json'));
    expect(await pod.run()).toMatchObject({ code: 0, log: expect.not.stringContaining('warning: generation') });
    expect(pod.disk()).toEqual({ origin: 'one' });
    expect(ids).toHaveLength(2);
  });

  test('refuses the start when no generation is whole', async () => {
    const { pod, folder } = await uploaded('one', 'two');
    flip(join(folder(0), 'index/obj'));
    flip(join(folder(1), 'index/obj'));
    expect(await pod.run()).toMatchObject({ code: 13, log: expect.stringContaining('is whole') });
    expect(pod.snapshot()).toEqual({});
  });

  test('refuses the start, and takes no older generation, while the store gives no answer', {
    timeout: 300_000,
  }, async () => {
    const { pod } = await uploaded('one', 'two');
    const calls = await (async () => {
      await pod.run({ killAt: 0 });
      loseDisk(pod);
      return pod.calls();
    })();
    for (const [index, call] of calls.entries()) {
      if (!call.startsWith('rclone ') || call.includes('checksum') || call.includes('.seen')) continue;
      for (const failStatus of [1, 3]) {
        const outcome = await pod.run({ failAt: index + 1, failStatus });
        if (outcome.code === 0) expect(pod.disk(), call).toEqual({ origin: 'two' });
        else expect([10, 12], call).toContain(outcome.code);
        loseDisk(pod);
      }
    }
  });

  test('killed before any of its steps, it ends as if nothing had happened', { timeout: 300_000 }, async () => {
    const { pod } = await uploaded('one');
    await pod.run({ killAt: 0 });
    const calls = pod.calls();
    const steps = calls.flatMap((call, index) => (/^(timeout|mkdir|mv|rm|touch|cp) /.test(call) ? [index + 1] : []));
    expect(steps.length).toBeGreaterThan(8);
    for (const killAt of steps) {
      loseDisk(pod);
      expect((await pod.run({ killAt })).code, calls[killAt - 1]).toBeNull();
      const left = pod.disk().origin;
      if (left === 'one') expect(existsSync(join(pod.indexPath, 'origin/tre')), 'never half an index').toBe(true);
      expect(await pod.run(), calls[killAt - 1]).toMatchObject({ code: 0 });
      expect(pod.disk()).toEqual({ origin: 'one' });
    }
  });

  test('takes a copy that was not yet uploaded where it is newer than the store', async () => {
    const { pod, uploader } = await uploaded('one');
    uploader.save(savedIndex('two'));
    uploader.start({
      environment: { UPLOAD_TIMEOUT_SECONDS: '3', SHUTDOWN_TIMEOUT_SECONDS: '3' },
      rclone: { RCLONE_CONFIG_STORE_ENDPOINT: 'http://127.0.0.1:1' },
    });
    await uploader.said('not backed up');
    expect(await uploader.stop()).toBe(12);
    writeFileSync(join(pod.indexPath, 'origin/metadata.json'), '');
    expect(await pod.run()).toMatchObject({ code: 0, log: expect.stringContaining('not yet uploaded') });
    expect(pod.disk()).toMatchObject({ origin: 'two' });
    flip(join(pod.volume, '.upload/index/grp'));
    writeFileSync(join(pod.indexPath, 'origin/metadata.json'), '');
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(pod.disk()).toMatchObject({ origin: 'one' });
  });

  test('restores what Vald’s own sidecar stored where there is no generation', async () => {
    const { pod } = await uploaded();
    pod.object(indexObject(savedIndex('of the sidecar')));
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(pod.disk()).toEqual({ origin: 'of the sidecar' });
  });

  test('takes the newer one of the sidecar’s object and the newest generation', async () => {
    const { pod } = await uploaded('one');
    // The store's own times have seconds.
    await new Promise((done) => setTimeout(done, 1100));
    pod.object(indexObject(savedIndex('of the sidecar')));
    await new Promise((done) => setTimeout(done, 1100));
    const again = new Uploader(pod);
    uploaders.push(again);
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(pod.disk()).toEqual({ origin: 'of the sidecar' });
    again.save(savedIndex('two'));
    again.start();
    await again.said('is committed');
    expect(await again.stop()).toBe(0);
    loseDisk(pod);
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(pod.disk()).toEqual({ origin: 'two' });
  });

  test('takes an index back to a time, once', async () => {
    const { pod, uploader } = await uploadedFor('real', 'one');
    await new Promise((done) => setTimeout(done, 1100));
    const RESTORE_AS_OF = `${new Date().toISOString().slice(0, 19)}Z`;
    await new Promise((done) => setTimeout(done, 1100));
    uploader.save(savedIndex('two'));
    uploader.start();
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    const asOf = { environment: { RESTORE_AS_OF } };
    expect(await pod.run({ environment: { RESTORE_AS_OF: '2020-01-01T00:00:00Z' } })).toMatchObject({ code: 18 });
    expect(pod.disk()).toEqual({ origin: 'two' });
    expect(await pod.run(asOf)).toMatchObject({ code: 0, log: expect.stringContaining('restored generation') });
    expect(pod.disk()).toEqual({ origin: 'one', broken: ['two'] });
    // What is saved from now on stays, on this volume and on a new one.
    uploader.save(savedIndex('three'));
    expect(await pod.run(asOf)).toMatchObject({ code: 0, log: expect.stringContaining('is valid') });
    uploader.start();
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    loseDisk(pod);
    expect(await pod.run(asOf)).toMatchObject({ code: 0 });
    expect(pod.disk()).toEqual({ origin: 'three' });
  });

  test('refuses a time that is none', async () => {
    const { pod } = await uploaded();
    expect(await pod.run({ environment: { RESTORE_AS_OF: 'yesterday' } })).toMatchObject({ code: 2 });
  });
});
