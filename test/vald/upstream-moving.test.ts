import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { upstreamCharts } from '../../src/vald/upstream-chart.js';
import { describeWith } from '../programs/find.js';
import { combinations, type Manifest, synthesize } from './sets.js';
import { type Cluster, listPaths, startCluster } from './upstream-cluster.js';
import { movingCommands } from './upstream-moving-page.js';
import { type ChartAtHand, chartsAtHand, documents, ofAgent } from './upstream-render.js';

// Each test starts a cluster and runs Helm several times, which takes long on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const root = join(import.meta.dirname, '../..');

const cases = chartsAtHand().flatMap((chart) =>
  (['helm3', 'helm4'] as const).map((helm) => ({ helm, version: chart.version, chart })),
);

/** Upstream's installation with volumes, as its users have it. */
const upstreamValues = {
  agent: {
    minReplicas: 3,
    ngt: { dimension: 784, index_path: '/var/ngt/index', enable_in_memory_mode: false },
    persistentVolume: { enabled: true, storageClass: 'gp3', size: '100Gi' },
  },
};

const propsFor = ({ chartVersions, version }: ChartAtHand) => ({
  ...combinations['pv-and-s3-cow']!,
  podManagementPolicy: 'OrderedReady' as const,
  name: upstreamCharts[chartVersions].agentName,
  version,
});

/** A cluster in which upstream's chart is installed, with our manifests in the folder where the page expects them. */
class Installation {
  private constructor(
    readonly cluster: Cluster,
    readonly agent: string,
    readonly variables: Record<string, string>,
    readonly chart: ChartAtHand,
  ) {}

  static async make(chart: ChartAtHand, helm: 'helm3' | 'helm4', more: object = {}): Promise<Installation> {
    const cluster = await startCluster(helm);
    const agent = upstreamCharts[chart.chartVersions].agentName;
    const variables = { NAMESPACE: 'vald', RELEASE: 'vald', AGENT: agent, REPLICAS: '3', CHART: chart.version };
    const installation = new Installation(cluster, agent, variables, chart);
    const manifests = join(cluster.folder, 'dist/manifests/vald-pv-and-s3-cow');
    mkdirSync(manifests, { recursive: true });
    for (const object of synthesize(propsFor(chart)).objects)
      writeFileSync(join(manifests, `${object.kind}.${object.metadata.name}.yaml`), stringify(object));
    const values = { agent: { ...upstreamValues.agent, ...more } };
    writeFileSync(join(cluster.folder, 'yours.yaml'), stringify(values));
    await installation.follow('kubectl create namespace vald');
    await installation.follow('helm -n vald install vald vald/vald --version "$CHART" -f yours.yaml');
    // What a StatefulSet controller would have made.
    for (const ordinal of [0, 1, 2])
      await cluster.server.request('POST', listPaths.persistentvolumeclaims, claim(agent, ordinal));
    return installation;
  }

  /** Runs commands as the page has them; only where the chart comes from is changed, as there is no network. */
  follow(script: string): Promise<string> {
    return this.cluster.succeed(this.#local(script), this.variables);
  }

  try(script: string): Promise<{ status: number; output: string }> {
    return this.cluster.run(this.#local(script), this.variables);
  }

  async statefulSet(): Promise<StatefulSet> {
    return (await this.cluster.get('statefulsets', this.agent)) as unknown as StatefulSet;
  }

  /** Names of the objects that Helm counts among the release, of the agent only. */
  async released(): Promise<string[]> {
    const objects = ofAgent(documents(await this.follow('helm -n vald get manifest vald')));
    return objects.map(({ kind }) => kind).sort();
  }

  async claims(): Promise<number> {
    return (await this.cluster.server.request('GET', listPaths.persistentvolumeclaims)).body.items.length;
  }

  /** Does what the garbage collector does for `--cascade=orphan`: lets the object go when it is marked. */
  async letOrphansGo(during: Promise<unknown>): Promise<void> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    during.then(end, end);
    while (!ended) {
      const set = await this.statefulSet();
      if (set?.metadata.deletionTimestamp)
        await this.cluster.server.request(
          'PATCH',
          `${listPaths.statefulsets}/${this.agent}`,
          { metadata: { finalizers: null } },
          'application/merge-patch+json',
        );
      await sleep(50);
    }
    await during;
  }

  #local(script: string): string {
    return script.replace(/vald\/vald --version "\$CHART"/g, this.chart.path);
  }
}

interface StatefulSet extends Manifest {
  metadata: Manifest['metadata'] & { uid: string; deletionTimestamp?: string };
  spec: {
    podManagementPolicy: string;
    template: { spec: { initContainers?: { name: string }[]; terminationGracePeriodSeconds: number } };
  };
}

