import { type BackupSet, readSeries, type SetState } from './backup-set.js';
import type { ListedObject } from './listing.js';
import type { RetentionPolicy } from './retention-policy.js';
import { parseTime, printTime } from './time.js';

/** Why a set stays or goes. A set goes for one of the last two reasons only, and only when none of the others holds. */
export type RetentionRule =
  /** The newest committed set: it never goes. */
  | 'newest'
  /** One of the newest sets; the detail says which of how many. */
  | 'last'
  /** Young enough compared with the newest. */
  | 'within'
  /** The newest of its day, week, month or year; the detail is that day, the week's Monday, the month, the year. */
  | 'daily'
  | 'weekly'
  | 'monthly'
  | 'yearly'
  /** Somebody pinned it. */
  | 'pinned'
  /** Committed, with an object in its folder that its manifest does not name: the detail is its path. */
  | 'stranger'
  /** Damaged, so a person has to look; the detail is the object that is wrong. */
  | 'damaged'
  /** Unfinished, and no later set is there: it may be all there is of its time. */
  | 'latest'
  /** Unfinished and changed within the grace time, so it may be in progress; the detail is when. */
  | 'young'
  /** Committed, and no rule keeps it. */
  | 'expired'
  /** Unfinished, and nobody works on it any more; the detail is when it last changed. */
  | 'abandoned';

/** A set with what happens to it and why. */
export interface PlannedSet {
  readonly backupId: number;
  readonly state: SetState;
  /** Committed: when it finished. Unfinished: when it last changed. Damaged: null. */
  readonly time: string | null;
  readonly objects: number;
  readonly bytes: number;
  readonly action: 'keep' | 'delete';
  /** At least one. */
  readonly reasons: readonly { readonly rule: RetentionRule; readonly detail: string }[];
}

/** What retention would do: data, and the same that `repository-retention.sh` prints. */
export interface RetentionPlan {
  /** Of days, weeks, months and years. */
  readonly timeZone: 'UTC';
  /** Id of the newest committed set, null where there is none. */
  readonly newest: number | null;
  /** Every set of ours, newest first. */
  readonly sets: readonly PlannedSet[];
  /** What is not ours and stays: names, with a slash behind a folder. */
  readonly foreign: readonly string[];
}

/** What a plan is made from. */
export interface RetentionInput {
  /** The time now, in seconds since 1970. Only the age of unfinished sets depends on it. */
  readonly now: number;
  readonly clusterId: string;
  readonly policy: RetentionPolicy;
  /** All objects below the folder of the series, paths relative to it. */
  readonly listing: readonly ListedObject[];
  /** The text of each of `recordPaths(listing)`, by path. */
  readonly records: ReadonlyMap<string, string>;
}

type Reason = PlannedSet['reasons'][number];

/**
 * Plans which sets stay and which go. Sets are ordered by id, which only grows, and not by their times, which a wrong
 * clock may have made; ages are counted from the newest committed set, so nothing ages while backups fail.
 *
 * @throws Error when a record is missing
 */
export function planRetention({ now, clusterId, policy, listing, records }: RetentionInput): RetentionPlan {
  const { sets, foreign } = readSeries(listing, records, clusterId);
  const committed = sets.filter((set) => set.state === 'committed');
  const kept = keepCommitted(committed, policy);
  const newestOfAll = sets[0]?.backupId;
  const planned = sets.map((set): PlannedSet => {
    const reasons: Reason[] = [];
    if (set.state === 'committed') reasons.push(...(kept.get(set.backupId) ?? []));
    if (set.state === 'damaged') reasons.push({ rule: 'damaged', detail: set.damage ?? '' });
    if (set.state === 'unfinished') {
      if (set.backupId === newestOfAll) reasons.push({ rule: 'latest', detail: '' });
      if (now - secondsOf(set) < policy.leftoverGraceSeconds) reasons.push({ rule: 'young', detail: set.time ?? '' });
    }
    if (set.pinned) reasons.push({ rule: 'pinned', detail: '' });
    if (set.stranger !== null) reasons.push({ rule: 'stranger', detail: set.stranger });
    const { backupId, state, time, objects, bytes } = set;
    const shared = { backupId, state, time, objects, bytes };
    if (reasons.length > 0) return { ...shared, action: 'keep', reasons };
    const reason: Reason =
      state === 'committed' ? { rule: 'expired', detail: '' } : { rule: 'abandoned', detail: time ?? '' };
    return { ...shared, action: 'delete', reasons: [reason] };
  });
  return { timeZone: 'UTC', newest: committed[0]?.backupId ?? null, sets: planned, foreign };
}

/** The reasons that the rules give to each committed set. */
function keepCommitted(committed: readonly BackupSet[], policy: RetentionPolicy): Map<number, Reason[]> {
  const limits = {
    daily: policy.keepDaily,
    weekly: policy.keepWeekly,
    monthly: policy.keepMonthly,
    yearly: policy.keepYearly,
  };
  const seen = {
    daily: new Set<string>(),
    weekly: new Set<string>(),
    monthly: new Set<string>(),
    yearly: new Set<string>(),
  };
  const kept = new Map<number, Reason[]>();
  for (const [index, set] of committed.entries()) {
    const reasons: Reason[] = [];
    if (index === 0) reasons.push({ rule: 'newest', detail: '' });
    if (index < policy.keepLast) reasons.push({ rule: 'last', detail: `${index + 1} of ${policy.keepLast}` });
    if (policy.keepWithinSeconds > 0 && secondsOf(set) >= secondsOf(committed[0]!) - policy.keepWithinSeconds)
      reasons.push({ rule: 'within', detail: '' });
    const periods = periodsOf(secondsOf(set));
    for (const rule of ['daily', 'weekly', 'monthly', 'yearly'] as const) {
      const period = periods[rule];
      if (seen[rule].has(period) || seen[rule].size >= limits[rule]) continue;
      seen[rule].add(period);
      reasons.push({ rule, detail: period });
    }
    kept.set(set.backupId, reasons);
  }
  return kept;
}

const day = 86_400;

/** The day, the week by its Monday, the month and the year of a time, in UTC. */
function periodsOf(seconds: number) {
  const date = printTime(seconds).slice(0, 10);
  // 1970-01-01 was a Thursday, so three days into its week
  const days = Math.floor(seconds / day);
  const monday = printTime((days - ((days + 3) % 7)) * day).slice(0, 10);
  return { daily: date, weekly: monday, monthly: date.slice(0, 7), yearly: date.slice(0, 4) };
}

function secondsOf(set: BackupSet): number {
  return parseTime(set.time) ?? Number.NaN;
}
