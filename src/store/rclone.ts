import type { k8s } from 'cdk8s-plus-28';
import { join } from '../units/index.js';
import { certificateAuthorityEnvironment } from './pod-access.js';
import type { RemoteOption } from './remote.js';
import { remotes, storeRoot, wrappedRemote } from './remotes.js';
import type { ObjectStoreSettings } from './schema.js';

/** Path of a place in the store as rclone writes it: `store:bucket/prefix/segment…`, with encryption `store:segment…`. */
export function rclonePath(store: ObjectStoreSettings, ...segments: string[]): string {
  return remotePath('store', store, ...segments);
}

/** As {@link rclonePath}, for a remote of another name. */
export function remotePath(remote: string, store: ObjectStoreSettings, ...segments: string[]): string {
  if (store.encryption) return `${remote}:${join('/', ...segments)}`;
  return `${remote}:${join('/', storeRoot(store), store.prefix, ...segments)}`;
}

/**
 * Path of what must exist before anything is written: the bucket, container or folder. Listing it must succeed. On S3,
 * Google and Azure a write into a missing one fails; on Swift and most other backends rclone would create it.
 */
export function rcloneRoot(store: ObjectStoreSettings, remote = 'store'): string {
  return `${store.encryption ? wrappedRemote(remote) : remote}:${storeRoot(store)}`;
}

/**
 * Environment that makes an rclone remote, so that no configuration file is needed and no secret is in one. Secrets
 * come by reference, in the form that `rclone.conf` has them.
 *
 * @param remote name of the remote: small letters, digits and underscores
 */
export function rcloneEnvironment(store: ObjectStoreSettings, remote = 'store'): k8s.EnvVar[] {
  const options = remotes(store, remote).flatMap(({ name, options }) =>
    options.map((option) => toVariable(optionVariable(name, option), option)),
  );
  return [{ name: 'RCLONE_CONFIG', value: '' }, ...options, ...certificateAuthorityEnvironment(store)];
}

/**
 * The same remotes as text for `rclone.conf`, without secrets: where one belongs there is a comment that says where it
 * is, and what passes the text on puts a line in its place:
 *
 * - `# secret access_key_id from variable RCLONE_CONFIG_STORE_ACCESS_KEY_ID` becomes `access_key_id = <its value>`,
 * - `# secret service_account_credentials from file /etc/chartwright/gcs/key.json` likewise with the file's content.
 *
 * Variables and files are those of {@link rcloneEnvironment} and `storeVolumes`. Line breaks are taken out of a value:
 * one would end the option, and JSON does not need them. A private certificate authority and the identity of a
 * ServiceAccount cannot be in a configuration: rclone has them from the container it runs in.
 */
export function rcloneConfigFile(store: ObjectStoreSettings, remote = 'store'): string {
  return remotes(store, remote)
    .map(({ name, options }) => `[${name}]\n${options.map((option) => `${toLine(name, option)}\n`).join('')}`)
    .join('\n');
}

/** A variable whose value is in a Secret. */
export function fromSecret(name: string, secret: string, key: string): k8s.EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

function optionVariable(remote: string, option: RemoteOption): string {
  return `RCLONE_CONFIG_${remote.toUpperCase()}_${option.name.toUpperCase()}`;
}

function toVariable(name: string, option: RemoteOption): k8s.EnvVar {
  if ('file' in option) return { name, value: option.file };
  return 'secret' in option ? fromSecret(name, option.secret, option.key) : { name, value: option.value };
}

function toLine(remote: string, option: RemoteOption): string {
  if ('file' in option) return `# secret ${option.content} from file ${option.file}`;
  if ('secret' in option) return `# secret ${option.name} from variable ${optionVariable(remote, option)}`;
  return `${option.name} = ${option.value}`;
}
