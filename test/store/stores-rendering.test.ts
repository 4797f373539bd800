import { describe, expect, test } from 'vitest';
import {
  objectStoreSchema,
  rcloneConfigFile,
  rcloneEnvironment,
  rclonePath,
  rcloneRoot,
  serviceAccountAnnotations,
  storePodLabels,
  storeVolumes,
} from '../../src/store/index.js';
import { withTracer } from '../../src/units/index.js';
import { StandIns } from '../vald/tracer.js';
import { type Example, exampleNames, examples } from './stores-examples.js';

const settings = (name: Example) => objectStoreSchema.parse(examples[name]);

/** An environment as lines without the part that all have, secrets as the place they come from. */
const lines = (name: Example, remote?: string) =>
  rcloneEnvironment(settings(name), remote).map(({ name, value, valueFrom }) => {
    const key = valueFrom?.secretKeyRef;
    return `${name.replace('RCLONE_CONFIG_STORE_', '')}=${key ? `<${key.name}/${key.key}>` : value}`;
  });

describe('the environment of rclone', () => {
  const cases: [Example, string[]][] = [
    [
      'aws',
      [
        'TYPE=s3',
        'ACCESS_KEY_ID=<store/access-key>',
        'ENV_AUTH=false',
        'FORCE_PATH_STYLE=false',
        'NO_CHECK_BUCKET=true',
        'PROVIDER=AWS',
        'REGION=eu-north-1',
        'SECRET_ACCESS_KEY=<store/secret-access-key>',
        'SERVER_SIDE_ENCRYPTION=aws:kms',
        'SSE_KMS_KEY_ID=alias/backups',
        'STORAGE_CLASS=STANDARD_IA',
      ],
    ],
    [
      'azure',
      [
        'TYPE=azureblob',
        'ACCESS_TIER=cool',
        'ACCOUNT=examplebackups',
        'KEY=<store/account-key>',
        'NO_CHECK_CONTAINER=true',
      ],
    ],
    ['azureSas', ['TYPE=azureblob', 'NO_CHECK_CONTAINER=true', 'SAS_URL=<store/sas-url>']],
    [
      'azureIdentity',
      [
        'TYPE=azureblob',
        'ACCOUNT=examplebackups',
        'ENDPOINT=https://examplebackups.blob.core.usgovcloudapi.net',
        'ENV_AUTH=true',
        'NO_CHECK_CONTAINER=true',
      ],
    ],
    [
      'gcs',
      [
        'TYPE=google cloud storage',
        'BUCKET_POLICY_ONLY=true',
        'NO_CHECK_BUCKET=true',
        'SERVICE_ACCOUNT_FILE=/etc/chartwright/gcs/key.json',
        'STORAGE_CLASS=NEARLINE',
      ],
    ],
    ['gcsIdentity', ['TYPE=google cloud storage', 'BUCKET_POLICY_ONLY=true', 'ENV_AUTH=true', 'NO_CHECK_BUCKET=true']],
    [
      'swift',
      [
        'TYPE=swift',
        'APPLICATION_CREDENTIAL_ID=<store/application-credential-id>',
        'APPLICATION_CREDENTIAL_SECRET=<store/application-credential-secret>',
        'AUTH=https://auth.cloud.ovh.net/v3',
        'REGION=GRA',
        'SSL_CERT_DIR=/etc/ssl/certs:/etc/chartwright/ca',
      ],
    ],
    [
      'swiftPassword',
      [
        'TYPE=swift',
        'AUTH=https://keystone.example.com:5000/v3',
        'DOMAIN=Default',
        'ENDPOINT_TYPE=internal',
        'KEY=<store/password>',
        'REGION=RegionOne',
        'TENANT=backups',
        'TENANT_DOMAIN=Default',
        'USER=<store/user>',
      ],
    ],
    ['b2', ['TYPE=b2', 'ACCOUNT=<store/account>', 'HARD_DELETE=true', 'KEY=<store/key>']],
  ];
  test.each(cases)('of %s', (name, expected) => {
    expect(lines(name)).toEqual(['RCLONE_CONFIG=', ...expected]);
  });

  test('of an encrypted store makes crypt over the store itself, from the prefix on', () => {
    expect(lines('encrypted', 'copy')).toEqual([
      'RCLONE_CONFIG=',
      'RCLONE_CONFIG_COPY_TYPE=crypt',
      'RCLONE_CONFIG_COPY_REMOTE=copy_wrapped:rondb-backups/production',
      'RCLONE_CONFIG_COPY_FILENAME_ENCRYPTION=standard',
      'RCLONE_CONFIG_COPY_DIRECTORY_NAME_ENCRYPTION=true',
      'RCLONE_CONFIG_COPY_PASSWORD=<key/crypt-password>',
      'RCLONE_CONFIG_COPY_PASSWORD2=<key/crypt-salt>',
      'RCLONE_CONFIG_COPY_WRAPPED_TYPE=s3',
      'RCLONE_CONFIG_COPY_WRAPPED_ACCESS_KEY_ID=<store/access-key>',
      'RCLONE_CONFIG_COPY_WRAPPED_ENDPOINT=http://minio.minio.svc:9000',
      'RCLONE_CONFIG_COPY_WRAPPED_ENV_AUTH=false',
      'RCLONE_CONFIG_COPY_WRAPPED_FORCE_PATH_STYLE=true',
      'RCLONE_CONFIG_COPY_WRAPPED_NO_CHECK_BUCKET=true',
      'RCLONE_CONFIG_COPY_WRAPPED_PROVIDER=Minio',
      'RCLONE_CONFIG_COPY_WRAPPED_REGION=us-east-1',
      'RCLONE_CONFIG_COPY_WRAPPED_SECRET_ACCESS_KEY=<store/secret-access-key>',
    ]);
  });

  test.each([
    ['ovh', 'OVHcloud', 'gra', 'https://s3.gra.io.cloud.ovh.net'],
    ['ovhUnitedStates', 'OVHcloud', 'us-west-or', 'https://s3.us-west-or.io.cloud.ovh.us'],
    ['r2', 'Cloudflare', 'auto', 'https://0c9c6e6a0e4a539e0f0d5cf6a0f1b2aa.eu.r2.cloudflarestorage.com'],
    ['wasabi', 'Wasabi', 'eu-central-1', 'https://s3.eu-central-1.wasabisys.com'],
    ['scaleway', 'Scaleway', 'fr-par', 'https://s3.fr-par.scw.cloud'],
  ] as const)('of %s has its profile and endpoint', (name, provider, region, endpoint) => {
    expect(lines(name)).toEqual(
      expect.arrayContaining([
        `PROVIDER=${provider}`,
        `REGION=${region}`,
        `ENDPOINT=${endpoint}`,
        'FORCE_PATH_STYLE=true',
      ]),
    );
  });
});

