import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProblemsError } from '../../src/problem/index.js';
import { backendOptions } from '../../src/store/backend-options.generated.js';
import { optionKinds, refuseBackend } from '../../src/store/backend-options.js';
import {
  ObjectStore,
  objectStoreSchema,
  type RcloneConfigSource,
  rcloneConfigFile,
  s3Providers,
} from '../../src/store/index.js';
import { storeRoot } from '../../src/store/remotes.js';

const secret = 'store';

/** What is wrong with a configuration, as `property: message`. */
function faults(config: Parameters<typeof ObjectStore.fromRcloneConfig>[0], source: Partial<RcloneConfigSource> = {}) {
  try {
    ObjectStore.fromRcloneConfig(config, { remote: 'r', path: 'backups', secret, ...source });
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    expect(error.message).not.toContain('hidden');
    return error.problems.map(({ where, message }) => `${'property' in where ? where.property : ''}: ${message}`);
  }
  return [];
}

const ovh = `
# made with rclone config
[ovh]
type = s3
provider = OVHcloud
access_key_id = id
secret_access_key = hidden
region = gra
endpoint = s3.gra.io.cloud.ovh.net
`;

describe('a store from a configuration', () => {
  test('is a typed one where that says the same, with the secrets beside it', () => {
    expect(ObjectStore.fromRcloneConfig(ovh, { remote: 'ovh', path: 'backups/north', secret })).toEqual({
      store: {
        type: 's3',
        bucket: 'backups',
        prefix: 'north',
        provider: 'OVHcloud',
        region: 'gra',
        endpoint: 'https://s3.gra.io.cloud.ovh.net',
        credentials: { type: 'secret', secret: { name: 'store' } },
      },
      secretData: { 'access-key': 'id', 'secret-access-key': 'hidden' },
      secretFiles: {},
      command:
        'kubectl create secret generic store --from-file=access-key=./access-key --from-file=secret-access-key=./secret-access-key',
    });
  });

  test('keeps every option by naming the backend where a typed one has no word for it', () => {
    expect(ObjectStore.fromRcloneConfig(`${ovh}acl = private\n`, { remote: 'ovh', path: 'backups', secret })).toEqual({
      store: {
        type: 'rclone',
        backend: 's3',
        path: 'backups',
        options: {
          provider: 'OVHcloud',
          region: 'gra',
          endpoint: 's3.gra.io.cloud.ovh.net',
          acl: 'private',
        },
        secretOptions: {
          access_key_id: { secret: 'store', key: 'access_key_id' },
          secret_access_key: { secret: 'store', key: 'secret_access_key' },
        },
      },
      secretData: { access_key_id: 'id', secret_access_key: 'hidden' },
      secretFiles: {},
      command:
        'kubectl create secret generic store --from-file=access_key_id=./access_key_id --from-file=secret_access_key=./secret_access_key',
    });
  });

  test('of type crypt is the store below it with encryption', () => {
    const config = `${ovh}
[safe]
type = crypt
remote = ovh:backups/north
password = obscured
password2 = obscured too
`;
    const { store, secretData } = ObjectStore.fromRcloneConfig(config, { remote: 'safe', secret });
    expect(store).toMatchObject({
      type: 's3',
      bucket: 'backups',
      prefix: 'north',
      encryption: { type: 'crypt', secret: { name: 'store' }, saltSecret: { name: 'store' } },
    });
    expect(secretData).toEqual({
      'access-key': 'id',
      'secret-access-key': 'hidden',
      'crypt-password': 'obscured',
      'crypt-salt': 'obscured too',
    });
  });

  test('may come as what "rclone config dump" prints, and with a key that is a file', () => {
    const config = { google: { type: 'google cloud storage', service_account_file: "/home/me/it's/key.json" } };
    const { store, secretData, secretFiles, command } = ObjectStore.fromRcloneConfig(config, {
      remote: 'google',
      path: 'backups',
      secret,
    });
    expect(store).toEqual({
      type: 'gcs',
      bucket: 'backups',
      credentials: { type: 'secret', secret: { name: 'store' } },
    });
    expect([secretData, secretFiles]).toEqual([{}, { 'credentials.json': "/home/me/it's/key.json" }]);
    expect(command).toBe(
      "kubectl create secret generic store --from-file=credentials.json='/home/me/it'\\''s/key.json'",
    );
  });

  test('with the identity of the machine has no secret, and no command', () => {
    const config = '[r]\ntype = s3\nprovider = AWS\nenv_auth = true\nregion = eu-north-1\n';
    expect(ObjectStore.fromRcloneConfig(config, { remote: 'r', path: 'backups', secret })).toEqual({
      store: { type: 's3', bucket: 'backups', region: 'eu-north-1', credentials: { type: 'workloadIdentity' } },
      secretData: {},
      secretFiles: {},
      command: undefined,
    });
  });

  test.each([
    ['type: b2', 'b2'],
    ['type=b2', 'b2'],
    ['; comment\n\ufefftype = x', undefined],
    ['type = `b2`', 'b2'],
    ['type = """b2"""', 'b2'],
    ['  type  =  b2  \r', 'b2'],
  ])('is read as rclone reads it: %j', (line, backend) => {
    const config = `\ufeff[r]\n${line}\n`;
    if (backend === undefined) expect(faults(config)).toHaveLength(1);
    else
      expect(ObjectStore.fromRcloneConfig(config, { remote: 'r', path: 'backups', secret }).store).toMatchObject({
        backend,
      });
  });
});

