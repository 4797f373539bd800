import type { k8s } from 'cdk8s-plus-28';
import { port } from '../units/index.js';
import { gcsKeyFolder } from './gcs-store.js';
import type { ObjectStoreSettings } from './schema.js';

/** Folder in which a store's private certificate authority is mounted. */
export const certificateAuthorityFolder = '/etc/chartwright/ca';

interface Mounted {
  volume: k8s.Volume;
  mount: k8s.VolumeMount;
}

/**
 * Environment for programs written in Go that adds the store's private certificate authority to those of the image.
 * `AWS_CA_BUNDLE` would break Vald's sidecar (rule 58 of the facts); this is Go's own variable and does not.
 */
export function certificateAuthorityEnvironment(store: ObjectStoreSettings): k8s.EnvVar[] {
  if (!store.certificateAuthority) return [];
  return [{ name: 'SSL_CERT_DIR', value: `/etc/ssl/certs:${certificateAuthorityFolder}` }];
}

/** The volumes with certificates and keys that programs need to reach the store, each with its mount. */
export function storeVolumes(store: ObjectStoreSettings): Mounted[] {
  return [...keyVolume(store), ...authorityVolume(store)];
}

function keyVolume(store: ObjectStoreSettings): Mounted[] {
  if (store.type !== 'gcs' || store.credentials.type !== 'secret') return [];
  const { name, keys } = store.credentials.secret;
  const items = [{ key: keys.serviceAccountKey, path: 'key.json' }];
  return [
    {
      volume: { name: 'store-key', secret: { secretName: name, items, defaultMode: 0o440 } },
      mount: { name: 'store-key', mountPath: gcsKeyFolder, readOnly: true },
    },
  ];
}

function authorityVolume({ certificateAuthority: authority }: ObjectStoreSettings): Mounted[] {
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

/**
 * Port at which a store is reached, or undefined where its settings do not say: Keystone’s catalogue names the servers of
 * Swift, and an address with a path, as Azure’s may be, ends with no port.
 */
export function storePort(store: ObjectStoreSettings): number | undefined {
  if (store.type === 's3') return store.endpoint === undefined ? 443 : port(store.endpoint);
  const known = store.type === 'gcs' || (store.type === 'azure' && store.endpoint === undefined);
  return known ? 443 : undefined;
}

/** Annotations that give the pods' ServiceAccount its identity in the cloud; none where a Secret holds the rights. */
export function serviceAccountAnnotations(store: ObjectStoreSettings): Record<string, string> {
  const credentials = 'credentials' in store ? store.credentials : undefined;
  return credentials?.type === 'workloadIdentity' ? credentials.serviceAccountAnnotations : {};
}

/** Labels that the pods need to get that identity: on Azure a webhook looks for one. */
export function storePodLabels(store: ObjectStoreSettings): Record<string, string> {
  if (store.type !== 'azure' || store.credentials.type !== 'workloadIdentity') return {};
  return { 'azure.workload.identity/use': 'true' };
}
