import { Chart, Testing } from 'cdk8s';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BackupAlerts, checkObjects } from '../../src/index.js';
import {
  ValdAgentWithBackup,
  type ValdAgentWithBackupProps,
  ValdRestoreDrillCronJob,
  type ValdRestoreDrillCronJobProps,
} from '../../src/vald/index.js';
import { expectAccepted } from '../kube/accepted.js';
import { describeWith } from '../programs/find.js';
import { startKubeApiServer } from '../programs/kube-api-server.js';
import { find, type Manifest, methods, variants } from './sets.js';

function synthesize(props: Omit<ValdRestoreDrillCronJobProps, 'agent'>, agentProps: ValdAgentWithBackupProps) {
  const chart = new Chart(Testing.app(), 'test');
  const agent = new ValdAgentWithBackup(chart, 'agent', agentProps);
  const drill = new ValdRestoreDrillCronJob(chart, 'drill', { agent, ...props });
  new BackupAlerts(chart, 'alerts', { watches: [drill] });
  return { drill, objects: () => chart.toJson() as Manifest[], root: chart.node.root };
}

const daily = { schedule: '41 4 * * *' };

test.each(['repository', 'repository-cow'])(
  '%s: the CronJob is that of the snapshot, and nothing is wrong with it',
  async (name) => {
    const { drill, objects } = synthesize(daily, variants[name]!);
    const all = objects();
    expect(checkObjects(all.map((object) => ({ object, source: name })))).toEqual([]);
    expect(drill.watched).toMatchObject({ kind: 'drill', namespace: 'vald', cronJob: 'vald-agent-drill', ...daily });
    const yaml = (object: Manifest) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
    await expect(yaml(find(all, 'CronJob'))).toMatchFileSnapshot(`snapshots/${name}/CronJob.vald-agent-drill.yaml`);
    await expect(yaml(find(all, 'ConfigMap', 'vald-agent-drill-config'))).toMatchFileSnapshot(
      `snapshots/${name}/ConfigMap.vald-agent-drill-config.yaml`,
    );
    const rule = find(all, 'PrometheusRule') as unknown as { spec: { groups: { rules: { alert: string }[] }[] } };
    expect(rule.spec.groups[0]!.rules.map(({ alert }) => alert)).toEqual([
      'RestoreDrillTooOld',
      'RestoreDrillFailed',
      'RestoreDrillMetricsMissing',
    ]);
  },
);

const environment = (objects: Manifest[], name: string): string | undefined =>
  new RegExp(`{"name":"${name}","value":"([^"]*)"}`).exec(JSON.stringify(find(objects, 'CronJob')))?.[1];

test('the replicas take turns of the schedule’s length, or it is always one', () => {
  const turns = synthesize(daily, variants['repository']!).objects();
  expect(environment(turns, 'POD_NAME')).toBe('vald-agent-0 vald-agent-1 vald-agent-2');
  expect(environment(turns, 'TURN_SECONDS')).toBe('86400');
  const one = synthesize({ ...daily, replica: 1 }, variants['repository']!).objects();
  expect(environment(one, 'POD_NAME')).toBe('vald-agent-1');
});

test.each([
  ['l2', 'true'],
  ['cosine', 'true'],
  ['dotproduct', 'false'],
  ['innerproduct', 'false'],
] as const)('with the distance %s, that a vector is nearest to itself is %s', (distanceType, expected) => {
  const props = { ...variants['repository']!, ngt: { dimension: 784, distanceType } };
  expect(environment(synthesize(daily, props).objects(), 'OWN_NEAREST')).toBe(expected);
});

test('the scratch agent tells nobody of its index', () => {
  const props = { ...variants['repository']!, exportIndexInfo: true, collectorEndpoint: 'otel.monitoring.svc:4317' };
  const objects = synthesize(daily, props).objects();
  const { data } = find(objects, 'ConfigMap', 'vald-agent-drill-config') as Manifest & { data: Record<string, string> };
  expect(data['config.yaml']).toContain('enable_export_index_info_to_k8s: false');
  expect(data['config.yaml']).not.toContain('otel.monitoring');
});

test.each<[string, Omit<ValdRestoreDrillCronJobProps, 'agent'>, ValdAgentWithBackupProps, string]>([
  [
    'an agent whose uploader is Vald’s',
    daily,
    { ...variants['repository']!, backup: methods['pv-and-s3'] },
    'only generations',
  ],
  ['a schedule that never runs', { schedule: '0 0 31 2 *' }, variants['repository']!, 'drill: schedule'],
  ['a replica that there is not', { ...daily, replica: 3 }, variants['repository']!, 'no such replica'],
  ['no searches', { ...daily, searches: 0 }, variants['repository']!, 'drill: searches'],
])('refuses %s', (_, props, agent, message) => {
  const { drill, root } = synthesize(props, agent);
  expect(drill.watched).toBeUndefined();
  expect(root.node.validate().join('\n')).toContain(message);
});

describeWith(['etcd', 'kube-apiserver'], 'a real API server', () => {
  test.each(['repository', 'repository-cow'])(
    '%s: takes the CronJob, also as a pod under PodSecurity restricted, without a warning',
    async (name) => {
      const server = await startKubeApiServer();
      try {
        const objects = synthesize(daily, { ...variants[name]!, namespace: 'vald-drill' }).objects();
        const drill = objects.filter(({ kind, metadata }) => kind !== 'PrometheusRule' && /drill/.test(metadata.name));
        await expectAccepted(server, drill, 'vald-drill');
      } finally {
        await server.stop();
      }
    },
    60_000,
  );
});
