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
import { type Manifest, sets, synthesize } from './sets.js';

test.each(Object.keys(sets))('%s: the objects are those of the snapshots', async (name) => {
  const objects = synthesize(sets[name]!);
  expect(objects.length).toBeGreaterThan(5);
  for (const object of objects)
    await expect(stringify(withoutScripts(object), { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(
      `snapshots/${name}/${object.kind}.${withoutHash(object.metadata.name)}.yaml`,
    );
});

test.each(Object.keys(sets))('%s: the object check finds nothing', (name) => {
  const objects = synthesize(sets[name]!);
  expect(checkObjects(objects.map((object) => ({ object, source: name })))).toEqual([]);
});

/** The objects that are Kubernetes' own: a server has no PrometheusRule before its operator is installed. */
const builtIn = (objects: readonly Manifest[]) => objects.filter(({ kind }) => kind !== 'PrometheusRule');

describeWith(['etcd', 'kube-apiserver'], 'a real API server', () => {
  test('takes the objects of every set, also as pods under PodSecurity restricted, without a warning', async () => {
    const server = await startKubeApiServer();
    try {
      for (const name of Object.keys(sets)) {
        const { repository } = sets[name]!;
        const cluster = { ...repository.cluster, namespace: `rondb-${name}` };
        const objects = synthesize({ ...sets[name]!, repository: { ...repository, cluster } });
        await expectAccepted(server, [...outsiders, ...builtIn(objects)], `rondb-${name}`);
      }
    } finally {
      await server.stop();
    }
  }, 120_000);
});

describeWith(['kubeconform', 'etcd', 'kube-apiserver'], 'kubeconform, strict', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chartwright-sets-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(['1.28', '1.36'] as const)(
    'finds every object of every set conforming to Kubernetes %s',
    async (version) => {
      for (const [name, props] of Object.entries(sets))
        for (const object of builtIn(synthesize(props))) {
          const path = join(folder, name, `${object.kind}.${object.metadata.name}.yaml`);
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, stringify(object));
        }
      await expectConforms(folder, version);
    },
    120_000,
  );
});

/** What a set refers to and its user makes: the pods' admission looks for it. */
const outsiders = [
  { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'rondb-high-priority' }, value: 1000 },
];

/** Scripts have tests of their own, and change more often than what is made of them. */
function withoutScripts(object: Manifest): Manifest {
  const text = JSON.stringify(object, (key, value) => {
    if (key === 'checksum/scripts') return '<checksum>';
    return key.endsWith('.sh') ? '<script>' : value;
  });
  return JSON.parse(withoutHash(text));
}

const withoutHash = (text: string) => text.replace(/(-restore-(?:latest|[0-9]+)-)[0-9a-f]{8}/g, '$1hash');
