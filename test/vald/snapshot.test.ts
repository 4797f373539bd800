import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkObjects } from '../../src/index.js';
import { expectAccepted } from '../kube/accepted.js';
import { describeWith } from '../programs/find.js';
import { startKubeApiServer } from '../programs/kube-api-server.js';
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
