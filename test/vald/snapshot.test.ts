import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkObjects } from '../../src/index.js';
import { expectAccepted } from '../kube/accepted.js';
import { describeWith } from '../programs/find.js';
import { startKubeApiServer } from '../programs/kube-api-server.js';
import { expectConforms } from '../programs/kubeconform.js';
import { combinations, type Manifest, synthesize, variants } from './sets.js';

const sets = { ...combinations, ...variants };

test.each(Object.keys(sets))('%s: the objects are those of the snapshots', async (name) => {
  const { objects } = synthesize(sets[name]!);
  expect(objects.length).toBeGreaterThan(5);
  for (const object of objects)
    await expect(stringify(withoutScript(object), { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(
      `snapshots/${name}/${object.kind}.${object.metadata.name}.yaml`,
    );
});

test.each(Object.keys(sets))('%s: the object check finds nothing', (name) => {
  const { objects } = synthesize(sets[name]!);
  expect(checkObjects(objects.map((object) => ({ object, source: name })))).toEqual([]);
});

describeWith(['etcd', 'kube-apiserver'], 'a real API server', () => {
  test('takes the objects of every set, also as pods under PodSecurity restricted, without a warning', async () => {
    const server = await startKubeApiServer();
    try {
      for (const name of Object.keys(sets)) {
        const namespaced = synthesize({ ...sets[name]!, namespace: `vald-${name.replaceAll('.', '-')}` }).objects;
        await expectAccepted(server, [...outsiders(name), ...namespaced], `vald-${name.replaceAll('.', '-')}`);
      }
    } finally {
      await server.stop();
    }
  });
});

describeWith(['kubeconform', 'etcd', 'kube-apiserver'], 'kubeconform, strict', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chartwright-sets-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(['1.28', '1.36'] as const)(
    'finds every object of every set conforming to Kubernetes %s',
    async (version) => {
      for (const [name, props] of Object.entries(sets))
        for (const object of synthesize(props).objects) {
          const path = join(folder, name, `${object.kind}.${object.metadata.name}.yaml`);
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, stringify(object));
        }
      await expectConforms(folder, version);
    },
  );
});

/** What a set refers to and its user makes: the pods' admission looks for it. */
function outsiders(name: string): unknown[] {
  if (name !== 'everything') return [];
  return [
    {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'databases' },
      value: 1000,
    },
  ];
}

/** The restore script has tests of its own; here only whether it is there counts. */
function withoutScript(object: Manifest): Manifest {
  if (object.kind !== 'ConfigMap' || !object.metadata.name.endsWith('-restore')) return object;
  const data = object['data'] as Record<string, string>;
  return { ...object, data: Object.fromEntries(Object.keys(data).map((key) => [key, '<script>'])) };
}
