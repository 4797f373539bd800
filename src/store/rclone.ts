import type { k8s } from 'cdk8s-plus-28';
import { join } from '../units/index.js';
import type { ObjectStoreSettings, S3Settings } from './object-store.js';

/** Folder in which a store's private certificate authority is mounted. */
export const certificateAuthorityFolder = '/etc/chartwright/ca';

/** Folder in which a Google service account's key is mounted. */
export const gcsKeyFolder = '/etc/chartwright/gcs';

/** Path of a place in the store as rclone writes it: `store:bucket/prefix/segment…`. */
export function rclonePath(store: ObjectStoreSettings, ...segments: string[]): string {
  return `store:${join('/', store.bucket, store.prefix, ...segments)}`;
}

/**
 * Environment that makes the rclone remote `store`, so that no configuration file is needed and no secret is in one.
 * `NO_CHECK_BUCKET` keeps rclone from creating a bucket that is missing: a wrong bucket's name must fail.
 */
export function rcloneEnvironment(store: ObjectStoreSettings): k8s.EnvVar[] {
  const remote = store.type === 's3' ? s3Remote(store) : gcsRemote();
  return [{ name: 'RCLONE_CONFIG', value: '' }, ...remote, ...certificateAuthorityEnvironment(store)];
}

/**
 * Environment for programs written in Go that adds the store's private certificate authority to those of the image.
 * `AWS_CA_BUNDLE` would break Vald's sidecar (rule 58 of the facts); this is Go's own variable and does not.
 */
export function certificateAuthorityEnvironment(store: ObjectStoreSettings): k8s.EnvVar[] {
  if (store.type !== 's3' || !store.certificateAuthority) return [];
  return [{ name: 'SSL_CERT_DIR', value: `/etc/ssl/certs:${certificateAuthorityFolder}` }];
}

/** The volumes with certificates and keys that programs need to reach the store, each with its mount. */
export function storeVolumes(store: ObjectStoreSettings): { volume: k8s.Volume; mount: k8s.VolumeMount }[] {
  if (store.type === 'gcs') {
    const { name, keys } = store.credentials.secret;
    return [
      {
        volume: {
          name: 'store-key',
          secret: { secretName: name, items: [{ key: keys.serviceAccountKey, path: 'key.json' }], defaultMode: 0o440 },
        },
        mount: { name: 'store-key', mountPath: gcsKeyFolder, readOnly: true },
      },
    ];
  }
  const authority = store.certificateAuthority;
  if (!authority) return [];
  const items = [{ key: authority.key, path: 'ca.crt' }];
  const source =
    authority.type === 'secret'
      ? { secret: { secretName: authority.name, items } }
      : { configMap: { name: authority.name, items } };
  return [
    {
      volume: { name: 'store-ca', ...source },
      mount: { name: 'store-ca', mountPath: certificateAuthorityFolder, readOnly: true },
    },
  ];
}

/** A variable whose value is in a Secret. */
export function fromSecret(name: string, secret: string, key: string): k8s.EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

function s3Remote(store: S3Settings): k8s.EnvVar[] {
  const option = (name: string, value: string) => ({ name: `RCLONE_CONFIG_STORE_${name}`, value });
  const provider = s3Provider(store);
  const credentials = store.credentials;
  return [
    option('TYPE', 's3'),
    option('PROVIDER', provider),
    option('REGION', store.region),
    ...(store.endpoint ? [option('ENDPOINT', store.endpoint)] : []),
    option('FORCE_PATH_STYLE', String(s3PathStyle(store))),
    option('NO_CHECK_BUCKET', 'true'),
    option('ENV_AUTH', String(credentials.type === 'workloadIdentity')),
    ...(credentials.type === 'secret'
      ? [
          fromSecret('RCLONE_CONFIG_STORE_ACCESS_KEY_ID', credentials.secret.name, credentials.secret.keys.accessKeyId),
          fromSecret(
            'RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY',
            credentials.secret.name,
            credentials.secret.keys.secretAccessKey,
          ),
        ]
      : []),
  ];
}

function gcsRemote(): k8s.EnvVar[] {
  return [
    { name: 'RCLONE_CONFIG_STORE_TYPE', value: 'google cloud storage' },
    { name: 'RCLONE_CONFIG_STORE_SERVICE_ACCOUNT_FILE', value: `${gcsKeyFolder}/key.json` },
    { name: 'RCLONE_CONFIG_STORE_BUCKET_POLICY_ONLY', value: 'true' },
    { name: 'RCLONE_CONFIG_STORE_NO_CHECK_BUCKET', value: 'true' },
  ];
}

function s3Provider(store: S3Settings): string {
  return store.provider ?? (store.endpoint ? 'Other' : 'AWS');
}

/** Whether URLs carry the bucket in their path. */
export function s3PathStyle(store: S3Settings): boolean {
  return store.pathStyle ?? s3Provider(store) !== 'AWS';
}
