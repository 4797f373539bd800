import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { printOwner } from '../../src/repository/index.js';
import { rondbVerify } from '../../src/scripts/index.js';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { JobRun, otherClusterId, type RunOptions } from './rondb-job-run.js';

// A run takes two seconds, and many times that on a machine with much else to do.
vi.setConfig({ testTimeout: 300_000 });

describeWith(['bash', 'jq', 'rclone', 'versitygw'], 'rondb-verify.sh', () => {
  let server: S3Server;
  let job: JobRun;
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('backups');
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    job = new JobRun(server, rondbVerify).putSet(700).putSet(701, {}, 'x'.repeat(5000));
  });
  afterEach(() => job.remove());

  const file = (path: string) => join(job.storeFolder, path);
  const flip = (path: string) => {
    const content = readFileSync(file(path));
    content[content.length >> 1]! ^= 1;
    writeFileSync(file(path), content);
  };
  const cut = (path: string) => writeFileSync(file(path), readFileSync(file(path)).subarray(0, -3));
  /** Paths that the last run has read back, of sets' files. */
  const readBack = () =>
    job.calls().flatMap((call) => / cat store:\S+\/(70[01]\/(?:rondb\/\S+|\w+\.sql))$/.exec(call)?.slice(1) ?? []);

  test('with one share a run reads every byte of every set, and writes nothing to the store', async () => {
    const listing = () =>
      readdirSync(job.storeFolder, { recursive: true, encoding: 'utf8' })
        .sort()
        .map((path) => `${path} ${statSync(file(path)).mtimeMs}`);
    const before = listing();
    const { code, log, report } = await job.run({ rclone: {} });
    expect(code, log).toBe(0);
    expect(listing()).toEqual(before);
    expect(readBack()).toHaveLength(16);
    expect(report).toMatchObject({ state: 'right', exitCode: 0, damaged: [], read: { files: 16 } });
    expect(report.read.bytes).toBe(report.sets[0].bytes + report.sets[1].bytes);
    expect(job.status('verify')).toMatchObject({
      state: 'right',
      sets: { count: 2, newest: 701 },
      lastWholePass: report.time,
      lastRight: report.time,
    });
    expect(job.cluster.object('lease')).toBeUndefined();
    expect(job.leftovers()).toEqual([]);
  });

  test('as many runs as there are shares read each file once, in shares of like size, whatever the day', async () => {
    const environment = { VERIFY_SHARE: '3' };
    const all: string[] = [];
    const sizes: number[] = [];
    for (let run = 1; run <= 3; run++) {
      const { code, log, report } = await job.run({ environment });
      expect(code, log).toBe(0);
      expect(report.lastWholePass === null).toBe(run < 3);
      all.push(...readBack());
      sizes.push(report.read.bytes);
    }
    expect(all).toHaveLength(16);
    expect(new Set(all).size).toBe(16);
    // Four files of 5000 bytes cannot be shared out more evenly among three.
    expect(Math.max(...sizes)).toBeLessThan(11_500);
    expect(await job.run({ environment })).toMatchObject({ code: 0, report: { lastWholePass: expect.any(String) } });
  });

  test('without a ConfigMap it reads the day’s share', async () => {
    rmSync(join(job.folder, 'objects/configmap'));
    const { code, log, report } = await job.run({ environment: { VERIFY_SHARE: '3' } });
    expect(code, log).toBe(0);
    expect(report.share).toBe(Math.floor(Date.parse(report.time) / 86_400_000) % 3);
  });

  type Case = [string, number, () => void, RunOptions['environment']?];
  const cases: Case[] = [
    ['a byte flipped', 20, () => flip('700/rondb/2/BACKUP-700-0.2.Data')],
    ['a file cut short', 20, () => cut('701/rondb/1/BACKUP-701-0.1.Data')],
    ['an object that is gone', 20, () => rmSync(file('700/users.sql'))],
    ['a manifest cut short', 20, () => cut('700/manifest.json')],
    ['no committed set', 19, () => ['700', '701'].map((id) => rmSync(file(`${id}/manifest.json`)))],
    ['a folder without owner', 10, () => rmSync(file('owner.json'))],
    [
      'another cluster’s folder',
      11,
      () => job.put('owner.json', printOwner({ cluster: 'x', clusterId: otherClusterId })),
    ],
    ['a bucket that is not there', 12, () => {}, { STORE_ROOT: 'store:nowhere' }],
    [
      'a set that another key encrypted',
      24,
      () => job.putSet(702, { encryption: { type: 'rclone-crypt', keyFingerprint: '0123456789abcdef' } }),
    ],
    ['more shares than a year has days', 2, () => {}, { VERIFY_SHARE: '367' }],
  ];
  test.each<Case>(cases)('says with its status: %s (%i)', async (_, code, damage, environment) => {
    damage();
    const run = await job.run(environment ? { environment } : {});
    expect(run.code, run.log).toBe(code);
    expect(run.log).toContain('hint: ');
    if (code !== 2)
      expect(job.status('verify')).toMatchObject({
        state: code === 20 ? 'damaged' : 'failed',
        exitCode: code,
        lastRight: null,
      });
  });

  test('names every damaged file, reads the others, and goes on to the next share', async () => {
    flip('700/databases.sql');
    rmSync(file('701/rondb/1/BACKUP-701.1.log'));
    const { report } = await job.run();
    const files = report.damaged.map(({ backupId, path }: { backupId: number; path: string }) => `${backupId}/${path}`);
    expect(files.sort()).toEqual(['700/databases.sql', '701/rondb/1/BACKUP-701.1.log']);
    expect(report.read.files).toBe(14);
    const environment = { VERIFY_SHARE: '2' };
    const first = await job.run({ environment });
    const second = await job.run({ environment });
    expect([first.report.share, second.report.share].sort()).toEqual([0, 1]);
    expect(second.report.lastWholePass).toBe(null);
  });

  test('a set that retention removes meanwhile is no damage', async () => {
    const before = `if [[ "$*" == *' cat '*/700/rondb/1/BACKUP-700.1.ctl ]]; then rm -rf '${file('700')}'; fi`;
    const { code, log } = await job.run({ before: before.replace('rm -rf', '/usr/bin/rm -rf') });
    expect(code, log).toBe(0);
  });

  test('a share that cannot be read in time is read by the next run', async () => {
    const before = 'if [[ "$*" == *" cat "*.Data ]]; then exec /usr/bin/sleep 600; fi';
    const environment = { VERIFY_SHARE: '2', TRANSFER_TIMEOUT_SECONDS: '5' };
    const failed = await job.run({ environment, before });
    expect(failed, failed.log).toMatchObject({ code: 12 });
    expect(job.status('verify')).toMatchObject({ state: 'failed', shares: {} });
    const { share } = failed.report;
    expect(await job.run({ environment: { VERIFY_SHARE: '2' } })).toMatchObject({ code: 0, report: { share } });
  });
});