describe('the configuration file', () => {
  test('of an encrypted store has both remotes, and says where the secrets are', () => {
    expect(rcloneConfigFile(settings('encrypted'))).toBe(`[store]
type = crypt
remote = store_wrapped:rondb-backups/production
filename_encryption = standard
directory_name_encryption = true
# secret password from variable RCLONE_CONFIG_STORE_PASSWORD
# secret password2 from variable RCLONE_CONFIG_STORE_PASSWORD2

[store_wrapped]
type = s3
# secret access_key_id from variable RCLONE_CONFIG_STORE_WRAPPED_ACCESS_KEY_ID
endpoint = http://minio.minio.svc:9000
env_auth = false
force_path_style = true
no_check_bucket = true
provider = Minio
region = us-east-1
# secret secret_access_key from variable RCLONE_CONFIG_STORE_WRAPPED_SECRET_ACCESS_KEY
`);
  });

  test('of Google Cloud Storage wants the key’s content, as its file is in another container', () => {
    expect(rcloneConfigFile(settings('gcs'))).toContain(
      '\n# secret service_account_credentials from file /etc/chartwright/gcs/key.json\n',
    );
    expect(rcloneConfigFile(settings('gcs'))).not.toContain('service_account_file');
  });

  test.each(exampleNames)('of %s names the variables that the environment has', (name) => {
    const variables = rcloneEnvironment(settings(name));
    const named = [...rcloneConfigFile(settings(name)).matchAll(/ from variable (\w+)$/gm)].map(([, name]) => name);
    expect(named).toEqual(variables.filter(({ valueFrom }) => valueFrom).map(({ name }) => name));
  });
});

