import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  certificateAuthorityEnvironment,
  gcsKeyFolder,
  objectStoreSchema,
  rcloneEnvironment,
  rclonePath,
  s3Providers,
  storeVolumes,
} from '../../src/store/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { stores } from './stores.js';

const settings = (name: keyof typeof stores) => objectStoreSchema.parse(stores[name]);

/** An environment as lines, secrets as the place they come from. */
const lines = (name: keyof typeof stores) =>
  rcloneEnvironment(settings(name)).map(({ name, value, valueFrom }) => {
    const key = valueFrom?.secretKeyRef;
    return `${name}=${key ? `<${key.name}/${key.key}>` : value}`;
  });

describe('the environment of rclone', () => {
  test('of AWS', () => {
    expect(lines('aws')).toEqual([
      'RCLONE_CONFIG=',
      'RCLONE_CONFIG_STORE_TYPE=s3',
      'RCLONE_CONFIG_STORE_ACCESS_KEY_ID=<aws-secret/access-key>',
      'RCLONE_CONFIG_STORE_ENV_AUTH=false',
      'RCLONE_CONFIG_STORE_FORCE_PATH_STYLE=false',
      'RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true',
      'RCLONE_CONFIG_STORE_PROVIDER=AWS',
      'RCLONE_CONFIG_STORE_REGION=eu-north-1',
      'RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=<aws-secret/secret-access-key>',
    ]);
  });

  test('of MinIO', () => {
    expect(lines('minio')).toEqual([
      'RCLONE_CONFIG=',
      'RCLONE_CONFIG_STORE_TYPE=s3',
      'RCLONE_CONFIG_STORE_ACCESS_KEY_ID=<minio-secret/rootUser>',
      'RCLONE_CONFIG_STORE_ENDPOINT=http://minio.minio.svc:9000',
      'RCLONE_CONFIG_STORE_ENV_AUTH=false',
      'RCLONE_CONFIG_STORE_FORCE_PATH_STYLE=true',
      'RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true',
      'RCLONE_CONFIG_STORE_PROVIDER=Minio',
      'RCLONE_CONFIG_STORE_REGION=us-east-1',
      'RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=<minio-secret/rootPassword>',
    ]);
  });

  test('of Ceph with a private certificate authority, and a path style that is set wins', () => {
    expect(lines('ceph')).toEqual([
      'RCLONE_CONFIG=',
      'RCLONE_CONFIG_STORE_TYPE=s3',
      'RCLONE_CONFIG_STORE_ACCESS_KEY_ID=<aws-secret/access-key>',
      'RCLONE_CONFIG_STORE_ENDPOINT=https://rgw.example.com',
      'RCLONE_CONFIG_STORE_ENV_AUTH=false',
      'RCLONE_CONFIG_STORE_FORCE_PATH_STYLE=false',
      'RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true',
      'RCLONE_CONFIG_STORE_PROVIDER=Ceph',
      'RCLONE_CONFIG_STORE_REGION=default',
      'RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=<aws-secret/secret-access-key>',
      'SSL_CERT_DIR=/etc/ssl/certs:/etc/chartwright/ca',
    ]);
  });

  test('of another server with an endpoint', () => {
    expect(lines('custom')).toEqual(
      expect.arrayContaining([
        'RCLONE_CONFIG_STORE_ENDPOINT=https://s3.example.com:8443',
        'RCLONE_CONFIG_STORE_FORCE_PATH_STYLE=true',
        'RCLONE_CONFIG_STORE_PROVIDER=Other',
        'RCLONE_CONFIG_STORE_REGION=garage',
      ]),
    );
  });

  test('of AWS with the identity of the pods names no secret', () => {
    expect(lines('workloadIdentity')).toEqual([
      'RCLONE_CONFIG=',
      'RCLONE_CONFIG_STORE_TYPE=s3',
      'RCLONE_CONFIG_STORE_ENV_AUTH=true',
      'RCLONE_CONFIG_STORE_FORCE_PATH_STYLE=false',
      'RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true',
      'RCLONE_CONFIG_STORE_PROVIDER=AWS',
      'RCLONE_CONFIG_STORE_REGION=eu-north-1',
    ]);
  });

  test('of Google Cloud Storage', () => {
    expect(lines('gcs')).toEqual([
      'RCLONE_CONFIG=',
      'RCLONE_CONFIG_STORE_TYPE=google cloud storage',
      'RCLONE_CONFIG_STORE_BUCKET_POLICY_ONLY=true',
      'RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true',
      'RCLONE_CONFIG_STORE_SERVICE_ACCOUNT_FILE=/etc/chartwright/gcs/key.json',
    ]);
  });
});

