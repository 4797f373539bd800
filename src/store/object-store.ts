import { z } from 'zod';
import { dataKey, dnsName, secretReference, textLeaf } from '../units/index.js';

const bucketName = () =>
  textLeaf({
    pattern: /^(?!.*\.\.)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/,
    allowed: 'a bucket name: 3 to 63 lower-case letters, digits, dots, underscores and hyphens, such as vald-backups',
  });

const prefix = () =>
  textLeaf({
    pattern: /^$|^(?!\.{1,2}(\/|$))[A-Za-z0-9._=-]+(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._=-]+)*$/,
    maxLength: 512,
    allowed: 'a path of at most 512 characters without leading or trailing slash, such as production/eu',
  });

/** Letters, digits and hyphens only: Vald reads `_X_` as an environment variable, and Kubernetes `$(X)`. */
const region = () =>
  textLeaf({
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    maxLength: 63,
    allowed: 'a region: letters, digits, dots, underscores and hyphens, such as eu-north-1',
  });

const certificateAuthority = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('configMap'),
      name: dnsName().describe('Name of an existing ConfigMap in the same namespace.'),
      key: dataKey().default('ca.crt').describe('Key that holds the PEM certificates.'),
    }),
    z.strictObject({
      type: z.literal('secret'),
      name: dnsName().describe('Name of an existing Secret in the same namespace.'),
      key: dataKey().default('ca.crt').describe('Key that holds the PEM certificates.'),
    }),
  ])
  .meta({ id: 'CertificateAuthority' });

const s3Credentials = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('secret'),
      secret: secretReference({ accessKeyId: 'access-key', secretAccessKey: 'secret-access-key' }).describe(
        'An existing Secret with the access key. The default keys are those of upstream’s chart.',
      ),
    }),
    z.strictObject({
      type: z.literal('workloadIdentity'),
      serviceAccountAnnotations: z
        .record(z.string(), z.string())
        .default({})
        .describe('Annotations of the ServiceAccount that the pods run under, such as `eks.amazonaws.com/role-arn`.'),
    }),
  ])
  .meta({ id: 'S3Credentials' });

/** How rclone calls the makers of S3 servers that it treats specially. */
export const s3Providers = ['AWS', 'Ceph', 'Cloudflare', 'Minio', 'OVHcloud', 'Wasabi', 'Other'] as const;

const s3Store = z
  .strictObject({
    type: z.literal('s3'),
    bucket: bucketName().describe(
      'Name of an existing bucket. Nothing here ever creates one: a typing error must fail.',
    ),
    region: region().describe(
      'Region of the bucket. Vald’s sidecar needs one also where an endpoint is given (rule 21 of the facts).',
    ),
    endpoint: textLeaf({
      pattern:
        /^https?:\/\/[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$/,
      maxLength: 270,
      allowed: 'a URL without a path, such as https://s3.example.com or http://minio.minio.svc:9000',
    })
      .optional()
      .describe('URL of an S3-compatible server.')
      .meta({ defaultText: 'the endpoint of AWS in that region' }),
    provider: z
      .enum(s3Providers)
      .optional()
      .describe('Maker of the server, as rclone names it.')
      .meta({ defaultText: '`AWS` without an endpoint, else `Other`' }),
    pathStyle: z
      .boolean()
      .optional()
      .describe('Whether the bucket stands in the path of a URL instead of in its host name.')
      .meta({ defaultText: 'false for AWS, else true' }),
    prefix: prefix().default('').describe('Path inside the bucket below which everything of ours is kept.'),
    certificateAuthority: certificateAuthority
      .optional()
      .describe('Private certificate authority of the endpoint.')
      .meta({ defaultText: 'the certificate authorities in the images' }),
    credentials: s3Credentials.describe('Where the access key comes from. A literal key has no place here.'),
  })
  .meta({ id: 'S3Store' });

const gcsStore = z
  .strictObject({
    type: z.literal('gcs'),
    bucket: bucketName().describe('Name of an existing bucket.'),
    prefix: prefix().default('').describe('Path inside the bucket below which everything of ours is kept.'),
    credentials: z
      .strictObject({
        type: z.literal('secret'),
        secret: secretReference({ serviceAccountKey: 'credentials.json' }),
      })
      .describe(
        'An existing Secret with a service account’s JSON key: the only way Vald’s sidecar can sign in (rule 31 of the facts).',
      ),
  })
  .meta({ id: 'GcsStore' });

/** Schema of an object store: where backups are kept. Secrets are in it by reference only. */
export const objectStoreSchema = z.discriminatedUnion('type', [s3Store, gcsStore]).meta({ id: 'ObjectStore' });

/** An object store as its user writes it. */
export type ObjectStoreInput = z.input<typeof objectStoreSchema>;

/** An object store with all defaults filled in. */
export type ObjectStoreSettings = z.output<typeof objectStoreSchema>;

/** S3 with all defaults filled in. */
export type S3Settings = Extract<ObjectStoreSettings, { type: 's3' }>;

/** Google Cloud Storage with all defaults filled in. */
export type GcsSettings = Extract<ObjectStoreSettings, { type: 'gcs' }>;

type Fields<Type extends ObjectStoreInput['type']> = Omit<Extract<ObjectStoreInput, { type: Type }>, 'type'>;
type Provided = Omit<Fields<'s3'>, 'provider'> & { readonly endpoint: string };

/**
 * Makes object stores.
 *
 * @example
 * ```ts
 * ObjectStore.s3({ bucket: 'vald-backups', region: 'eu-north-1', credentials: Credentials.secret({ name: 'aws-secret' }) });
 * ```
 */
export const ObjectStore = {
  /** Amazon S3, or with an `endpoint` any server that speaks S3. */
  s3: (fields: Fields<'s3'>): ObjectStoreInput => ({ type: 's3', ...fields }),
  /** MinIO: an S3 store with path-style URLs. */
  minio: (fields: Provided): ObjectStoreInput => ({ type: 's3', provider: 'Minio', ...fields }),
  /** Ceph's object gateway. */
  ceph: (fields: Provided): ObjectStoreInput => ({ type: 's3', provider: 'Ceph', ...fields }),
  /** Google Cloud Storage with a service account's key. */
  gcs: (fields: Fields<'gcs'>): ObjectStoreInput => ({ type: 'gcs', ...fields }),
} as const;

/**
 * Says where a store's credentials come from.
 *
 * @example
 * ```ts
 * Credentials.secret({ name: 'minio-secret', keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' } });
 * ```
 */
export const Credentials = {
  /** Keys of an existing Secret in the same namespace: its name and the names of the keys. */
  secret: <Secret>(secret: Secret) => ({ type: 'secret' as const, secret }),
  /** The cloud's own identity of the pods' ServiceAccount: no secret at all. S3 only. */
  workloadIdentity: (serviceAccountAnnotations: Record<string, string> = {}) => ({
    type: 'workloadIdentity' as const,
    serviceAccountAnnotations,
  }),
} as const;
