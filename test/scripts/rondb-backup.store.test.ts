import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readManifest } from '../../src/repository/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { BackupRun } from './rondb-backup-run.js';

// A run takes three seconds, and many times that on a machine with much else to do.
vi.setConfig({ testTimeout: 300_000 });

describeWith(['bash', 'jq', 'rclone', 'versitygw'], 'rondb-backup.sh and what its store can do', () => {
  let server: S3Server;
  let run: BackupRun;
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('backups');
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    run = new BackupRun(server);
  });
  afterEach(() => run.remove());

  describe('the way into the store', () => {
    test('sidecar: rclone beside the node, with the same set as the outcome', async () => {
      const { code, log, result } = await run.run({ environment: { WAY: 'sidecar' }, rclone: {} });
      expect(code, log).toBe(0);
      expect(run.manifest(result.backupId).files).toHaveLength(8);
      expect(run.calls().filter((call) => call.includes(' rcat '))).toEqual([]);
      expect(run.calls().filter((call) => call.includes(server.secretKey))).toEqual([]);
    });

    const once = (what: string, lines: string) =>
      `if [[ ${what} && ! -e '${run.folder}/done-once' ]]; then : >'${run.folder}/done-once'; ${lines}; fi`;
    const cut = () => once(`$name == kubectl && $* == *-0.2.Data`, 'echo rows; exit 0');
    const damage = () =>
      once(
        `$name == rclone && $* == *' cat '*-0.1.Data`,
        `path=\${!#}; printf X >>"${run.storeFolder}/\${path#*/${run.name}/}"`,
      );

    test.each([
      ['a stream that ends early and says 0', cut],
      ['an object that is damaged before it is read back', damage],
    ])('%s: 18 without a try left, sent again with one', async (_, hook) => {
      const failed = await run.run({ before: hook() });
      expect(failed.code, failed.log).toBe(18);
      expect(run.committed()).toEqual([]);
      expect(Object.keys({ ...run.cluster.native(1), ...run.cluster.native(2) })).toHaveLength(6);
      rmSync(join(run.folder, 'done-once'));
      const outcome = await run.run({ before: hook(), environment: { TRANSFER_RETRIES: '1' } });
      expect(outcome.code, outcome.log).toBe(0);
      expect(outcome.log).toContain('try 1 of 2 failed');
      run.manifest(outcome.result.backupId);
    });

    test('a store that hangs: 18 at the deadline', async () => {
      const before = `if [[ $name == rclone && $* == *' rcat '* ]]; then exec /usr/bin/sleep 1000; fi`;
      const { code, log } = await run.run({ before, environment: { TRANSFER_TIMEOUT_SECONDS: '4' } });
      expect([code, log]).toEqual([18, expect.stringContaining('within 4 seconds')]);
    });

    test('a store that is full from the third file on: 18, and the next run goes well', async () => {
      const before = `if [[ $name == rclone && $* == *' rcat '*rondb/1/* ]]; then echo 'XMinioStorageFull' >&2; exit 1; fi`;
      expect(await run.run({ before })).toMatchObject({ code: 18 });
      expect(await run.run()).toMatchObject({ code: 0 });
      expect(run.committed()).toHaveLength(1);
    });

    test.each([
      ['a bucket that is not there', { environment: { STORE_ROOT: 'store:none', STORE_PATH: 'store:none/p/c' } }],
      ['a wrong key', { rclone: { RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: 'wrong' } }],
      ['an endpoint where nobody listens', { rclone: { RCLONE_CONFIG_STORE_ENDPOINT: 'https://127.0.0.1:1' } }],
    ])('%s: 12 before anything is done', async (_, options) => {
      const { code, log } = await run.run(options);
      expect(code, log).toBe(12);
      expect(run.stored()).toEqual({});
      expect(run.calls().filter((call) => call.includes(' exec '))).toEqual([]);
    });
  });

  test('a store that takes no writes: 12 before anything is done', async () => {
    const readOnly = await startS3Server({ folder: server.folder, readOnly: true });
    try {
      const { code, log } = await run.run({ rclone: { RCLONE_CONFIG_STORE_ENDPOINT: readOnly.endpoint } });
      expect([code, log]).toEqual([12, expect.stringContaining('does not take owner.json')]);
    } finally {
      await readOnly.stop();
    }
  });

  describeWith(['openssl'], 'a store over TLS', () => {
    test('with a certificate that nobody vouches for: 12 before anything is done', async () => {
      const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(run.folder, name));
      const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
      const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
      execFileSync(programPath('openssl'), [...request, '-keyout', key!, '-out', cert!, ...name], { stdio: 'ignore' });
      const tls = createServer({ key: readFileSync(key!), cert: readFileSync(cert!) });
      await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
      try {
        const { port } = tls.address() as AddressInfo;
        const { code, log } = await run.run({
          rclone: { RCLONE_CONFIG_STORE_ENDPOINT: `https://127.0.0.1:${port}` },
        });
        expect([code, log]).toEqual([12, expect.stringContaining('certificate signed by unknown authority')]);
        expect(run.stored()).toEqual({});
      } finally {
        tls.close();
      }
    });
  });

  test('client-side encryption: nothing readable in the store, the fingerprint in the manifest, 24 for another key', async () => {
    const rclone = programPath('rclone');
    const wrapped = Object.fromEntries(
      Object.entries(run.remote()).map(([name, value]) => [name.replace('_STORE_', '_STORE_WRAPPED_'), value]),
    );
    const remote = {
      ...wrapped,
      RCLONE_CONFIG_STORE_TYPE: 'crypt',
      RCLONE_CONFIG_STORE_REMOTE: 'store_wrapped:backups/prefix',
      RCLONE_CONFIG_STORE_PASSWORD: execFileSync(rclone, ['obscure', 'a key'], { encoding: 'utf8' }).trim(),
    };
    const environment = {
      STORE_ROOT: 'store_wrapped:backups',
      STORE_PATH: `store:${run.name}`,
      ENCRYPTION: 'rclone-crypt',
    };
    const { code, log, result } = await run.run({ environment, rclone: remote });
    expect(code, log).toBe(0);
    const path = `store:${run.name}/${result.backupId}/manifest.json`;
    const text = execFileSync(rclone, ['--config', '', 'cat', path], { encoding: 'utf8', env: { ...remote } });
    const { manifest, problems } = readManifest(text, { path, backupId: result.backupId });
    expect([problems, manifest?.encryption]).toEqual([
      [],
      { type: 'rclone-crypt', keyFingerprint: expect.stringMatching(/^[0-9a-v]{16}$/) },
    ]);
    expect(run.stored()).toEqual({});
    const other = await run.run({ environment: { ...environment, KEY_FINGERPRINT: '0'.repeat(16) }, rclone: remote });
    expect([other.code, other.log]).toEqual([24, expect.stringContaining('the key has the fingerprint')]);
  });

  describe('retention', () => {
    const one = { KEEP_LAST: '1' };

    test('goes after the commit', async () => {
      for (let count = 0; count < 2; count++)
        expect(await run.run({ environment: one, rclone: {} })).toMatchObject({ code: 0, result: { warnings: [] } });
      expect(run.committed()).toHaveLength(1);
    });

    test.each([
      ['a store that does not delete', `$* == *' deletefile '*manifest.json`, 'exit 1', 12],
      ['a lease that is lost by then', `$* == *' --files-from-raw '*`, 'LEASE', 13],
    ])('%s deletes nothing, and the backup is committed with a warning', async (_, when, what, status) => {
      expect(await run.run()).toMatchObject({ code: 0 });
      const lease = {
        spec: { holderIdentity: 'x', leaseDurationSeconds: 9999, acquireTime: new Date().toISOString() },
      };
      const lines = what.replace('LEASE', `printf '%s' '${JSON.stringify(lease)}' >'${run.folder}/objects/lease'`);
      const before = `if [[ $name == rclone && ${when} ]]; then ${lines}; fi`;
      const { code, log, result } = await run.run({ environment: one, before });
      expect([code, result?.warnings], log).toEqual([
        0,
        [`retention ended with status ${status}: the next run goes on with it`],
      ]);
      expect(run.committed()).toHaveLength(2);
    });
  });
});
