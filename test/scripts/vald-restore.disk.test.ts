import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type IndexFiles, neverSaved, savedIndex } from './index-folder.js';
import { RestorePod } from './restore-pod.js';

const without = (files: IndexFiles, name: string): IndexFiles =>
  Object.fromEntries(Object.entries(files).filter(([key]) => key !== name));
const withMetadata = (text: string): IndexFiles => ({ ...savedIndex('current'), 'metadata.json': text });

const pods: RestorePod[] = [];
const newPod = (...args: ConstructorParameters<typeof RestorePod>): RestorePod => {
  const pod = new RestorePod(...args);
  pods.push(pod);
  return pod;
};
afterEach(() => {
  for (const pod of pods.splice(0)) pod.remove();
});

describeWith(['busybox', 'rclone'], 'vald-restore.sh judges one index folder', () => {
  test.for<[string, IndexFiles, late: string[], code: number]>([
    ['a saved index', savedIndex('current'), [], 0],
    ['a saved index without vectors', savedIndex('current', 0), [], 0],
    [
      'metadata with spaces and lines',
      withMetadata('{\n "ngt" : { "index_count" : 7 },\n "is_invalid" : false\n}\n'),
      [],
      0,
    ],
    ['never saved', neverSaved, [], 0],
    ['no file at all', {}, [], 0],
    ['the first save cut short', without(savedIndex('current'), 'metadata.json'), [], 14],
    ['a save cut short after the first file', savedIndex('current'), ['ngt-meta.kvsdb'], 14],
    ['a save cut short before metadata', savedIndex('current'), ['ngt-meta.kvsdb', 'grp', 'obj', 'prf', 'tre'], 14],
    ['empty metadata', withMetadata(''), [], 14],
    ['cut metadata', withMetadata('{"ngt":{"index_count":1'), [], 14],
    ['metadata without a count', withMetadata('{"is_invalid":false}'), [], 14],
    ['metadata marked invalid', withMetadata('{"ngt":{"index_count":0},"is_invalid":true}'), [], 14],
    ['metadata marked invalid, with a space', withMetadata('{"ngt":{"index_count":9},"is_invalid": true}'), [], 14],
    ['no keys', without(savedIndex('current'), 'ngt-meta.kvsdb'), [], 14],
    ...['grp', 'obj', 'prf', 'tre'].map((name): [string, IndexFiles, string[], number] => [
      `no ${name}`,
      without(savedIndex('current'), name),
      [],
      14,
    ]),
    ['an empty tre', { ...savedIndex('current'), tre: '' }, [], 14],
  ])('%s', async ([, files, late, code]) => {
    const pod = newPod();
    mkdirSync(join(pod.indexPath, 'origin'), { recursive: true });
    pod.put('origin', files, late);
    const before = pod.snapshot();
    const outcome = await pod.run();
    expect(outcome).toMatchObject({ code });
    expect(pod.snapshot()).toEqual(before);
    if (code === 14)
      expect(outcome.log).toMatch(/error: .* none of them valid.*\n.*hint: .*To start empty, deliberately/);
  });
});

