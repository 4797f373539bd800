import { describe, expect, test } from 'vitest';
import { rondbChart } from '../../../src/rondb/index.js';
import { printTime } from '../../../src/rondb/rules/backup-state.js';
import { run } from '../../vald/rules/rule-run.js';

const found = (values: string) => run(rondbChart, values).map(({ id }) => id);

/** Backups with nothing to find, and this in addition. */
const backups = (own: string) =>
  `backups: { enabled: true, schedule: 17 3 * * *, ttl: 30d, pathPrefix: own, s3: { provider: AWS, region: eu-north-1, bucketName: backups, keyCredentialsSecret: { name: a, key: b }, secretCredentialsSecret: { name: a, key: c } } }\n${own}`;

/** A restore with nothing to find, and this in addition. */
const restore = (own: string) =>
  `restoreFromBackup: { backupId: "12", pathPrefix: own, s3: { provider: AWS, region: eu-north-1, bucketName: backups, keyCredentialsSecret: { name: a, key: b }, secretCredentialsSecret: { name: a, key: c } } }\n${own}`;

test('backups and a restore that are right have no finding', () => {
  expect(found(backups(''))).toEqual([]);
  expect(found(restore(''))).toEqual([]);
});

describe('the last value that passes, and the first that does not', () => {
  const memory = (mebibytes: number) => `resources: { limits: { memory: { ndbmtdsMiB: ${mebibytes} } } }`;
  const storage = (given: string) => `resources: { requests: { storage: { ${given} } } }`;
  const withSchedule = (schedule: string) => backups('').replace('17 3 * * *', schedule);
  const withPrefix = (prefix: string) => backups('').replace('pathPrefix: own', `pathPrefix: ${prefix}`);
  const withId = (id: string) => restore('').replace('"12"', id);
  const withTtl = (ttl: string) => backups('').replace('30d', ttl);

  test.each<[string, string, string, string]>([
    // 120 seconds are the least that a run takes; 18000 MiB take 360 seconds at 50 MiB/s.
    ['RONDB005', 'every two minutes', withSchedule('"*/2 * * * *"'), withSchedule('"@every 119s"')],
    [
      'RONDB005',
      'a run of six minutes',
      `${withSchedule('"*/6 * * * *"')}${memory(18000)}`,
      `${withSchedule('"*/6 * * * *"')}${memory(18001)}`,
    ],
    ['RONDB006', 'an hour', withTtl('1h'), withTtl('0h')],
    ['RONDB007', 'twice the interval', withTtl('48h'), withTtl('47h')],
    ['RONDB041', 'three times the interval', withTtl('3d'), withTtl('71h')],
    ['RONDB009', 'a dot in a name', withPrefix('a.b/c'), withPrefix('a/./c')],
    ['RONDB009', 'one slash', withPrefix('a/b'), withPrefix('a//b')],
    [
      'RONDB018',
      '63 letters',
      backups('').replace('Name: backups', `Name: ${'a'.repeat(63)}`),
      backups('').replace('Name: backups', `Name: ${'a'.repeat(64)}`),
    ],
    [
      'RONDB018',
      '3 letters',
      backups('').replace('Name: backups', 'Name: abc'),
      backups('').replace('Name: backups', 'Name: ab'),
    ],
    [
      'RONDB018',
      'no address',
      backups('').replace('Name: backups', 'Name: 10.0.0.a'),
      backups('').replace('Name: backups', 'Name: 10.0.0.1'),
    ],
    ['RONDB021', '21 groups', 'clusterSize: { numNodeGroups: 21 }', 'clusterSize: { numNodeGroups: 22 }'],
    // 2.25 × 4 GiB + 4 + 2 × 4 + 2 + 2 = 25 GiB
    [
      'RONDB022',
      'just enough',
      backups('resources: { limits: { memory: { ndbmtdsMiB: 4096 } }, requests: { storage: { ndbmtdGiB: 25 } } }'),
      backups('resources: { limits: { memory: { ndbmtdsMiB: 4097 } }, requests: { storage: { ndbmtdGiB: 25 } } }'),
    ],
    ['RONDB022', 'redo log', backups(storage('redoLogGiB: 7')), backups(storage('redoLogGiB: 8'))],
    [
      'RONDB022',
      'undo logs, which count twice',
      backups(storage('undoLogsGiB: 5.5')),
      backups(storage('undoLogsGiB: 5.6')),
    ],
    ['RONDB022', 'log', backups(storage('logGiB: 5')), backups(storage('logGiB: 6'))],
    [
      'RONDB022',
      'disk columns on a volume of their own',
      backups(storage('diskColumnGiB: 9, classes: { diskColumns: fast }')),
      backups(storage('diskColumnGiB: 9')),
    ],
    [
      'RONDB023',
      'slots for all nodes',
      restore('clusterSize: { numNodeGroups: 2, activeDataReplicas: 3 }'),
      restore('clusterSize: { numNodeGroups: 7, activeDataReplicas: 1 }'),
    ],
    ['RONDB024', 'the largest id', withId('"4294967294"'), withId('"4294967295"')],
    ['RONDB024', 'one', withId('"1"'), withId('"01"')],
    ['RONDB045', '31 bits', withId('"2147483647"'), withId('"2147483648"')],
    ['RONDB033', 'two replicas', 'clusterSize: { activeDataReplicas: 2 }', 'clusterSize: { activeDataReplicas: 1 }'],
    // 36000 MiB take 7200 seconds at 5 MiB/s.
    ['RONDB034', 'two hours', restore(memory(36000)), restore(memory(36001))],
  ])('%s: %s', (id, _, passes, hits) => {
    expect(found(passes)).not.toContain(id);
    expect(found(hits)).toContain(id);
  });
});

