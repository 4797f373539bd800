import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  Credentials,
  ObjectStore,
  type ObjectStoreInput,
  objectStoreSchema,
  type ValdObjectStoreInput,
  valdObjectStoreSchema,
} from '../../src/store/index.js';
import { exampleNames, examples } from './stores-examples.js';

/** What is wrong with a store, as `path: message`. */
const faults = (store: unknown, schema: typeof objectStoreSchema | typeof valdObjectStoreSchema = objectStoreSchema) =>
  schema.safeParse(store).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

const b2 = (fields: object) => ({ ...examples.b2, options: {}, secretOptions: {}, ...fields });

describe('a store is refused', () => {
  const cases: [string, unknown, string[]][] = [
    [
      'with a server’s maker and no server',
      { ...examples.ovh, endpoint: undefined },
      ['endpoint: is required with the provider OVHcloud: without it rclone would talk to AWS'],
    ],
    ['in an archive', { ...examples.aws, storageClass: 'DEEP_ARCHIVE' }, ['storageClass: not well formed']],
    [
      'with a key id for a method that has none',
      { ...examples.aws, serverSideEncryption: { type: 'AES256', keyId: 'alias/backups' } },
      ['serverSideEncryption: Unrecognized key: "keyId"'],
    ],
    [
      'on Azure without an account',
      { ...examples.azure, account: undefined },
      ['account: is required with these credentials'],
    ],
    [
      'on Azure with what the SAS URL says already',
      { ...examples.azureSas, account: 'other', endpoint: 'https://other.example.com' },
      ['account: stands in the SAS URL already: leave it out', 'endpoint: stands in the SAS URL already: leave it out'],
    ],
    [
      'on Swift without a project',
      { ...examples.swiftPassword, credentials: { type: 'password', secret: { name: 'store' } } },
      ['credentials.tenantId: is required where there is no tenant'],
    ],
    [
      'with a fingerprint that is none',
      { ...examples.encrypted, encryption: { ...examples.encrypted.encryption, keyFingerprint: 'correct horse' } },
      ['encryption.keyFingerprint: not well formed'],
    ],
    [
      'on a misspelt backend',
      b2({ backend: 'b3' }),
      ['backend: rclone has no backend of this name (did you mean "b2"?)'],
    ],
    ['on a backend of that name', b2({ backend: 'constructor' }), ['backend: rclone has no backend of this name']],
    [
      'in the pod itself',
      b2({ backend: 'local' }),
      ['backend: rclone’s backend local keeps no backups: its files are gone with the pod'],
    ],
    [
      'through a layer',
      b2({ backend: 'crypt' }),
      [
        'backend: rclone’s backend crypt keeps no backups: encryption is a property of a store: set "encryption" on the store it goes to',
      ],
    ],
    [
      'with options that the backend does not have, all at once',
      b2({
        options: { hard_delte: 'true', __proto: 'x' },
        secretOptions: { acount: { secret: 'b2', key: 'account' } },
      }),
      [
        'options: b2 has no option "hard_delte" (did you mean "hard_delete"?); b2 has no option "__proto"',
        'secretOptions: b2 has no option "acount" (did you mean "account"?)',
      ],
    ],
    [
      'with an option that is given twice',
      b2({ options: { account: 'x' }, secretOptions: { account: { secret: 'b2', key: 'account' } } }),
      ['secretOptions: "account" stands in options too'],
    ],
    [
      'with a pasted secret for the name of its key',
      b2({ secretOptions: { key: { secret: 'b2', key: 'K005mWc9Z1u8hVvVn0JxqQ3dE7rT2yB4sLpA' } } }),
      ['secretOptions.key.key: not well formed'],
    ],
  ];
  test.each(cases)('%s', (_, store, expected) => {
    expect(faults(store)).toEqual(expected);
  });
});

