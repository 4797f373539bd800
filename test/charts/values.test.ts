import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { rondbBackupValues } from '../../src/rondb/chart-values.js';
import { clusterSchema } from '../../src/rondb/cluster.js';
import { backupSchema, restoreSchema, verifySchema } from '../../src/rondb/props-schema.js';
import { repositorySchema } from '../../src/rondb/repository-schema.js';
import { valdAgentValues } from '../../src/vald/chart-values.js';
import { valdAgentSchema } from '../../src/vald/props-schema.js';
import { ownCharts } from './own-charts.js';

const keysOf = (schema: unknown): string[] => {
  let inner = schema as { shape?: object; def: { innerType?: unknown } };
  while (!inner.shape && inner.def.innerType) inner = inner.def.innerType as typeof inner;
  return Object.keys(inner.shape ?? {});
};

describe('every prop of the constructs is a value of the chart', () => {
  test('vald-agent, but for what the release knows and what only manifests need', () => {
    const renamed = ['name', 'appName', 'release', 'namespace', 'external'];
    const missing = keysOf(valdAgentSchema).filter((key) => !renamed.includes(key));
    expect(keysOf(valdAgentValues)).toEqual(expect.arrayContaining(missing));
  });

  test('rondb-backup, in the part of the job or at the root for all jobs', () => {
    const { backup, verify, restore, repository } = rondbBackupValues.shape;
    const root = keysOf(rondbBackupValues);
    for (const [props, part] of [
      [backupSchema, backup],
      [verifySchema, verify],
      [restoreSchema, restore],
    ] as const) {
      const known = new Set([...root, ...keysOf(part)]);
      expect(keysOf(props).filter((key) => !known.has(key))).toEqual([]);
    }
    const inRepository = keysOf(repository);
    expect(keysOf(repositorySchema).filter((key) => !inRepository.includes(key))).toEqual(['name', 'appName']);
    const inCluster = keysOf((repository as z.ZodObject).shape['cluster']);
    expect(keysOf(clusterSchema).filter((key) => !inCluster.includes(key))).toEqual(['namespace']);
  });
});

test.each(ownCharts)('$name: every example is taken', ({ chart, examples }) => {
  for (const [name, values] of Object.entries(examples)) expect(chart.synth(values).length, name).toBeGreaterThan(4);
});

test('a restore needs an id of its own, which ends the name of its Job', () => {
  const rondb = ownCharts.find(({ name }) => name === 'rondb-backup')!;
  const { repository } = rondb.examples['default'] as { repository: object };
  const synth = (restore: object) =>
    rondb.chart.synth({ repository, restore }) as { kind: string; metadata: { name: string }; spec: object }[];
  expect(() => synth({ enabled: true })).toThrow('restore.id is required');
  const [job] = synth({ enabled: true, id: 'plan-1' }).filter(({ kind }) => kind === 'Job');
  expect(job).toMatchObject({ metadata: { name: 'rondb-restore-plan-1' }, spec: { suspend: true } });
  expect(synth({ enabled: false }).filter(({ kind }) => kind === 'Job')).toEqual([]);
});

test('objects of Kubernetes that the user gives arrive as they are', () => {
  const resources = { requests: { memory: '8Gi' }, limits: { 'example.com/device': 1 } };
  const vald = ownCharts.find(({ name }) => name === 'vald-agent')!;
  const given = { resources, sidecarResources: resources, restoreResources: resources, affinity: { nodeAffinity: {} } };
  const objects = vald.chart.synth({ ...(vald.examples['s3'] as object), ...given }) as { kind: string; spec: never }[];
  const { spec } = objects.find(({ kind }) => kind === 'StatefulSet')!.spec['template'] as {
    spec: { affinity: object; containers: { resources: object }[]; initContainers: { resources: object }[] };
  };
  expect(spec.affinity).toEqual({ nodeAffinity: {} });
  for (const container of [...spec.containers, ...spec.initContainers]) expect(container.resources).toEqual(resources);
});
