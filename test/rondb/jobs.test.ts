import { Chart, Testing } from 'cdk8s';
import { describe, expect, test } from 'vitest';
import { App, ProblemsError } from '../../src/index.js';
import {
  RonDBBackupCronJob,
  RonDBRestoreJob,
  type RonDBRestoreJobProps,
  RonDBVerifyCronJob,
} from '../../src/rondb/index.js';
import { rondbBackup, rondbRestore, rondbVerify } from '../../src/scripts/index.js';
import { environmentOf, find, jobOf, type Manifest, repository, sets, synthesize } from './sets.js';

const objects = synthesize(sets['stream']!);
const backup = find(objects, 'CronJob', 'rondb-backup');
const verify = find(objects, 'CronJob', 'rondb-verify');
const restore = find(objects, 'Job');
const scripts = [
  ['backup', backup, rondbBackup],
  ['verify', verify, rondbVerify],
  ['restore', restore, rondbRestore],
] as const;

describe('the container of each job', () => {
  test('pushes its metrics to the group that the alerts look for, or nowhere', () => {
    expect(environmentOf(backup)['PUSHGATEWAY']).toBe('');
    const pushing = synthesize(sets['everything']!);
    const group = environmentOf(find(pushing, 'CronJob', 'north-backup'))['PUSHGATEWAY'];
    expect(group).toBe('pushgateway.monitoring.svc:9091/metrics/job/north-backup/namespace/rondb');
    const [tooOld] = find(pushing, 'PrometheusRule')['spec'].groups[0].rules;
    expect(tooOld.expr).toContain(
      'chartwright_backup_last_success_timestamp_seconds{namespace="rondb",job="north-backup"}',
    );
    expect(JSON.stringify(find(objects, 'PrometheusRule'))).not.toContain('chartwright_backup');
  });

  test.each(scripts)('%s has the variables of its script, and of its programs no others', (_, job, script) => {
    const names = Object.keys(environmentOf(job));
    const own = script.environment.map(({ name }) => name);
    expect(names.slice(0, own.length)).toEqual(own);
    expect(names.slice(own.length).filter((name) => !/^(HOME|RCLONE_CONFIG(_STORE_[A-Z_]+)?)$/.test(name))).toEqual([]);
  });

  test.each(scripts)('%s finds its script and libraries where it starts it', (_, job, script) => {
    const { containers, volumes } = jobOf(job).template.spec;
    const [{ command, volumeMounts }] = containers;
    expect(command).toEqual(script.command);
    const volume = volumes.find(({ name }: { name: string }) => name === 'scripts');
    const { mountPath } = volumeMounts.find(({ name }: { name: string }) => name === 'scripts');
    expect(command[1]).toBe(`${mountPath}/${script.name}`);
    const data = find(objects, 'ConfigMap', volume.configMap.name)['data'];
    const libraries = 'libraries' in script ? script.libraries : [];
    expect(data).toEqual(Object.fromEntries([script, ...libraries].map(({ name, content }) => [name, content])));
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(2 ** 19);
  });

  test('no secret is in a value, an argument or a ConfigMap', () => {
    for (const name of Object.keys(sets))
      for (const object of synthesize(sets[name]!).filter(({ kind }) => /Job$/.test(kind))) {
        const values = Object.entries(environmentOf(object)).filter(([variable]) =>
          /PASSWORD|SECRET|ACCESS_KEY|TOKEN/.test(variable),
        );
        expect(values.filter(([, value]) => !/^<[a-z-]+\/[A-Za-z-]+>$/.test(value))).toEqual([]);
      }
  });

  test('one repository gives all of them the same store and credentials', () => {
    const store = (job: Manifest) =>
      Object.entries(environmentOf(job)).filter(([name]) => /^(RCLONE|STORE_|CLUSTER_ID|ENCRYPTION|KEY_)/.test(name));
    const sorted = (job: Manifest) => store(job).sort(([a], [b]) => a.localeCompare(b));
    for (const set of Object.values(sets)) {
      const all = synthesize(set);
      const jobs = all.filter(({ kind }) => /Job$/.test(kind));
      expect(jobs).toHaveLength(3);
      for (const job of jobs) expect(sorted(job)).toEqual(sorted(jobs[0]!));
    }
  });

  test('the store in a bucket of upstream’s backups is read from the bucket on, whatever prefix ours has', () => {
    const variables = environmentOf(find(synthesize(sets['everything']!), 'Job'));
    expect(variables['SOURCE_PATH']).toBe('store:rondb-backups/production/south');
    expect(environmentOf(restore)['SOURCE_PATH']).toBe(environmentOf(restore)['STORE_PATH']);
    const prefixed = { ...sets['minio']!, restore: { backupId: 1, source: 'rondb_backup' } };
    expect(environmentOf(find(synthesize(prefixed), 'Job'))['SOURCE_PATH']).toBe('store:rondb_backup');
  });
});

