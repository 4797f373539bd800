export {
  Credentials,
  type GcsSettings,
  ObjectStore,
  type ObjectStoreInput,
  type ObjectStoreSettings,
  objectStoreSchema,
  type S3Settings,
  s3Providers,
} from './object-store.js';
export {
  certificateAuthorityEnvironment,
  certificateAuthorityFolder,
  fromSecret,
  gcsKeyFolder,
  rcloneEnvironment,
  rclonePath,
  s3PathStyle,
  storeVolumes,
} from './rclone.js';
export { valdBlobStorage } from './vald-blob-storage.js';
