import fc from 'fast-check';
import {
  type ListedObject,
  planRetention,
  printStarted,
  printTime,
  type RetentionInput,
  type RetentionPlan,
  type RetentionPolicy,
  recordPaths,
} from '../../src/repository/index.js';

/** Whose the repositories of these tests are. */
export const clusterId = '7a9c6f0e-1f0b-4a53-9d0c-3f6f1f3f5a01';

/** A policy with nothing but the newest set kept, but for what is given. */
export function policyWith(rules: Partial<RetentionPolicy>): RetentionPolicy {
  return {
    keepLast: 1,
    keepWithinSeconds: 0,
    keepDaily: 0,
    keepWeekly: 0,
    keepMonthly: 0,
    keepYearly: 0,
    leftoverGraceSeconds: 172_800,
    ...rules,
  };
}

/** A repository as it lies in the store: each object's text with the time the store got it. */
export class History {
  readonly objects = new Map<string, { text: string; modified: string }>();

  /** Puts any object. */
  object(path: string, text = '', seconds = 0): this {
    this.objects.set(path, { text, modified: printTime(seconds) });
    return this;
  }

  /** A set up to its last file: marker and two files. */
  unfinished(backupId: number, seconds: number, owner = clusterId): this {
    const started = printStarted({ clusterId: owner, backupId, started: printTime(seconds) });
    return this.object(`${backupId}/started.json`, started, seconds)
      .object(`${backupId}/users.sql`, 'users', seconds)
      .object(`${backupId}/rondb/1/BACKUP-${backupId}.1.ctl`, 'tables', seconds);
  }

  /** A whole set that finished at a time. */
  committed(backupId: number, finished: number | string): this {
    const time = typeof finished === 'number' ? printTime(finished) : finished;
    const seconds = Date.parse(time) / 1000;
    this.unfinished(backupId, seconds);
    return this.object(`${backupId}/manifest.json`, manifestText(backupId, time), seconds);
  }

  remove(path: string): this {
    this.objects.delete(path);
    return this;
  }

  get listing(): ListedObject[] {
    return [...this.objects].map(([path, { text, modified }]) => ({ path, size: Buffer.byteLength(text), modified }));
  }

  input(policy: RetentionPolicy, now: number): RetentionInput {
    const { listing } = this;
    const records = new Map(recordPaths(listing).map((path) => [path, this.objects.get(path)!.text]));
    return { now, clusterId, policy, listing, records };
  }

  plan(policy: RetentionPolicy, now: number): RetentionPlan {
    return planRetention(this.input(policy, now));
  }

  /** What is left after a plan was carried out. */
  after(plan: RetentionPlan): History {
    const gone = plan.sets.filter((set) => set.action === 'delete').map((set) => `${set.backupId}/`);
    const left = new History();
    for (const [path, object] of this.objects)
      if (!gone.some((folder) => path.startsWith(folder))) left.objects.set(path, object);
    return left;
  }
}

function manifestText(backupId: number, finished: string): string {
  const files = [
    { path: 'users.sql', size: 5, sha256: 'a'.repeat(64) },
    { path: `rondb/1/BACKUP-${backupId}.1.ctl`, size: 6, sha256: 'b'.repeat(64) },
  ];
  return JSON.stringify({ version: 1, backupId, finished, files, ignored: 'é' }, null, 1);
}

const hour = 3600;
const start = Date.parse('2026-11-01T00:00:00Z') / 1000;

/** Seconds in whole hours, so that times often fall on a boundary. */
const hours = (min: number, max: number) => fc.integer({ min, max }).map((count) => count * hour);

type Change = (history: History, id: number, time: number) => unknown;

