import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { z } from 'zod';
import { add, cronIntervals, cronSchedule, dnsLabel, dnsName, duration, isTraced, seconds } from '../units/index.js';
import { prometheusRule } from './check/prometheus-rule.js';
import { checkProps } from './props.js';
import { reportProblems } from './report.js';

/** A CronJob whose runs must succeed, as alerts look at it. */
export interface WatchedCronJob {
  /** What it does: which alerts there are, and what they say, follows from it. */
  readonly kind: 'backup' | 'verification' | 'drill';
  /** Its namespace. */
  readonly namespace: string;
  /** Its name. */
  readonly cronJob: string;
  /** Its schedule of five fields. */
  readonly schedule: string;
  /**
   * Longest time between two runs, such as `24h`.
   * @default - computed from the schedule
   */
  readonly longestInterval?: string | undefined;
  /** Seconds that a run may take: its `activeDeadlineSeconds`. */
  readonly longestRun: number;
  /**
   * Where the metrics come from: kube-state-metrics, which knows of every CronJob, or a Pushgateway that the runs push to,
   * in the group `job=<name of the CronJob>, namespace=<its namespace>`.
   *
   * @default "kube-state-metrics"
   */
  readonly metrics?: 'kube-state-metrics' | 'pushgateway' | undefined;
}

/** Props of {@link BackupAlerts}. */
export interface BackupAlertsProps {
  /**
   * What is watched, at least one: the constructs of the CronJobs, or `{ watched: { … } }` by hand. One without `watched` was
   * refused; what is wrong with it is said there.
   */
  readonly watches: readonly { readonly watched: WatchedCronJob | undefined }[];
  /** Name of the PrometheusRule. @default "backup-alerts" */
  readonly name?: string | undefined;
  /** Namespace of the PrometheusRule. @default - that of the first CronJob */
  readonly namespace?: string | undefined;
  /**
   * Labels of the PrometheusRule, by which a Prometheus finds it: kube-prometheus-stack wants `release: <its release>`.
   *
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** More labels of every alert, such as `team`; `severity` is ours. @default - none */
  readonly alertLabels?: Readonly<Record<string, string>> | undefined;
  /**
   * How much later than the schedule allows a success may come before there is an alert. It also covers changes to and
   * from daylight saving time.
   *
   * @default "1h"
   */
  readonly tolerance?: string | undefined;
}

const watchedSchema = z.strictObject({
  kind: z.enum(['backup', 'verification', 'drill']),
  namespace: dnsLabel(),
  cronJob: dnsName(),
  schedule: cronSchedule().refine(
    (schedule) => isTraced(schedule) || cronIntervals(schedule) !== undefined,
    'never runs',
  ),
  longestInterval: duration().optional(),
  longestRun: z.int().min(1),
  metrics: z.enum(['kube-state-metrics', 'pushgateway']).default('kube-state-metrics'),
});

type Watched = z.output<typeof watchedSchema>;

const labels = () => z.record(z.string(), z.string()).default({});

