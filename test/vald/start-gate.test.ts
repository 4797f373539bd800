import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkSettings } from '../../src/vald/checks.js';
import type { ValdAgentWithBackupProps } from '../../src/vald/index.js';
import { combinations, find, synthesize, variants } from './sets.js';

interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly terminationMessagePath?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

/** The containers of an agent's pod in their order, and the two limits that its configuration has. */
function podOf(props: ValdAgentWithBackupProps) {
  const { objects } = synthesize(props);
  const statefulSet = find(objects, 'StatefulSet') as unknown as {
    metadata: { name: string };
    spec: { template: { spec: { initContainers: Container[]; containers: Container[] } } };
  };
  const { initContainers, containers } = statefulSet.spec.template.spec;
  const { name } = statefulSet.metadata;
  const config = find(objects, 'ConfigMap', `${name}-config`) as unknown as { data: Record<string, string> };
  const { min_load_index_timeout, max_load_index_timeout } = parse(config.data['config.yaml'] ?? '').ngt;
  const scripts = find(objects, 'ConfigMap', `${name}-restore`) as unknown as { data: Record<string, string> };
  return {
    containers: [...initContainers, ...containers],
    order: [
      ...initContainers.map((one) => `${one.name.replace(name, '')} ${one.restartPolicy ?? 'init'}`),
      ...containers.map((one) => one.name.replace(name, '') || 'agent'),
    ],
    limits: [min_load_index_timeout, max_load_index_timeout],
    scripts: Object.keys(scripts.data),
  };
}

const restoreFiles = ['vald-fetch.sh', 'vald-generations.sh', 'vald-restore.sh'];
const uploadFiles = ['vald-retention.sh', 'vald-search.sh', 'vald-stage.sh', 'vald-upload.sh'];
const old = { kubernetesVersion: '1.28' };

test.each<[string, ValdAgentWithBackupProps, string[]]>([
  ['pv', combinations['pv']!, ['-restore init', '-start-gate Always', 'agent']],
  // Told to stop before the sidecar, which it keeps from uploading half a save.
  ['s3', combinations['s3']!, ['-restore init', '-sidecar Always', '-start-gate Always', 'agent']],
  ['pv-and-s3', combinations['pv-and-s3']!, ['-restore init', '-sidecar Always', '-start-gate Always', 'agent']],
  ['repository', variants['repository']!, ['-restore init', '-sidecar Always', '-start-gate Always', 'agent']],
  ['pv on Kubernetes 1.28', { ...combinations['pv']!, ...old }, ['-restore init', 'agent', '-start-gate']],
])('without copy-on-write the agent of %s asks a start gate beside it', (_, props, order) => {
  const pod = podOf(props);
  expect(pod.order).toEqual(order);
  expect(pod.limits).toEqual(['file:///tmp/start-gate', 'file:///tmp/start-gate']);
  expect(pod.scripts.filter((name) => !uploadFiles.includes(name))).toEqual([...restoreFiles, 'vald-start-gate.sh']);
  const asking = pod.containers.filter(({ name }) => !name.endsWith('-sidecar'));
  for (const { volumeMounts } of asking) expect(volumeMounts).toContainEqual({ name: 'tmp', mountPath: '/tmp' });
  for (const { env, terminationMessagePath } of asking.filter(({ name }) => /-(restore|start-gate)$/.test(name))) {
    expect(env).toContainEqual({ name: 'START_GATE', value: '/tmp/start-gate' });
    expect(env).toContainEqual({ name: 'TERMINATION_LOG', value: terminationMessagePath });
  }
});

test.each(
  [...Object.entries(combinations), ...Object.entries(variants)].filter(([, { copyOnWrite = true }]) => copyOnWrite),
)('with copy-on-write the agent of %s asks nobody', (_, props) => {
  const pod = podOf(props);
  expect(pod.order.filter((name) => name.includes('start-gate'))).toEqual([]);
  expect(pod.limits.join(' ')).toMatch(/^\d+s \d+s$/);
  expect(pod.scripts.filter((name) => !uploadFiles.includes(name))).toEqual(restoreFiles);
});

test.each([
  ['pv', ['an agent that is killed inside a save loses its index and does not start again']],
  ['pv-and-s3', []],
  ['pv-cow', []],
])('the settings of %s are warned of with %j', (name, said) => {
  const { problems } = checkSettings(combinations[name]!, 'agent');
  expect(problems.map(({ message }) => message.replace(/^.* and without a store /, ''))).toEqual(said);
  expect(problems.every(({ severity }) => severity === 'warning')).toBe(true);
});
