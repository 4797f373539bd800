import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateKubernetesSchema, startServerOfAllGroups } from '../../../build/kubernetes-schema.js';
import { definition, findKind, schemaVersion } from '../../../src/kube/check/schema.js';
import { describeWith } from '../../programs/find.js';
import { floorOpenApiFile, type KubeApiServer } from '../../programs/kube-api-server.js';

const root = join(import.meta.dirname, '../../..');
const floor = existsSync(floorOpenApiFile());

describeWith(
  ['etcd', 'kube-apiserver'],
  'the schema file',
  () => {
    let server: KubeApiServer;
    beforeAll(async () => {
      server = await startServerOfAllGroups();
    });
    afterAll(() => server?.stop());

    test('is what the generator makes of the server’s OpenAPI', async () => {
      const [[path, content]] = [...(await generateKubernetesSchema(server))] as [[string, string]];
      expect(readFileSync(join(root, path), 'utf8') === content, 'run: npx tsx build/kubernetes-schema.ts').toBe(true);
    });
  },
  { 'swagger-1.28.json': floor },
);

test('the schema knows kinds, scopes, required and newer fields', () => {
  expect(schemaVersion()).toMatch(/^1\.\d+\.\d+$/);
  expect(findKind('apps/v1', 'StatefulSet')).toMatchObject({ namespaced: true, newer: false });
  expect(findKind('scheduling.k8s.io/v1', 'PriorityClass')).toMatchObject({ namespaced: false });
  expect(findKind('toString', 'constructor')).toBeUndefined();

  const pod = definition(findKind('v1', 'Pod')!.definition);
  const spec = definition(pod.fields.get('spec')!.node as number);
  expect(spec.required).toEqual(['containers']);
  expect(spec.fields.get('containers')!.node).toMatchObject(['k', expect.any(Number), 'name']);
  const container = definition((spec.fields.get('containers')!.node as [string, number])[1]);
  expect(container.fields.get('image')).toEqual({ node: 's', newer: false });
  expect(container.fields.get('restartPolicyRules')).toMatchObject({ newer: true });
});

test('the schema stays small: everybody who installs the package gets it', () => {
  expect(readFileSync(join(root, 'src/kube/schema.generated.ts')).length).toBeLessThan(64 * 1024);
});