describeWith(['busybox', 'rclone'], 'vald-restore.sh without a store', () => {
  const current = savedIndex('current');
  const previous = savedIndex('previous');
  const cut = ['ngt-meta.kvsdb'];

  test.for<{
    title: string;
    copyOnWrite?: boolean;
    put: (pod: RestorePod) => void;
    code: number;
    disk: ReturnType<RestorePod['disk']>;
  }>([
    { title: 'starts empty on an empty volume', put: () => {}, code: 0, disk: { origin: 'no index' } },
    {
      title: 'starts empty where the agent never saved',
      put: (pod) => pod.put('origin', neverSaved),
      code: 0,
      disk: { origin: 'empty' },
    },
    {
      title: 'leaves a valid origin alone, whatever lies beside it',
      copyOnWrite: true,
      put: (pod) => pod.put('origin', current).put('backup', previous, cut).put('broken/1', previous, cut),
      code: 0,
      disk: { origin: 'current', backup: 'previous', broken: ['previous'] },
    },
    {
      title: 'puts the generation before in the place of a broken origin, which it keeps',
      copyOnWrite: true,
      put: (pod) => pod.put('origin', current, cut).put('backup', previous),
      code: 0,
      disk: { origin: 'previous', broken: ['current'] },
    },
    {
      title: 'puts the generation before in the place of an origin that a save was about to replace',
      copyOnWrite: true,
      put: (pod) => pod.put('backup', previous),
      code: 0,
      disk: { origin: 'previous' },
    },
    {
      title: 'puts the generation before in the place of an origin that never was saved',
      copyOnWrite: true,
      put: (pod) => pod.put('origin', neverSaved).put('backup', previous),
      code: 0,
      disk: { origin: 'previous' },
    },
    {
      title: 'does not take backup for an index of an agent that does not copy on write, nor start empty over it',
      put: (pod) => pod.put('origin', neverSaved).put('backup', previous),
      code: 14,
      disk: { origin: 'empty', backup: 'previous' },
    },
    {
      title: 'refuses when origin and backup are both broken',
      copyOnWrite: true,
      put: (pod) => pod.put('origin', current, cut).put('backup', previous, cut),
      code: 14,
      disk: { origin: 'current', backup: 'previous' },
    },
    {
      title: 'refuses when the agent has set a broken index aside and saved nothing since',
      put: (pod) => pod.put('origin', neverSaved).put('broken/1700000000000000000', current, cut),
      code: 14,
      disk: { origin: 'empty', broken: ['current'] },
    },
    {
      title: 'puts the first save in place when the agent was killed just before it did',
      copyOnWrite: true,
      put: (pod) =>
        pod
          .put('backup', {})
          .put('../.staging/vald/1700000000000000000', savedIndex('staged'))
          .put('../.staging/vald/1700000000000000001', current, cut),
      code: 0,
      disk: { origin: 'staged', backup: 'no index' },
    },
    {
      title: 'starts empty when the agent was killed within its first save',
      copyOnWrite: true,
      put: (pod) =>
        pod.put('origin', {}).put('../.staging/vald/1700000000000000000', without(current, 'metadata.json')),
      code: 0,
      disk: { origin: 'no index' },
    },
    {
      title: 'does not take what was staged once there has been a save',
      copyOnWrite: true,
      put: (pod) => pod.put('origin', current, cut).put('../.staging/vald/1700000000000000000', savedIndex('staged')),
      code: 14,
      disk: { origin: 'current' },
    },
    {
      title: 'removes what killed agents have left beside a valid index',
      copyOnWrite: true,
      put: (pod) =>
        pod
          .put('origin', current)
          .put('tmp-1700000000000000000', previous)
          .put('../.staging/vald/1700000000000000000', savedIndex('staged')),
      code: 0,
      disk: { origin: 'current' },
    },
    {
      title: 'refuses when only an index that an agent was moving is left',
      copyOnWrite: true,
      put: (pod) => pod.put('origin', {}).put('tmp-1700000000000000000', previous),
      code: 14,
      disk: { origin: 'no index' },
    },
    {
      title: 'moves an index of the old layout into origin',
      put: (pod) => pod.put('.', current),
      code: 0,
      disk: { origin: 'current' },
    },
    {
      title: 'moves an index of the old layout into origin for a copy-on-write agent that has not saved yet',
      copyOnWrite: true,
      put: (pod) => pod.put('.', current).put('origin', neverSaved),
      code: 0,
      disk: { origin: 'current' },
    },
    {
      title: 'does not serve an old layout that a broken origin is newer than',
      copyOnWrite: true,
      put: (pod) => pod.put('.', previous).put('origin', current, cut),
      code: 14,
      disk: { origin: 'current', base: 'previous' },
    },
    {
      title: 'refuses a broken index of the old layout',
      put: (pod) => pod.put('.', current, cut),
      code: 14,
      disk: { base: 'current' },
    },
  ])('$title', async ({ copyOnWrite = false, put, code, disk }) => {
    const pod = newPod({ environment: { COPY_ON_WRITE: String(copyOnWrite) } });
    put(pod);
    const before = pod.snapshot();
    expect(await pod.run()).toMatchObject({ code });
    expect(pod.disk()).toEqual(disk);
    if (code === 0) {
      expect(readdirSync(pod.volume)).toEqual(['index']);
      expect(readdirSync(pod.indexPath)).toContain('origin');
      expect(readdirSync(pod.indexPath).filter((name) => name.startsWith('tmp-'))).toEqual([]);
    } else expect(pod.snapshot()).toEqual(before);

    const again = pod.snapshot();
    expect(await pod.run(), 'a second run').toMatchObject({ code });
    expect(pod.snapshot(), 'a second run').toEqual(again);
  });

  test.for([
    { limit: '1', kept: ['current'] },
    { limit: '2', kept: ['old 2', 'current'] },
    { limit: '3', kept: ['old 1', 'old 2', 'current'] },
  ])('keeps $limit broken indexes, the newest', async ({ limit, kept }) => {
    const pod = newPod({ environment: { COPY_ON_WRITE: 'true', BROKEN_INDEX_HISTORY_LIMIT: limit } });
    pod.put('origin', current, cut).put('backup', previous);
    pod.put('broken/1600000000000000000', savedIndex('old 1')).put('broken/1600000000000000001', savedIndex('old 2'));
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(pod.disk()).toEqual({ origin: 'previous', broken: kept });
    expect(readdirSync(join(pod.indexPath, 'broken')).at(-1)).toMatch(/^[0-9]{19}$/);
  });

  test('removes what a killed run left in its own folder, and nothing else', async () => {
    const pod = newPod().put('origin', current);
    pod.put('../.restore/origin', previous).put('../lost+found', previous);
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(readdirSync(pod.volume).sort()).toEqual(['index', 'lost+found']);
  });

  test('finishes a move of the old layout that was killed half-way', async () => {
    const pod = newPod().put('.', { grp: current['grp']!, obj: 'current', 'metadata.json': current['metadata.json']! });
    pod.put('../.restore-legacy', without(without(without(current, 'grp'), 'obj'), 'metadata.json'));
    expect(await pod.run()).toMatchObject({ code: 0 });
    expect(pod.disk()).toEqual({ origin: 'current' });
  });

  test.runIf(process.getuid?.() === 0).for([
    { title: 'a volume that it may not enter', place: '', mode: '000' },
    { title: 'a volume that it may only list', place: '', mode: '444' },
    { title: 'an INDEX_PATH that it may not enter', place: 'index', mode: '000' },
    { title: 'an INDEX_PATH that it may only list', place: 'index', mode: '444' },
    { title: 'an origin that it may not read', place: 'index/origin', mode: '000' },
    { title: 'an INDEX_PATH that it may not write', place: 'index', mode: '555', files: neverSaved, remove: true },
  ])('refuses $title instead of taking it for empty', async ({ place, mode, files = current, remove }) => {
    const pod = newPod().put('origin', files);
    const { execFileSync } = await import('node:child_process');
    if (remove) execFileSync('rm', ['-r', join(pod.indexPath, 'origin')]);
    execFileSync('chown', ['-R', '65532:65532', pod.folder]);
    execFileSync('chmod', [mode, join(pod.volume, place)]);
    const outcome = await pod.run({ user: 65532 });
    expect(outcome).toMatchObject({ code: 16 });
    expect(outcome.log).toContain('cannot be used by user 65532');
  });

  test.for<[string, string | undefined]>([
    ['BACKUP_METHOD', 's3'],
    ['BACKUP_METHOD', undefined],
    ['INDEX_PATH', '/index'],
    ['INDEX_PATH', 'ngt/index'],
    ['INDEX_PATH', '/var/ngt/'],
    ['COPY_ON_WRITE', 'True'],
    ['BROKEN_INDEX_HISTORY_LIMIT', '0'],
    ['BROKEN_INDEX_HISTORY_LIMIT', '-1'],
    ['BROKEN_INDEX_HISTORY_LIMIT', undefined],
    ['POD_NAME', undefined],
  ])('says what is wrong with %s=%s and does nothing', async ([name, value]) => {
    const pod = newPod().put('origin', current).put('../.restore', previous);
    const before = pod.snapshot();
    const outcome = await pod.run({ environment: { [name]: value } });
    expect(outcome).toMatchObject({ code: 2 });
    expect(outcome.log).toContain(name);
    expect(pod.snapshot()).toEqual(before);
  });
});
