import { execFileSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ApiProxy } from '../cluster/api-proxy.js';
import { TestBed } from '../cluster/test-bed.js';
import { StoredGenerations, valdObjects } from '../cluster/vald-namespace.js';
import { describeWith } from '../programs/find.js';

describeWith(
  ['etcd', 'kube-apiserver', 'kubectl', 'versitygw', 'rclone', 'openssl'],
  'the connection to a cluster',
  () => {
    let bed: TestBed;
    let proxy: ApiProxy;
    let namespace: string;
    /** A certificate that has nothing to do with the server. */
    let authority: string;
    beforeAll(async () => {
      bed = await TestBed.start();
      proxy = await ApiProxy.start(bed.kube);
      namespace = await bed.namespace();
      await bed.install(namespace);
      bed.repository(namespace).commit(217_000_001, '2026-11-15T02:17:00Z');
      authority = execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-subj',
          '/CN=other',
          '-days',
          '2',
          '-keyout',
          join(bed.folder, 'key'),
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );
    });
    afterEach(() => proxy.reset());
    afterAll(async () => {
      await proxy?.stop();
      await bed?.stop();
    });

    const list = (...words: string[]) => bed.run(['backups', 'list', '-n', namespace, ...words]);

    /** A token of a ServiceAccount that may do what a Role says. */
    async function tokenOf(name: string, rules: readonly object[], seconds = 3600): Promise<string> {
      await bed.apply([
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
        { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace }, rules },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name, namespace },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
          subjects: [{ kind: 'ServiceAccount', name, namespace }],
        },
      ]);
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const { body } = await bed.kube.request('POST', path, { spec: { expirationSeconds: seconds } });
      return body.status.token as string;
    }
    const seesJobs = [
      { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: ['list'] },
      { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['list'] },
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
    ];

    type Case = [name: string, exitCode: number, line: RegExp, words: () => Promise<string[]> | string[]];
    const cases: Case[] = [
      ['no kubeconfig', 3, /: there is no kubeconfig here \[/, () => []],
      [
        'a kubeconfig that is not there',
        3,
        /^error: \/none: there is no kubeconfig here \[/,
        () => ['--kubeconfig', '/none'],
      ],
      [
        'a kubeconfig that is no YAML',
        3,
        /the kubeconfig cannot be read/,
        () => {
          writeFileSync(join(bed.folder, 'broken'), 'users: [{token: secret-9d1c\n');
          return ['--kubeconfig', join(bed.folder, 'broken')];
        },
      ],
      [
        'an unknown context',
        2,
        /^error: --context: the kubeconfig has no context of this name .*\n {2}got: {5}tset\n {2}allowed: test\n {2}do: {6}Did you mean "test"\?\n$/,
        () => ['--kubeconfig', bed.kubeconfig(), '--context', 'tset'],
      ],
      [
        'a server that nobody is at',
        3,
        /the cluster is out of reach: nothing answers at this address/,
        () => ['--kubeconfig', bed.kubeconfig({ server: 'https://127.0.0.1:9' })],
      ],
      [
        'a server that has no address',
        3,
        /the cluster is out of reach: (there is no host of this name|the host’s name cannot be looked up)/,
        () => ['--kubeconfig', bed.kubeconfig({ server: 'https://no-such-host.invalid' })],
      ],
      [
        'another certificate authority',
        3,
        /the server’s certificate cannot be trusted/,
        () => ['--kubeconfig', bed.kubeconfig({ authority })],
      ],
      [
        'a token that is wrong',
        3,
        /the cluster does not take these credentials: the token is wrong or has expired/,
        () => ['--kubeconfig', bed.kubeconfig({ token: 'wrong' })],
      ],
      [
        'a token that has expired',
        3,
        /the cluster does not take these credentials: the token is wrong or has expired/,
        async () => {
          const token = await tokenOf('late', seesJobs);
          // The server gives none for less than ten minutes: the same one, signed anew by its own key.
          const [head = '', claims = ''] = token.split('.');
          const { exp, ...rest } = JSON.parse(Buffer.from(claims, 'base64url').toString());
          const past = { ...rest, iat: exp - 90_000, nbf: exp - 90_000, exp: exp - 80_000 };
          const body = `${head}.${Buffer.from(JSON.stringify(past)).toString('base64url')}`;
          const key = readFileSync(join(bed.kube.folder, 'service-account.key'));
          const again = (content: string) =>
            `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`;
          // It would be taken otherwise.
          const alive = await list('--kubeconfig', bed.kubeconfig({ token: again(`${head}.${claims}`) }));
          expect(alive.stderr).not.toContain('credentials');
          return ['--kubeconfig', bed.kubeconfig({ token: again(body) })];
        },
      ],
      [
        'no permission to list',
        3,
        /you may not list \w+ in test-1 .*\n {2}got: .* is forbidden: User "system:serviceaccount:test-1:nobody" cannot list/,
        async () => ['--kubeconfig', bed.kubeconfig({ token: await tokenOf('nobody', []) })],
      ],
      [
        'no permission to read the Secret',
        3,
        /you may not get the Secret backup-store in test-1/,
        async () => [
          '--via',
          'rclone',
          '--kubeconfig',
          bed.kubeconfig({ token: await tokenOf('no-secrets', seesJobs) }),
        ],
      ],
      [
        'a server that is no API server',
        3,
        /the answer is not of an API server/,
        () => {
          proxy.trouble = () => ({ status: 200, body: '<html>Log in</html>' });
          return ['--kubeconfig', bed.kubeconfig({ server: proxy.url })];
        },
      ],
      [
        'a server that always fails',
        3,
        /the cluster failed to list \w+ in test-1: status 503/,
        () => {
          proxy.trouble = () => ({ status: 503, body: 'unavailable', headers: { 'retry-after': '1' } });
          return ['--kubeconfig', bed.kubeconfig({ server: proxy.url })];
        },
      ],
    ];
    test.each(cases)('%s: one error, exit code %i', async (_, exitCode, line, words) => {
      const result = await list(...(await words()));
      expect(result).toMatchObject({ exitCode, stdout: '' });
      expect(result.stderr).toMatch(line);
      expect(result.stderr.match(/^error: /gm)).toHaveLength(1);
      expect(result.stderr).not.toMatch(/secret-9d1c|\n {4}at /);
    });

    test('who may read and not change may plan a restore of Vald, and no more', async () => {
      const name = 'reader';
      await bed.apply(valdObjects(bed, namespace, { jobs: false }));
      const saved = '2026-11-20T00:00:00Z';
      const generations = new StoredGenerations(bed, namespace);
      for (const pod of ['vald-agent-0', 'vald-agent-1']) generations.commit(pod, 100, saved, 3);
      const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
      const at = [
        '--database',
        'vald',
        '--kubeconfig',
        bed.kubeconfig({ token: await tokenOf(name, [...seesJobs, secrets]) }),
      ];
      const restore = (...words: string[]) =>
        bed.run(['backups', 'restore', 'latest', '-n', namespace, ...words, ...at]);
      expect(await restore('--plan')).toMatchObject({ exitCode: 0, stderr: '' });
      const { exitCode, stderr } = await restore('--yes');
      expect([exitCode, stderr]).toEqual([3, expect.stringContaining('you may not change the StatefulSet vald-agent')]);
      await bed.kube.kubectl(['-n', namespace, 'delete', 'statefulset', 'vald-agent']);
    });

    test('a busy server is asked again, and waited for as long as it says', async () => {
      const statuses = [429, 500, 502, 503, 504];
      proxy.trouble = () => {
        const status = statuses.shift();
        return status === undefined ? undefined : { status, headers: status === 429 ? { 'retry-after': '1' } : {} };
      };
      const start = Date.now();
      const result = await list('--kubeconfig', bed.kubeconfig({ server: proxy.url }));
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(Date.now() - start).toBeGreaterThan(1_000);
    });

    test('a connection that breaks is made again', async () => {
      let breaks = 2;
      proxy.trouble = () => (breaks-- > 0 ? { cutAfter: 0 } : undefined);
      expect(await list('--kubeconfig', bed.kubeconfig({ server: proxy.url }))).toMatchObject({
        exitCode: 0,
        stderr: '',
      });
    });

    test('in JSON the error is a document too', async () => {
      const { exitCode, stdout } = await list('--kubeconfig', '/none', '-o', 'json');
      expect(exitCode).toBe(3);
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [{ where: { object: '/none' } }] });
    });

    test('help needs neither a cluster nor the client', async () => {
      const { exitCode, stdout } = await bed.run(['backups', 'restore', '--help']);
      expect([exitCode, stdout]).toEqual([
        0,
        expect.stringContaining('chartwright backups restore latest -n rondb --plan'),
      ]);
    });
  },
);