describe('a secret has no place among the options', () => {
  const literal = 'K005mWc9Z1u8hVvVn0JxqQ3dE7rT2yB4sLpA';
  test.each([
    ['b2', 'key'],
    ['b2', 'sse_customer_key_base64'],
    ['webdav', 'pass'],
    ['webdav', 'bearer_token'],
    ['webdav', 'headers'],
    ['sftp', 'key_pem'],
    ['sftp', 'key_file_pass'],
    ['drive', 'token'],
    ['s3', 'secret_access_key'],
    ['s3', 'access_key_id'],
    ['s3', 'ibm_api_key'],
    ['shade', 'token'],
    ['linkbox', 'web_token'],
    ['oracleobjectstorage', 'sse_customer_key'],
    ['gcs', 'service_account_credentials'],
    ['azureblob', 'connection_string'],
    ['storj', 'access_grant'],
    ['mega', 'pass'],
    ['internxt', 'mnemonic'],
  ])('of %s: %s', (backend, name) => {
    const store = ObjectStore.rclone({ backend, options: { [name]: literal }, path: 'backups' });
    expect(faults(store)).toEqual([
      `options: "${name}" is a secret: put it into a Secret and name that in secretOptions`,
    ]);
    expect(JSON.stringify(objectStoreSchema.safeParse(store).error?.issues)).not.toContain(literal);
  });

  test.each([
    ['sftp', 'host'],
    ['sftp', 'user'],
    ['b2', 'account'],
    ['swift', 'tenant'],
    ['onedrive', 'drive_id'],
  ])('but who somebody is has one, of %s: %s', (backend, name) => {
    expect(faults(ObjectStore.rclone({ backend, options: { [name]: 'backup' }, path: 'backups' }))).toEqual([]);
    const secretOptions = { [name]: { secret: 'store', key: 'identity' } };
    expect(faults(ObjectStore.rclone({ backend, secretOptions, path: 'backups' }))).toEqual([]);
  });
});

describe('what would be read as something else is refused', () => {
  test.each([
    ['true\nremote = evil:', 'has a line break or another control character'],
    ['true\r[other]', 'has a line break or another control character'],
    ['a\u0000b', 'has a line break or another control character'],
    ['a\u2028b', 'has a line break or another control character'],
    [' true', 'has a space at its start or end'],
    ['$(AWS_SECRET_ACCESS_KEY)', 'has "$(" or "$$", which Kubernetes expands'],
    ['a$$b', 'has "$(" or "$$", which Kubernetes expands'],
    ['%(key)s', 'has "%(", which rclone.conf expands'],
    ['`true`', 'starts with a quote that rclone.conf takes off'],
    ['"""true"""', 'starts with a quote that rclone.conf takes off'],
    ['https://me:secret@example.com', 'is a URL with a user or password in it'],
  ])('as an option: %j', (value, reason) => {
    const store = ObjectStore.rclone({ backend: 'b2', options: { endpoint: value }, path: 'backups' });
    expect(faults(store)).toEqual([`options: the value of "endpoint" ${reason}`]);
  });

  /** Every text of a store with its path, options apart: those have the table above. */
  const texts = (value: object, path: string[] = []): string[][] =>
    Object.entries(value).flatMap(([key, inner]) => {
      if (key === 'options' || key === 'serviceAccountAnnotations') return [];
      return typeof inner === 'object' && inner !== null ? texts(inner, [...path, key]) : [[...path, key]];
    });

  test.each(exampleNames)('in any text of %s', (name) => {
    const whole = objectStoreSchema.parse(examples[name]);
    const hostile = [
      'a\nb = c',
      'a"b',
      "a'b",
      'a`b',
      'a$(B)',
      '$' + '{A}',
      'a,type=local:',
      'a:b',
      '../a',
      'a b;c',
      'a\u0000',
    ];
    const accepted: string[] = [];
    for (const path of texts(whole))
      for (const value of hostile) {
        const store = structuredClone(whole) as Record<string, unknown>;
        const parent = path.slice(0, -1).reduce((object, step) => object[step] as Record<string, unknown>, store);
        parent[path.at(-1)!] = value;
        if (objectStoreSchema.safeParse(store).success) accepted.push(`${path.join('.')}: ${value}`);
      }
    // An alias or ARN of a key is written with colons, and is passed to the server only.
    expect(accepted).toEqual(name === 'aws' ? ['serverSideEncryption.keyId: a:b'] : []);
  });
});

