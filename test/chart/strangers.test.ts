import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { ChartFiles } from '../../src/chart/index.js';
import { ProblemsError } from '../../src/problem/index.js';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { expectConforms } from '../programs/kubeconform.js';
import { ChartOnDisk, helms } from './helm.js';
import { HelmEngines, helmEngines } from './helm-engine.js';
import { everything, proveChart, writeChart } from './prove.js';
import { refusedStrangers, strangers } from './strangers/index.js';

const generated = new Map<string, ChartFiles>();
const filesOf = (chart: (typeof strangers)[number]): ChartFiles => {
  const { name } = chart.definition;
  if (!generated.has(name)) generated.set(name, chart.generate({ checks: everything ? 2000 : 200 }).files);
  return generated.get(name)!;
};
const cases = strangers.map((chart) => ({ name: chart.definition.name, chart }));

/** Each names the value; the second form of the same program, among {@link strangers}, is what they advise. */
const refusals: readonly [keyof typeof refusedStrangers, readonly string[]][] = [
  [
    'cronReport',
    [
      'values: schedule: split() at strangers/cron-report.ts:',
      'looks into a value that is set when the chart is installed',
    ],
  ],
  ['autoscaledApi', ["the function refuses: 'minReplicas'", 'refuse(less(most, least)']],
  [
    'webApp',
    ['only with stand-ins the function refuses: ingress paths must begin with a "/"', 'values: path: startsWith()'],
  ],
  ['sharedVolumes', ['volumeMounts/1/name: "configmap-long-', 'slice() at', 'volume.js']],
  ['statefulCache', ['settings', 'slice() at', 'volume.js']],
  [
    'migrationJob',
    ['values: Job/spec/activeDeadlineSeconds: deadlineMinutes × 60 is calculated: write mul(deadlineMinutes, 60)'],
  ],
  ['networkWalls', ['with {"networks":[', 'network-policy.js']],
  ['rbacReader', ['with {"writes":[']],
];

describe('a program that looks into a value is refused with what is needed to find it', () => {
  test.each(refusals)('%s', (name, expected) => {
    let message = '';
    try {
      refusedStrangers[name]!.generate();
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemsError);
      message = (error as Error).message;
    }
    for (const text of expected) expect(message.replaceAll(/\S*\/test\/chart\//g, '')).toContain(text);
  });
});

describeWith([...helms, ...helmEngines], 'someone else’s program as a chart', () => {
  let engines: HelmEngines;
  beforeAll(() => {
    engines = new HelmEngines();
  });
  afterAll(() => engines?.stop());

  test.each(cases)('$name gives in both Helms what the program gives', async ({ chart }) => {
    const { same } = await proveChart(chart, { engines, files: filesOf(chart), count: everything ? 2000 : 100 });
    expect(same).toBeGreaterThan(everything ? 1000 : 40);
  });

  test.each(cases)('$name passes lint --strict', ({ chart }) => {
    const onDisk = new ChartOnDisk(filesOf(chart));
    for (const helm of helms) expect(onDisk.lint(helm), helm).toContain('0 chart(s) failed');
  });
});

describeWith(
  [...helmEngines, 'kubeconform', 'etcd', 'kube-apiserver', 'kubectl'],
  'someone else’s chart in a cluster',
  () => {
    let server: KubeApiServer;
    let engines: HelmEngines;
    beforeAll(async () => {
      engines = new HelmEngines();
      server = await startKubeApiServer();
      await server.kubectl(['create', 'serviceaccount', 'default']);
    });
    afterAll(async () => {
      engines?.stop();
      await server?.stop();
    });

    test.each(cases)('$name is taken with its defaults and with each ci/ file', async ({ chart }) => {
      const files = filesOf(chart);
      const folder = writeChart(files);
      try {
        for (const given of [
          '',
          ...[...files].filter(([path]) => path.endsWith('-values.yaml')).map(([, text]) => text),
        ]) {
          const [answer] = await engines.render({ chart: folder, values: [given] });
          expect(answer!.error).toBeUndefined();
          await expectTaken(server, answer!.documents.filter(isServed));
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    /** What cert-manager brings has no schema here. */
    const isServed = (document: unknown) => !(document as { apiVersion: string }).apiVersion.startsWith('cert-manager');
  },
);

async function expectTaken(server: KubeApiServer, documents: readonly unknown[]): Promise<void> {
  const text = documents.map((document) => stringify(document)).join('---\n');
  const folder = writeChart(new Map());
  try {
    writeFileSync(join(folder, 'objects.yaml'), text);
    for (const version of ['1.28', '1.36'] as const) await expectConforms(folder, version);
  } finally {
    rmSync(folder, { recursive: true });
  }
  // A dry run in a namespace that is not there is refused.
  const namespaces = documents.filter((document) => (document as { kind: string }).kind === 'Namespace');
  for (const namespace of namespaces) await server.kubectl(['apply', '-f', '-'], stringify(namespace));
  const { status, stderr } = await server.kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], text);
  expect(stderr).toBe('');
  expect(status).toBe(0);
}
