import { Credentials, ObjectStore, type ObjectStoreInput } from '../../src/store/index.js';

const credentials = Credentials.secret({ name: 'store' });
const bucket = 'rondb-backups';

/** One store for each way there is to reach one, as a user writes it. */
export const examples = {
  aws: ObjectStore.s3({
    bucket,
    region: 'eu-north-1',
    serverSideEncryption: { type: 'aws:kms', keyId: 'alias/backups' },
    storageClass: 'STANDARD_IA',
    credentials,
  }),
  awsIdentity: ObjectStore.s3({
    bucket,
    region: 'eu-north-1',
    credentials: Credentials.workloadIdentity({
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/backup',
    }),
  }),
  minio: ObjectStore.minio({
    bucket,
    region: 'us-east-1',
    endpoint: 'http://minio.minio.svc:9000',
    prefix: 'production/eu',
    credentials,
  }),
  ceph: ObjectStore.ceph({
    bucket,
    region: 'default',
    endpoint: 'https://rgw.example.com',
    certificateAuthority: { type: 'configMap', name: 'private-ca' },
    serverSideEncryption: { type: 'AES256' },
    credentials,
  }),
  ovh: ObjectStore.ovh({ bucket, region: 'gra', credentials }),
  ovhUnitedStates: ObjectStore.ovh({ bucket, region: 'us-west-or', credentials }),
  r2: ObjectStore.cloudflareR2({
    bucket,
    accountId: '0c9c6e6a0e4a539e0f0d5cf6a0f1b2aa',
    jurisdiction: 'eu',
    credentials,
  }),
  wasabi: ObjectStore.wasabi({ bucket, region: 'eu-central-1', credentials }),
  scaleway: ObjectStore.s3({
    bucket,
    region: 'fr-par',
    provider: 'Scaleway',
    endpoint: 'https://s3.fr-par.scw.cloud',
    credentials,
  }),
  gcs: ObjectStore.gcs({ bucket, prefix: 'production', storageClass: 'NEARLINE', credentials }),
  gcsIdentity: ObjectStore.gcs({
    bucket,
    credentials: Credentials.workloadIdentity({
      'iam.gke.io/gcp-service-account': 'backup@example.iam.gserviceaccount.com',
    }),
  }),
  azure: ObjectStore.azure({ container: bucket, account: 'examplebackups', accessTier: 'cool', credentials }),
  azureSas: ObjectStore.azure({ container: bucket, credentials: Credentials.sasUrl({ name: 'store' }) }),
  azureIdentity: ObjectStore.azure({
    container: bucket,
    account: 'examplebackups',
    endpoint: 'https://examplebackups.blob.core.usgovcloudapi.net',
    credentials: Credentials.workloadIdentity({
      'azure.workload.identity/client-id': '00000000-0000-0000-0000-000000000000',
    }),
  }),
  swift: ObjectStore.swift({
    container: bucket,
    authUrl: 'https://auth.cloud.ovh.net/v3',
    region: 'GRA',
    prefix: 'production',
    certificateAuthority: { type: 'secret', name: 'private-ca' },
    credentials: Credentials.applicationCredential({ name: 'store' }),
  }),
  swiftPassword: ObjectStore.swift({
    container: bucket,
    authUrl: 'https://keystone.example.com:5000/v3',
    region: 'RegionOne',
    endpointType: 'internal',
    credentials: { type: 'password', secret: { name: 'store' }, tenant: 'backups' },
  }),
  b2: ObjectStore.rclone({
    backend: 'b2',
    options: { hard_delete: 'true' },
    secretOptions: { account: { secret: 'store', key: 'account' }, key: { secret: 'store', key: 'key' } },
    path: bucket,
    prefix: 'production',
  }),
  webdav: ObjectStore.rclone({
    backend: 'webdav',
    options: { url: 'https://dav.example.com/remote.php/dav', vendor: 'nextcloud', user: 'backup' },
    secretOptions: { pass: { secret: 'store', key: 'pass' } },
    path: '/srv/backups',
  }),
  encrypted: ObjectStore.minio({
    bucket,
    region: 'us-east-1',
    endpoint: 'http://minio.minio.svc:9000',
    prefix: 'production',
    credentials,
    encryption: { type: 'crypt', secret: { name: 'key' }, saltSecret: { name: 'key' } },
  }),
} as const satisfies Record<string, ObjectStoreInput>;

/** The name of an example. */
export type Example = keyof typeof examples;

/** The names of all examples. */
export const exampleNames = Object.keys(examples) as Example[];
