import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import {
  planRetention,
  printStarted,
  printTime,
  type RetentionPolicy,
  readListing,
  recordPaths,
} from '../../src/repository/index.js';
import { valdUpload } from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { clusterId, foreignId } from './restore-pod.js';

const pod = 'vald-agent-0';
const day = 86_400;
const start = Date.UTC(2026, 0, 1) / 1000;
const now = start + 400 * day;

interface Folder {
  readonly id: number;
  readonly state: 'committed' | 'damaged' | 'unfinished' | 'foreign';
  /** Seconds since `start` at which it finished or began. */
  readonly at: number;
  /** Seconds from `now` back to its last change. */
  readonly age: number;
  readonly pinned: boolean;
  readonly stranger: boolean;
}

const folder = fc.record({
  state: fc.constantFrom('committed', 'committed', 'committed', 'committed', 'damaged', 'unfinished', 'foreign'),
  at: fc.oneof(
    fc.integer({ min: 0, max: 400 * day }),
    fc.integer({ min: 0, max: 400 }).map((days) => days * day),
  ),
  age: fc.integer({ min: 0, max: 20_000 }),
  pinned: fc.boolean().map((chosen) => chosen),
  stranger: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
}) as fc.Arbitrary<Omit<Folder, 'id'>>;
const folders = fc
  .array(folder, { maxLength: 14 })
  .map((all) =>
    all.map((one, index): Folder => ({ ...one, id: 1000 + index, pinned: one.pinned && one.age % 4 === 0 })),
  );
const policy: fc.Arbitrary<RetentionPolicy> = fc.record({
  keepLast: fc.integer({ min: 1, max: 4 }),
  keepWithinSeconds: fc.constantFrom(0, day, 30 * day),
  keepDaily: fc.integer({ min: 0, max: 3 }),
  keepWeekly: fc.integer({ min: 0, max: 3 }),
  keepMonthly: fc.integer({ min: 0, max: 3 }),
  keepYearly: fc.integer({ min: 0, max: 2 }),
  leftoverGraceSeconds: fc.constantFrom(1, 3600, 10_000),
});

