import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import { afterAll, expect, test } from 'vitest';
import { checkObjects } from '../../src/index.js';
import type { ValdAgentWithBackupProps } from '../../src/vald/index.js';
import { upstreamCharts } from '../../src/vald/upstream-chart.js';
import type { ValdUpstreamValuesProps } from '../../src/vald/upstream-values.js';
import { describeWith, findProgram } from '../programs/find.js';
import { type Difference, differences } from './difference.js';
import { combinations, find, type Manifest, synthesize, variants } from './sets.js';
import { differencesOf, isAt } from './upstream-differences.js';
import { type ChartAtHand, chartsAtHand, ofAgent, renderUpstream, writeUpstream } from './upstream-render.js';

const charts = chartsAtHand();
const sets: Readonly<Record<string, ValdAgentWithBackupProps>> = {
  ...combinations,
  minio: variants['minio']!,
  gcs: variants['gcs']!,
};
const cases = charts.flatMap((chart) => Object.keys(sets).map((name) => ({ chart, name, version: chart.version })));

const folder = mkdtempSync(join(tmpdir(), 'chartwright-upstream-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Props as this chart's user would write them: with the chart's own agent name and version. */
function propsFor(chart: ChartAtHand, name: string, more: Partial<ValdAgentWithBackupProps> = {}) {
  const { chartVersions, version } = chart;
  const agent = upstreamCharts[chartVersions].agentName;
  const path = `${version}/${name}${Object.keys(more).length > 0 ? '-more' : ''}`;
  return { ...sets[name]!, name: agent, version, ...more, chartVersions, path } satisfies ValdUpstreamValuesProps;
}

/** What the chart renders, and where the agent's objects differ from the manifests for the same props. */
async function compare(
  chart: ChartAtHand,
  props: ValdUpstreamValuesProps,
): Promise<{ rendered: Manifest[]; places: Difference[] }> {
  const rendered = await renderUpstream(writeUpstream(props, folder), chart.path);
  const { chartVersions: _, path: __, ...own } = props;
  return { rendered, places: differences(ofAgent(rendered), synthesize(own).objects) };
}

function unlisted(chart: ChartAtHand, places: readonly Difference[]): Difference[] {
  const listed = differencesOf(chart.version);
  return places.filter(({ path }) => !listed.some((difference) => isAt(difference, path)));
}

const oneHelm = findProgram('helm4') ?? findProgram('helm3');

describeWith(
  [],
  'upstream’s chart with our values',
  () => {
    test.each(cases)(
      '$version renders $name as our manifests, but for the listed differences',
      async ({ chart, name }) => {
        const { rendered, places } = await compare(chart, propsFor(chart, name));
        expect(unlisted(chart, places)).toEqual([]);
        expect(checkObjects(rendered.map((object) => ({ object, source: name })))).toEqual([]);
      },
    );

    test.each(charts)('$version has every listed difference', async (chart) => {
      const { places } = await compare(chart, propsFor(chart, 'pv-and-s3'));
      const gone = differencesOf(chart.version).filter((listed) => !places.some(({ path }) => isAt(listed, path)));
      expect(gone).toEqual([]);
    });

    test.each(charts)('$version takes what is off by default', async (chart) => {
      const props = propsFor(chart, 'pv-and-s3-cow', {
        name: 'second-agent',
        appName: 'second',
        networkPolicy: {},
        collectorEndpoint: 'otel-collector.monitoring.svc:4317',
        nodeSelector: { disk: 'fast' },
        tolerations: [{ key: 'vald', operator: 'Exists' }],
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }],
            },
          },
        },
        priority: { type: 'none' },
        env: [{ name: 'GOMEMLIMIT', value: '6GiB' }],
        volumes: [{ name: 'scratch', emptyDir: {} }],
        volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        resources: { requests: { memory: k8s.Quantity.fromString('8Gi') } },
        podAnnotations: { team: 'search' },
        maxUnavailable: 2,
      });
      const { rendered, places } = await compare(chart, props);
      expect(unlisted(chart, places)).toEqual([]);
      expect(find(rendered, 'NetworkPolicy')).toBeDefined();
    });

    test('a difference that is not listed is found', async () => {
      const chart = charts[0]!;
      const rendered = await renderUpstream(writeUpstream(propsFor(chart, 'pv'), folder), chart.path);
      const { chartVersions: _, path: __, ...own } = propsFor(chart, 'pv', { replicas: 4 });
      const places = unlisted(chart, differences(ofAgent(rendered), synthesize(own).objects));
      expect(places).toEqual([{ path: `StatefulSet/${own.name} spec.replicas`, upstream: 3, ours: 4 }]);
    });
  },
  { VALD_CHART: charts.length > 0, helm4: oneHelm },
);
