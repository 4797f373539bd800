import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BackupNode,
  backupIdTime,
  clusterPath,
  compareInventory,
  compareListing,
  entryOf,
  type ListedObject,
  nextBackupId,
  parseBackupId,
  parseTime,
  printOwner,
  printStarted,
  printTime,
  readListing,
  readOwner,
  readStarted,
  rondbFiles,
  seriesName,
  seriesPath,
} from '../../src/repository/index.js';
import { objectStoreSchema } from '../../src/store/index.js';

describe('a backup id', () => {
  const at = (text: string) => new Date(text);

  test.for<[title: string, now: string, existing: number[], id: number | undefined]>([
    ['is the seconds since 2020', '2020-01-01T00:00:01Z', [], 1],
    ['is the seconds since 2020 over a year’s end', '2028-01-01T00:00:00Z', [252_460_799], 252_460_800],
    ['grows by one when two backups start in a second', '2026-11-05T00:00:00.900Z', [216_000_000], 216_000_001],
    ['grows by one when the clock is behind', '2026-11-05T00:00:00Z', [7, 300_000_000, 8], 300_000_001],
    ['grows by one after an id of upstream’s making', '2026-11-05T00:00:00Z', [264_541_200], 264_541_201],
    ['starts at 1 when the clock is before 2020', '1970-01-01T00:00:00Z', [], 1],
    ['is not there when all are used up', '2026-11-05T00:00:00Z', [2_147_483_647], undefined],
    ['is not there when the clock is beyond the last', '2088-01-20T00:00:00Z', [], undefined],
    ['is the last one at its second', '2088-01-19T03:14:07Z', [2_147_483_646], 2_147_483_647],
  ])('%s', ([, now, existing, id]) => {
    expect(nextBackupId(at(now), existing)).toBe(id);
  });

  test('is always higher than all there are', () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true }),
        fc.array(fc.integer({ min: 1, max: 2_147_483_646 })),
        (now, existing) => {
          const id = nextBackupId(now, existing);
          if (id === undefined) return now.getTime() > Date.UTC(2088, 0, 1);
          return Number.isInteger(id) && id <= 2_147_483_647 && id >= 1 && existing.every((other) => other < id);
        },
      ),
    );
  });

  test.for<[string, number | undefined]>([
    ['1', 1],
    ['2147483647', 2_147_483_647],
    ['2147483648', undefined],
    ['99999999999', undefined],
    ['0', undefined],
    ['007', undefined],
    ['-1', undefined],
    ['1.0', undefined],
    ['1e3', undefined],
    ['1\n', undefined],
    [' 1', undefined],
    ['', undefined],
    ['pinned', undefined],
  ])('of a folder %j is %s', ([name, id]) => {
    expect(parseBackupId(name)).toBe(id);
  });

  test('stands for a time', () => {
    expect(backupIdTime(216_000_000)).toEqual(at('2026-11-05T00:00:00Z'));
  });
});

describe('a time', () => {
  test('is UTC in whole seconds and reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => parseTime(printTime(seconds)) === seconds),
    );
    expect(printTime(1_790_000_000)).toBe('2026-09-21T14:13:20Z');
    expect(printTime(9) < printTime(1_790_000_000)).toBe(true);
  });

  test.for([
    '2026-11-05',
    '2026-11-05T00:00:00',
    '2026-11-05T00:00:00.0Z',
    '2026-11-05T24:00:00Z',
    '2026-02-29T00:00:00Z',
    '1969-12-31T23:59:59Z',
    17,
    null,
  ])('is not %j', (text) => {
    expect(parseTime(text)).toBe(undefined);
  });
});

describe('the layout', () => {
  test.for<[string, ReturnType<typeof entryOf>]>([
    ['owner.json', { type: 'owner' }],
    ['7/manifest.json', { type: 'set', backupId: 7, path: 'manifest.json' }],
    ['7/rondb/1/a', { type: 'set', backupId: 7, path: 'rondb/1/a' }],
    ['7', { type: 'foreign', name: '7' }],
    ['notes.txt', { type: 'foreign', name: 'notes.txt' }],
    ['007/manifest.json', { type: 'foreign', name: '007/' }],
    ['vald-agent-0/7/manifest.json', { type: 'foreign', name: 'vald-agent-0/' }],
    ['x/owner.json', { type: 'foreign', name: 'x/' }],
  ])('knows %s', ([path, entry]) => {
    expect(entryOf(path)).toEqual(entry);
  });

  const store = objectStoreSchema.parse({
    type: 's3',
    bucket: 'backups',
    region: 'eu-north-1',
    prefix: 'production',
    credentials: { type: 'workloadIdentity' },
  });

  test('has the sets of a whole cluster in its folder, and those of a part in one of their own', () => {
    expect(clusterPath(store, 'orders')).toBe('store:backups/production/orders');
    expect(seriesPath(store, 'orders')).toBe('store:backups/production/orders');
    expect(seriesPath(store, 'search', 'vald-agent-0')).toBe('store:backups/production/search/vald-agent-0');
  });

  test.for([
    ['vald-agent-0', true],
    ['0', false],
    ['264541200', false],
    ['a/b', false],
    ['..', false],
    ['', false],
  ] as const)('takes %s for the name of a series: %s', ([name, good]) => {
    expect(seriesName().safeParse(name).success).toBe(good);
  });

  test('has the files of RonDB where its users and ndb_restore look for them', () => {
    const nodes: BackupNode[] = [{ nodeId: 4, nodeGroup: 1, parts: 2 }];
    expect(rondbFiles(7, nodes)).toEqual([
      'users.sql',
      'databases.sql',
      'rondb/4/BACKUP-7-PART-1-OF-2/BACKUP-7-0.4.Data',
      'rondb/4/BACKUP-7-PART-1-OF-2/BACKUP-7.4.ctl',
      'rondb/4/BACKUP-7-PART-1-OF-2/BACKUP-7.4.log',
      'rondb/4/BACKUP-7-PART-2-OF-2/BACKUP-7-0.4.Data',
      'rondb/4/BACKUP-7-PART-2-OF-2/BACKUP-7.4.ctl',
      'rondb/4/BACKUP-7-PART-2-OF-2/BACKUP-7.4.log',
    ]);
  });

  test('has no folder for the only part of a node', () => {
    expect(rondbFiles(7, [{ nodeId: 4, nodeGroup: 1, parts: 1 }]).slice(2)).toEqual([
      'rondb/4/BACKUP-7-0.4.Data',
      'rondb/4/BACKUP-7.4.ctl',
      'rondb/4/BACKUP-7.4.log',
    ]);
  });
});