const alertsSchema = z.strictObject({
  watches: z.array(z.object({ watched: watchedSchema.optional() })).min(1),
  name: dnsName().default('backup-alerts'),
  namespace: dnsLabel().optional(),
  labels: labels(),
  alertLabels: labels(),
  tolerance: duration().default('1h'),
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * A PrometheusRule that alerts when backups, their verification or restore drills stop succeeding: the last success is
 * too old, the last attempt failed, or there are no metrics to say so. How old is too old follows from each schedule.
 *
 * The metrics are those of kube-state-metrics about CronJobs, which most clusters have, or those that the runs push to a
 * Pushgateway where one is set; runs by `kubectl create job --from` count too. They must carry the CronJob’s own namespace
 * (`honorLabels`, as in kube-prometheus-stack), otherwise the alert about missing metrics comes.
 *
 * @example
 * ```ts
 * new BackupAlerts(chart, 'alerts', {
 *   watches: [{ watched: {
 *     kind: 'backup', namespace: 'rondb', cronJob: 'rondb-backup', schedule: '17 2 * * *', longestRun: 7200,
 *   } }],
 *   labels: { release: 'kube-prometheus-stack' },
 * });
 * ```
 */
export class BackupAlerts extends Construct {
  constructor(scope: Construct, id: string, props: BackupAlertsProps) {
    super(scope, id);
    const { settings, problems } = checkProps(alertsSchema, props, this.node.path);
    reportProblems(this, problems);
    if (!settings) return;
    const watched = settings.watches.flatMap((watch) => watch.watched ?? []);
    const tolerance = seconds(settings.tolerance);
    const rules = watched.flatMap((cronJob) => {
      const { schedule, longestInterval, longestRun } = cronJob;
      const interval = longestInterval === undefined ? cronIntervals(schedule)?.longest : seconds(longestInterval);
      if (interval === undefined) return [];
      return rulesOf(cronJob, add(interval, longestRun, tolerance), settings.alertLabels);
    });
    const [first] = watched;
    if (!first) return;
    new ApiObject(this, 'rule', {
      ...prometheusRule,
      metadata: {
        name: settings.name,
        namespace: settings.namespace ?? first.namespace,
        labels: { ...settings.labels, 'app.kubernetes.io/managed-by': 'chartwright' },
      },
      spec: { groups: [{ name: settings.name, rules }] },
    });
  }
}

/** How alerts are named by what a CronJob does, and what to do when its last run has failed. */
const wording = {
  backup: { what: 'Backup', failed: 'The exit code of its pod says what to do: RUNBOOK.md.' },
  verification: { what: 'Verification', failed: 'A set in the store may be damaged: RUNBOOK.md.' },
  drill: {
    what: 'RestoreDrill',
    failed: 'What is in the store may not come back: the log of its pod says why, and what to do.',
  },
} as const;

function rulesOf(watched: Watched, oldest: number, alertLabels: Readonly<Record<string, string>>): Rule[] {
  const { kind, namespace, cronJob } = watched;
  const expressions = (watched.metrics === 'pushgateway' ? pushed : ofCronJob)(watched, oldest);
  const { what, failed } = wording[kind];
  const rule = (alert: string, severity: string, hold: string, expr: string, fact: string, advice: string): Rule => ({
    alert: `${what}${alert}`,
    expr,
    for: hold,
    labels: { ...alertLabels, severity },
    annotations: { summary: `${what} ${namespace}/${cronJob}: ${fact}`, description: `${fact}. ${advice}` },
  });
  return [
    rule(
      'TooOld',
      kind === 'backup' ? 'critical' : 'warning',
      '5m',
      expressions.tooOld,
      `no success for longer than the schedule allows (${oldest} s)`,
      'See the log of its newest Job.',
    ),
    rule('Failed', kind === 'backup' ? 'warning' : 'critical', '5m', expressions.failed, 'the last run failed', failed),
    rule('MetricsMissing', 'warning', '30m', expressions.missing, ...expressions.whyMissing),
  ];
}

interface Expressions {
  readonly tooOld: string;
  readonly failed: string;
  readonly missing: string;
  /** The fact, and what may be behind it. */
  readonly whyMissing: readonly [string, string];
}

/** By what kube-state-metrics tells of a CronJob. Several replicas or scrapes of one metric are one series here. */
function ofCronJob({ namespace, cronJob }: Watched, oldest: number): Expressions {
  const selector = `{namespace="${namespace}",cronjob="${cronJob}"}`;
  const metric = (name: string) => `max by (namespace, cronjob) (kube_cronjob_${name}${selector})`;
  const succeeded = metric('status_last_successful_time');
  const scheduled = metric('status_last_schedule_time');
  return {
    tooOld: `(time() - ${succeeded} > ${oldest}) or (time() - ${metric('created')} > ${oldest} unless ${succeeded})`,
    failed: `((${scheduled} > ${succeeded}) or (${scheduled} unless ${succeeded})) and (${metric('status_active')} == 0)`,
    missing: `absent(kube_cronjob_created${selector})`,
    whyMissing: [
      'there are no metrics of the CronJob',
      'It was removed, or kube-state-metrics is not there or not scraped.',
    ],
  };
}

/**
 * By what the runs themselves have pushed. A Pushgateway keeps it for ever, so runs that have stopped are seen by age
 * only; and it knows nothing of a CronJob’s beginning, so one whose runs never succeeded is too old at once.
 */
function pushed({ kind, namespace, cronJob }: Watched, oldest: number): Expressions {
  const selector = `{namespace="${namespace}",job="${cronJob}"}`;
  const metric = (name: string) => `max by (namespace, job) (chartwright_${kind}_${name}${selector})`;
  const succeeded = metric('last_success_timestamp_seconds');
  return {
    tooOld: `(time() - ${succeeded} > ${oldest}) or (${metric('last_attempt_timestamp_seconds')} unless ${succeeded})`,
    failed: `${metric('last_attempt_success')} == 0`,
    missing: `absent(chartwright_${kind}_last_attempt_timestamp_seconds${selector})`,
    whyMissing: ['no run has pushed metrics', 'None came to its end, or the Pushgateway is not there or not scraped.'],
  };
}
