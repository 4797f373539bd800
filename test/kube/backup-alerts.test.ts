import { Chart, Testing } from 'cdk8s';
import { describe, expect, test } from 'vitest';
import {
  App,
  BackupAlerts,
  type BackupAlertsProps,
  checkObjects,
  ProblemsError,
  type WatchedCronJob,
} from '../../src/index.js';
import { evaluate, type Samples } from './prometheus-expression.js';

const backup: WatchedCronJob = {
  kind: 'backup',
  namespace: 'rondb',
  cronJob: 'rondb-backup',
  schedule: '0 2 * * *',
  longestRun: 7200,
};
const verification: WatchedCronJob = { ...backup, kind: 'verification', cronJob: 'rondb-verify' };

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

function synthesize(props: Partial<BackupAlertsProps> = {}) {
  const chart = new Chart(Testing.app(), 'test');
  new BackupAlerts(chart, 'alerts', { watches: [{ watched: backup }], ...props });
  return chart.toJson();
}
const rulesOf = (props?: Partial<BackupAlertsProps>): Rule[] => synthesize(props)[0].spec.groups[0].rules;

describe('the PrometheusRule', () => {
  test('is found by its labels, in the namespace of what it watches', () => {
    expect(synthesize({ labels: { release: 'prometheus' } })[0]).toMatchObject({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'backup-alerts', namespace: 'rondb', labels: { release: 'prometheus' } },
    });
    expect(synthesize({ namespace: 'monitoring', name: 'mine' })[0].metadata).toMatchObject({
      name: 'mine',
      namespace: 'monitoring',
    });
  });

  test('has three alerts for each CronJob, those that mean danger as critical', () => {
    const rules = rulesOf({ watches: [{ watched: backup }, { watched: verification }], alertLabels: { team: 'data' } });
    expect(rules.map(({ alert, labels }) => `${alert} ${labels['severity']} ${labels['team']}`)).toEqual([
      'BackupTooOld critical data',
      'BackupFailed warning data',
      'BackupMetricsMissing warning data',
      'VerificationTooOld warning data',
      'VerificationFailed critical data',
      'VerificationMetricsMissing warning data',
    ]);
    for (const { annotations } of rules) expect(annotations['summary']).toMatch(/rondb\/rondb-(backup|verify): .+/);
  });

  test('is checked as other objects are: a misspelt field would be an alert that never comes', () => {
    const [object] = synthesize();
    expect(checkObjects([{ object, source: 'test' }])).toEqual([]);
    const broken = structuredClone(object);
    broken.spec.groups[0].rules[0].expression = broken.spec.groups[0].rules[0].expr;
    delete broken.spec.groups[0].rules[0].expr;
    expect(
      checkObjects([{ object: broken, source: 'test' }])
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['missing-field', 'unknown-field']);
  });

  test('is not made where everything it watches was refused: that is said there', () => {
    expect(synthesize({ watches: [{ watched: undefined }] })).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['nothing to watch', { watches: [] }, 'watches'],
    ['no list', { watches: undefined }, 'watches'],
    [
      'a schedule that never runs',
      { watches: [{ watched: { ...backup, schedule: '0 0 31 2 *' } }] },
      'watches[0].watched.schedule',
    ],
    ['a CronJob by name only', { watches: [{ watched: 'rondb-backup' }] }, 'watches[0].watched'],
    ['a tolerance that is none', { tolerance: 'soon' }, 'tolerance'],
    ['a misspelt prop', { label: {} }, 'label'],
  ])('is refused with %s', (_, props, property) => {
    const app = new App({ outdir: 'nowhere' });
    new BackupAlerts(new Chart(app, 'test'), 'alerts', { watches: [{ watched: backup }], ...props } as never);
    try {
      app.synth();
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      expect(error.problems.map(({ where }) => 'property' in where && where.property)).toEqual([property]);
    }
  });
});

const hour = 3600;
const day = 24 * hour;
const now = 1_800_000_000;