describe('deadlines', () => {
  test.each(Object.keys(sets))('of %s contain each other: steps, the Job, its grace period, the lease', (name) => {
    for (const job of synthesize(sets[name]!).filter(({ kind }) => /Job$/.test(kind))) {
      const { activeDeadlineSeconds, template } = jobOf(job);
      const { LEASE_SECONDS, LEFTOVER_GRACE_SECONDS, ...variables } = environmentOf(job);
      const sum = ['PREFLIGHT', 'NATIVE_BACKUP', 'TRANSFER', 'RETENTION', 'RESTORE']
        .map((step) => Number(variables[`${step}_TIMEOUT_SECONDS`] ?? 0))
        .reduce((all, step) => all + step, 0);
      expect(activeDeadlineSeconds).toBeGreaterThan(sum);
      expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(variables['COMMAND_TIMEOUT_SECONDS']));
      const longest = activeDeadlineSeconds + template.spec.terminationGracePeriodSeconds;
      if (LEASE_SECONDS) expect(Number(LEASE_SECONDS)).toBeGreaterThan(longest);
      if (LEFTOVER_GRACE_SECONDS) expect(Number(LEFTOVER_GRACE_SECONDS)).toBeGreaterThan(longest);
    }
  });

  test('are the sum of the steps', () => {
    // three native backups with their inventories, preflight, commit, clean-up, transfer, retention, reserve
    expect(jobOf(backup).activeDeadlineSeconds).toBe(3 * 3600 + 6 * 300 + 7200 + 1800 + 300);
    expect(jobOf(verify).activeDeadlineSeconds).toBe(300 + 7200 + 300);
    // preflight, transfer, seven steps in the database, three small ones, reserve
    expect(jobOf(restore).activeDeadlineSeconds).toBe(300 + 7200 + 7 * 7200 + 3 * 60 + 300);
  });
});

describe('rights', () => {
  const rulesOf = (name: string | RegExp) =>
    (find(objects, 'Role', name)['rules'] as { resources: string[]; verbs: string[]; resourceNames?: string[] }[]).map(
      ({ resources, verbs, resourceNames }) => `${resources} ${verbs}${resourceNames ? ` of ${resourceNames}` : ''}`,
    );
  const pods = 'node-group-0-0,node-group-0-1,node-group-1-0,node-group-1-1,mysqlds-0';

  test.each(['rondb-backup', /^rondb-restore/])(
    'of %s are exec into the named pods, the lease and the status',
    (name) => {
      expect(rulesOf(name)).toEqual([
        `pods get of ${pods}`,
        `pods/exec get,create of ${pods}`,
        'leases create',
        'leases get,update of rondb-backup',
        'configmaps get,patch of rondb-backup-status',
      ]);
    },
  );

  test('of the verification are none in the cluster but the status', () => {
    expect(rulesOf('rondb-verify')).toEqual(['configmaps get,patch of rondb-backup-status']);
  });

  test('come with the token only in these pods', () => {
    for (const object of objects.filter(({ kind }) => kind === 'ServiceAccount'))
      expect(object['automountServiceAccountToken']).toBe(false);
    for (const [, job] of scripts) expect(jobOf(job).template.spec.automountServiceAccountToken).toBe(true);
  });

  test('can be given to a ServiceAccount that is there', () => {
    const all = synthesize({ repository, serviceAccount: { name: 'mine' } });
    expect(all.filter(({ kind }) => kind === 'ServiceAccount')).toEqual([]);
    for (const { subjects } of all.filter(({ kind }) => kind === 'RoleBinding') as unknown as { subjects: object[] }[])
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name: 'mine', namespace: 'rondb' }]);
  });
});

