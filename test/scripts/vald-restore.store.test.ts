import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { indexObject, neverSaved, savedIndex } from './index-folder.js';
import { clusterId, foreignId, RestorePod } from './restore-pod.js';

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-restore.sh with a store', () => {
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
  afterAll(() => server?.stop());
  afterEach(() => {
    for (const pod of pods.splice(0)) pod.remove();
  });

  const cut = ['ngt-meta.kvsdb'];
  const current = savedIndex('current');
  const object = indexObject(savedIndex('object'));
  const note = (pod: RestorePod, owner = clusterId) => {
    mkdirSync(pod.volume, { recursive: true });
    writeFileSync(join(pod.volume, '.restore-note'), `vald-agent-0 ${owner}\n`);
  };
  const there = { 'owner.json': 'there' };

  interface Case {
    title: string;
    put: (pod: RestorePod) => unknown;
    allow?: boolean;
    copyOnWrite?: boolean;
    code: number;
    log: string;
    disk: ReturnType<RestorePod['disk']>;
    store: Record<string, string>;
  }

  test.for<Case>([
    {
      title: 'refuses a store without owner',
      put: () => {},
      code: 10,
      log: 'has no owner.json',
      disk: {},
      store: {},
    },
    {
      title: 'refuses a store without owner even with an object in it',
      put: (pod) => pod.object(object),
      code: 10,
      log: 'has no owner.json',
      disk: {},
      store: { 'vald-agent-0.tar.gz': 'there' },
    },
    {
      title: 'takes a store without owner when allowed, and starts empty',
      put: () => {},
      allow: true,
      code: 0,
      log: 'a new pod',
      disk: { origin: 'no index' },
      store: { ...there, 'vald-agent-0.seen': 'first-start' },
    },
    {
      title: 'takes a store without owner when allowed, and restores the object that is there',
      put: (pod) => pod.object(object),
      allow: true,
      code: 0,
      log: 'restored 10 vectors',
      disk: { origin: 'object' },
      store: { ...there, 'vald-agent-0.tar.gz': 'there', 'vald-agent-0.seen': 'backed-up' },
    },
    {
      title: 'refuses the store of another cluster, even with its object',
      put: (pod) => pod.own(foreignId).object(object),
      code: 11,
      log: `belongs to cluster ${foreignId}, this is ${clusterId}`,
      disk: {},
      store: { ...there, 'vald-agent-0.tar.gz': 'there' },
    },
    {
      title: 'refuses the store of another cluster although an empty start is allowed',
      put: (pod) => pod.own(foreignId),
      allow: true,
      code: 11,
      log: foreignId,
      disk: {},
      store: there,
    },
    {
      title: 'refuses a store whose owner file says nothing',
      put: (pod) => pod.store('owner.json', ''),
      allow: true,
      code: 11,
      log: clusterId,
      disk: {},
      store: there,
    },
    {
      title: 'starts a new ordinal empty',
      put: (pod) => pod.own(),
      code: 0,
      log: 'a new pod',
      disk: { origin: 'no index' },
      store: { ...there, 'vald-agent-0.seen': 'first-start' },
    },
    {
      title: 'restores onto an empty volume',
      put: (pod) => pod.own().object(object),
      code: 0,
      log: 'restored 10 vectors',
      disk: { origin: 'object' },
      store: { ...there, 'vald-agent-0.tar.gz': 'there', 'vald-agent-0.seen': 'backed-up' },
    },
    {
      title: 'restores where the agent never saved',
      put: (pod) => pod.own().object(object).marker('first-start', 10).put('origin', neverSaved),
      code: 0,
      log: 'restored 10 vectors',
      disk: { origin: 'object' },
      store: { ...there, 'vald-agent-0.tar.gz': 'there', 'vald-agent-0.seen': 'backed-up' },
    },
    {
      title: 'restores over a broken index, which it keeps',
      put: (pod) => pod.own().object(object).marker('backed-up', 10_000).put('origin', current, cut),
      code: 0,
      log: 'restored 10 vectors',
      disk: { origin: 'object', broken: ['current'] },
      store: { ...there, 'vald-agent-0.tar.gz': 'there', 'vald-agent-0.seen': 'backed-up' },
    },
    {
      title: 'restores where the agent has set a broken index aside',
      put: (pod) => pod.own().object(object).put('origin', neverSaved).put('broken/1', current, cut),
      code: 0,
      log: 'restored 10 vectors',
      disk: { origin: 'object', broken: ['current'] },
      store: { ...there, 'vald-agent-0.tar.gz': 'there', 'vald-agent-0.seen': 'backed-up' },
    },
    {
      title: 'restores an index without vectors',
      put: (pod) => pod.own().object(indexObject(savedIndex('object', 0))),
      code: 0,
      log: 'restored 0 vectors',
      disk: { origin: 'object' },
      store: { ...there, 'vald-agent-0.tar.gz': 'there', 'vald-agent-0.seen': 'backed-up' },
    },
    {
      title: 'refuses a broken index when there is no object, marker or not',
      put: (pod) => pod.own().put('origin', current, cut),
      code: 14,
      log: 'none of them valid, and store:index/prefix/',
      disk: { origin: 'current' },
      store: there,
    },
    {
      title: 'refuses a broken index when there is no object, also shortly after the first start',
      put: (pod) => pod.own().marker('first-start', 10).put('origin', current, cut),
      code: 14,
      log: 'none of them valid',
      disk: { origin: 'current' },
      store: { ...there, 'vald-agent-0.seen': 'first-start' },
    },
    {
      title: 'starts empty again shortly after the first start',
      put: (pod) => pod.own().marker('first-start', 10),
      code: 0,
      log: 'warning: first started 1',
      disk: { origin: 'no index' },
      store: { ...there, 'vald-agent-0.seen': 'first-start' },
    },
    {
      title: 'refuses a pod that was first seen longer ago and has no object',
      put: (pod) => pod.own().marker('first-start', 700),
      code: 15,
      log: 'was seen before (first-start ',
      disk: {},
      store: { ...there, 'vald-agent-0.seen': 'first-start' },
    },
    {
      title: 'refuses a pod whose marker is far in the future',
      put: (pod) => pod.own().marker('first-start', -700),
      code: 15,
      log: 'was seen before',
      disk: {},
      store: { ...there, 'vald-agent-0.seen': 'first-start' },
    },
    {
      title: 'refuses a pod that had an object, however short ago',
      put: (pod) => pod.own().marker('backed-up', 10).put('origin', neverSaved),
      code: 15,
      log: 'was seen before (backed-up ',
      disk: { origin: 'empty' },
      store: { ...there, 'vald-agent-0.seen': 'backed-up' },
    },
    {
      title: 'refuses a pod whose marker is not readable text',
      put: (pod) => pod.own().store('vald-agent-0.seen', ''),
      code: 15,
      log: 'deliberately remove store:index/prefix/',
      disk: {},
      store: { ...there, 'vald-agent-0.seen': '' },
    },
    {
      title: 'starts an idle pod empty again, whatever its age',
      put: (pod) => note(pod.own().marker('first-start', 1_000_000).put('origin', neverSaved)),
      code: 0,
      log: 'never held a saved index',
      disk: { origin: 'empty' },
      store: { ...there, 'vald-agent-0.seen': 'first-start' },
    },
    {
      title: 'does not excuse a pod that had an object by the note on a volume',
      put: (pod) => note(pod.own().marker('backed-up', 700)),
      code: 15,
      log: 'was seen before',
      disk: {},
      store: { ...there, 'vald-agent-0.seen': 'backed-up' },
    },
    {
      title: 'does not excuse a pod by the note of another cluster',
      put: (pod) => note(pod.own().marker('first-start', 700), foreignId),
      code: 15,
      log: 'was seen before',
      disk: {},
      store: { ...there, 'vald-agent-0.seen': 'first-start' },
    },
    {
      title: 'does not excuse remains of an index by the note',
      put: (pod) => note(pod.own().marker('first-start', 700).put('broken/1', current, cut)),
      code: 14,
      log: 'none of them valid',
      disk: { broken: ['current'] },
      store: { ...there, 'vald-agent-0.seen': 'first-start' },
    },
  ])('$title', async ({ put, allow = false, copyOnWrite = false, code, log, disk, store }) => {
    const pod = newPod({ environment: { ALLOW_EMPTY_START: String(allow), COPY_ON_WRITE: String(copyOnWrite) } });
    put(pod);
    const before = pod.snapshot();
    const outcome = await pod.run();
    expect(outcome).toMatchObject({ code, log: expect.stringContaining(log) });
    expect(pod.disk()).toEqual(disk);
    expect(pod.stored()).toEqual(store);
    if (code !== 0) {
      expect(pod.snapshot()).toEqual(before);
      expect(outcome.log).toContain('vald-restore: hint: ');
    }
    expect(outcome.log).not.toContain(server.secretKey);

    expect(await pod.run(), 'a second run').toMatchObject({ code });
    expect(pod.disk(), 'a second run').toEqual(disk);
    expect(pod.stored(), 'a second run').toEqual(store);
  });

  test('keeps the time of the first start, so that restarts do not make it young for ever', async () => {
    const pod = newPod().own().marker('first-start', 500);
    const marker = join(pod.storeFolder!, 'vald-agent-0.seen');
    const before = readFileSync(marker, 'utf8');
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(readFileSync(marker, 'utf8')).toBe(before);
  });

  test('writes who owns the store and when the pod first started', async () => {
    const pod = newPod({ environment: { ALLOW_EMPTY_START: 'true', CLUSTER_NAME: 'images' } });
    expect(await pod.run()).toMatchObject({ code: 0 });
    const read = (name: string) => readFileSync(join(pod.storeFolder!, name), 'utf8');
    expect(JSON.parse(read('owner.json'))).toEqual({ cluster: 'images', clusterId });
    const time = Number(/^first-start ([0-9]+)\n$/.exec(read('vald-agent-0.seen'))?.[1]);
    expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(60);
    expect(readFileSync(join(pod.volume, '.restore-note'), 'utf8')).toBe(`vald-agent-0 ${clusterId}\n`);
  });

  test('forgets that a volume never held an index once it has held one', async () => {
    const pod = newPod({ environment: { ALLOW_EMPTY_START: 'true' } });
    await pod.run();
    pod.put('origin', current);
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(existsSync(join(pod.volume, '.restore-note'))).toBe(false);

    const restored = newPod().own().object(object);
    note(restored);
    expect(await restored.run()).toMatchObject({ code: 0 });
    expect(readdirSync(restored.volume)).toEqual(['index']);
  });

  test('sees only its own object and marker', async () => {
    const pod = newPod({ environment: { POD_NAME: 'vald-agent-1' } })
      .own()
      .object(object)
      .marker('backed-up', 900);
    pod.store('vald-agent-10.tar.gz', object).store('vald-agent-1.tar.gz.partial', object);
    expect(await pod.run()).toMatchObject({ code: 0, log: expect.stringContaining('a new pod') });
    expect(pod.stored()).toMatchObject({ 'vald-agent-1.seen': 'first-start', 'vald-agent-0.seen': 'backed-up' });
  });

  test('does not ask the store when the disk holds a valid index', async () => {
    const pod = newPod().put('origin', current);
    const dead = { RCLONE_CONFIG_STORE_ENDPOINT: 'http://127.0.0.1:1' };
    const outcome = await pod.run({ rclone: dead });
    expect(outcome).toMatchObject({ code: 0, log: 'vald-restore: the index on the disk is valid: 10 vectors\n' });
    expect(outcome.milliseconds).toBeLessThan(2000);
    expect(pod.stored()).toEqual({});
  });

  test('does not ask the store when the generation before is valid', async () => {
    const pod = newPod({ environment: { COPY_ON_WRITE: 'true' } })
      .own()
      .object(object);
    pod.put('origin', current, cut).put('backup', savedIndex('previous'));
    expect(await pod.run({ rclone: { RCLONE_CONFIG_STORE_ENDPOINT: 'http://127.0.0.1:1' } })).toMatchObject({
      code: 0,
    });
    expect(pod.disk()).toEqual({ origin: 'previous', broken: ['current'] });
  });

  test.for([
    ['STORE_PATH', undefined],
    ['CLUSTER_ID', undefined],
    ['CLUSTER_NAME', 'a "name"'],
    ['CLUSTER_ID', '$(id)'],
    ['ALLOW_EMPTY_START', 'yes'],
    ['BACKUP_INTERVAL_SECONDS', '10m'],
    ['RESTORE_TIMEOUT_SECONDS', '0'],
  ] as const)('says what is wrong with %s=%s and does nothing', async ([name, value]) => {
    const pod = newPod().own().object(object);
    const outcome = await pod.run({ environment: { [name]: value } });
    expect(outcome).toMatchObject({ code: 2, log: expect.stringContaining(name) });
    expect(pod.disk()).toEqual({});
  });
});
