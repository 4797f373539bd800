import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWith, sharedFolder } from '../programs/find.js';
import { environmentOf, find, jobOf, type Manifest, sets, synthesize } from './sets.js';

const golden = sharedFolder('golden/rondb');

describeWith(
  [],
  'our objects beside those of rondb-helm',
  () => {
    const read = (name: string) => JSON.parse(readFileSync(join(golden!, `${name}.json`), 'utf8')) as Manifest[];
    const upstream = read('cluster-with-backups');
    const ours = synthesize(sets['sidecar']!);
    const backup = find(ours, 'CronJob', 'rondb-backup');
    const restore = find(ours, 'Job');

    /** The pods of upstream's StatefulSets, each with its containers. */
    const pods = new Map<string, string[]>(
      upstream
        .filter(({ kind }) => kind === 'StatefulSet')
        .flatMap(({ metadata, spec }) =>
          Array.from({ length: spec.replicas ?? 1 }, (_, ordinal): [string, string[]] => [
            `${metadata.name}-${ordinal}`,
            spec.template.spec.containers.map(({ name }: { name: string }) => name),
          ]),
        ),
    );

    test('no name of ours is taken', () => {
      const names = (objects: readonly Manifest[]) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      const taken = new Set([...names(upstream), ...names(read('cluster-with-restore'))]);
      expect(names(ours).filter((name) => taken.has(name))).toEqual([]);
    });

    test.each(['rondb-backup', /^rondb-restore-/])(
      'the Role of %s names pods that are there, and no others',
      (name) => {
        for (const rule of find(ours, 'Role', name)['rules'])
          if (rule.resources[0].startsWith('pods'))
            expect(rule.resourceNames).toEqual(
              [...pods.keys()]
                .filter((pod) => /^(node-group|mysqlds-0)/.test(pod))
                .sort((a, b) => Number(a === 'mysqlds-0') - Number(b === 'mysqlds-0')),
            );
      },
    );

    test('exec goes into containers that are there', () => {
      for (const job of [backup, restore]) {
        const variables = environmentOf(job);
        for (const pair of variables['DATA_NODES']!.split(' ')) {
          const containers = pods.get(pair.replace(/^\d+=/, ''));
          expect(containers).toEqual(
            expect.arrayContaining([variables['DATA_CONTAINER'], variables['SIDECAR_CONTAINER']]),
          );
        }
        expect(pods.get(variables['SQL_POD']!)).toContain(variables['SQL_CONTAINER']);
      }
    });

    test('the password is a key of the Secret that is there', () => {
      const secret = find(upstream, 'Secret', 'mysql-passwords');
      expect(environmentOf(backup)['SQL_PASSWORD']).toBe('<mysql-passwords/root>');
      expect(Object.keys(secret['data'])).toContain('root');
    });

    test.each(['restrict-datanode-access', 'restrict-mgmd-access'])('NetworkPolicy %s lets our pods in', (name) => {
      const [{ from }] = find(upstream, 'NetworkPolicy', name)['spec'].ingress;
      const [{ key, values }] = from[0].podSelector.matchExpressions;
      for (const job of [backup, restore]) expect(values).toContain(jobOf(job).template.metadata.labels[key]);
    });

    test('the pods run as upstream’s do', () => {
      const theirs = jobOf(find(upstream, 'CronJob', 'create-rondb-backup')).template.spec;
      expect(jobOf(backup).template.spec.containers[0].image).toBe(
        theirs.containers[0].image.replace('docker.io/', ''),
      );
      expect(jobOf(backup).template.spec.securityContext.runAsUser).toBe(
        theirs.containers[0].securityContext.runAsUser,
      );
    });
  },
  { '../shared/golden/rondb': golden },
);