describe('endpoints without a scheme', () => {
  test.each<[string, boolean]>([
    ['s3.eu-central-1.wasabisys.com', false],
    ['store.example.org:443', false],
    ['store.example.org:9000', true],
    ['minio', true],
    ['minio.storage.svc', true],
    ['minio.storage.svc.cluster.local', true],
    ['store.service.consul/path', true],
    ['https://minio:9000', false],
    ['HTTP://minio:9000', false],
  ])('%s', (endpoint, wrong) => {
    const values = backups('').replace('provider: AWS', `provider: Minio, endpoint: "${endpoint}"`);
    expect(found(values).includes('RONDB015')).toBe(wrong);
  });
});

test.each(['http://key:marker@minio:9000', 'key:marker@minio:9000'])(
  'messages leave the password of %s out',
  (endpoint) => {
    const values = backups('').replace('provider: AWS', `provider: Minio, endpoint: "${endpoint}"`);
    const messages = run(rondbChart, values).map(({ message }) => message);
    expect(messages.filter((message) => message.includes('minio:9000'))).toHaveLength(1);
    expect(messages.filter((message) => message.includes('marker'))).toEqual([]);
  },
);

describe('encryption by the store', () => {
  test.each<[string, string, boolean]>([
    ['AWS', 'aws:kms:dsse', true],
    ['AWS', 'aws:kms', true],
    ['Ceph', 'aws:kms', true],
    ['Ceph', 'aws:kms:dsse', false],
    ['ChinaMobile', 'AES256', true],
    ['ChinaMobile', 'aws:kms', false],
    ['Cloudflare', 'AES256', false],
  ])('%s with %s: %s', (provider, kind, able) => {
    const values = backups('').replace(
      'provider: AWS',
      `provider: ${provider}, endpoint: "https://store.example.org", serverSideEncryption: "${kind}"`,
    );
    expect(found(values).includes('RONDB017')).toBe(!able);
  });
});

test('times in messages have the unit that reads best', () => {
  expect([1, 119, 120, 7199, 7200, 172_799, 172_800, 604_800].map(printTime)).toEqual([
    '1 seconds',
    '119 seconds',
    '2 minutes',
    '120 minutes',
    '2 hours',
    '48 hours',
    '2 days',
    '7 days',
  ]);
});
