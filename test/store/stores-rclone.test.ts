import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rcloneOptionsModule } from '../../build/rclone-options.js';
import { backendOptions } from '../../src/store/backend-options.generated.js';
import { optionKinds } from '../../src/store/backend-options.js';
import {
  Credentials,
  gcsKeyFolder,
  keyFingerprintCommand,
  ObjectStore,
  type ObjectStoreInput,
  objectStoreSchema,
  rcloneConfigFile,
  rclonePath,
  rcloneRoot,
} from '../../src/store/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { exampleNames, examples } from './stores-examples.js';
import { containerEnvironment, rclone, rcloneWith, run, type StandIn, standIn } from './stores-run.js';

const settings = (store: ObjectStoreInput) => objectStoreSchema.parse(store);
const bucket = 'rondb-backups';

/** A password as `rclone.conf` has it. */
const obscure = async (password: string) => (await rcloneWith({}, password, 'obscure', '-')).stdout.trim();

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-stores-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describeWith(['rclone'], 'real rclone knows every variable', () => {
  let keystone: StandIn;
  beforeAll(async () => {
    keystone = await startKeystone();
    writeFileSync(join(folder, 'key.json'), JSON.stringify(serviceAccount('http://127.0.0.1:9', '')));
  });
  afterAll(() => keystone.stop());

  test.each(exampleNames)('of %s', async (name) => {
    const password = await obscure('correct horse');
    const environment = containerEnvironment(settings(examples[name]), everySecret(password));
    // What is mounted, and what signs in before it is used, is on this machine.
    const here = {
      ...(name === 'gcs' ? { RCLONE_CONFIG_STORE_SERVICE_ACCOUNT_FILE: join(folder, 'key.json') } : {}),
      ...(name.startsWith('swift') ? { RCLONE_CONFIG_STORE_AUTH: `${keystone.url}/v3` } : {}),
      ...(name === 'b2' ? { RCLONE_CONFIG_STORE_ENDPOINT: keystone.url } : {}),
      ...{ AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', GOOGLE_APPLICATION_CREDENTIALS: `${folder}/key.json` },
    };
    const { stderr } = await rclone({ ...environment, ...here }, 'backend', 'features', 'store:', '-vv');
    const read = new Set([...stderr.matchAll(/from environment variable (RCLONE_CONFIG_\w+)/g)].map(([, one]) => one));
    const given = Object.keys(environment).filter((variable) => variable.startsWith('RCLONE_CONFIG_'));
    expect(given.filter((variable) => !read.has(variable))).toEqual([]);
    expect(stderr).not.toMatch(/not known|couldn't parse|failed to (decrypt|parse)/);
  });
});

describeWith(['rclone', 'versitygw'], 'stores on a real S3 server', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket(bucket);
  });
  afterAll(() => server.stop());

  const credentials = Credentials.secret({ name: 'store' });
  const store = (fields: object = {}) =>
    settings(
      ObjectStore.minio({
        bucket,
        region: server.region,
        endpoint: server.endpoint,
        prefix: 'north',
        credentials,
        ...fields,
      }),
    );
  const environment = (from: ReturnType<typeof settings>, secrets: Record<string, string> = {}) =>
    containerEnvironment(from, {
      'store/access-key': server.accessKey,
      'store/secret-access-key': server.secretKey,
      ...secrets,
    });
  const files = (prefix: string) =>
    readdirSync(join(server.folder, bucket, prefix), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(server.folder, bucket, prefix).length + 1));

  test.each(['aws', 'minio', 'ceph', 'ovh', 'r2', 'wasabi', 'scaleway'] as const)(
    'of %s keep and give',
    async (name) => {
      const {
        serverSideEncryption: _,
        storageClass: __,
        ...plain
      } = examples[name] as Extract<ObjectStoreInput, { type: 's3' }>;
      const here = settings({
        ...plain,
        region: server.region,
        endpoint: server.endpoint,
        pathStyle: true,
        prefix: name,
      });
      const path = rclonePath(here, '1', 'manifest.json');
      expect(await rcloneWith(environment(here), '{}', 'rcat', path)).toMatchObject({ status: 0 });
      expect(await rclone(environment(here), 'cat', path)).toMatchObject({ status: 0, stdout: '{}' });
      expect(await rclone(environment(here), 'lsf', rcloneRoot(here))).toMatchObject({ status: 0 });
      expect(files(name)).toEqual(['1/manifest.json']);
    },
  );

  test('refuse a bucket that is not there, and make none', async () => {
    const wrong = store({ bucket: 'rondb-bakcups' });
    expect((await rcloneWith(environment(wrong), '{}', 'rcat', rclonePath(wrong, 'a'))).status).not.toBe(0);
    expect((await rclone(environment(wrong), 'lsf', rcloneRoot(wrong))).status).not.toBe(0);
    expect(existsSync(join(server.folder, 'rondb-bakcups'))).toBe(false);
  });

  const encryption = { type: 'crypt', secret: { name: 'key' }, saltSecret: { name: 'key' } };
  const key = async (password: string, salt = 'sea') => ({
    'key/crypt-password': await obscure(password),
    'key/crypt-salt': await obscure(salt),
  });

  test.each([
    ['encrypted', 'nor its name', /^[0-9a-v]{26,}\/[0-9a-v]{26,}$/],
    ['plain', 'but its name', /^1\/manifest\.json\.bin$/],
  ])('with file names %s see not a byte of a file, %s', async (fileNames, _, name) => {
    const safe = store({ prefix: `crypt-${fileNames}`, encryption: { ...encryption, fileNames } });
    const variables = environment(safe, await key('correct horse'));
    const content = 'customers '.repeat(100);
    expect(await rcloneWith(variables, content, 'rcat', rclonePath(safe, '1', 'manifest.json'))).toMatchObject({
      status: 0,
    });
    const [only, ...others] = files(`crypt-${fileNames}`);
    expect(others).toEqual([]);
    expect(only).toMatch(name);
    expect(readFileSync(join(server.folder, bucket, `crypt-${fileNames}`, only!), 'latin1')).not.toContain('customers');
    // Obscured once more, the same password looks different and reads the same.
    const again = environment(safe, await key('correct horse'));
    expect(again['RCLONE_CONFIG_STORE_PASSWORD']).not.toBe(variables['RCLONE_CONFIG_STORE_PASSWORD']);
    expect(await rclone(again, 'cat', rclonePath(safe, '1', 'manifest.json'))).toMatchObject({
      status: 0,
      stdout: content,
    });
    const other = environment(safe, await key('wrong horse'));
    expect((await rclone(other, 'cat', rclonePath(safe, '1', 'manifest.json'))).stdout).toBe('');
  });

  test('and a configuration on standard input, filled by the function of the documentation, is the same store', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/add-a-store.md'), 'utf8');
    const fill = /```bash\n(# Puts the secrets[\s\S]*?)```/.exec(page)?.[1] ?? '';
    const safe = store({ prefix: 'stdin', encryption });
    const variables = environment(safe, await key('correct horse'));
    expect(await rcloneWith(variables, 'hello', 'rcat', rclonePath(safe, 'file'))).toMatchObject({ status: 0 });
    const config = join(folder, 'store.conf');
    writeFileSync(config, rcloneConfigFile(safe));
    const filled = await run('bash', ['--norc', '-euc', `${fill}\nrclone_config ${config}`], variables);
    expect(filled).toMatchObject({ status: 0, stderr: '' });
    expect(filled.stdout).not.toContain('# secret');
    const reader = 'config=$(cat) && "$1" --config /dev/stdin cat store:file <<<"$config"';
    const clean = { HOME: '/nowhere', PATH: '/usr/bin:/bin' };
    expect(
      await run('bash', ['--norc', '-euc', reader, 'bash', programPath('rclone')], clean, filled.stdout),
    ).toMatchObject({ status: 0, stdout: 'hello' });
  });

  test('and what real rclone wrote into its configuration becomes a store that works', async () => {
    const config = join(folder, 'rclone.conf');
    const create = (...parameters: string[]) =>
      rclone({ HOME: folder, RCLONE_CONFIG: config }, 'config', 'create', ...parameters, '--non-interactive');
    const { endpoint, accessKey, secretKey, region } = server;
    const s3 = [
      'provider=Minio',
      `endpoint=${endpoint}`,
      `access_key_id=${accessKey}`,
      `secret_access_key=${secretKey}`,
    ];
    expect(await create('base', 's3', ...s3, `region=${region}`)).toMatchObject({ status: 0 });
    expect(
      await create(
        'safe',
        'crypt',
        `remote=base:${bucket}/taken`,
        'password=correct horse',
        'password2=sea',
        '--obscure',
      ),
    ).toMatchObject({ status: 0 });
    const text = readFileSync(config, 'utf8');
    const { store: taken, secretData } = ObjectStore.fromRcloneConfig(text, { remote: 'safe', secret: 'mine' });
    expect(taken).toMatchObject({ type: 's3', provider: 'Minio', bucket, prefix: 'taken' });
    const secrets = Object.fromEntries(Object.entries(secretData).map(([name, value]) => [`mine/${name}`, value]));
    const variables = containerEnvironment(settings(taken), secrets);
    expect(await rcloneWith(variables, 'hello', 'rcat', 'store:file')).toMatchObject({ status: 0 });
    expect(await rclone({ HOME: folder, RCLONE_CONFIG: config }, 'cat', 'safe:file')).toMatchObject({
      stdout: 'hello',
    });
  });

  /** The fingerprint as the command computes it: with rclone alone on PATH, and no store to ask. */
  const fingerprint = async (secrets: Record<string, string>, fileNames = 'encrypted') => {
    const variables = environment(
      store({ endpoint: 'http://127.0.0.1:9', encryption: { ...encryption, fileNames } }),
      secrets,
    );
    const programs = join(programPath('rclone'), '..');
    const script = `${keyFingerprintCommand()} && printf %s "$fingerprint"`;
    return run('/bin/sh', ['-euc', script], { ...variables, PATH: programs });
  };

  test('a key’s fingerprint depends on password and salt, and on nothing else', async () => {
    const expected = await fingerprint(await key('correct horse'));
    // Manifests hold it: a change would make every backup look foreign.
    expect(expected).toMatchObject({ status: 0, stdout: 'jg9j00lf9g9plk2v' });
    expect((await fingerprint(await key('correct horse'))).stdout).toBe(expected.stdout);
    expect((await fingerprint(await key('correct horse'), 'plain')).stdout).toBe(expected.stdout);
    expect((await fingerprint(await key('wrong horse'))).stdout).not.toBe(expected.stdout);
    expect((await fingerprint(await key('correct horse', 'rock'))).stdout).not.toBe(expected.stdout);
  });

  test('a key that rclone cannot use has no fingerprint', async () => {
    const { status, stdout } = await fingerprint({ 'key/crypt-password': 'correct horse', 'key/crypt-salt': '' });
    expect(status).not.toBe(0);
    expect(stdout).toBe('');
  });
});

