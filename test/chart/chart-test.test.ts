import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { artifactHub } from '../../src/chart/artifact-hub.js';
import { ChartTest } from '../../src/chart/chart-test.js';
import { defineChart } from '../../src/chart/define-chart.js';
import { expectAccepted } from '../kube/accepted.js';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { ChartOnDisk, helms } from './helm.js';

const chart = defineChart(
  {
    name: 'web',
    version: '1.0.0',
    annotations: artifactHub({
      license: 'Apache-2.0',
      changes: [{ kind: 'fixed', description: 'A "quoted" word: done.' }],
      containsSecurityUpdates: true,
    }),
    values: z.object({ port: z.int().min(1).default(80) }),
  },
  (scope, values, release) => {
    new ChartTest(scope, 'test', {
      image: 'busybox:1.37',
      command: ['wget', '-qO-', `http://${release.name}:${values.port}`],
      env: [{ name: 'A', value: 'b' }],
    });
  },
);
const release = { name: 'mine', namespace: 'default' };

test('a chart’s test is a pod that helm test starts', () => {
  expect(chart.synth({ port: 81 }, release)).toMatchObject([
    {
      kind: 'Pod',
      metadata: { name: 'mine-web-test', annotations: { 'helm.sh/hook': 'test' } },
      spec: {
        restartPolicy: 'Never',
        activeDeadlineSeconds: 300,
        containers: [{ command: ['wget', '-qO-', 'http://mine:81'], env: [{ name: 'A', value: 'b' }] }],
      },
    },
  ]);
});

test('facts for Artifact Hub are texts with YAML in them', () => {
  expect(chart.definition.annotations).toEqual({
    'artifacthub.io/license': 'Apache-2.0',
    'artifacthub.io/changes': '[{"kind":"fixed","description":"A \\"quoted\\" word: done."}]',
    'artifacthub.io/containsSecurityUpdates': 'true',
  });
});

describeWith(helms, 'a chart with a test and facts for Artifact Hub', () => {
  test.each(helms)('is what its source is in %s, and clean for lint', (helm) => {
    const onDisk = new ChartOnDisk(chart.generate({ checks: 50 }).files);
    expect(onDisk.template(helm, { release }).documents).toEqual(chart.synth({}, release));
    expect(onDisk.lint(helm)).toContain('0 chart(s) failed');
  });
});

describeWith(['etcd', 'kube-apiserver', 'kubectl'], 'a chart’s test in a cluster', () => {
  let server: KubeApiServer;
  beforeAll(async () => {
    server = await startKubeApiServer();
  });
  afterAll(() => server?.stop());

  test('is taken where PodSecurity enforces restricted', async () => {
    await expectAccepted(server, chart.synth({}, release), 'restricted');
  });
});