describe('Vald', () => {
  test('takes S3 and Google Cloud Storage with a key, and says the same of them as everybody', () => {
    const plain = exampleNames.filter((name) => valdObjectStoreSchema.safeParse(examples[name]).success);
    expect(plain).toEqual(['awsIdentity', 'minio', 'ovh', 'ovhUnitedStates', 'r2', 'wasabi', 'scaleway']);
    for (const name of plain)
      expect(valdObjectStoreSchema.parse(examples[name])).toEqual(objectStoreSchema.parse(examples[name]));
  });

  test('refuses what its sidecar would leave out without a word', () => {
    expect(faults(examples.aws, valdObjectStoreSchema)).toEqual([
      ': Unrecognized keys: "serverSideEncryption", "storageClass"',
    ]);
    expect(faults(examples.encrypted, valdObjectStoreSchema)).toEqual([': Unrecognized key: "encryption"']);
  });

  test('refuses by its type what it cannot sign in to', () => {
    const gcs = { bucket: 'vald-backups', credentials: Credentials.secret({ name: 'gcs' }) };
    const attempts: ValdObjectStoreInput[] = [
      // @ts-expect-error the pods' identity is not for Vald's sidecar
      ObjectStore.gcs({ ...gcs, credentials: Credentials.workloadIdentity() }),
      // @ts-expect-error Azure is not for Vald's sidecar
      ObjectStore.azure({ container: 'backups', account: 'backups', credentials: Credentials.secret({ name: 'a' }) }),
      // @ts-expect-error no other backend of rclone is for Vald's sidecar
      ObjectStore.rclone({ backend: 'b2', path: 'backups' }),
    ];
    expect(attempts.map((store) => valdObjectStoreSchema.safeParse(store).success)).toEqual([false, false, false]);
    const taken: ValdObjectStoreInput = ObjectStore.gcs(gcs);
    expect(valdObjectStoreSchema.safeParse(taken).success).toBe(true);
  });
});

test('a secret cannot be written into a store by its type', () => {
  const attempts: ObjectStoreInput[] = [
    // @ts-expect-error a text is not credentials
    ObjectStore.azure({ container: 'backups', account: 'backups', credentials: 'secret' }),
    ObjectStore.azure({
      container: 'backups',
      account: 'backups',
      // @ts-expect-error a key of a Secret has a name, not a value
      credentials: Credentials.secret({ name: 'a', accountKey: 'secret' }),
    }),
    // @ts-expect-error a password belongs into a Secret
    ObjectStore.swift({ ...examples.swiftPassword, credentials: { type: 'password', user: 'u', password: 'secret' } }),
    // @ts-expect-error a password belongs into a Secret
    ObjectStore.ovh({ bucket: 'backups', region: 'gra', encryption: { type: 'crypt', password: 'secret' } }),
    // @ts-expect-error a secret option is a reference
    ObjectStore.rclone({ backend: 'b2', secretOptions: { key: 'secret' }, path: 'backups' }),
  ];
  expect(attempts.filter((store) => objectStoreSchema.safeParse(store).success)).toEqual([]);
});

describe('the page “Add a store”', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/add-a-store.md'), 'utf8');
  const stores = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!.trim());

  test.each(stores)('shows a store that can be used: %s', (code) => {
    const make = new Function('ObjectStore', 'Credentials', `return ${code}`) as (...given: unknown[]) => unknown;
    expect(faults(make(ObjectStore, Credentials))).toEqual([]);
  });

  test('has one for each kind', () => {
    expect(stores.map((code) => /^ObjectStore\.(\w+)/.exec(code)?.[1])).toEqual([
      'ovh',
      'swift',
      'swift',
      's3',
      'cloudflareR2',
      'azure',
      'rclone',
      'ovh',
    ]);
  });
});
