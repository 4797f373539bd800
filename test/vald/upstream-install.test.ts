import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { expectAccepted } from '../kube/accepted.js';
import { describeWith } from '../programs/find.js';
import { startKubeApiServer } from '../programs/kube-api-server.js';
import { combinations, type Manifest } from './sets.js';
import { startCluster } from './upstream-cluster.js';
import { chartsAtHand, ofAgent, renderChart, renderUpstream } from './upstream-render.js';

// Each test starts a cluster and runs Helm several times, which takes long on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const charts = chartsAtHand();
const values = join(import.meta.dirname, '../../values/vald');
const committed = charts.flatMap((chart) =>
  Object.keys(combinations).map((name) => ({
    name,
    version: chart.version,
    chart: chart.path,
    folder: join(values, `chart-${chart.chartVersions}`),
    file: join(values, `chart-${chart.chartVersions}`, `${name}.values.yaml`),
  })),
);
const installed = committed.filter(({ name }) => ['pv', 'pv-and-s3-cow'].includes(name));

/** The blocks of commands in a head that install, in order; wrapped lines of its lists are indented as well. */
function commandBlocks(file: string): string[] {
  const blocks: string[] = [];
  let inside = false;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const command = /^# {3}(.*)/.exec(line)?.[1];
    if (command !== undefined) blocks.push(inside ? `${blocks.pop()}\n${command}` : command);
    inside = command !== undefined;
  }
  return blocks.filter((block) => block.includes('helm install'));
}

describeWith(
  ['helm3', 'helm4', 'etcd', 'kube-apiserver', 'kubectl'],
  'the committed values files, installed',
  () => {
    test.each(committed)('Helm 3 and 4 render $name alike with chart $version', async ({ file, chart }) => {
      expect(await renderChart(file, chart, { program: 'helm3' })).toEqual(
        await renderChart(file, chart, { program: 'helm4' }),
      );
    });

    test('are taken by a real API server, also as pods under PodSecurity restricted, without a warning', async () => {
      const server = await startKubeApiServer();
      try {
        for (const { file, chart } of committed)
          await expectAccepted(server, ofAgent(await renderUpstream(file, chart)), 'vald');
      } finally {
        await server.stop();
      }
    });

    test.each(installed)(
      'the commands in the head of $name install chart $version',
      async ({ name, chart, folder, file }) => {
        const cluster = await startCluster(name === 'pv' ? 'helm3' : 'helm4');
        for (const kind of ['values', 'objects']) {
          const copy = `${name}.${kind}.yaml`;
          cpSync(join(folder, copy), join(cluster.folder, copy));
        }
        writeKeys(cluster.folder, { 'access-key': 'id', 'secret-access-key': 'key' });
        // Only where the chart comes from is changed: there is no network here.
        const blocks = commandBlocks(file).map((block) =>
          block.replace(/helm repo add .*\n/, '').replace(/vald\/vald --version \S+/, chart),
        );
        const [install, firstStart] = blocks;
        await cluster.succeed(install!);
        const agent = file.includes('v1.7.10') ? 'vald-agent-ngt' : 'vald-agent';
        const emptyStart = async () => {
          const { spec } = (await cluster.get('statefulsets', agent)) as unknown as Manifest;
          const { initContainers } = (spec as { template: { spec: { initContainers: Container[] } } }).template.spec;
          return initContainers[0]!.env.find((variable) => variable.name === 'ALLOW_EMPTY_START')?.value;
        };
        if (name === 'pv') {
          expect([blocks.length, await emptyStart()]).toEqual([1, undefined]);
          return;
        }
        expect(await emptyStart()).toBe('false');
        expect(await cluster.get('secrets', 'aws-secret')).toMatchObject({
          data: { 'access-key': btoa('id'), 'secret-access-key': btoa('key') },
        });
        await cluster.succeed(firstStart!.replace('helm install', 'helm upgrade'));
        expect(await emptyStart()).toBe('true');
        await cluster.succeed(install!.split('\n').at(-1)!.replace('helm install', 'helm upgrade'));
        expect(await emptyStart()).toBe('false');
      },
    );

    test('the commands stop where a key is missing, instead of making a Secret without it', async () => {
      const { name, folder } = installed.find((set) => set.name === 'pv-and-s3-cow')!;
      const cluster = await startCluster('helm4');
      const [install] = commandBlocks(join(folder, `${name}.values.yaml`));
      writeKeys(cluster.folder, { 'access-key': 'id' });
      const { status, output } = await cluster.run(install!);
      expect(status).not.toBe(0);
      expect(output).toContain('secret-access-key');
      expect(await cluster.get('secrets', 'aws-secret')).toBeUndefined();
    });
  },
  { VALD_CHART: charts.length > 0 },
);

/** The files that the commands take the keys from. */
function writeKeys(folder: string, keys: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(keys)) writeFileSync(join(folder, name), value);
}

interface Container {
  readonly name: string;
  readonly env: { readonly name: string; readonly value?: string }[];
}