function claim(agent: string, ordinal: number): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${agent}-pvc-${agent}-${ordinal}`, namespace: 'vald', labels: { app: agent } },
    spec: { accessModes: ['ReadWriteOncePod'], resources: { requests: { storage: '100Gi' } }, storageClassName: 'gp3' },
  };
}

const initContainers = (set: StatefulSet) => set.spec.template.spec.initContainers?.map(({ name }) => name) ?? [];
const kindsOfAgent = ['ConfigMap', 'PodDisruptionBudget', 'PriorityClass', 'Service', 'StatefulSet'];

describeWith(
  ['helm3', 'helm4', 'etcd', 'kube-apiserver', 'kubectl'],
  'docs/moving.md, followed',
  () => {
    const [letGo] = movingCommands('4. Manifests: have Helm let go of the agent');
    const [apply, orphan, takeMarksOff] = movingCommands('With manifests');
    const [withValues] = movingCommands('With values');
    const [wayBack] = movingCommands('7. The way back');

    test.each(cases)('$helm, chart $version: to manifests in place, and back', async ({ helm, chart }) => {
      const here = await Installation.make(chart, helm);
      const before = await here.statefulSet();
      expect(await here.released()).toEqual(kindsOfAgent);

      await here.follow(letGo!);
      expect(await here.released()).toEqual([]);
      expect((await here.statefulSet()).metadata.uid).toBe(before.metadata.uid);

      await here.follow(apply!);
      const ours = await here.statefulSet();
      expect(ours.metadata.uid).toBe(before.metadata.uid);
      expect(initContainers(ours)).toEqual([`${here.agent}-restore`, `${here.agent}-sidecar`]);
      await here.follow(takeMarksOff!);
      expect(Object.keys((await here.statefulSet()).metadata.annotations ?? {}).join()).not.toContain('helm.sh');
      await here.follow('helm -n vald upgrade vald vald/vald --version "$CHART" --reuse-values');
      expect(initContainers(await here.statefulSet())).toHaveLength(2);

      const back =
        helm === 'helm4' ? wayBack!.replace('--take-ownership', '--take-ownership --force-conflicts') : wayBack!;
      await here.letOrphansGo(here.follow(back));
      const after = await here.statefulSet();
      expect([initContainers(after), after.spec.template]).toEqual([[], before.spec.template]);
      expect(await here.released()).toEqual(kindsOfAgent);
      expect(await here.claims()).toBe(3);
    });

    const helm4 = cases.filter(({ helm }) => helm === 'helm4');
    test.each(helm4)(
      '$helm, chart $version: to manifests with another pod management policy',
      async ({ helm, chart }) => {
        const here = await Installation.make(chart, helm);
        await here.follow(letGo!);
        const path = `dist/manifests/vald-pv-and-s3-cow/StatefulSet.${here.agent}.yaml`;
        const own = readFileSync(join(here.cluster.folder, path), 'utf8');
        writeFileSync(
          join(here.cluster.folder, path),
          own.replace(/podManagementPolicy: .*/, 'podManagementPolicy: Parallel'),
        );
        expect((await here.try(apply!)).output).toMatch(
          /updates to statefulset spec for fields other than .* are forbidden/,
        );
        await here.letOrphansGo(here.follow(orphan!));
        expect((await here.statefulSet()).spec.podManagementPolicy).toBe('Parallel');
        expect(await here.claims()).toBe(3);
      },
    );

    test.each(cases)('$helm, chart $version: to values, and back', async ({ helm, chart }) => {
      const here = await Installation.make(chart, helm);
      const before = await here.statefulSet();
      copyValues(here, (text) => text.replace('storageClass: ""', 'storageClass: gp3'));
      await here.follow(withValues!);
      const ours = await here.statefulSet();
      expect(ours.metadata.uid).toBe(before.metadata.uid);
      expect(initContainers(ours)).toEqual([`${here.agent}-restore`, `${here.agent}-sidecar`]);
      expect(await here.cluster.get('configmaps', `${here.agent}-restore`)).toBeDefined();
      await here.follow('helm -n "$NAMESPACE" rollback "$RELEASE"');
      expect((await here.statefulSet()).spec.template).toEqual(before.spec.template);
    });

    const older = helm4.filter(({ chart }) => chart.chartVersions === 'v1.7.7-to-v1.7.10');
    test.each(older)(
      'chart $version: where our sidecar’s ConfigMap has the name of Helm’s, it must be applied again',
      async ({ helm, chart }) => {
        const here = await Installation.make(chart, helm, {
          name: 'vald-agent',
          sidecar: { enabled: true, config: { blob_storage: { bucket: 'b', s3: { region: 'r' } } } },
        });
        copyValues(here, (text) =>
          text.replace('storageClass: ""', 'storageClass: gp3').replaceAll('vald-agent-ngt', 'vald-agent'),
        );
        await here.follow(withValues!);
        expect(await here.cluster.get('configmaps', 'vald-agent-sidecar-config')).toBeUndefined();
        await here.follow(withValues!.split('\n')[0]!);
        expect(await here.cluster.get('configmaps', 'vald-agent-sidecar-config')).toBeDefined();
      },
    );

    test('without the mark Helm deletes the StatefulSet: the mark is what keeps it', async () => {
      const here = await Installation.make(cases[0]!.chart, 'helm4');
      await here.follow(letGo!.split('\n').filter((line) => line.startsWith('helm'))[0]!);
      expect(await here.statefulSet()).toBeUndefined();
    });
  },
  { VALD_CHART: cases.length > 0 },
);

/** Puts the committed values of the chart's line where the page has them. */
function copyValues(here: Installation, change: (text: string) => string): void {
  for (const kind of ['values', 'objects']) {
    const name = `pv-and-s3-cow.${kind}.yaml`;
    cpSync(join(root, `values/vald/chart-${here.chart.chartVersions}`, name), join(here.cluster.folder, name));
    const path = join(here.cluster.folder, name);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  }
}
