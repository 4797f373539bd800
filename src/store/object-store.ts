import { choose, same } from '../units/index.js';
import { fromRcloneConfig } from './from-rclone-config.js';
import type { ObjectStoreInput } from './schema.js';

type Input<Type extends ObjectStoreInput['type']> = Extract<ObjectStoreInput, { type: Type }>;
type Fields<Type extends ObjectStoreInput['type']> = Omit<Input<Type>, 'type'>;
type Provided = Omit<Fields<'s3'>, 'provider'> & { readonly endpoint: string };
type Located = Omit<Fields<'s3'>, 'provider' | 'endpoint'>;

/**
 * Makes object stores. `docs/add-a-store.md` shows each of them from the console to the first backup.
 *
 * @example
 * ```ts
 * ObjectStore.s3({ bucket: 'vald-backups', region: 'eu-north-1', credentials: Credentials.secret({ name: 'aws-secret' }) });
 * ```
 */
export const ObjectStore = {
  /** Amazon S3, or with an `endpoint` (and a `provider` that rclone knows) any server that speaks S3. */
  s3: (fields: Fields<'s3'>): Input<'s3'> => ({ type: 's3', ...fields }),
  /** MinIO: an S3 store with path-style URLs. */
  minio: (fields: Provided): Input<'s3'> => ({ type: 's3', provider: 'Minio', ...fields }),
  /** Ceph's object gateway. */
  ceph: (fields: Provided): Input<'s3'> => ({ type: 's3', provider: 'Ceph', ...fields }),
  /** S3 of OVHcloud. Regions in small letters, as the console's endpoint has them: `gra`, `sbg`, `eu-west-par`. */
  ovh: (fields: Located): Input<'s3'> => {
    const inUnitedStates = choose(same(fields.region, 'us-west-or'), 'us', 'net');
    const domain = choose(same(fields.region, 'us-east-va'), 'us', inUnitedStates);
    return {
      type: 's3',
      provider: 'OVHcloud',
      endpoint: `https://s3.${fields.region}.io.cloud.ovh.${domain}`,
      ...fields,
    };
  },
  /** Cloudflare R2. `jurisdiction` is that of the bucket, where it has one. */
  cloudflareR2: ({
    accountId,
    jurisdiction,
    ...fields
  }: Omit<Located, 'region' | 'pathStyle'> & {
    readonly accountId: string;
    readonly jurisdiction?: 'eu' | 'fedramp' | undefined;
  }): Input<'s3'> => ({
    type: 's3',
    provider: 'Cloudflare',
    region: 'auto',
    endpoint: `https://${accountId}.${jurisdiction ? `${jurisdiction}.` : ''}r2.cloudflarestorage.com`,
    ...fields,
  }),
  /** Wasabi. */
  wasabi: (fields: Located): Input<'s3'> => ({
    type: 's3',
    provider: 'Wasabi',
    endpoint: `https://s3.${fields.region}.wasabisys.com`,
    ...fields,
  }),
  /** Google Cloud Storage. */
  gcs: <Given extends Input<'gcs'>['credentials']>(
    fields: Omit<Fields<'gcs'>, 'credentials'> & { readonly credentials: Given },
  ): Omit<Input<'gcs'>, 'credentials'> & { credentials: Given } => ({ type: 'gcs', ...fields }),
  /** Azure Blob Storage. */
  azure: (fields: Fields<'azure'>): Input<'azure'> => ({ type: 'azure', ...fields }),
  /** OpenStack Swift, OVHcloud's included. */
  swift: (fields: Fields<'swift'>): Input<'swift'> => ({ type: 'swift', ...fields }),
  /** Any backend of rclone, by its own options: `rclone help backend <name>` lists them. */
  rclone: (fields: Fields<'rclone'>): Input<'rclone'> => ({ type: 'rclone', ...fields }),
  fromRcloneConfig,
} as const;