test('the certificate authority is given to Go programs beside those of the image, and never as AWS_CA_BUNDLE', () => {
  expect(Object.keys(stores).map((name) => certificateAuthorityEnvironment(settings(name as 'aws')).length)).toEqual([
    0, 0, 1, 1, 0, 0,
  ]);
  expect(JSON.stringify(Object.keys(stores).map((name) => lines(name as 'aws')))).not.toContain('AWS_CA_BUNDLE');
});

describe('a path in the store', () => {
  test.each([
    ['aws', ['vald', 'owner.json'], 'store:vald-backups/vald/owner.json'],
    ['aws', [], 'store:vald-backups'],
    ['minio', ['vald'], 'store:vald-backups/production/eu/vald'],
    ['gcs', ['vald'], 'store:vald-backups/production/vald'],
  ] as const)('of %s below %j', (name, segments, expected) => {
    expect(rclonePath(settings(name), ...segments)).toBe(expected);
  });
});

describe('the volumes that a store needs', () => {
  test.each(['aws', 'minio', 'workloadIdentity'] as const)('of %s are none', (name) => {
    expect(storeVolumes(settings(name))).toEqual([]);
  });

  test('of a certificate authority in a ConfigMap', () => {
    expect(storeVolumes(settings('ceph'))).toEqual([
      {
        volume: { name: 'store-ca', configMap: { name: 'private-ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        mount: { name: 'store-ca', mountPath: '/etc/chartwright/ca', readOnly: true },
      },
    ]);
  });

  test('of a certificate authority in a Secret', () => {
    expect(storeVolumes(settings('custom'))[0]?.volume).toEqual({
      name: 'store-ca',
      secret: { secretName: 'private-ca', items: [{ key: 'bundle.pem', path: 'ca.crt' }] },
    });
  });

  test('of Google Cloud Storage hold the service account’s key, not readable for others', () => {
    expect(storeVolumes(settings('gcs'))).toEqual([
      {
        volume: {
          name: 'store-key',
          secret: {
            secretName: 'gcs-secret',
            items: [{ key: 'credentials.json', path: 'key.json' }],
            defaultMode: 0o440,
          },
        },
        mount: { name: 'store-key', mountPath: '/etc/chartwright/gcs', readOnly: true },
      },
    ]);
  });
});

describeWith(['rclone'], 'real rclone takes the environment', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chartwright-rclone-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The environment as a container has it: values of Secrets filled in, mounted folders on this machine. */
  const filled = (name: keyof typeof stores): Record<string, string> => {
    writeFileSync(join(folder, 'key.json'), JSON.stringify(serviceAccount));
    const environment = rcloneEnvironment(settings(name)).map(({ name, value, valueFrom }) => [
      name,
      valueFrom ? 'from-the-secret' : (value ?? '').replace(gcsKeyFolder, folder),
    ]);
    return { HOME: folder, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', ...Object.fromEntries(environment) };
  };

  const rclone = (environment: Record<string, string>, ...parameters: string[]) =>
    spawnSync(programPath('rclone'), parameters, { env: environment, encoding: 'utf8' });

  test.each(Object.keys(stores) as (keyof typeof stores)[])('of %s: every variable is one it knows', (name) => {
    const environment = filled(name);
    expect(execFileSync(programPath('rclone'), ['listremotes'], { env: environment, encoding: 'utf8' })).toBe(
      'store:\n',
    );
    const { status, stdout, stderr } = rclone(environment, 'backend', 'features', 'store:', '-vv');
    expect(stderr).not.toContain('NOTICE');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ Features: { BucketBased: true } });
    const read = [...stderr.matchAll(/from environment variable (RCLONE_CONFIG_STORE_\w+)/g)].map(
      ([, variable]) => variable,
    );
    const given = Object.keys(environment).filter((variable) => variable.startsWith('RCLONE_CONFIG_STORE_'));
    expect(given.filter((variable) => !read.includes(variable))).toEqual([]);
  });

  test('and every provider that can be chosen is one it knows', () => {
    for (const provider of s3Providers) {
      const environment = { ...filled('minio'), RCLONE_CONFIG_STORE_PROVIDER: provider };
      expect(rclone(environment, 'backend', 'features', 'store:').stderr, provider).toBe('');
    }
    const wrong = { ...filled('minio'), RCLONE_CONFIG_STORE_PROVIDER: 'banana' };
    expect(rclone(wrong, 'backend', 'features', 'store:').stderr).toContain('"banana" not known');
  });
});

/** A service account that nobody has, with a key that is no key: rclone reads it but never signs in with it. */
const serviceAccount = {
  type: 'service_account',
  project_id: 'example',
  private_key_id: '0',
  private_key: '',
  client_email: 'vald@example.iam.gserviceaccount.com',
  client_id: '0',
  token_uri: 'http://127.0.0.1:9/token',
};