describeWith(['busybox', 'rclone'], 'vald-retention.sh', () => {
  const root = mkdtempSync(join(tmpdir(), 'chartwright-retention-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const name of ['sh', ...valdUpload.image.programs[0].commands.slice(1)])
    symlinkSync(programPath('busybox'), join(bin, name));
  symlinkSync(programPath('rclone'), join(bin, 'rclone'));
  for (const { name, content } of valdUpload.libraries) writeFileSync(join(root, name), content);
  writeFileSync(
    join(root, 'run.sh'),
    `set -eu
export LC_ALL=C TZ=UTC
series=$STORE_PATH/$POD_NAME
. ./vald-generations.sh
. ./vald-retention.sh
log_line() { :; }
refuse_volume() { exit 16; }
call_rclone() { rclone --config '' "$@"; }
check_owner() { :; }
date() { echo ${now}; }
"$1"
cat "$work/plan"
`,
  );
  let count = 0;

  /** Writes a series and gives its place. */
  const write = (all: readonly Folder[]): string => {
    const series = join(root, `cluster-${++count}`, pod);
    mkdirSync(series, { recursive: true });
    writeFileSync(join(series, 'status.json'), '{}');
    for (const { id, state, at, age, pinned, stranger } of all) {
      const place = join(series, `${id}`);
      mkdirSync(join(place, 'index'), { recursive: true });
      const files: Record<string, string> = { 'index/grp': `of ${id}` };
      if (pinned) files['pinned'] = '';
      if (stranger) files['index/more'] = 'more';
      if (state !== 'foreign')
        files['started.json'] = printStarted({ clusterId, backupId: id, started: printTime(start + at) });
      else files['started.json'] = printStarted({ clusterId: foreignId, backupId: id, started: printTime(start) });
      if (state === 'committed' || state === 'damaged')
        files['manifest.json'] = JSON.stringify({
          version: 1,
          kind: 'vald',
          backupId: id,
          clusterId,
          bytes: files['index/grp']!.length,
          files: [{ path: 'index/grp', sha256: 'a'.repeat(64), size: files['index/grp']!.length }],
          finished: printTime(start + at),
          vald: { pod, saved: printTime(start + at), vectors: 1 },
        });
      if (state === 'damaged') files['index/grp'] = '';
      for (const [name, content] of Object.entries(files)) {
        writeFileSync(join(place, name), content);
        utimesSync(join(place, name), now - age, now - age);
      }
    }
    return series;
  };

  const environment = (series: string, rules: RetentionPolicy) => ({
    PATH: bin,
    HOME: '/nonexistent',
    RCLONE_CONFIG_STORE_TYPE: 'local',
    work: mkdtempSync(join(root, 'work-')),
    STORE_PATH: `store:${join(series, '..')}`,
    POD_NAME: pod,
    CLUSTER_ID: clusterId,
    KEEP_LAST: `${rules.keepLast}`,
    KEEP_WITHIN_SECONDS: `${rules.keepWithinSeconds}`,
    KEEP_DAILY: `${rules.keepDaily}`,
    KEEP_WEEKLY: `${rules.keepWeekly}`,
    KEEP_MONTHLY: `${rules.keepMonthly}`,
    KEEP_YEARLY: `${rules.keepYearly}`,
    LEFTOVER_GRACE_SECONDS: `${rules.leftoverGraceSeconds}`,
  });
  const run = (series: string, rules: RetentionPolicy, what = 'plan_retention') =>
    execFileSync(programPath('busybox'), ['sh', 'run.sh', what], {
      cwd: root,
      env: environment(series, rules),
      encoding: 'utf8',
    });

  /** What the package plans for the same folder. */
  const planned = (series: string, rules: RetentionPolicy): string => {
    const text = execFileSync(
      programPath('rclone'),
      ['--config', '', 'lsjson', '-R', '--files-only', '--no-mimetype', '--use-server-modtime', series],
      { encoding: 'utf8', env: { TZ: 'UTC' } },
    );
    const listing = readListing(text, series);
    const records = new Map(
      recordPaths(listing).map((path) => [path, execFileSync('cat', [join(series, path)], { encoding: 'utf8' })]),
    );
    return planRetention({ now, clusterId, policy: rules, listing, records })
      .sets.map(
        ({ action, backupId, reasons }) => `${action} ${backupId} ${reasons.map(({ rule }) => rule).join(',')}\n`,
      )
      .join('');
  };

  test('plans what the package plans, for any series and any rules', { timeout: 240_000 }, () => {
    fc.assert(
      fc.property(folders, policy, (all, rules) => {
        const series = write(all);
        expect(run(series, rules)).toBe(planned(series, rules));
        rmSync(join(series, '..'), { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  test('deletes what goes, whole, and nothing else', () => {
    const shared = { age: 9000, pinned: false, stranger: false };
    const series = write([
      { id: 1, state: 'committed', at: 0, ...shared },
      { id: 2, state: 'committed', at: day, ...shared, pinned: true },
      { id: 3, state: 'committed', at: 2 * day, ...shared, stranger: true },
      { id: 4, state: 'damaged', at: 3 * day, ...shared },
      { id: 5, state: 'unfinished', at: 4 * day, ...shared },
      { id: 6, state: 'foreign', at: 5 * day, ...shared },
      { id: 7, state: 'committed', at: 6 * day, ...shared },
      { id: 8, state: 'unfinished', at: 7 * day, ...shared },
    ]);
    const rules = {
      keepLast: 1,
      keepWithinSeconds: 0,
      keepDaily: 0,
      keepWeekly: 0,
      keepMonthly: 0,
      keepYearly: 0,
      leftoverGraceSeconds: 3600,
    };
    run(series, rules, 'apply_retention');
    expect(readdirSync(series).sort()).toEqual(['2', '3', '4', '6', '7', '8', 'status.json']);
    expect(existsSync(join(series, '7/manifest.json'))).toBe(true);
  });
});
