import { Credentials, ObjectStore, type ObjectStoreInput } from '../../src/store/index.js';

const credentials = Credentials.secret({ name: 'aws-secret' });

/** One store of each kind that there is, as a user writes it. */
export const stores = {
  aws: ObjectStore.s3({ bucket: 'vald-backups', region: 'eu-north-1', credentials }),
  minio: ObjectStore.minio({
    bucket: 'vald-backups',
    region: 'us-east-1',
    endpoint: 'http://minio.minio.svc:9000',
    prefix: 'production/eu',
    credentials: Credentials.secret({
      name: 'minio-secret',
      keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' },
    }),
  }),
  ceph: ObjectStore.ceph({
    bucket: 'vald-backups',
    region: 'default',
    endpoint: 'https://rgw.example.com',
    pathStyle: false,
    certificateAuthority: { type: 'configMap', name: 'private-ca' },
    credentials,
  }),
  custom: ObjectStore.s3({
    bucket: 'vald-backups',
    region: 'garage',
    endpoint: 'https://s3.example.com:8443',
    certificateAuthority: { type: 'secret', name: 'private-ca', key: 'bundle.pem' },
    credentials,
  }),
  workloadIdentity: ObjectStore.s3({
    bucket: 'vald-backups',
    region: 'eu-north-1',
    credentials: Credentials.workloadIdentity({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/vald' }),
  }),
  gcs: ObjectStore.gcs({
    bucket: 'vald-backups',
    prefix: 'production',
    credentials: Credentials.secret({ name: 'gcs-secret' }),
  }),
} as const satisfies Record<string, ObjectStoreInput>;
