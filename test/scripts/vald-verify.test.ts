import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ValdVerifyVariable, valdVerify } from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { savedIndex } from './index-folder.js';
import { foreignId, RestorePod } from './restore-pod.js';
import { Uploader } from './upload-pod.js';

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-verify.sh', () => {
  let server: S3Server;
  let pod: RestorePod;
  let uploader: Uploader;
  /** A pod with two generations, of which every test has its own copy. */
  let uploaded: RestorePod | undefined;
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('index');
    uploaded = new RestorePod({ server }).own();
    uploader = new Uploader(uploaded);
    uploader.start();
    for (const [n, name] of ['one', 'two'].entries()) {
      uploader.save(savedIndex(name));
      await uploader.said('is committed', n + 1);
    }
    expect(await uploader.stop()).toBe(0);
  });
  afterAll(async () => {
    await uploader?.kill();
    uploaded?.remove();
    await server?.stop();
  });
  beforeEach(() => {
    pod = uploaded!.copy();
    uploader = new Uploader(pod);
    return () => pod.remove();
  });

  const verify = (
    environment: Partial<Record<ValdVerifyVariable, string>> = {},
    rclone: Record<string, string> = {},
  ) => {
    const bin = join(pod.folder, 'verify');
    mkdirSync(bin, { recursive: true });
    for (const { name, content } of [valdVerify, ...valdVerify.libraries]) writeFileSync(join(bin, name), content);
    for (const name of [...valdVerify.image.programs[0].commands, 'rclone']) {
      rmSync(join(bin, name), { force: true });
      symlinkSync(programPath(name === 'rclone' ? 'rclone' : 'busybox'), join(bin, name));
    }
    const { STORE_PATH, CLUSTER_ID } = pod.environment;
    const { status, stderr } = spawnSync(programPath('busybox'), ['sh', join(bin, valdVerify.name)], {
      encoding: 'utf8',
      env: {
        PATH: bin,
        HOME: '/nonexistent',
        TMPDIR: pod.folder,
        STORE_PATH,
        CLUSTER_ID,
        STATEFUL_SET: 'vald-agent',
        REPLICAS: '1',
        OLDEST_SECONDS: '600',
        VERIFY_SHARE: '1',
        SHARE_SECONDS: '60',
        VERIFY_TIMEOUT_SECONDS: '60',
        TRANSFERS: '4',
        ...environment,
        ...pod.rcloneEnvironment(),
        ...rclone,
      },
    });
    return { code: status, log: stderr };
  };
  const generation = (n: number) => uploader.folder(uploader.generations().at(n)!.backupId);
  const flip = (file: string) => {
    const bytes = readFileSync(file);
    bytes[0] = bytes[0]! ^ 1;
    writeFileSync(file, bytes);
  };

  test('says that all is right', () => {
    expect(verify()).toMatchObject({ code: 0, log: expect.stringContaining('2 generations are listed whole') });
  });

  test.for<[string, () => unknown, number, string]>([
    ['a flipped byte', () => flip(join(generation(0), 'index/grp')), 20, 'has other content'],
    ['a missing file', () => rmSync(join(generation(1), 'index/obj')), 20, 'lacks index/obj'],
    ['a manifest that is cut off', () => writeFileSync(join(generation(1), 'manifest.json'), '{'), 20, 'not whole'],
    ['no owner', () => rmSync(join(pod.storeFolder!, 'owner.json')), 10, 'no owner.json'],
    ['another owner', () => pod.own(foreignId), 11, foreignId],
    [
      'a status of long ago',
      () => {
        const file = join(pod.storeFolder!, 'vald-agent-0/status.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/"checked":"20../, '"checked":"2020'));
      },
      25,
      'not current: vald-agent-0 was last at 2020',
    ],
    ['no status', () => rmSync(join(pod.storeFolder!, 'vald-agent-0/status.json')), 25, 'has no status.json'],
  ])('finds %s', ([, change, code, log]) => {
    change();
    expect(verify()).toMatchObject({ code, log: expect.stringContaining(log) });
  });

  test('finds a pod that has fallen back, until the generation that it left out is gone', async () => {
    const [, left] = uploader.generations();
    const folder = uploader.folder(left!.backupId);
    flip(join(folder, 'index/grp'));
    rmSync(pod.volume, { recursive: true });
    mkdirSync(pod.volume);
    expect(await pod.run()).toMatchObject({ code: 0 });
    uploader.start();
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    const said = new RegExp(
      `fallen back: vald-agent-0 was restored at \\S+Z from .* than generation ${left!.backupId}\n`,
    );
    expect(verify()).toMatchObject({ code: 20, log: expect.stringMatching(said) });
    flip(join(folder, 'index/grp'));
    expect(verify()).toMatchObject({ code: 29, log: expect.stringMatching(said) });
    rmSync(folder, { recursive: true });
    expect(verify()).toMatchObject({ code: 0, log: expect.not.stringContaining('fallen back') });
  });

  test('finds a pod without backups', () => {
    expect(verify({ REPLICAS: '2' })).toMatchObject({
      code: 19,
      log: expect.stringContaining('missing: vald-agent-1'),
    });
  });

  test('calls a store that does not answer no damage', () => {
    const { code } = verify({ VERIFY_TIMEOUT_SECONDS: '5' }, { RCLONE_CONFIG_STORE_ENDPOINT: 'http://127.0.0.1:1' });
    expect(code).toBe(12);
  });

  test('reads everything once in as many runs as there are shares', () => {
    flip(join(generation(0), 'index/grp'));
    const now = Math.floor(Date.now() / 1000);
    // Each share's turn, by the length of a turn: the number of turns since 1970 decides.
    const codes = [0, 1, 2].map((share) => {
      const turns = Array.from({ length: 200 }, (_, index) => index + 50);
      const length = turns.find(
        (one) => Math.floor(now / one) % 3 === share && Math.floor((now + 20) / one) % 3 === share,
      )!;
      return verify({ VERIFY_SHARE: '3', SHARE_SECONDS: `${length}` }).code;
    });
    expect(codes.sort()).toEqual([0, 0, 20]);
  });

  test.for<[ValdVerifyVariable, string]>([
    ['VERIFY_SHARE', '0'],
    ['STATEFUL_SET', 'a/b'],
    ['REPLICAS', '0'],
    ['OLDEST_SECONDS', ''],
  ])('refuses %s=%s', ([name, value]) => {
    expect(verify({ [name]: value }).code).toBe(2);
  });
});