describe('the alerts of a backup at two in the morning that may take two hours', () => {
  /** The CronJob as kube-state-metrics shows it; ages in seconds. */
  const state = (ages: { created: number; scheduled?: number; succeeded?: number }, active = 0): Samples => ({
    kube_cronjob_created: now - ages.created,
    ...(ages.scheduled === undefined ? {} : { kube_cronjob_status_last_schedule_time: now - ages.scheduled }),
    ...(ages.succeeded === undefined ? {} : { kube_cronjob_status_last_successful_time: now - ages.succeeded }),
    kube_cronjob_status_active: active,
  });

  test.each<[string, Samples, string[]]>([
    ['just made', state({ created: hour }), []],
    ['never ran in its first night', state({ created: 28 * hour }), ['BackupTooOld']],
    ['in its first run', state({ created: day, scheduled: hour }, 1), []],
    ['first run failed', state({ created: day, scheduled: hour }), ['BackupFailed']],
    ['succeeded last night', state({ created: 9 * day, scheduled: 10 * hour, succeeded: 9 * hour }), []],
    ['runs now, succeeded last night', state({ created: 9 * day, scheduled: hour, succeeded: 23 * hour }, 1), []],
    ['last night failed', state({ created: 9 * day, scheduled: 3 * hour, succeeded: 26 * hour }), ['BackupFailed']],
    [
      'failed for two nights',
      state({ created: 9 * day, scheduled: 3 * hour, succeeded: 50 * hour }),
      ['BackupTooOld', 'BackupFailed'],
    ],
    ['failed, then done by hand', state({ created: 9 * day, scheduled: 5 * hour, succeeded: hour }), []],
    ['at the last moment', state({ created: 9 * day, scheduled: 27 * hour, succeeded: 27 * hour }), []],
    [
      'a moment later',
      state({ created: 9 * day, scheduled: 27 * hour, succeeded: 27 * hour + 1 }),
      ['BackupTooOld', 'BackupFailed'],
    ],
    ['not to be seen', {}, ['BackupMetricsMissing']],
  ])('%s', (_, samples, alerts) => {
    const fired = rulesOf().filter(({ expr }) => evaluate(expr, samples, now) !== undefined);
    expect(fired.map(({ alert }) => alert)).toEqual(alerts);
  });

  test('wait longer for a schedule with longer gaps', () => {
    const oldest = (schedule: string, tolerance = '1h') =>
      Number(/> (\d+)\)/.exec(rulesOf({ tolerance, watches: [{ watched: { ...backup, schedule } }] })[0]!.expr)![1]);
    expect(oldest('0 2 * * *')).toBe(day + 2 * hour + hour);
    expect(oldest('0 2 * * 1-5')).toBe(3 * day + 2 * hour + hour);
    expect(oldest('0 2 * * 0', '30m')).toBe(7 * day + 2 * hour + hour / 2);
  });
});

describe('the same alerts by what the runs push to a Pushgateway', () => {
  const pushed = { ...backup, metrics: 'pushgateway' } as const;
  const rules = () => rulesOf({ watches: [{ watched: pushed }] });
  const state = (attempt: number, success: 0 | 1, succeeded?: number): Samples => ({
    chartwright_backup_last_attempt_timestamp_seconds: now - attempt,
    chartwright_backup_last_attempt_success: success,
    ...(succeeded === undefined ? {} : { chartwright_backup_last_success_timestamp_seconds: now - succeeded }),
  });

  test.each<[string, Samples, string[]]>([
    ['succeeded last night', state(9 * hour, 1, 9 * hour), []],
    ['last night failed', state(3 * hour, 0, 26 * hour), ['BackupFailed']],
    ['failed for two nights', state(3 * hour, 0, 50 * hour), ['BackupTooOld', 'BackupFailed']],
    ['never succeeded', state(3 * hour, 0), ['BackupTooOld', 'BackupFailed']],
    ['runs have stopped', state(40 * hour, 1, 40 * hour), ['BackupTooOld']],
    ['not to be seen', {}, ['BackupMetricsMissing']],
  ])('%s', (_, samples, alerts) => {
    const fired = rules().filter(({ expr }) => evaluate(expr, samples, now) !== undefined);
    expect(fired.map(({ alert }) => alert)).toEqual(alerts);
  });

  test('name the group that a run pushes to, and the kind of run', () => {
    const verify = { ...verification, metrics: 'pushgateway' } as const;
    for (const { expr } of rulesOf({ watches: [{ watched: verify }] }))
      for (const selector of expr.match(/chartwright_\w+(\{[^}]*\})?/g)!)
        expect(selector).toMatch(/^chartwright_verification_.*\{namespace="rondb",job="rondb-verify"\}$/);
  });
});

test('every expression names the CronJob and its namespace', () => {
  for (const { expr } of rulesOf())
    for (const selector of expr.match(/kube_\w+(\{[^}]*\})?/g)!)
      expect(selector).toMatch(/\{namespace="rondb",cronjob="rondb-backup"\}$/);
});
