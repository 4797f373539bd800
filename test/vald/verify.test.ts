import { Chart, Testing } from 'cdk8s';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BackupAlerts, checkObjects } from '../../src/index.js';
import {
  ValdAgentWithBackup,
  type ValdAgentWithBackupProps,
  ValdVerifyCronJob,
  type ValdVerifyCronJobProps,
} from '../../src/vald/index.js';
import { expectAccepted } from '../kube/accepted.js';
import { describeWith } from '../programs/find.js';
import { startKubeApiServer } from '../programs/kube-api-server.js';
import { find, type Manifest, methods, variants } from './sets.js';

function synthesize(props: Omit<ValdVerifyCronJobProps, 'agent'>, agentProps: ValdAgentWithBackupProps) {
  const chart = new Chart(Testing.app(), 'test');
  const agent = new ValdAgentWithBackup(chart, 'agent', agentProps);
  const verify = new ValdVerifyCronJob(chart, 'verify', { agent, ...props });
  new BackupAlerts(chart, 'alerts', { watches: [verify] });
  return { verify, objects: () => chart.toJson() as Manifest[], root: chart.node.root };
}

const hourly = { schedule: '23 * * * *' };

test.each(['repository', 'repository-cow'])(
  '%s: the CronJob is that of the snapshot, and nothing is wrong with it',
  async (name) => {
    const { verify, objects } = synthesize(hourly, variants[name]!);
    const all = objects();
    expect(checkObjects(all.map((object) => ({ object, source: name })))).toEqual([]);
    expect(verify.watched).toEqual({
      kind: 'verification',
      namespace: 'vald',
      cronJob: 'vald-agent-verify',
      schedule: '23 * * * *',
      longestRun: 3900,
    });
    await expect(stringify(find(all, 'CronJob'), { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(
      `snapshots/${name}/CronJob.vald-agent-verify.yaml`,
    );
    const rule = find(all, 'PrometheusRule') as unknown as { spec: { groups: { rules: { alert: string }[] }[] } };
    expect(rule.spec.groups[0]!.rules.map(({ alert }) => alert)).toEqual([
      'VerificationTooOld',
      'VerificationFailed',
      'VerificationMetricsMissing',
    ]);
  },
);

test('a pod may be found current two intervals, one upload and the tolerance ago', () => {
  const { objects } = synthesize({ ...hourly, tolerance: '1m' }, variants['repository-cow']!);
  const text = JSON.stringify(find(objects(), 'CronJob'));
  // 10Gi three times at 10 MiB/s
  expect(text).toContain(`{"name":"OLDEST_SECONDS","value":"${2 * 1800 + 3072 + 60}"}`);
  expect(text).toContain('{"name":"STATEFUL_SET","value":"vald-agent"},{"name":"REPLICAS","value":"3"}');
});

test.each<[string, Omit<ValdVerifyCronJobProps, 'agent'>, ValdAgentWithBackupProps, string]>([
  [
    'an agent whose uploader is Vald’s',
    hourly,
    { ...variants['repository']!, backup: methods['pv-and-s3'] },
    'only generations',
  ],
  ['a schedule that never runs', { schedule: '0 0 31 2 *' }, variants['repository']!, 'verify: schedule'],
  ['a share of none', { ...hourly, shares: 0 }, variants['repository']!, 'verify: shares'],
])('refuses %s', (_, props, agent, message) => {
  const { verify, root } = synthesize(props, agent);
  expect(verify.watched).toBeUndefined();
  expect(root.node.validate().join('\n')).toContain(message);
});

describeWith(['etcd', 'kube-apiserver'], 'a real API server', () => {
  test('takes the CronJob, also as a pod under PodSecurity restricted, without a warning', async () => {
    const server = await startKubeApiServer();
    try {
      const agent = { ...variants['repository']!, namespace: 'vald-verify' };
      const objects = synthesize(hourly, agent).objects();
      await expectAccepted(
        server,
        objects.filter(({ kind }) => kind !== 'PrometheusRule'),
        'vald-verify',
      );
    } finally {
      await server.stop();
    }
  });
});