describeWith(['rclone'], 'stand-ins for what is not on one machine are asked in the right way', () => {
  test('S3 for encryption and storage class', async () => {
    const server = await standIn((_, response) => response.setHeader('ETag', '"0"').end());
    const store = settings({ ...examples.aws, endpoint: server.url, pathStyle: true });
    await rcloneWith(containerEnvironment(store, everySecret('')), '{}', 'rcat', rclonePath(store, 'a'));
    await server.stop();
    const put = server.requests.find(({ method }) => method === 'PUT');
    expect(put?.url).toContain('/rondb-backups/a');
    expect(put?.headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/backups',
      'x-amz-storage-class': 'STANDARD_IA',
    });
    expect(server.requests.filter(({ url }) => /^\/rondb-backups\/?$/.test(url))).toEqual([]);
  });

  test('Azure with the account’s key, and with a SAS URL', async () => {
    const list =
      '<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name>owner.json</Name><Properties><Content-Length>2</Content-Length><Last-Modified>Sat, 21 Nov 2026 00:00:00 GMT</Last-Modified></Properties></Blob></Blobs></EnumerationResults>';
    const server = await standIn((_, response) => response.setHeader('Content-Type', 'application/xml').end(list));
    const withKey = settings({ ...examples.azure, endpoint: `${server.url}/examplebackups` });
    const keyed = containerEnvironment(withKey, everySecret(''));
    expect(await rclone(keyed, 'lsf', rcloneRoot(withKey))).toMatchObject({ status: 0, stdout: 'owner.json\n' });
    expect(server.requests[0]?.url).toMatch(/^\/examplebackups\/rondb-backups\?.*comp=list/);
    expect(server.requests[0]?.headers.authorization).toMatch(/^SharedKey examplebackups:/);

    const sasUrl = `${server.url}/rondb-backups?sv=2024-11-04&sr=c&sig=c2lnbmF0dXJl`;
    const withSas = settings(examples.azureSas);
    const signed = containerEnvironment(withSas, { 'store/sas-url': sasUrl });
    expect(await rclone(signed, 'lsf', rcloneRoot(withSas))).toMatchObject({ status: 0, stdout: 'owner.json\n' });
    expect(server.requests.at(-1)?.url).toContain('sig=c2lnbmF0dXJl');
    await server.stop();
  });

  test.each([
    [
      'swift',
      {
        methods: ['application_credential'],
        application_credential: {
          id: 'value of application-credential-id',
          secret: 'value of application-credential-secret',
          user: {},
        },
      },
      undefined,
    ],
    [
      'swiftPassword',
      {
        methods: ['password'],
        password: { user: { name: 'value of user', password: 'value of password', domain: { name: 'Default' } } },
      },
      { project: { name: 'backups', domain: { name: 'Default' } } },
    ],
  ] as const)('Keystone and Swift of %s', async (name, identity, scope) => {
    const keystone = await startKeystone();
    const store = settings({ ...examples[name], authUrl: `${keystone.url}/v3` });
    const outcome = await rclone(containerEnvironment(store, everySecret('')), 'lsf', rcloneRoot(store));
    await keystone.stop();
    expect(outcome).toMatchObject({ status: 0, stdout: 'owner.json\n' });
    expect(JSON.parse(keystone.requests[0]!.body)).toMatchObject({ auth: { identity, ...(scope ? { scope } : {}) } });
    expect(keystone.requests.at(-1)?.headers['x-auth-token']).toBe('token of keystone');
  });

  test('Google with a service account’s key', async () => {
    const server = await standIn(({ url }, response) =>
      response
        .setHeader('Content-Type', 'application/json')
        .end(
          url.startsWith('/token')
            ? JSON.stringify({ access_token: 'token of google', expires_in: 3600, token_type: 'Bearer' })
            : JSON.stringify({ items: [{ name: 'owner.json', size: '2', updated: '2026-11-21T00:00:00Z' }] }),
        ),
    );
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(join(folder, 'key.json'), JSON.stringify(serviceAccount(`${server.url}/token`, pem), undefined, 2));
    const store = settings({ ...examples.gcs, prefix: '' });
    const environment = containerEnvironment(store, {});
    const file = environment['RCLONE_CONFIG_STORE_SERVICE_ACCOUNT_FILE']!.replace(gcsKeyFolder, folder);
    const here = {
      RCLONE_CONFIG_STORE_SERVICE_ACCOUNT_FILE: file,
      RCLONE_CONFIG_STORE_ENDPOINT: `${server.url}/storage/v1/`,
    };
    const outcome = await rclone({ ...environment, ...here }, 'lsf', rcloneRoot(store));
    await server.stop();
    expect(outcome).toMatchObject({ status: 0, stdout: 'owner.json\n' });
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer token of google');
  });

  test('a real WebDAV server, by rclone’s own options', async () => {
    const served = join(folder, 'dav');
    mkdirSync(join(served, 'backups'), { recursive: true });
    const server = spawn(
      programPath('rclone'),
      ['serve', 'webdav', served, '--addr', '127.0.0.1:0', '--user', 'backup', '--pass', 'correct horse'],
      { env: { RCLONE_CONFIG: '', HOME: folder }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    try {
      const until = Date.now() + 10_000;
      while (!/http:\/\/127\.0\.0\.1:\d+/.test(said) && Date.now() < until) await sleep(20);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '';
      const store = settings(
        ObjectStore.rclone({
          backend: 'webdav',
          options: { url, vendor: 'other', user: 'backup' },
          secretOptions: { pass: { secret: 'store', key: 'pass' } },
          path: 'backups',
          prefix: 'north',
        }),
      );
      const environment = containerEnvironment(store, { 'store/pass': await obscure('correct horse') });
      expect(await rcloneWith(environment, '{}', 'rcat', rclonePath(store, 'owner.json'))).toMatchObject({ status: 0 });
      expect(readFileSync(join(served, 'backups/north/owner.json'), 'utf8')).toBe('{}');
      const wrong = { ...environment, RCLONE_CONFIG_STORE_PASS: await obscure('wrong horse') };
      expect((await rclone(wrong, 'lsf', rcloneRoot(store))).status).not.toBe(0);
    } finally {
      server.kill();
    }
  });
});

describeWith(['rclone'], 'what is known of rclone', () => {
  test('is what the installed rclone says: else run "npx tsx build/rclone-options.ts" and look at what is new', () => {
    const file = join(import.meta.dirname, '../../src/store/backend-options.generated.ts');
    expect(readFileSync(file, 'utf8')).toBe(rcloneOptionsModule(programPath('rclone')));
  });

  test('counts every option as a secret that is named like one, apart from these', () => {
    const named =
      /pass|secret|token|(^|_)key|credential|cookie|header|authorization|mnemonic|sas|connection_string|grant/;
    const plain = Object.keys(backendOptions).flatMap((backend) =>
      [...optionKinds(backend)]
        .filter(([name, kind]) => kind !== 'secret' && kind !== 'obscured' && named.test(name))
        .map(([name]) => name),
    );
    expect([...new Set(plain)].sort().join(' ')).toBe(
      [
        'application_credential_id application_credential_name ask_password authorization_expiry bearer_token_command',
        'bypass_governance_retention client_credentials host_key_algorithms host_keys key_exchange key_file key_use_agent',
        'pass_bad_blocks pin_host_key public_key shared_credentials_file sse_customer_key_file sse_customer_key_sha256',
        'sse_kms_key_id token_expiry token_url',
      ].join(' '),
    );
  });

  test('every value that a store accepts comes out of a configuration file as it went in', async () => {
    const values = [
      'a;b',
      '#a',
      'a # b',
      'a = b',
      'a:b',
      '[a]',
      'a"b',
      '"a"',
      "'a'",
      'a`b',
      '$a',
      '${' + 'a}',
      '%a',
      '\\n',
      'é✓',
    ];
    const store = (value: string) =>
      settings(ObjectStore.rclone({ backend: 'b2', options: { endpoint: value }, path: 'backups' }));
    const config = join(folder, 'values.conf');
    writeFileSync(config, values.map((value, index) => rcloneConfigFile(store(value), `store_${index}`)).join('\n'));
    const { stdout } = await rclone({ HOME: folder, RCLONE_CONFIG: config }, 'config', 'dump');
    const read = JSON.parse(stdout) as Record<string, { endpoint: string }>;
    expect(values.map((_, index) => read[`store_${index}`]?.endpoint)).toEqual(values);
    const again = values.map((_, index) =>
      ObjectStore.fromRcloneConfig(readFileSync(config, 'utf8'), {
        remote: `store_${index}`,
        path: 'backups',
        secret: 's',
      }),
    );
    expect(again.map(({ store }) => (store as { options: object }).options)).toEqual(
      values.map((endpoint) => ({ endpoint })),
    );
  });
});

/** Keystone and Swift in one: any sign-in is good, and the container holds one file. */
function startKeystone(): Promise<StandIn> {
  return standIn(({ url }, response, here) => {
    if (url.endsWith('/auth/tokens')) {
      const endpoints = ['GRA', 'RegionOne'].flatMap((region) =>
        ['public', 'internal'].map((type) => ({ interface: type, region, url: `${here}/swift` })),
      );
      const token = { expires_at: '2999-01-01T00:00:00.000000Z', catalog: [{ type: 'object-store', endpoints }] };
      response.writeHead(201, { 'X-Subject-Token': 'token of keystone' }).end(JSON.stringify({ token }));
    } else if (url.startsWith('/swift/rondb-backups')) {
      const objects = [{ name: 'owner.json', bytes: 2, hash: '', last_modified: '2026-11-21T00:00:00.000000' }];
      const more = url.includes('marker=');
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(more ? [] : objects));
    } else response.writeHead(404).end();
  });
}

/** A service account that nobody has. */
function serviceAccount(tokenUrl: string, privateKey: string): object {
  const client_email = 'backup@example.iam.gserviceaccount.com';
  return { type: 'service_account', client_email, private_key: privateKey, token_uri: tokenUrl };
}

/** A value for every secret of the examples. */
function everySecret(obscured: string): Record<string, string> {
  const names = ['access-key', 'secret-access-key', 'account', 'key', 'user', 'password', 'application-credential-id'];
  return {
    ...Object.fromEntries(
      [...names, 'application-credential-secret'].map((key) => [`store/${key}`, `value of ${key}`]),
    ),
    'store/account-key': Buffer.from('key').toString('base64'),
    'store/sas-url': 'https://examplebackups.blob.core.windows.net/rondb-backups?sv=2024-11-04&sig=x',
    'store/pass': obscured,
    'key/crypt-password': obscured,
    'key/crypt-salt': obscured,
  };
}
