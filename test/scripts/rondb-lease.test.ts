import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { rondbLeaseLibrary, rondbRunLibrary } from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const namespace = 'leases';

describeWith(['bash', 'jq', 'kubectl', 'kube-apiserver', 'etcd'], 'rondb-lease.sh against a real API server', () => {
  let server: KubeApiServer;
  let kubeconfig: string;
  let runs = 0;
  const folder = mkdtempSync(join(tmpdir(), 'chartwright-lease-'));

  beforeAll(async () => {
    server = await startKubeApiServer();
    for (const library of [rondbRunLibrary, rondbLeaseLibrary])
      writeFileSync(join(folder, library.name), library.content);
    await server.kubectl(['create', 'namespace', namespace]);
    await server.kubectl(['-n', namespace, 'create', 'serviceaccount', 'backup']);
    // The rights that the documentation names, and no more.
    const verbs = [
      ['create', []],
      ['get,update', ['--resource-name=backup']],
    ] as const;
    for (const [verb, names] of verbs) {
      const name = `lease-${verb.replace(',', '-')}`;
      const role = ['create', 'role', name, `--verb=${verb}`, '--resource=leases.coordination.k8s.io', ...names];
      await server.kubectl(['-n', namespace, ...role]);
      const binding = ['create', 'rolebinding', name, `--role=${name}`, `--serviceaccount=${namespace}:backup`];
      await server.kubectl(['-n', namespace, ...binding]);
    }
    const { stdout: token } = await server.kubectl(['-n', namespace, 'create', 'token', 'backup']);
    kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'it',
        contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
        clusters: [
          {
            name: 'it',
            cluster: { server: server.url, 'certificate-authority': `${server.folder}/certificates/apiserver.crt` },
          },
        ],
        users: [{ name: 'it', user: { token: token.trim() } }],
      }),
    );
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const gone = await server.kubectl(['-n', namespace, 'delete', 'lease', 'backup', '--ignore-not-found']);
    expect(gone, gone.stderr).toMatchObject({ status: 0 });
  });

  /** Runs lines of bash with the library, as the pod with this UID. */
  function runLines(uid: string, lines: string): Promise<{ code: number | null; log: string }> {
    const script = [
      'set -euo pipefail',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: bash expands it
      'script=lease-test scripts=${0%/*}',
      '. "$scripts/rondb-run.sh"; . "$scripts/rondb-lease.sh"',
      'read_run_environment; read_lease_environment; start_run; set_deadline 200',
      lines,
    ];
    const file = join(folder, `${uid}-${++runs}.sh`);
    writeFileSync(file, `${script.join('\n')}\n`);
    const child = spawn(programPath('bash'), [file], {
      env: {
        PATH: `${dirname(programPath('kubectl'))}:/usr/bin:/bin`,
        KUBECONFIG: kubeconfig,
        HOME: folder,
        NAMESPACE: namespace,
        STATUS_CONFIGMAP: 'status',
        COMMAND_TIMEOUT_SECONDS: '120',
        POD_NAME: `pod-${uid}`,
        POD_UID: uid,
        LEASE_NAME: 'backup',
        LEASE_SECONDS: '3600',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    child.stdout.on('data', (text) => (log += text));
    child.stderr.on('data', (text) => (log += text));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, log })));
  }

  const lease = async () =>
    (await server.request('GET', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/backup`)).body;

  test('of many that begin at once, one gets it', async () => {
    const all = await Promise.all(['a', 'b', 'c', 'd'].map((uid) => runLines(uid, 'acquire_lease; echo mine')));
    const winners = all.filter(({ code }) => code === 0);
    expect(winners, JSON.stringify(all)).toHaveLength(1);
    expect(all.filter(({ code }) => code === 13)).toHaveLength(3);
    expect((await lease()).spec).toMatchObject({ leaseDurationSeconds: 3600, leaseTransitions: 1 });
  });

  test('it is freed at the end, taken again by the next, and by nobody while it is held', async () => {
    expect(await runLines('a', 'acquire_lease; hold_lease it; release_lease')).toEqual({ code: 0, log: '' });
    expect((await lease()).spec.holderIdentity).toBeUndefined();
    expect(await runLines('b', 'acquire_lease')).toMatchObject({ code: 0 });
    expect(await lease()).toMatchObject({
      metadata: { annotations: { 'holder-pod': 'pod-b' } },
      spec: { holderIdentity: 'b', leaseTransitions: 2 },
    });
    const { code, log } = await runLines('c', 'acquire_lease');
    expect([code, log]).toEqual([13, expect.stringContaining('held by the pod with UID b')]);
    // A container that was restarted in the same pod goes on with it.
    expect(await runLines('b', 'acquire_lease; hold_lease it')).toMatchObject({ code: 0 });
  });

  test('an expired one is taken over by one of many, and its old holder notices', async () => {
    expect(await runLines('old', 'acquire_lease')).toMatchObject({ code: 0 });
    const { metadata, spec } = await lease();
    await server.request('PUT', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/backup`, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata,
      spec: { ...spec, acquireTime: '2026-01-01T00:00:00.000000Z' },
    });
    const all = await Promise.all(['a', 'b', 'c'].map((uid) => runLines(uid, 'acquire_lease')));
    expect(all.map(({ code }) => code).sort(), JSON.stringify(all)).toEqual([0, 13, 13]);
    const stale = 'lease_held=yes; check_lease || echo gone; release_lease; hold_lease "a delete"; echo deleted';
    const { code, log } = await runLines('old', stale);
    expect([code, log]).toEqual([13, expect.stringMatching(/^gone\n.*not done: a delete\n/)]);
    expect(['a', 'b', 'c']).toContain((await lease()).spec.holderIdentity);
  });

  test('of two that have read the same version, the second loses with 409', async () => {
    expect(await runLines('old', 'acquire_lease; release_lease')).toMatchObject({ code: 0 });
    // Between reading and replacing, another one takes it.
    const between = `call_kubectl() {
      if [[ $1 == replace && ! -e $work/once ]]; then : >"$work/once"; (POD_UID=faster; acquire_lease); fi
      run_bounded kubectl -n "$NAMESPACE" "$@"
    }`;
    const { code, log } = await runLines('slower', `${between}\nacquire_lease; echo mine`);
    expect([code, log]).toEqual([13, expect.stringContaining('the object has been modified')]);
    expect((await lease()).spec.holderIdentity).toBe('faster');
  });

  test('one that cannot be read is not taken for free: 1', async () => {
    const { code, log } = await runLines('a', 'LEASE_NAME=forbidden; acquire_lease');
    expect([code, log]).toEqual([1, expect.stringContaining('the Lease forbidden cannot be read')]);
  });
});