describe('a configuration is refused', () => {
  const cases: [string, string, Partial<RcloneConfigSource>, string[]][] = [
    [
      'that is encrypted',
      '# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nhidden',
      {},
      ['config: is encrypted with a password'],
    ],
    ['without the remote', ovh, { remote: 'ohv' }, ['remote: there is no remote "ohv" in the configuration']],
    ['without a type', '[r]\nkey = hidden\n', {}, ['remote: the remote "r" has no type']],
    [
      'with lines that rclone would read in another way or not at all',
      'type = b2\n[r]\nhidden\ntype = b2\ntype = s3\n[r]\nkey = %(hidden)s\n',
      {},
      [
        'config: line 1: an option before the first name of a remote',
        'config: line 3: not an option, a comment or the name of a remote',
        'config: line 5: the option "type" is there twice',
        'config: line 6: the remote "r" is there twice',
        'config: line 7: the value of "key" takes over another one with %(…)s',
      ],
    ],
    [
      'with a key that is a file nobody else has',
      '[r]\ntype = sftp\nhost = h\nkey_file = ~/.ssh/hidden\n',
      {},
      ['config: the option "key_file" is a file on the machine where rclone was configured'],
    ],
    [
      'of a backend that keeps nothing',
      '[r]\ntype = memory\n',
      {},
      ['backend: rclone’s backend memory keeps no backups: its files are gone with the program'],
    ],
    [
      'with an option of a newer rclone',
      '[r]\ntype = b2\nquantum_key = hidden\n',
      {},
      ['options: b2 has no option "quantum_key"'],
    ],
    [
      'with a secret in a URL',
      '[r]\ntype = webdav\nurl = https://me:hidden@example.com\n',
      {},
      ['options: the value of "url" is a URL with a user or password in it'],
    ],
    [
      'of a crypt that a store cannot say',
      '[r]\ntype = crypt\nremote = /mnt/backups\nfilename_encryption = obfuscate\nsuffix = .hidden\n',
      {},
      [
        'config: the crypt option "filename_encryption" is not supported as it is set',
        'config: the crypt option "suffix" is not supported as it is set',
        'config: the option "remote" of crypt names no other remote',
        'path: the remote of type crypt has its own path',
        'config: the remote of type crypt has no password',
      ],
    ],
    [
      'of a crypt over what is not there',
      '[r]\ntype = crypt\nremote = x:y\npassword = hidden\n',
      { path: undefined },
      ['remote: there is no remote "x" in the configuration'],
    ],
    [
      'with a name for the Secret that is none',
      ovh,
      { remote: 'ovh', secret: 'My Secret' },
      [
        'secretOptions.access_key_id.secret: not well formed',
        'secretOptions.secret_access_key.secret: not well formed',
      ],
    ],
  ];
  test.each(cases)('%s', (_, config, source, expected) => {
    expect(faults(config, source)).toEqual(expected);
  });
});

