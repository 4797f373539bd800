import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { valdRestore } from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { indexObject, savedIndex } from './index-folder.js';
import { contractCommands, contractPath, pathShell, RestorePod } from './restore-pod.js';
import { Uploader } from './upload-pod.js';

const older = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true }) < 0;

describeWith(['busybox', 'rclone', 'versitygw'], 'the image of vald-restore.sh', () => {
  let server: S3Server;
  const pods: RestorePod[] = [];
  const newPod = (options: ConstructorParameters<typeof RestorePod>[0] = {}): RestorePod => {
    const pod = new RestorePod(options);
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

  test('lists every program that the script calls, and none that it does not', async () => {
    const restore = newPod({ server, environment: { ALLOW_EMPTY_START: 'true' } }).object(indexObject(savedIndex('a')));
    const refusal = newPod({ server, environment: { ALLOW_EMPTY_START: 'true' } }).object(Buffer.from('not gzip'));
    const unusable = newPod({ server: { ...server, endpoint: 'http://127.0.0.1:1' }, environment: {} });
    mkdirSync(join(unusable.volume, 'index/origin/metadata.json'), { recursive: true });
    const generations = newPod({ server }).own();
    const uploader = new Uploader(generations);
    uploader.save(savedIndex('generation'));
    uploader.start();
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    rmSync(generations.indexPath, { recursive: true });
    expect(await generations.run({ killAt: 0 })).toMatchObject({ code: 0 });
    const staged = newPod({ server }).own();
    const files = savedIndex('staged');
    staged.put('../.upload/index', files);
    const hash = (content: string) => createHash('sha256').update(content).digest('hex');
    const sums = Object.entries(files).map(([name, content]) => `${hash(content)}  ${name}\n`);
    writeFileSync(join(staged.volume, '.upload/sums'), sums.join(''));
    writeFileSync(join(staged.volume, '.upload/signature'), 'any\n');
    expect(await staged.run({ killAt: 0 })).toMatchObject({
      code: 0,
      log: expect.stringContaining('not yet uploaded'),
    });
    const START_GATE = join(restore.folder, 'gate');
    expect(await restore.run({ killAt: 0, environment: { START_GATE } })).toMatchObject({ code: 0 });
    expect(lstatSync(START_GATE).isFIFO()).toBe(true);
    expect(await refusal.run({ killAt: 0 })).toMatchObject({ code: 13 });
    expect(await unusable.run({ killAt: 0 })).toMatchObject({ code: 16 });
    // busybox's timeout may run another of its own commands without looking at PATH, so its argument counts too.
    const called = pods
      .flatMap((pod) => pod.calls())
      .flatMap((call) => {
        const [name, , , , behindTimeout] = call.split(' ');
        return name === 'timeout' ? [name, behindTimeout!] : [name!];
      });
    expect([...new Set(called)].sort()).toEqual([...contractCommands].sort());
  });

  test('lets the script reach nothing else, so that the tests would notice it', () => {
    const [program, ...args] = pathShell();
    const path = contractPath(newPod().folder);
    const reach = (name: string) =>
      spawnSync(program, [...args, '-c', `command -v ${name}`], { env: { PATH: path } }).status === 0;
    expect(contractCommands.filter((name) => !reach(name))).toEqual([]);
    expect(['bash', 'jq', 'ls', 'grep', 'cut', 'head', 'mktemp', 'curl'].filter(reach)).toEqual([]);
  });

  test('is allowed to be as old as what the tests have run with', () => {
    const [busybox, rclone] = valdRestore.image.programs;
    const said = (name: string, ...args: string[]) =>
      spawnSync(programPath(name), args, { encoding: 'utf8' }).stdout.match(/v([0-9]+\.[0-9]+\.[0-9]+)/)?.[1] ?? '';
    expect(older(said('busybox'), busybox.oldest)).toBe(false);
    expect(older(said('rclone', 'version'), rclone.oldest)).toBe(false);
    expect(older(valdRestore.image.defaultImage.tag, rclone.oldest)).toBe(false);
  });

  test('gets by without a store on what is always required', async () => {
    const pod = newPod().put('origin', savedIndex('current'));
    const environment = Object.fromEntries(
      valdRestore.environment.filter(({ required }) => required !== 'always').map(({ name }) => [name, undefined]),
    );
    expect(await pod.run({ environment })).toMatchObject({ code: 0 });
  });

  test.for(valdRestore.environment.map(({ name }) => name))('needs %s with a store', async (name) => {
    const pod = newPod({ server }).own();
    const outcome = await pod.run({ environment: { [name]: undefined } });
    expect(outcome).toMatchObject({ code: 2, log: expect.stringContaining(name) });
    expect(pod.snapshot()).toEqual({});
  });
});
