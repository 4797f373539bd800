import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { stringify } from 'yaml';
import { ChartOnDisk } from '../chart/helm.js';
import { expectAccepted } from '../kube/accepted.js';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { expectConforms } from '../programs/kubeconform.js';
import { filesOf, isWritten, type KubeObject, ownCharts } from './own-charts.js';

/** No part of Kubernetes: the object check of this package knows its form. */
const isServed = ({ kind }: KubeObject): boolean => kind !== 'PrometheusRule';

for (const own of ownCharts)
  describeWith(
    ['helm4', 'kubeconform', 'etcd', 'kube-apiserver', 'kubectl'],
    `what charts/${own.name} renders`,
    () => {
      let server: KubeApiServer;
      beforeAll(async () => {
        server = await startKubeApiServer();
      });
      afterAll(() => server?.stop());

      test.each(Object.entries(own.examples))(
        '%s: fits the schemas of two Kubernetes versions, and a server takes it without a warning',
        async (name, values) => {
          const namespace = `try-${name.replaceAll('.', '-')}`;
          const rendered = new ChartOnDisk(filesOf(own.folder)).template('helm4', {
            values,
            release: { name: 'release-name', namespace },
          });
          if (rendered.error) throw new Error(rendered.error);
          const objects = (rendered.documents as KubeObject[]).filter(isServed);
          const folder = mkdtempSync(join(tmpdir(), 'conforms-'));
          try {
            for (const [index, object] of objects.entries())
              writeFileSync(join(folder, `${index}.yaml`), stringify(object));
            await expectConforms(folder, '1.28');
            await expectConforms(folder, '1.36');
          } finally {
            rmSync(folder, { recursive: true, force: true });
          }
          await expectAccepted(server, [...serviceAccounts(objects), ...objects], namespace);
        },
      );
    },
    { 'npm run charts': isWritten(own) },
  );

/** The existing ServiceAccounts that an example names. */
function serviceAccounts(objects: readonly KubeObject[]): KubeObject[] {
  const made = new Set(objects.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name));
  const named = objects.flatMap(({ spec }) => {
    const pod = spec?.jobTemplate?.spec?.template?.spec ?? spec?.template?.spec;
    return (pod?.serviceAccountName as string | undefined) ?? [];
  });
  return [...new Set(named)]
    .filter((name) => !made.has(name))
    .map((name) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } }));
}
