import { z } from 'zod';
import { azureFields, azureStore } from './azure-store.js';
import { gcsStore, valdGcsStore } from './gcs-store.js';
import { rcloneStore } from './rclone-store.js';
import { s3Fields, s3Store, valdS3Store } from './s3-store.js';
import { swiftFields, swiftStore } from './swift-store.js';

/** Schema of an object store: where backups are kept. Secrets are in it by reference only. */
export const objectStoreSchema = z
  .discriminatedUnion('type', [s3Store, gcsStore, azureStore, swiftStore, rcloneStore])
  .meta({ id: 'ObjectStore' });

/**
 * Schema of an object store as values of a chart: the same fields. What two fields of one say together, and what rclone
 * knows of its other backends, no chart's schema can hold: the first is checked by the constructs once more, the second
 * is for those who write TypeScript.
 */
export const objectStoreValues = z.discriminatedUnion('type', [s3Fields, gcsStore, azureFields, swiftFields]);

/** Schema of the stores that Vald's sidecar can write to: S3, and Google Cloud Storage with a service account's key. */
export const valdObjectStoreSchema = z
  .discriminatedUnion('type', [valdS3Store, valdGcsStore])
  .meta({ id: 'ValdObjectStore' });

/** An object store as its user writes it. */
export type ObjectStoreInput = z.input<typeof objectStoreSchema>;

/** An object store with all defaults filled in. */
export type ObjectStoreSettings = z.output<typeof objectStoreSchema>;

/** A store for Vald as its user writes it. */
export type ValdObjectStoreInput = z.input<typeof valdObjectStoreSchema>;

/** A store for Vald with all defaults filled in. Each one is an {@link ObjectStoreSettings} too. */
export type ValdObjectStoreSettings = z.output<typeof valdObjectStoreSchema>;
