import type { z } from 'zod';
import { checkProps } from '../kube/index.js';
import type { Problem } from '../problem/index.js';
import { choose, cronIntervals, distinct, isTraced, less, refuse, same, seconds } from '../units/index.js';
import type { JobSettings } from './props-schema.js';
import type { RonDBRepositorySettings } from './repository-schema.js';
import type { Timing } from './timing.js';

/** What people look for and do not find, with the reason. */
const leftOut: Readonly<Record<string, string>> = {
  accessKey: 'A literal secret cannot be given. Name an existing Secret: Credentials.secret({ name, keys }).',
  secretKey: 'A literal secret cannot be given. Name an existing Secret: Credentials.secret({ name, keys }).',
  password: 'A literal secret cannot be given. Name an existing Secret: cluster.sqlPassword is { name, keys }.',
  ttl: 'Age alone would remove the last good set when backups fail: use retention, which counts from the newest set.',
  pathPrefix: 'The store has the prefix: ObjectStore.s3({ prefix }).',
  backoffLimit: 'A failed run is not repeated at once: the next one of the schedule is the next attempt.',
  concurrencyPolicy: 'It is Forbid; and a Lease keeps runs apart that somebody starts by hand.',
  startingDeadlineSeconds: 'It is a duration here: startingDeadline, such as "1h".',
  activeDeadlineSeconds: 'It is a duration here: activeDeadline, such as "6h".',
};

type Report = (problem: Problem) => void;

/** The settings of a job with its deadlines, or what is wrong. */
export interface CheckedJob<Settings> {
  /** Undefined where there is an error. */
  readonly settings: Settings | undefined;
  readonly timing: Timing | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Checks the props of a job: each by itself, and then together.
 *
 * @param computeTiming the deadlines that follow from the settings
 */
export function checkJob<Settings extends JobSettings>(
  schema: z.ZodType<Settings>,
  props: unknown,
  construct: string,
  computeTiming: (settings: Settings) => Timing,
): CheckedJob<Settings> {
  const { settings, problems: found } = checkProps(schema, props, construct, leftOut);
  if (!settings) return { settings, timing: undefined, problems: found };
  const timing = computeTiming(settings);
  const problems: Problem[] = [];
  const report: Report = (problem) => problems.push(problem);
  checkRepository(settings.repository, construct, report);
  checkTiming(settings, timing, construct, report);
  const refused = problems.some(({ severity }) => severity === 'error');
  return refused ? { settings: undefined, timing: undefined, problems } : { settings, timing, problems };
}

function checkRepository({ way, store, cluster }: RonDBRepositorySettings, construct: string, report: Report): void {
  const where = (property: string) => ({ construct, property: `repository.${property}` });
  for (const [field, words] of [
    ['nodeId', 'node id'],
    ['pod', 'pod'],
  ] as const) {
    const values = cluster.dataNodes.map((node) => node[field]);
    const isShared = same(choose(distinct(...values), 'each its own', 'shared'), 'shared');
    refuse(isShared, `two data nodes have one ${words}`, (message) => {
      const second = values.findIndex((value, index) => values.indexOf(value) < index);
      report({
        code: 'conflicting-properties',
        severity: 'error',
        where: where(`cluster.dataNodes[${second}].${field}`),
        message,
        got: `${values[second]}`,
        hint: 'Give each data node its own.',
      });
    });
  }
  if (way !== 'sidecar') return;
  const refuseSidecar = (property: string, message: string, got: string) =>
    report({
      code: 'unsupported-store',
      severity: 'error',
      where: where(property),
      message,
      got,
      hint: 'Use way: "stream", where rclone runs in our own pod.',
    });
  // rclone runs in upstream's container there: our configuration reaches it on stdin, files and identities do not.
  if ('credentials' in store && store.credentials.type === 'workloadIdentity')
    refuseSidecar(
      'store.credentials.type',
      'the sidecar does not have the identity of our ServiceAccount',
      '"workloadIdentity"',
    );
  if (store.certificateAuthority)
    refuseSidecar(
      'store.certificateAuthority',
      'the sidecar does not have a private certificate authority',
      store.certificateAuthority.type,
    );
}

function checkTiming(settings: JobSettings, timing: Timing, construct: string, report: Report): void {
  const problem = (property: string, severity: Problem['severity'], got: string, hint: string) => (message: string) =>
    report({
      code: 'too-little-time',
      severity,
      where: { construct, property },
      message,
      got,
      hint,
    });
  if (settings.activeDeadline !== undefined)
    refuse(
      less(timing.active, timing.steps),
      `shorter than the steps of a run may take: ${timing.steps} s`,
      problem(
        'activeDeadline',
        'error',
        settings.activeDeadline,
        'Leave it out, or shorten the timeouts of the steps.',
      ),
    );
  if (!('schedule' in settings)) return;
  refuse(
    less(seconds(settings.startingDeadline), 10),
    'a run that is looked for every 10 s may never start',
    problem('startingDeadline', 'error', settings.startingDeadline, 'Give at least 10s.'),
  );
  if (isTraced(settings.schedule)) return;
  const intervals = cronIntervals(settings.schedule);
  if (!intervals) {
    problem('schedule', 'error', settings.schedule, 'Give a day that comes, or set suspend.')('never runs');
    return;
  }
  if (isTraced(timing.lease) || timing.lease <= intervals.shortest) return;
  problem(
    'schedule',
    'warning',
    `a run every ${intervals.shortest} s`,
    'Run less often, or shorten the timeouts of the steps.',
  )(
    `runs may follow each other faster than one may take (${timing.active} s): a run that is killed holds the lease for ${timing.lease} s`,
  );
}
