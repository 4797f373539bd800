import { k8s } from 'cdk8s-plus-28';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  chartNames,
  defineChart,
  nameValues,
  type UpgradeRecord,
  upgradeFile,
  upgradeProblems,
} from '../../src/chart/index.js';

interface Change {
  readonly version?: string;
  readonly selector?: Record<string, string>;
  readonly claim?: string;
  readonly suffix?: string;
  readonly port?: number;
  readonly headless?: boolean;
  readonly example?: { readonly replicas: number };
}

/** What a version of a chart keeps for the comparison with the next one. */
function record({ version = '1.0.0', selector = {}, claim = '1Gi', suffix = '', ...change }: Change): UpgradeRecord {
  const chart = defineChart(
    {
      name: 'store',
      version,
      appVersion: version,
      values: z.object({ ...nameValues(), replicas: z.int().min(1).default(1) }),
      examples: { large: change.example ?? { replicas: 5 } },
    },
    (scope, values, release) => {
      const names = chartNames(values, release);
      const labels = { ...names.selectorLabels, ...selector };
      new k8s.KubeService(scope, 'service', {
        metadata: { name: names.of('headless') },
        spec: { ...(change.headless === false ? {} : { clusterIp: 'None' }), ports: [{ port: change.port ?? 80 }] },
      });
      new k8s.KubeStatefulSet(scope, 'set', {
        metadata: { name: names.of(suffix) },
        spec: {
          serviceName: names.of('headless'),
          replicas: values.replicas,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'store', image: `store:${version}` }] } },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { resources: { requests: { storage: k8s.Quantity.fromString(claim) } } },
            },
          ],
        },
      });
    },
  );
  return JSON.parse(chart.generate({ checks: 5 }).files.get(upgradeFile)!);
}

const first = record({});

test('a new version, another image, port and number of replicas can be upgraded to', () => {
  expect(upgradeProblems(first, record({ version: '1.1.0', port: 81 }))).toEqual([]);
});

test.each<[string, Change, { object: string; field?: string }]>([
  ['a selector', { selector: { tier: 'a' } }, { object: 'StatefulSet release-name-store', field: 'spec.selector' }],
  ['a claim', { claim: '2Gi' }, { object: 'StatefulSet release-name-store', field: 'spec.volumeClaimTemplates' }],
  [
    'a Service that gets an address',
    { headless: false },
    { object: 'Service release-name-store-headless', field: 'spec.clusterIP' },
  ],
  ['another name of what holds data', { suffix: 'data' }, { object: 'StatefulSet release-name-store' }],
])('%s breaks it', (_, change, where) => {
  const problems = (version: string) => upgradeProblems(first, record({ version, ...change }));
  expect(problems('1.1.0')).toMatchObject([{ code: 'breaking-upgrade', severity: 'error', where }]);
  expect(problems('2.0.0')).toMatchObject([{ severity: 'warning', where }]);
});

test('before 1.0.0 a new minor version may break', () => {
  const [before, patch, minor] = [
    { version: '0.1.0' },
    { version: '0.1.1', claim: '2Gi' },
    { version: '0.2.0', claim: '2Gi' },
  ].map(record);
  expect(upgradeProblems(before!, patch!)).toMatchObject([{ severity: 'error' }]);
  expect(upgradeProblems(before!, minor!)).toMatchObject([{ severity: 'warning' }]);
});

test('only examples with the same values are compared', () => {
  const changed = record({ example: { replicas: 6 }, claim: '2Gi' });
  expect(upgradeProblems({ ...first, cases: { large: first.cases['large']! } }, changed)).toEqual([]);
});

test.each(['helm.sh/chart', 'app.kubernetes.io/version'])('a selector with the label %s is refused', (label) => {
  expect(() => record({ selector: { [label]: 'x' } })).toThrow(`${label} changes with each version`);
});