describe('what all jobs share', () => {
  test('is one empty ConfigMap for the status, whichever job comes first', () => {
    const status = objects.filter(({ metadata }) => metadata.name === 'rondb-backup-status');
    expect(status).toHaveLength(1);
    expect(status[0]).not.toHaveProperty('data');
    const chart = new Chart(Testing.app(), 'test');
    new RonDBVerifyCronJob(chart, 'verify', { repository, schedule: '0 1 * * *' });
    expect(find(chart.toJson(), 'ConfigMap', 'rondb-backup-status')).toEqual(status[0]);
  });

  test('is a lease by the cluster’s name for it, whatever the repository is called', () => {
    const second = synthesize({ repository: { ...repository, name: 'second' } });
    expect(environmentOf(find(second, 'CronJob', 'second-backup'))['LEASE_NAME']).toBe('rondb-backup');
  });

  test('are two of everything where a second repository has another name, and an error where it has not', () => {
    const app = (name: string) => {
      const one = new App({ outdir: 'nowhere' });
      const chart = new Chart(one, 'test');
      new RonDBBackupCronJob(chart, 'a', { repository, schedule: '0 1 * * *' });
      new RonDBBackupCronJob(chart, 'b', { repository: { ...repository, name }, schedule: '0 4 * * *' });
      return one;
    };
    expect(() => app('rondb').synth()).toThrow(ProblemsError);
    expect(app('second').node.validate()).toEqual([]);
  });
});

describe('a restore', () => {
  const made = (change: Partial<RonDBRestoreJobProps> = {}) =>
    find(synthesize({ repository, restore: { backupId: 'latest', ...change } }), 'Job');

  test('does not start when its manifest is applied, unless that is asked for', () => {
    expect(made()['spec'].suspend).toBe(true);
    expect(made({ mode: 'apply' })['spec'].suspend).toBe(true);
    expect(made({ mode: 'apply', run: true })['spec'].suspend).toBe(false);
    expect(environmentOf(made())['MODE']).toBe('plan');
  });

  test('is never removed by itself: applied again, it would restore again', () => {
    expect(made({ run: true })['spec']).not.toHaveProperty('ttlSecondsAfterFinished');
  });

  test('has another name when it does something else, and the same when it is only started', () => {
    const name = (change: Partial<RonDBRestoreJobProps>) => made(change).metadata.name;
    const changes: Partial<RonDBRestoreJobProps>[] = [
      { mode: 'apply' },
      { backupId: 7 },
      { includeDatabases: ['shop'] },
      { image: { tag: '1.1' } },
      { restoreTimeout: '1h' },
    ];
    const names = [name({}), ...changes.map(name)];
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toMatch(/^rondb-restore-latest-[0-9a-f]{8}$/);
    expect(names[2]).toMatch(/^rondb-restore-7-[0-9a-f]{8}$/);
    expect(name({ run: true })).toBe(names[0]);
  });

  test('has a name that its pods can carry as a label, at the longest', () => {
    const longest = made({ backupId: 2147483647, repository: { ...repository, name: 'a'.repeat(32) } } as never);
    expect(longest.metadata.name.length).toBeLessThanOrEqual(63);
  });

  test('may be there twice in one chart, as plan and for real', () => {
    const chart = new Chart(new App({ outdir: 'nowhere' }), 'test');
    for (const mode of ['plan', 'apply'] as const)
      new RonDBRestoreJob(chart, mode, { repository, backupId: 'latest', mode });
    expect(chart.node.root.node.validate()).toEqual([]);
    expect(chart.toJson().filter(({ kind }: Manifest) => kind === 'Job')).toHaveLength(2);
  });
});
