import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { expectConforms } from '../programs/kubeconform.js';
import { type Changeable, goodSet } from './check/good-set.js';

describeWith(['kubeconform', 'etcd', 'kube-apiserver'], 'expectConforms', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chartwright-conforms-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (change: (set: Record<string, Changeable>) => void = () => {}) => {
    const set = goodSet();
    change(set);
    for (const [name, object] of Object.entries(set))
      writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(object));
  };

  test.each(['1.28', '1.36'] as const)('passes a good set with Kubernetes %s', async (version) => {
    write((set) => {
      set['statefulSet'].spec.template.metadata.creationTimestamp = null;
    });
    await expectConforms(folder, version);
  });

  test.each(['1.28', '1.36'] as const)(
    'fails for fields that are unknown, missing or of a wrong type in %s',
    async (version) => {
      write((set) => {
        set['claim'].spec.resources.request = {};
        delete set['roleBinding'].roleRef;
        set['statefulSet'].spec.replicas = '3';
      });
      const message = await expectConforms(folder, version).catch((error: Error) => error.message);
      expect(message).toContain(`not conforming to Kubernetes ${version}`);
      expect(message).toMatch(/claim\.yaml: PersistentVolumeClaim vald-cache: .*request/);
      expect(message).toMatch(/roleBinding\.yaml: RoleBinding vald:agent: .*roleRef/);
      expect(message).toMatch(/statefulSet\.yaml: StatefulSet vald-agent: .*replicas/);
    },
  );

  test('fails with 1.28 for a field that is newer', async () => {
    write((set) => {
      set['statefulSet'].spec.template.spec.containers[0].lifecycle.stopSignal = 'SIGTERM';
    });
    await expect(expectConforms(folder, '1.28')).rejects.toThrow('stopSignal');
    await expectConforms(folder, '1.36');
  });

  test('fails for a kind without a schema and for a folder without objects', async () => {
    await expect(expectConforms(folder, '1.28')).rejects.toThrow('holds no object');
    writeFileSync(
      join(folder, 'wolf.yaml'),
      JSON.stringify({ apiVersion: 'a.b/v1', kind: 'Wolf', metadata: { name: 'w' } }),
    );
    await expect(expectConforms(folder, '1.28')).rejects.toThrow('Wolf');
  });
});