describe('a path in the store', () => {
  test.each([
    ['ovh', 'store:rondb-backups/north/1', 'store:rondb-backups'],
    ['minio', 'store:rondb-backups/production/eu/north/1', 'store:rondb-backups'],
    ['gcs', 'store:rondb-backups/production/north/1', 'store:rondb-backups'],
    ['azure', 'store:rondb-backups/north/1', 'store:rondb-backups'],
    ['swift', 'store:rondb-backups/production/north/1', 'store:rondb-backups'],
    ['b2', 'store:rondb-backups/production/north/1', 'store:rondb-backups'],
    ['webdav', 'store:/srv/backups/north/1', 'store:/srv/backups'],
    ['encrypted', 'store:north/1', 'store_wrapped:rondb-backups'],
  ] as const)('of %s, and what must exist before', (name, path, root) => {
    expect(rclonePath(settings(name), 'north', '1')).toBe(path);
    expect(rcloneRoot(settings(name))).toBe(root);
  });
});

describe('what a pod needs besides', () => {
  test.each([
    ['awsIdentity', { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/backup' }, {}],
    ['gcsIdentity', { 'iam.gke.io/gcp-service-account': 'backup@example.iam.gserviceaccount.com' }, {}],
    [
      'azureIdentity',
      { 'azure.workload.identity/client-id': '00000000-0000-0000-0000-000000000000' },
      { 'azure.workload.identity/use': 'true' },
    ],
    ['azure', {}, {}],
    ['b2', {}, {}],
  ] as const)('for the identity of %s', (name, annotations, labels) => {
    expect(serviceAccountAnnotations(settings(name))).toEqual(annotations);
    expect(storePodLabels(settings(name))).toEqual(labels);
  });

  test.each([
    ['aws', []],
    ['ceph', ['store-ca']],
    ['swift', ['store-ca']],
    ['gcs', ['store-key']],
    ['gcsIdentity', []],
  ] as const)('as volumes of %s', (name, volumes) => {
    expect(storeVolumes(settings(name)).map(({ volume }) => volume.name)).toEqual(volumes);
  });
});

describe('with stand-ins for its texts, as the chart engine has them', () => {
  /** What decides which objects and options there are; the chart engine runs once for each of their values. */
  const structural = new Set([
    'type',
    'provider',
    'backend',
    'endpointType',
    'accessTier',
    'fileNames',
    'keyFingerprint',
  ]);

  test.each(exampleNames)('%s renders what it renders with the texts', (name) => {
    const tracer = new StandIns();
    const inputs = new Map<string, string>();
    const traced = (value: unknown, path: string): unknown => {
      if (typeof value === 'object' && value !== null)
        return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, traced(inner, `${path}.${key}`)]));
      const key = path.split('.').at(-1)!;
      if (typeof value !== 'string' || structural.has(key) || (name.startsWith('gcs') && key === 'storageClass'))
        return value;
      inputs.set(path, value);
      return tracer.text(path);
    };
    const render = (store: ReturnType<typeof settings>) => [
      rcloneEnvironment(store),
      rcloneConfigFile(store),
      rclonePath(store, 'north'),
      rcloneRoot(store),
      storeVolumes(store),
      serviceAccountAnnotations(store),
    ];
    const rendered = withTracer(tracer, () => render(objectStoreSchema.parse(traced(settings(name), ''))));
    expect(inputs.size).toBeGreaterThan(2);
    expect(tracer.evaluate(rendered, inputs)).toEqual(render(settings(name)));
  });
});
