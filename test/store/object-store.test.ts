import { describe, expect, test } from 'vitest';
import {
  Credentials,
  ObjectStore,
  type ObjectStoreInput,
  objectStoreSchema,
  rcloneEnvironment,
  storeVolumes,
  valdBlobStorage,
  valdObjectStoreSchema,
} from '../../src/store/index.js';
import { stores } from './stores.js';

interface BlobStorage {
  storage_type: string;
  bucket: string;
  s3: Record<string, unknown>;
  cloud_storage: { url: string; client: Record<string, string> };
}

const blobStorage = (name: keyof typeof stores) =>
  valdBlobStorage(valdObjectStoreSchema.parse(stores[name])) as BlobStorage;

describe('Vald’s blob_storage', () => {
  test.each([
    ['aws', '', 'eu-north-1', false],
    ['minio', 'http://minio.minio.svc:9000', 'us-east-1', true],
    ['ceph', 'https://rgw.example.com', 'default', false],
    ['custom', 'https://s3.example.com:8443', 'garage', true],
  ] as const)('of %s', (name, endpoint, region, pathStyle) => {
    const { storage_type, bucket, s3, cloud_storage } = blobStorage(name);
    expect({ storage_type, bucket }).toEqual({ storage_type: 's3', bucket: 'vald-backups' });
    expect(s3).toMatchObject({
      endpoint,
      region,
      force_path_style: pathStyle,
      access_key: '_AWS_ACCESS_KEY_',
      secret_access_key: '_AWS_SECRET_ACCESS_KEY_',
      token: '',
    });
    expect(cloud_storage.url).toBe('');
  });

  test('with the identity of the pods names no key, so that the sidecar asks the cloud for one', () => {
    expect(blobStorage('workloadIdentity').s3).toMatchObject({ access_key: '', secret_access_key: '' });
  });

  test('of Google Cloud Storage', () => {
    const { storage_type, bucket, s3, cloud_storage } = blobStorage('gcs');
    expect({ storage_type, bucket }).toEqual({ storage_type: 'cloud_storage', bucket: '' });
    expect(cloud_storage).toMatchObject({
      url: 'gs://vald-backups',
      client: { credentials_file_path: '/etc/chartwright/gcs/key.json', credentials_json: '' },
    });
    expect(s3).toMatchObject({ endpoint: '', region: '', force_path_style: false });
  });

  test('has a chunk that S3 accepts as a part: 5 MiB or more (rule 46 of the facts)', () => {
    expect(blobStorage('aws').s3).toMatchObject({ max_part_size: '64mb', max_chunk_size: '64mb' });
  });
});

describe('the defaults of a store', () => {
  test('of S3', () => {
    expect(objectStoreSchema.parse(stores.aws)).toEqual({
      type: 's3',
      bucket: 'vald-backups',
      region: 'eu-north-1',
      prefix: '',
      credentials: {
        type: 'secret',
        secret: { name: 'aws-secret', keys: { accessKeyId: 'access-key', secretAccessKey: 'secret-access-key' } },
      },
    });
  });

  test('of Google Cloud Storage', () => {
    expect(objectStoreSchema.parse(stores.gcs)).toEqual({
      type: 'gcs',
      bucket: 'vald-backups',
      prefix: 'production',
      credentials: {
        type: 'secret',
        secret: { name: 'gcs-secret', keys: { serviceAccountKey: 'credentials.json' } },
      },
    });
  });
});

describe('a secret cannot be written into a store', () => {
  const literal = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  const fields = { bucket: 'vald-backups', region: 'eu-north-1' };

  test('by its type', () => {
    const attempts: ObjectStoreInput[] = [
      // @ts-expect-error a text is not credentials
      ObjectStore.s3({ ...fields, credentials: literal }),
      // @ts-expect-error there is no access key among the fields
      ObjectStore.s3({ ...fields, credentials: Credentials.secret({ name: 'a' }), accessKey: literal }),
      // @ts-expect-error a key of a Secret has a name, not a value
      ObjectStore.s3({ ...fields, credentials: Credentials.secret({ name: 'a', secretAccessKey: literal }) }),
      // @ts-expect-error credentials are of one of two types
      ObjectStore.s3({ ...fields, credentials: { type: 'literal', secretAccessKey: literal } }),
      // @ts-expect-error a JSON key belongs into a Secret
      ObjectStore.gcs({ bucket: 'vald-backups', credentials: { type: 'secret', credentialsJson: literal } }),
    ];
    expect(attempts.filter((store) => objectStoreSchema.safeParse(store).success)).toEqual([]);
  });

  test('at run time, in any text of it', () => {
    const accepted: string[] = [];
    const attempt = (value: unknown, path: string[], store: object): void => {
      for (const [key, inner] of Object.entries(value as object)) {
        if (typeof inner === 'object') {
          attempt(inner, [...path, key], store);
          continue;
        }
        const changed = structuredClone(store);
        const parent = path.reduce<Record<string, unknown>>(
          (object, step) => object[step] as Record<string, unknown>,
          changed as Record<string, unknown>,
        );
        parent[key] = literal;
        if (objectStoreSchema.safeParse(changed).success) accepted.push([...path, key].join('.'));
      }
    };
    for (const store of Object.values(stores)) {
      const { success, data } = objectStoreSchema.safeParse(store);
      expect(success).toBe(true);
      attempt(data, [], data!);
    }
    // The value of an annotation is free text that Kubernetes defines.
    expect([...new Set(accepted)]).toEqual(['credentials.serviceAccountAnnotations.eks.amazonaws.com/role-arn']);
  });

  test('so what is made of it holds the names of Secrets only', () => {
    for (const store of Object.values(stores).map((input) => objectStoreSchema.parse(input))) {
      const variables = rcloneEnvironment(store).filter(({ name }) => /KEY/.test(name));
      expect(variables.every(({ value, valueFrom }) => value === undefined && valueFrom?.secretKeyRef)).toBe(true);
      expect(storeVolumes(store).every(({ mount }) => mount.readOnly)).toBe(true);
    }
  });
});

test('a store of another type is refused', () => {
  for (const type of ['azure', 'swift', 'file', '', undefined])
    expect(objectStoreSchema.safeParse({ ...stores.aws, type }).success).toBe(false);
});
