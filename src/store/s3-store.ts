import { z } from 'zod';
import { secretReference, textLeaf } from '../units/index.js';
import { s3Providers } from './backend-options.generated.js';
import { bucketName, certificateAuthority, everyStore, prefix, region, serverUrl, workloadIdentity } from './fields.js';
import { optional, plain, type RemoteOption, secretOption } from './remote.js';

const s3Credentials = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('secret'),
      secret: secretReference({ accessKeyId: 'access-key', secretAccessKey: 'secret-access-key' }).describe(
        'An existing Secret with the access key. The default keys are those of upstream’s chart.',
      ),
    }),
    workloadIdentity('eks.amazonaws.com/role-arn'),
  ])
  .meta({ id: 'S3Credentials' });

const fields = {
  type: z.literal('s3'),
  bucket: bucketName().describe('Name of an existing bucket. Nothing here ever creates one: a typing error must fail.'),
  region: region().describe('Region of the bucket. Servers of one’s own take any, such as `us-east-1`.'),
  endpoint: serverUrl()
    .optional()
    .describe('URL of an S3-compatible server.')
    .meta({ defaultText: 'the endpoint of AWS in that region' }),
  provider: z
    .enum(s3Providers)
    .optional()
    .describe('Maker of the server, as rclone names it: rclone goes around the quirks of those it knows.')
    .meta({ defaultText: '`AWS` without an endpoint, else `Other`' }),
  pathStyle: z
    .boolean()
    .optional()
    .describe('Whether the bucket stands in the path of a URL instead of in its host name.')
    .meta({ defaultText: 'false for AWS, else true' }),
};

const credentials = s3Credentials.describe('Where the access key comes from. A literal key has no place here.');

/** Schema of S3 as Vald's sidecar can use it: it cannot ask for encryption or a storage class. */
export const valdS3Store = z
  .strictObject({
    ...fields,
    region: region().describe(
      'Region of the bucket. Vald’s sidecar needs one also where an endpoint is given (rule 21 of the facts).',
    ),
    prefix: prefix().default('').describe('Path inside the bucket below which everything of ours is kept.'),
    certificateAuthority: certificateAuthority
      .optional()
      .describe('Private certificate authority of the endpoint.')
      .meta({ defaultText: 'the certificate authorities in the images' }),
    credentials,
  })
  .meta({ id: 'ValdS3Store' });

const serverSideEncryption = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('AES256') }),
    z.strictObject({
      type: z.enum(['aws:kms', 'aws:kms:dsse']).describe('Encryption with a KMS key, once or twice.'),
      keyId: textLeaf({
        pattern: /^[A-Za-z0-9][A-Za-z0-9:/_-]*$/,
        maxLength: 2048,
        allowed: 'an id, an alias or an ARN of a KMS key, such as alias/backups',
      })
        .optional()
        .describe('Id, alias or ARN of the KMS key.')
        .meta({ defaultText: 'the account’s own key for S3' }),
    }),
  ])
  .meta({ id: 'ServerSideEncryption' });

/** The fields of S3, each checked by itself: a chart's schema can say no more. */
export const s3Fields = z.strictObject({
  ...fields,
  ...everyStore,
  serverSideEncryption: serverSideEncryption
    .optional()
    .describe('Encryption that the server is asked for with every object.')
    .meta({ defaultText: 'what the bucket is set to' }),
  // Objects of these classes cannot be read until somebody orders them back: neither verified nor restored.
  storageClass: textLeaf({
    pattern: /^(?!(GLACIER|DEEP_ARCHIVE|ARCHIVE|COLD_ARCHIVE|DEEP_COLD_ARCHIVE)$)[A-Z][A-Z0-9_]*$/,
    maxLength: 63,
    allowed: 'a storage class whose objects can be read at once, such as STANDARD_IA or GLACIER_IR',
  })
    .optional()
    .describe('Storage class of the objects. Archives are refused: a backup in one is not verified and not at hand.')
    .meta({ defaultText: 'the server’s own, mostly `STANDARD`' }),
  credentials,
});

/** Schema of Amazon S3 and everything that speaks S3. */
export const s3Store = s3Fields
  .superRefine((store, context) => {
    if (store.endpoint === undefined && (store.provider ?? 'AWS') !== 'AWS')
      context.addIssue({
        code: 'custom',
        path: ['endpoint'],
        message: `is required with the provider ${store.provider}: without it rclone would talk to AWS`,
      });
  })
  .meta({ id: 'S3Store' });

/** S3 with all defaults filled in. */
export type S3Settings = z.output<typeof s3Store>;

/** What a URL and rclone's profile of a server follow from. */
type S3Server = Pick<S3Settings, 'endpoint' | 'provider' | 'pathStyle'>;

/** Whether URLs carry the bucket in their path. */
export function s3PathStyle(store: S3Server): boolean {
  return store.pathStyle ?? s3Provider(store) !== 'AWS';
}

function s3Provider(store: S3Server): string {
  return store.provider ?? (store.endpoint ? 'Other' : 'AWS');
}

/** The rclone options of S3. `no_check_bucket` keeps rclone from creating a bucket that is missing. */
export function s3Options(store: S3Settings): RemoteOption[] {
  const { credentials, serverSideEncryption: encryption } = store;
  return [
    plain('type', 's3'),
    plain('provider', s3Provider(store)),
    plain('region', store.region),
    ...optional('endpoint', store.endpoint),
    plain('force_path_style', String(s3PathStyle(store))),
    plain('no_check_bucket', 'true'),
    ...optional('server_side_encryption', encryption?.type),
    ...optional('sse_kms_key_id', encryption && 'keyId' in encryption ? encryption.keyId : undefined),
    ...optional('storage_class', store.storageClass),
    plain('env_auth', String(credentials.type === 'workloadIdentity')),
    ...(credentials.type === 'secret'
      ? [
          secretOption('access_key_id', credentials.secret.name, credentials.secret.keys.accessKeyId),
          secretOption('secret_access_key', credentials.secret.name, credentials.secret.keys.secretAccessKey),
        ]
      : []),
  ];
}
