import { z } from 'zod';
import { secretReference } from '../units/index.js';
import { bucketName, everyStore, prefix, workloadIdentity } from './fields.js';
import { fileOption, optional, plain, type RemoteOption } from './remote.js';

/** Folder in which a Google service account's key is mounted. */
export const gcsKeyFolder = '/etc/chartwright/gcs';

const bucket = bucketName().describe('Name of an existing bucket.');

const key = () =>
  z.strictObject({
    type: z.literal('secret'),
    secret: secretReference({ serviceAccountKey: 'credentials.json' }).describe(
      'An existing Secret with a service account’s JSON key.',
    ),
  });

/** Schema of Google Cloud Storage as Vald's sidecar can use it: with a service account's key only. */
export const valdGcsStore = z
  .strictObject({
    type: z.literal('gcs'),
    bucket,
    prefix: prefix().default('').describe('Path inside the bucket below which everything of ours is kept.'),
    credentials: key().describe(
      'An existing Secret with a service account’s JSON key: the only way Vald’s sidecar can sign in (rule 31 of the facts).',
    ),
  })
  .meta({ id: 'ValdGcsStore' });

const gcsCredentials = z
  .discriminatedUnion('type', [key(), workloadIdentity('iam.gke.io/gcp-service-account')])
  .meta({ id: 'GcsCredentials' });

/** Schema of Google Cloud Storage. */
export const gcsStore = z
  .strictObject({
    type: z.literal('gcs'),
    bucket,
    ...everyStore,
    storageClass: z
      .enum(['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'])
      .optional()
      .describe(
        'Storage class of the objects. All can be read at once; the colder ones bill each read and early deletion.',
      )
      .meta({ defaultText: 'the bucket’s' }),
    credentials: gcsCredentials.describe('Where the rights come from. A literal key has no place here.'),
  })
  .meta({ id: 'GcsStore' });

/** Google Cloud Storage with all defaults filled in. */
export type GcsSettings = z.output<typeof gcsStore>;

/** The rclone options of Google Cloud Storage. `bucket_policy_only` is what buckets with uniform access need. */
export function gcsOptions(store: GcsSettings): RemoteOption[] {
  return [
    plain('type', 'google cloud storage'),
    ...signIn(store.credentials),
    plain('bucket_policy_only', 'true'),
    plain('no_check_bucket', 'true'),
    ...optional('storage_class', store.storageClass),
  ];
}

function signIn(credentials: GcsSettings['credentials']): RemoteOption[] {
  if (credentials.type === 'workloadIdentity') return [plain('env_auth', 'true')];
  const { name, keys } = credentials.secret;
  const file = `${gcsKeyFolder}/key.json`;
  return [fileOption('service_account_file', 'service_account_credentials', file, name, keys.serviceAccountKey)];
}
