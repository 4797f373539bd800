import { gcsKeyFolder } from './gcs-store.js';
import { s3PathStyle } from './s3-store.js';
import type { ValdObjectStoreSettings } from './schema.js';

/**
 * The `blob_storage` block of Vald's sidecar (upstream key `agent.sidecar.config.blob_storage`), every key written out.
 * `_NAME_` is Vald's way to write "from the environment": the access key is never in the ConfigMap.
 */
export function valdBlobStorage(store: ValdObjectStoreSettings): object {
  const s3 = store.type === 's3' ? store : undefined;
  const fromEnvironment = s3?.credentials.type !== 'workloadIdentity';
  return {
    storage_type: s3 ? 's3' : 'cloud_storage',
    bucket: s3 ? s3.bucket : '',
    s3: {
      endpoint: s3?.endpoint ?? '',
      region: s3?.region ?? '',
      access_key: fromEnvironment ? '_AWS_ACCESS_KEY_' : '',
      secret_access_key: fromEnvironment ? '_AWS_SECRET_ACCESS_KEY_' : '',
      token: '',
      max_retries: 3,
      force_path_style: s3 ? s3PathStyle(s3) : false,
      use_accelerate: false,
      use_arn_region: false,
      use_dual_stack: false,
      enable_ssl: true,
      enable_param_validation: true,
      enable_100_continue: true,
      enable_content_md5_validation: true,
      enable_endpoint_discovery: false,
      enable_endpoint_host_prefix: true,
      max_part_size: '64mb',
      max_chunk_size: '64mb',
    },
    cloud_storage: {
      url: s3 ? '' : `gs://${store.bucket}`,
      client: { credentials_file_path: s3 ? '' : `${gcsKeyFolder}/key.json`, credentials_json: '' },
      write_buffer_size: 0,
      write_cache_control: '',
      write_content_disposition: '',
      write_content_encoding: '',
      write_content_language: '',
      write_content_type: '',
    },
  };
}
