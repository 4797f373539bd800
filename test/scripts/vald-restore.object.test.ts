import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { type ArchiveEntry, indexEntries, indexObject, savedIndex, tar } from './index-folder.js';
import { RestorePod } from './restore-pod.js';

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-restore.sh with a bad object', () => {
  let server: S3Server;
  const pods: RestorePod[] = [];
  const newPod = (): RestorePod => {
    const pod = new RestorePod({ server }).own();
    pods.push(pod);
    return pod;
  };
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('index');
  });
  afterAll(async () => {
    for (const pod of pods) pod.remove();
    await server?.stop();
  });

  const files = savedIndex('object');
  const good = indexObject(files);
  const archive = gunzipSync(good);
  const entries = indexEntries(files);
  const flipped = (position: number) => {
    const bytes = Buffer.from(good);
    bytes[position] = bytes[position]! ^ 0x10;
    return bytes;
  };
  const without = (name: string) => gzipSync(tar(entries.filter((entry) => entry.name !== name)));
  const having = (...extra: ArchiveEntry[]) => gzipSync(tar([...entries, ...extra]));
  /** Where the archive's closing blocks begin. */
  const end = archive.length - 1024;

  async function expectRefused(object: Buffer, log: string): Promise<void> {
    const pod = newPod().object(object).marker('backed-up', 10);
    pod.put('origin', savedIndex('current'), ['grp']);
    const before = pod.snapshot();
    expect(await pod.run()).toMatchObject({ code: 13, log: expect.stringContaining(log) });
    expect(pod.snapshot()).toEqual(before);
    expect(pod.stored()).toMatchObject({ 'vald-agent-0.seen': 'backed-up' });
  }

  test.concurrent.for([0, 1, 9, 10, 18, good.length >> 1, good.length - 9, good.length - 8, good.length - 1])(
    'refuses one that was cut after %i bytes',
    (length) => expectRefused(good.subarray(0, length), 'is not a whole gzip file'),
  );

  test.concurrent.for([0, 2, 40, good.length >> 1, good.length - 8, good.length - 1])(
    'refuses one whose byte %i has changed',
    (position) => expectRefused(flipped(position), 'is not a whole gzip file'),
  );

  test.concurrent('refuses one that changed in the store after it was uploaded', async () => {
    const pod = newPod();
    const upload = join(pod.folder, 'upload');
    writeFileSync(upload, good);
    await pod.rclone('copyto', upload, `${pod.environment.STORE_PATH}/vald-agent-0.tar.gz`);
    expect(await pod.run()).toMatchObject({ code: 0 });

    const later = newPod();
    await later.rclone('copyto', upload, `${later.environment.STORE_PATH}/vald-agent-0.tar.gz`);
    const stored = join(later.storeFolder!, 'vald-agent-0.tar.gz');
    writeFileSync(stored, flipped(40), { flag: 'r+' });
    expect(await later.run()).toMatchObject({ code: 12, log: expect.stringMatching(/hash(es)? differ/) });
    expect(later.snapshot()).toEqual({});
  });

  // What an old sidecar uploads when it dies while it packs: a whole gzip file around a part of an archive.
  test.concurrent.for<[string, number, string]>([
    ['before the first file', 512, 'holds no complete index'],
    ['inside a file', 512 + 512 + 3, 'cannot be unpacked'],
    ['before the last file', end - 1024, 'holds no complete index'],
    ['inside the last file', end - 500, 'cannot be unpacked'],
  ])('refuses one whose packing was cut %s', ([, length, log]) =>
    expectRefused(gzipSync(archive.subarray(0, length)), log),
  );

  test.concurrent.for<[string, Buffer, string]>([
    ['nothing in it', gzipSync(tar([{ name: '.', type: '5' }])), 'holds no complete index'],
    ['an agent that never saved', without('metadata.json'), 'holds no complete index'],
    ['no tre', without('tre'), 'holds no complete index'],
    ['a save cut short', indexObject(files, ['ngt-meta.kvsdb']), 'holds no complete index'],
    ['another format', gzipSync(Buffer.alloc(4096, 'x')), 'cannot be unpacked'],
    ['a path out of the folder', having({ name: '../escaped', content: 'x' }), 'is not as the sidecar writes it'],
    ['a path far out of the folder', having({ name: '../index/origin/obj', content: 'x' }), 'is not as'],
    ['an absolute path', having({ name: '/escaped', content: 'x' }), 'is not as the sidecar writes it'],
    ['a link to a file', having({ name: 'link', type: '2', link: '/etc/passwd' }), 'not plain files'],
    ['a link to a folder outside', having({ name: 'link', type: '2', link: '../../index' }), 'not plain files'],
    [
      'a file behind a link',
      having({ name: 'link', type: '2', link: '../../index' }, { name: 'link/escaped', content: 'x' }),
      "can't",
    ],
    ['a hard link', having({ name: 'link', type: '1', link: 'obj' }), 'not plain files'],
    ['a folder', having({ name: 'folder', type: '5' }), 'not plain files'],
    ['a file in a folder', having({ name: 'folder/file', content: 'x' }), 'not plain files'],
    ['a FIFO', having({ name: 'fifo', type: '6' }), 'not plain files'],
  ])('refuses one with %s', ([, object, log]) => expectRefused(object, log));

  test.concurrent('accepts files that it does not know, and keeps all times', async () => {
    const pod = newPod().object(having({ name: 'robj', content: 'later versions of the agent', time: 1_600_000_000 }));
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(readFileSync(join(pod.indexPath, 'origin/robj'), 'utf8')).toBe('later versions of the agent');
    const times = Object.values(pod.snapshot()).map((text) => text.split(' ')[0]);
    expect(times).toContain('1600000000000');
    expect(times).toContain('1700000000000');
    expect(existsSync(join(pod.volume, '.restore'))).toBe(false);
  });
});