describe('what a store renders is read back as the same store', () => {
  const name = fc.stringMatching(/^[a-z0-9]{3,12}$/);
  const prefix = fc.array(fc.stringMatching(/^[A-Za-z0-9_=-]{1,8}$/), { maxLength: 3 }).map((parts) => parts.join('/'));
  const may = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
  const credentials = { type: 'secret', secret: { name: secret } };
  const identity = { type: 'workloadIdentity' };
  const url = fc.constantFrom('https://s3.example.com', 'http://minio.minio.svc:9000');

  const s3 = fc
    .record({
      type: fc.constant('s3'),
      bucket: name,
      prefix,
      region: fc.constantFrom('gra', 'us-east-1', 'auto'),
      server: fc.constantFrom(
        {},
        ...s3Providers.filter((one) => one !== 'AWS' && one !== 'Other').map((provider) => ({ provider })),
      ),
      endpoint: may(url),
      otherStyle: fc.boolean(),
      serverSideEncryption: may(
        fc.constantFrom({ type: 'AES256' }, { type: 'aws:kms' }, { type: 'aws:kms:dsse', keyId: 'alias/a' }),
      ),
      storageClass: may(fc.constantFrom('STANDARD_IA', 'GLACIER_IR')),
      credentials: fc.constantFrom(credentials, identity),
    })
    .map(({ server, endpoint, otherStyle, ...fields }) => {
      const url = 'provider' in server ? (endpoint ?? 'https://s3.example.com') : endpoint;
      return { ...fields, ...server, endpoint: url, ...(otherStyle ? { pathStyle: url === undefined } : {}) };
    });
  const gcs = fc.record({
    type: fc.constant('gcs'),
    bucket: name,
    prefix,
    storageClass: may(fc.constantFrom('STANDARD', 'ARCHIVE')),
    credentials: fc.constantFrom(credentials, identity),
  });
  const azure = fc.oneof(
    fc.record({
      type: fc.constant('azure'),
      container: name,
      prefix,
      account: name,
      endpoint: may(fc.constant('https://a.blob.core.usgovcloudapi.net')),
      accessTier: may(fc.constantFrom('hot', 'cold')),
      credentials: fc.constantFrom(credentials, identity),
    }),
    fc.record({
      type: fc.constant('azure'),
      container: name,
      prefix,
      credentials: fc.constant({ type: 'sasUrl', secret: { name: secret } }),
    }),
  );
  const swift = fc.record({
    type: fc.constant('swift'),
    container: name,
    prefix,
    authUrl: fc.constant('https://auth.cloud.ovh.net/v3'),
    region: fc.constantFrom('GRA', 'RegionOne'),
    endpointType: may(fc.constantFrom('public', 'internal')),
    credentials: fc.oneof(
      fc.constant({ type: 'applicationCredential', secret: { name: secret } }),
      fc.record({
        type: fc.constant('password'),
        secret: fc.constant({ name: secret }),
        domain: fc.constantFrom('Default', 'my domain'),
        tenantId: name,
        tenantDomain: fc.constantFrom('Default', 'its domain'),
      }),
    ),
  });
  const typed = new Set(['s3', 'google cloud storage', 'azureblob', 'swift']);
  const backends = Object.keys(backendOptions).filter((backend) => !typed.has(backend) && !refuseBackend(backend));
  const saidOtherwise = new Set(['no_check_bucket', 'service_account_file']);
  const rclone = fc.constantFrom(...backends).chain((backend) => {
    const kinds = [...optionKinds(backend)].filter(([option]) => !saidOtherwise.has(option));
    const of = (secrets: boolean) =>
      kinds.filter(([, kind]) => (kind === 'secret' || kind === 'obscured') === secrets).map(([option]) => option);
    const value = fc
      .stringMatching(/^[!-#%-_a-~][ -#%-~]{0,20}[!-#%-~]$/)
      .filter((text) => !/%\(|:\/\/|^`|^"""|^[/~.]/.test(text));
    const options = of(false);
    const secrets = of(true);
    return fc.record({
      type: fc.constant('rclone'),
      backend: fc.constant(backend),
      path: fc.constantFrom('backups', '/srv/backups'),
      prefix,
      options: options.length
        ? fc.dictionary(fc.constantFrom(...options), value, { noNullPrototype: true })
        : fc.constant({}),
      secretOptions: fc
        .subarray(secrets)
        .map((names) => Object.fromEntries(names.map((option) => [option, { secret, key: option }]))),
    });
  });
  const encryption = fc.record({
    type: fc.constant('crypt'),
    secret: fc.constant({ name: secret }),
    saltSecret: may(fc.constant({ name: secret })),
    fileNames: fc.constantFrom('encrypted', 'plain'),
  });

  test.each(Object.entries({ s3, gcs, azure, swift, rclone }))('%s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<Record<string, unknown>>, may(encryption), (fields, encryption) => {
        const input = JSON.parse(JSON.stringify({ ...fields, encryption })) as Record<string, unknown>;
        // On any backend what must exist and what need not cannot be told apart once both stand in crypt's option.
        if (encryption && input['type'] === 'rclone') input['prefix'] = '';
        const settings = objectStoreSchema.parse(input);
        const secrets: string[] = [];
        const text = rcloneConfigFile(settings).replace(/^# secret (\w+) from .*$/gm, (_, option: string) => {
          secrets.push(`value ${secrets.length}`);
          return `${option} = ${secrets.at(-1)}`;
        });
        const place = encryption ? {} : { path: storeRoot(settings), prefix: settings.prefix };
        const read = ObjectStore.fromRcloneConfig(text, { remote: 'store', secret, ...place });
        expect(objectStoreSchema.parse(read.store)).toEqual(settings);
        expect(Object.values(read.secretData).sort()).toEqual(secrets.sort());
        expect(JSON.stringify(read.store)).not.toMatch(/value \d/);
      }),
      { numRuns: 200 },
    );
  });
});
