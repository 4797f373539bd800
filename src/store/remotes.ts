import { join } from '../units/index.js';
import { azureOptions } from './azure-store.js';
import type { EncryptionSettings } from './encryption.js';
import { gcsOptions } from './gcs-store.js';
import { backendRemoteOptions } from './rclone-store.js';
import { plain, type Remote, type RemoteOption, secretOption } from './remote.js';
import { s3Options } from './s3-store.js';
import type { ObjectStoreSettings } from './schema.js';
import { swiftOptions } from './swift-store.js';

/** The bucket, container or folder that must exist before anything is written. */
export function storeRoot(store: ObjectStoreSettings): string {
  switch (store.type) {
    case 's3':
    case 'gcs':
      return store.bucket;
    case 'azure':
    case 'swift':
      return store.container;
    case 'rclone':
      return store.path;
  }
}

/**
 * The rclone remotes of a store, the one to use first. With client-side encryption there are two: crypt, and below it
 * `<name>_wrapped`, which is the store itself. The encrypted remote starts at the store's prefix, so bucket and prefix
 * keep their names.
 *
 * @param name name of the remote to use: small letters, digits and underscores
 */
export function remotes(store: ObjectStoreSettings, name: string): Remote[] {
  const options = storeOptions(store);
  if (!store.encryption) return [{ name, options }];
  const wrapped = wrappedRemote(name);
  const place = `${wrapped}:${join('/', storeRoot(store), store.prefix)}`;
  return [
    { name, options: cryptOptions(store.encryption, place) },
    { name: wrapped, options },
  ];
}

/** Name of the remote below an encrypted one. */
export function wrappedRemote(name: string): string {
  return `${name}_wrapped`;
}

/**
 * The options of the remote that is the store itself, by name behind its type: one order for all types of stores, so that
 * a chart for all of them has each variable once.
 */
export function storeOptions(store: ObjectStoreSettings): RemoteOption[] {
  const [type, ...others] = optionsOfType(store);
  return [type!, ...others.sort((a, b) => (a.name < b.name ? -1 : 1))];
}

function optionsOfType(store: ObjectStoreSettings): RemoteOption[] {
  switch (store.type) {
    case 's3':
      return s3Options(store);
    case 'gcs':
      return gcsOptions(store);
    case 'azure':
      return azureOptions(store);
    case 'swift':
      return swiftOptions(store);
    case 'rclone':
      return backendRemoteOptions(store);
  }
}

function cryptOptions({ secret, saltSecret, fileNames }: EncryptionSettings, place: string): RemoteOption[] {
  const encrypted = fileNames === 'encrypted';
  return [
    plain('type', 'crypt'),
    plain('remote', place),
    plain('filename_encryption', encrypted ? 'standard' : 'off'),
    plain('directory_name_encryption', String(encrypted)),
    secretOption('password', secret.name, secret.keys.password),
    ...(saltSecret ? [secretOption('password2', saltSecret.name, saltSecret.keys.salt)] : []),
  ];
}
