import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { valdWithBackupChart } from '../../src/vald/index.js';
import { helms, parse } from '../chart/helm.js';
import { describeWith, programPath } from '../programs/find.js';
import { chartsAtHand } from '../vald/upstream-render.js';
import { isWritten, type KubeObject, root } from './own-charts.js';

const umbrella = { folder: join(root, 'charts/vald-with-backup') };
const agentChart = join(root, 'charts/vald-agent');
const upstream = chartsAtHand().filter(({ version }) => version === 'v1.8.0');
const { examples = {} } = valdWithBackupChart().definition;
const namespace = 'search';

/** The chart with its dependencies in place, as `helm dependency build` puts them. */
function withDependencies(upstreamPath: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'umbrella-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const chart = join(folder, 'chart');
  cpSync(umbrella.folder, chart, { recursive: true, filter: (path) => basename(path) !== 'charts' });
  mkdirSync(join(chart, 'charts'));
  cpSync(agentChart, join(chart, 'charts/vald-agent'), { recursive: true });
  cpSync(upstreamPath, join(chart, 'charts', basename(upstreamPath)), { recursive: true });
  return chart;
}

function render(helm: string, chart: string, values: unknown): KubeObject[] {
  const file = join(chart, '..', 'values.json');
  writeFileSync(file, JSON.stringify(values));
  const parameters = ['template', 'vald', chart, '--namespace', namespace, '--kube-version', '1.34.0', '-f', file];
  const text = execFileSync(programPath(helm), parameters, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 27,
  });
  return parse(text) as KubeObject[];
}

const find = (objects: readonly KubeObject[], kind: string, name: string): KubeObject => {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  expect(found, `${kind} ${name}`).toHaveLength(1);
  return found[0]!;
};

for (const { path, version } of upstream.length > 0 ? upstream : [{ path: '', version: 'v1.8.0' }])
  describeWith(
    [...helms],
    `charts/vald-with-backup over upstream’s ${version}`,
    () => {
      test.each(helms)('with %s: one set of agents, ours, and no object twice', (helm) => {
        const objects = render(helm, withDependencies(path), examples['pv-and-s3']);
        const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
        expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
        const sets = objects.filter(({ kind }) => kind === 'StatefulSet').map(({ metadata }) => metadata.name);
        expect(sets).toEqual(['vald-agent']);
        expect(find(objects, 'StatefulSet', 'vald-agent')['spec'].template.spec.initContainers.length).toBe(2);
      });

      test('upstream’s gateway, discoverer and index manager find our agents by name, address, port and labels', () => {
        const objects = render('helm4', withDependencies(path), examples['default']);
        const service = find(objects, 'Service', 'vald-agent');
        const agent = find(objects, 'StatefulSet', 'vald-agent')['spec'].template;
        const ports = Object.fromEntries(
          (service['spec'].ports as { name: string; port: number }[]).map(({ name, port }) => [name, port]),
        );
        for (const [name, part] of [
          ['vald-lb-gateway', 'gateway'],
          ['vald-manager-index', 'indexer'],
        ] as const) {
          const [config] = parse(find(objects, 'ConfigMap', `${name}-config`)['data']['config.yaml']) as [
            Record<string, Record<string, unknown>>,
          ];
          expect(config[part]).toMatchObject({
            agent_name: service.metadata.name,
            agent_dns: `${service.metadata.name}.${namespace}.svc.cluster.local`,
            agent_port: ports['grpc'],
          });
        }
        // Both wait for an agent, at its address and the port of its readiness.
        const waits = objects
          .filter(({ kind }) => kind === 'Deployment')
          .flatMap(({ spec }) => spec.template.spec.initContainers ?? [])
          .filter(({ name }: { name: string }) => name === 'wait-for-agent');
        expect(waits.length).toBeGreaterThan(0);
        for (const wait of waits)
          expect(JSON.stringify(wait)).toContain(
            `http://vald-agent.${namespace}.svc.cluster.local:${ports['readiness']}/readiness`,
          );
        // The discoverer gives the gateway the pods whose container or label "app" is the agent’s name.
        expect(agent.spec.containers[0].name).toBe('vald-agent');
        expect(agent.metadata.labels).toMatchObject({
          app: 'vald-agent',
          'app.kubernetes.io/name': 'vald',
          'app.kubernetes.io/instance': 'vald',
          'app.kubernetes.io/component': 'agent',
        });
        for (const [key, value] of Object.entries(service['spec'].selector as Record<string, string>))
          expect(agent.metadata.labels[key]).toBe(value);
      });
    },
    {
      VALD_CHART: upstream.length > 0,
      'npm run charts': isWritten(umbrella) && isWritten({ folder: agentChart }),
    },
  );
