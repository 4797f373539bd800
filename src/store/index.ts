export { s3Providers } from './backend-options.generated.js';
export { Credentials } from './credentials.js';
export { type EncryptionSettings, keyFingerprint, keyFingerprintCommand, keyFingerprintText } from './encryption.js';
export type { RcloneConfigSource, StoreFromRcloneConfig } from './from-rclone-config.js';
export { type GcsSettings, gcsKeyFolder } from './gcs-store.js';
export { ObjectStore } from './object-store.js';
export {
  certificateAuthorityEnvironment,
  certificateAuthorityFolder,
  serviceAccountAnnotations,
  storePodLabels,
  storePort,
  storeVolumes,
} from './pod-access.js';
export { fromSecret, rcloneConfigFile, rcloneEnvironment, rclonePath, rcloneRoot, remotePath } from './rclone.js';
export { type S3Settings, s3PathStyle } from './s3-store.js';
export {
  type ObjectStoreInput,
  type ObjectStoreSettings,
  objectStoreSchema,
  objectStoreValues,
  type ValdObjectStoreInput,
  type ValdObjectStoreSettings,
  valdObjectStoreSchema,
} from './schema.js';
export { type StoreReference, storeCommands, storeReferences } from './store-references.js';
export { valdBlobStorage } from './vald-blob-storage.js';
