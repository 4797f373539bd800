import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { indexObject, savedIndex } from './index-folder.js';
import { clusterId, foreignId, RestorePod } from './restore-pod.js';

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-restore.sh with a store that it cannot use', () => {
  let server: S3Server;
  const pods: RestorePod[] = [];
  const newPod = (options: ConstructorParameters<typeof RestorePod>[0] = {}): RestorePod => {
    const pod = new RestorePod({ server, ...options });
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
  const object = indexObject(savedIndex('object'));

  // An empty start is allowed in all of these: it must not make up for a store that cannot be used.
  test.concurrent.for<[string, Record<string, string>, bucket: string, log: string]>([
    ['a wrong bucket', {}, 'indx', 'does not take owner.json'],
    ['a wrong secret key', { SECRET_ACCESS_KEY: 'not-it' }, 'index', 'cannot be listed'],
    ['an access key that does not exist', { ACCESS_KEY_ID: 'nobody' }, 'index', 'does not take owner.json'],
    ['no credentials', { ACCESS_KEY_ID: '', SECRET_ACCESS_KEY: '' }, 'index', 'cannot be listed'],
    ['a server that is down', { ENDPOINT: 'http://127.0.0.1:1' }, 'index', 'cannot be listed'],
    ['a name that does not resolve', { ENDPOINT: 'http://store.invalid' }, 'index', 'cannot be listed'],
    ['a remote that is not configured', { TYPE: 'nosuch' }, 'index', 'cannot be listed'],
  ])('refuses %s', async ([, settings, bucket, log]) => {
    const pod = newPod({ bucket, environment: { ALLOW_EMPTY_START: 'true' } });
    if (bucket === 'index') pod.own().object(object);
    const rclone = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`RCLONE_CONFIG_STORE_${name}`, value]),
    );
    const outcome = await pod.run({ rclone });
    expect(outcome).toMatchObject({ code: 12, log: expect.stringContaining(log) });
    expect(outcome.log).not.toContain(server.secretKey);
    expect(pod.snapshot()).toEqual({});
    expect(existsSync(join(server.folder, 'indx')), 'no bucket is ever created').toBe(false);
  });

  test.concurrent('refuses a wrong bucket as one without owner', async () => {
    const pod = newPod({ bucket: 'indx' });
    expect(await pod.run()).toMatchObject({ code: 10, log: expect.stringContaining('store:indx/') });
  });

  test.concurrent('restores from a store that takes no writes, with a warning, but makes no first start there', async () => {
    const readOnly = await startS3Server({ folder: server.folder, readOnly: true });
    try {
      const pod = newPod().own().object(object);
      const rclone = { RCLONE_CONFIG_STORE_ENDPOINT: readOnly.endpoint };
      expect(await pod.run({ rclone })).toMatchObject({ code: 0, log: expect.stringContaining('takes no writes') });
      expect(pod.disk()).toEqual({ origin: 'object' });

      const first = newPod().own();
      const outcome = await first.run({ rclone });
      expect(outcome).toMatchObject({ code: 12, log: expect.stringContaining('does not take vald-agent-0.seen') });
      expect(first.disk()).toEqual({});
    } finally {
      await readOnly.stop();
    }
  });

  test.concurrent('asks the store of its environment, whatever a configuration file in the image says', async () => {
    const pod = newPod().own().object(object);
    const home = join(pod.folder, 'home/.config/rclone');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'rclone.conf'), '[store]\ntype = local\nchunk_size = nonsense\n');
    expect(await pod.run({ rclone: { HOME: join(pod.folder, 'home') } })).toMatchObject({ code: 0 });
    expect(pod.disk()).toEqual({ origin: 'object' });
  });

  test.concurrent('lets all pods of a new cluster claim the store at once', async () => {
    const environment = { ALLOW_EMPTY_START: 'true', CLUSTER_NAME: 'together' };
    const together = Array.from({ length: 5 }, (_, ordinal) =>
      newPod({ cluster: 'together', environment: { ...environment, POD_NAME: `vald-agent-${ordinal}` } }),
    );
    const outcomes = await Promise.all(together.map((pod) => pod.run()));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(Object.keys(together[0]!.stored()).sort()).toEqual([
      'owner.json',
      ...together.map((_, ordinal) => `vald-agent-${ordinal}.seen`),
    ]);
    expect(JSON.parse(readFileSync(join(together[0]!.storeFolder!, 'owner.json'), 'utf8')).clusterId).toBe(clusterId);
  });

  test.concurrent('gives one place to one cluster, when two claim it at once', async () => {
    const claim = (id: string) =>
      newPod({ cluster: 'contested', environment: { ALLOW_EMPTY_START: 'true', CLUSTER_ID: id, POD_NAME: `a-${id}` } });
    const claims = [claim(clusterId), claim(foreignId)];
    await Promise.all(claims.map((pod) => pod.run()));
    const owner = JSON.parse(readFileSync(join(claims[0]!.storeFolder!, 'owner.json'), 'utf8')).clusterId;
    for (const pod of claims)
      expect(await pod.run()).toMatchObject({ code: pod.environment.CLUSTER_ID === owner ? 0 : 11 });
  });
});