describe('owner.json and started.json', () => {
  const clusterId = '7a9c6f0e-1f0b-4a53-9d0c-3f6f1f3f5a01';

  test('read back as they were written', () => {
    const owner = { clusterId, cluster: 'orders' };
    expect(printOwner(owner)).toBe(`{"cluster":"orders","clusterId":"${clusterId}"}\n`);
    expect(readOwner(printOwner(owner))).toEqual(owner);
    const started = { clusterId, backupId: 7, started: '2026-11-05T00:00:00Z' };
    expect(readStarted(printStarted(started))).toEqual(started);
  });

  test.for(['', 'x', 'null', '[]', '{}', '{"clusterId":""}', '{"clusterId":7}'])('say nothing with %s', (text) => {
    expect(readOwner(text)).toBe(undefined);
    expect(readStarted(text)).toBe(undefined);
  });
});

describe('completeness', () => {
  const object = (path: string, size: number, sha256?: string): ListedObject => ({
    path,
    size,
    modified: '2026-11-05T00:00:00Z',
    ...(sha256 ? { sha256 } : {}),
  });
  const files = [
    { path: 'users.sql', size: 5, sha256: 'a'.repeat(64) },
    { path: 'rondb/1/x', size: 6, sha256: 'b'.repeat(64) },
  ];

  test('tells what an inventory lacks and what is beyond it', () => {
    expect(compareInventory(['a', 'b', 'c'], ['d', 'b'])).toEqual([
      { path: 'a', difference: 'missing' },
      { path: 'c', difference: 'missing' },
      { path: 'd', difference: 'unexpected' },
    ]);
    expect(compareInventory(['a'], ['a'])).toEqual([]);
  });

  test('tells which objects are missing, of another size, of another content', () => {
    expect(compareListing(files, [object('users.sql', 5), object('rondb/1/x', 6), object('manifest.json', 9)])).toEqual(
      [],
    );
    expect(compareListing(files, [object('users.sql', 4)])).toEqual([
      { path: 'users.sql', difference: 'size', expected: 5, got: 4 },
      { path: 'rondb/1/x', difference: 'missing' },
    ]);
    const hashed = [object('users.sql', 5, 'a'.repeat(64)), object('rondb/1/x', 6, 'c'.repeat(64))];
    expect(compareListing(files, hashed)).toEqual([
      { path: 'rondb/1/x', difference: 'sha256', expected: 'b'.repeat(64), got: 'c'.repeat(64) },
    ]);
  });
});

describe('a listing', () => {
  test('is read from what rclone lsjson prints', () => {
    const text = `[
{"Path":"7/users.sql","Name":"users.sql","Size":5,"ModTime":"2026-11-05T01:02:03.999999999+01:00","IsDir":false,"Hashes":{"sha256":"${'a'.repeat(64)}"}},
{"Path":"owner.json","Name":"owner.json","Size":3,"ModTime":"2026-11-05T00:00:00Z","IsDir":false,"Tier":"STANDARD"}
]`;
    expect(readListing(text, 'store:backups')).toEqual([
      { path: '7/users.sql', size: 5, modified: '2026-11-05T00:02:03Z', sha256: 'a'.repeat(64) },
      { path: 'owner.json', size: 3, modified: '2026-11-05T00:00:00Z' },
    ]);
    expect(readListing('[\n]\n', 'store:backups')).toEqual([]);
  });

  test.for([
    '',
    '[',
    '[\n{"Path":"a","Size":1,"ModTime":"2026-11-05T00:00:00Z"},',
    '{}',
    'null',
    '[1]',
    '[null]',
    '[{"Path":"a","Size":1,"ModTime":""}]',
  ])('is never %j, as an error would leave it', (text) => {
    expect(() => readListing(text, 'store:backups')).toThrow(
      'store:backups: the listing is not what rclone lsjson prints',
    );
  });
});