/** What can have become of a committed set. Most stay as they are. */
const changes: readonly fc.WeightedArbitrary<Change>[] = [
  { weight: 24, arbitrary: fc.constant(() => {}) },
  ...(
    [
      (history, id) => history.remove(`${id}/manifest.json`),
      (history, id) => history.remove(`${id}/started.json`),
      (history, id) => history.remove(`${id}/started.json`).remove(`${id}/manifest.json`),
      (history, id) => history.remove(`${id}/users.sql`),
      (history, id, time) => history.object(`${id}/users.sql`, 'cut', time),
      (history, id, time) => history.object(`${id}/pinned`, '', time),
      (history, id, time) => history.object(`${id}/notes.txt`, 'look', time),
      (history, id, time) => history.remove(`${id}/manifest.json`).object(`${id}/pinned`, '', time),
      (history, id, time) => history.remove(`${id}/manifest.json`).unfinished(id, time, 'another'),
      (history, id, time) => history.remove(`${id}/manifest.json`).object(`${id}/late`, '', time + 3 * 24 * hour),
      ...(
        [
          '',
          'null',
          '[]',
          '{"version":1',
          '"text"',
          '{"version":1,"backupId":ID,"finished":"2026-11-09T10:00:00Z","files":[]}',
          '{"version":1,"backupId":ID,"finished":"2026-11-09T10:00:00Z","files":{"path":"users.sql","size":5}}',
          '{"version":1,"backupId":ID,"finished":"2026-11-09T10:00:00Z","files":["users.sql"]}',
          '{"version":1,"backupId":ID,"finished":"2026-11-09T10:00:00Z","files":[{"path":"users.sql","size":"5"}]}',
          '{"version":1,"backupId":ID,"finished":"2026-11-09T10:00:00Z","files":[null]}',
          '{"version":1,"backupId":ID,"finished":"2026-02-30T10:00:00Z","files":[{"path":"users.sql","size":5}]}',
          '{"version":1,"backupId":ID,"finished":"2026-11-09T24:00:00Z","files":[{"path":"users.sql","size":5}]}',
          '{"version":1,"backupId":ID,"finished":"2026-11-09 10:00:00Z","files":[{"path":"users.sql","size":5}]}',
          '{"version":1,"backupId":ID,"finished":"1969-11-09T10:00:00Z","files":[{"path":"users.sql","size":5}]}',
          '{"version":1,"backupId":ID,"finished":17,"files":[{"path":"users.sql","size":5}]}',
          '{"version":1,"backupId":"ID","finished":"2026-11-09T10:00:00Z","files":[{"path":"users.sql","size":5}]}',
          '{"version":1,"backupId":1,"finished":"2026-11-09T10:00:00Z","files":[{"path":"users.sql","size":5}]}',
          '{"version":2,"backupId":ID,"finished":"2026-11-09T10:00:00Z","files":[{"path":"users.sql","size":5}]}',
          '{"version":1,"backupId":ID,"finished":"1970-01-01T00:00:00Z","files":[{"path":"users.sql","size":5}]}',
        ] as const
      ).map(
        (text): Change =>
          (history, id, time) =>
            history.object(`${id}/manifest.json`, text.replaceAll('ID', `${id}`), time),
      ),
    ] as readonly Change[]
  ).map((change) => ({ weight: 1, arbitrary: fc.constant(change) })),
];

const foreignPaths = [
  'notes.txt',
  'owner.json',
  '12',
  '0/manifest.json',
  '007/manifest.json',
  '1.0/users.sql',
  '1e3/users.sql',
  '2147483648/manifest.json',
  '99999999999/manifest.json',
  'é/12/manifest.json',
  '\u{1f600}',
  '\uffee/x',
  'vald-agent-0/264531200/manifest.json',
  '264531200/users.sql',
  '264531200/rondb/1/BACKUP-264531200.1.ctl',
];

/** A repository with its policy and a time not far behind its newest set: sets by a clock that may jump, damage, more. */
export const histories: fc.Arbitrary<{ history: History; policy: RetentionPolicy; now: number }> = fc
  .record({
    sets: fc.array(
      fc.record({
        gap: fc.oneof({ weight: 6, arbitrary: hours(1, 40) }, { weight: 1, arbitrary: hours(1, 900 * 24) }),
        clock: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: hours(-800 * 24, 800 * 24) }),
        change: fc.oneof(...changes),
      }),
      { maxLength: 14 },
    ),
    foreign: fc.subarray(foreignPaths),
    order: fc.integer(),
    policy: fc.record({
      keepLast: fc.integer({ min: 1, max: 4 }),
      keepWithinSeconds: fc.integer({ min: 0, max: 7 }).map((days) => days * 24 * hour),
      keepDaily: fc.integer({ min: 0, max: 4 }),
      keepWeekly: fc.integer({ min: 0, max: 3 }),
      keepMonthly: fc.integer({ min: 0, max: 3 }),
      keepYearly: fc.integer({ min: 0, max: 2 }),
      leftoverGraceSeconds: hours(1, 100),
    }),
    // undefined: just when the grace time of the newest set ends
    later: fc.option(hours(-1, 100), { nil: undefined, freq: 2 }),
  })
  .map(({ sets, foreign, order, policy, later }) => {
    const history = new History();
    let id = 1000;
    let time = start;
    for (const { gap, clock, change } of sets) {
      id += gap;
      time += gap;
      history.committed(id, time + clock);
      change(history, id, time + clock);
    }
    for (const path of foreign) history.object(path, '{}', time);
    return {
      history: order % 2 === 0 ? history : reversed(history),
      policy,
      now: time + (later ?? policy.leftoverGraceSeconds),
    };
  });

function reversed(history: History): History {
  const other = new History();
  for (const [path, object] of [...history.objects].reverse()) other.objects.set(path, object);
  return other;
}
