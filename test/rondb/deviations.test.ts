import { describe, expect, test } from 'vitest';
import { checkJob } from '../../src/rondb/checks.js';
import { deviations, type ObjectCheck } from '../../src/rondb/deviations.js';
import { backupSchema, restoreSchema } from '../../src/rondb/props-schema.js';
import { backupTiming, restoreTiming } from '../../src/rondb/timing.js';
import { environmentOf, find, jobOf, type Manifest, repository, sets, synthesize } from './sets.js';

const objects = synthesize(sets['stream']!);
const everything = synthesize(sets['everything']!);
const jobs = objects.filter(({ kind }) => /Job$/.test(kind));
const problems = (schema: typeof backupSchema, props: object) =>
  checkJob(schema, props, 'job', backupTiming).problems.map(({ message }) => message);

/** What each check of objects looks at. */
const checks: Readonly<Record<ObjectCheck, () => void>> = {
  deadlines: () => {
    for (const job of jobs) expect(jobOf(job).activeDeadlineSeconds).toBeGreaterThan(0);
    for (const job of objects.filter(({ kind }) => kind === 'CronJob'))
      expect(job['spec'].startingDeadlineSeconds).toBeGreaterThanOrEqual(10);
  },
  'configuration of each run': () => {
    for (const job of jobs) {
      expect(environmentOf(job)['RCLONE_CONFIG_STORE_TYPE']).toBe('s3');
      expect(JSON.stringify(jobOf(job))).not.toContain('rclone.conf');
    }
  },
  'secrets by reference': () => {
    for (const job of jobs) {
      const [{ env }] = jobOf(job).template.spec.containers;
      const references = (env as { valueFrom?: { secretKeyRef?: { optional?: boolean } } }[]).flatMap(
        ({ valueFrom }) => valueFrom?.secretKeyRef ?? [],
      );
      expect(references.length).toBeGreaterThanOrEqual(2);
      expect(references.filter(({ optional }) => optional)).toEqual([]);
    }
  },
  'whole pods': () => {
    for (const job of everything.filter(({ kind }) => /Job$/.test(kind))) {
      const { spec } = jobOf(job).template;
      expect(spec.imagePullSecrets).toEqual([{ name: 'registry' }]);
      expect(spec.priorityClassName).toBe('rondb-high-priority');
      expect(spec.containers[0].resources.requests).toBeDefined();
      expect(spec.containers[0].securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
      });
    }
    for (const job of jobs) expect(jobOf(job).template.spec.containers[0].resources.requests).toBeDefined();
  },
  'refused props': () => {
    expect(problems(backupSchema, { repository, schedul: '0 0 * * *' })).toEqual([
      'is required',
      'there is no such property',
    ]);
  },
  'status and alerts': () => {
    for (const job of jobs) {
      const [{ terminationMessagePolicy }] = jobOf(job).template.spec.containers;
      expect(terminationMessagePolicy).toBe('FallbackToLogsOnError');
      find(objects, 'ConfigMap', environmentOf(job)['STATUS_CONFIGMAP']!);
    }
    expect(find(objects, 'PrometheusRule')['spec'].groups[0].rules).toHaveLength(6);
  },
  'rights by name': () => {
    const named = (rule: { verbs: string[]; resourceNames?: string[] }) =>
      rule.resourceNames !== undefined || rule.verbs.join() === 'create';
    for (const { rules } of objects.filter(({ kind }) => kind === 'Role') as unknown as { rules: never[] }[])
      expect(rules.filter((rule) => !named(rule))).toEqual([]);
    expect(find(objects, 'Role', 'rondb-verify')['rules']).toHaveLength(1);
  },
  'time zone': () => {
    for (const job of objects.filter(({ kind }) => kind === 'CronJob')) expect(job['spec'].timeZone).toContain('/');
    expect(problems(backupSchema, { repository, schedule: '@weekly' })).toHaveLength(1);
  },
  'fingerprint of the key': () => {
    const variables = environmentOf(find(synthesize(sets['minio']!), 'CronJob', 'rondb-backup'));
    expect(variables).toMatchObject({
      ENCRYPTION: 'rclone-crypt',
      KEY_FINGERPRINT: '0123456789abcdef',
      RCLONE_CONFIG_STORE_TYPE: 'crypt',
      RCLONE_CONFIG_STORE_PASSWORD: '<backup-key/crypt-password>',
    });
  },
  'waiting restore': () => {
    const restore = find(objects, 'Job');
    expect([restore['spec'].suspend, environmentOf(restore)['MODE'], environmentOf(restore)['INTO_NON_EMPTY']]).toEqual(
      [true, 'plan', 'false'],
    );
  },
  'nothing in the data nodes': () => {
    expect(objects.filter(({ kind }) => /StatefulSet|Deployment|Pod$/.test(kind))).toEqual([]);
  },
  'checked ids': () => {
    for (const backupId of ['12; rm -rf /', 0, 2147483648, '../1'])
      expect(
        checkJob(restoreSchema as never, { repository, backupId }, 'job', restoreTiming as never).problems,
      ).toHaveLength(1);
  },
  'room for definitions': () => {
    for (const job of jobs) {
      const { volumes } = jobOf(job).template.spec;
      expect(volumes.find(({ name }: { name: string }) => name === 'tmp').emptyDir).toEqual({ sizeLimit: '1Gi' });
    }
  },
};

/** The scripts in a job's pod, without comments: those tell of upstream too. */
const scriptsOf = (kind: string): string => {
  const job = kind === 'restore' ? find(objects, 'Job') : find(objects, 'CronJob', `rondb-${kind}`);
  const volume = jobOf(job).template.spec.volumes.find(({ name }: Manifest['metadata']) => name === 'scripts');
  const files: Record<string, string> = find(objects, 'ConfigMap', volume.configMap.name)['data'];
  return Object.values(files)
    .join('\n')
    .replace(/^\s*#.*$/gm, '');
};

describe('each listed deviation can be seen in what is made', () => {
  test.each(deviations.map((deviation) => [deviation.id, deviation.shown] as const))('%s', (_, shown) => {
    if ('objects' in shown) {
      checks[shown.objects]();
      return;
    }
    const text = scriptsOf(shown.job);
    const found = {
      has: shown.has === undefined || text.includes(shown.has),
      hasNot: shown.hasNot !== undefined && text.includes(shown.hasNot),
    };
    expect(found).toEqual({ has: true, hasNot: false });
  });

  test('and each check belongs to one', () => {
    const used = deviations.flatMap(({ shown }) => ('objects' in shown ? shown.objects : []));
    expect(Object.keys(checks).filter((name) => !used.includes(name as ObjectCheck))).toEqual([]);
  });
});

describe('the list', () => {
  test('has every hazard of upstream, and each entry its own name', () => {
    const named = new Set(deviations.flatMap(({ hazards }) => hazards));
    expect(Array.from({ length: 49 }, (_, index) => index + 1).filter((hazard) => !named.has(hazard))).toEqual([]);
    expect([...named].filter((hazard) => hazard < 1 || hazard > 49)).toEqual([]);
    expect(new Set(deviations.map(({ id }) => id)).size).toBe(deviations.length);
  });
});
