/** Where the objects of a kind are in the API. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name in paths, such as `cronjobs`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

const resource = (apiVersion: string, kind: string, plural: string, namespaced = true): Resource => ({
  apiVersion,
  kind,
  plural,
  namespaced,
});

/** The kinds that this package asks for by itself; others are looked up with the server. */
export const resources = {
  pods: resource('v1', 'Pod', 'pods'),
  secrets: resource('v1', 'Secret', 'secrets'),
  configMaps: resource('v1', 'ConfigMap', 'configmaps'),
  serviceAccounts: resource('v1', 'ServiceAccount', 'serviceaccounts'),
  claims: resource('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  quotas: resource('v1', 'ResourceQuota', 'resourcequotas'),
  limitRanges: resource('v1', 'LimitRange', 'limitranges'),
  namespaces: resource('v1', 'Namespace', 'namespaces', false),
  jobs: resource('batch/v1', 'Job', 'jobs'),
  cronJobs: resource('batch/v1', 'CronJob', 'cronjobs'),
  statefulSets: resource('apps/v1', 'StatefulSet', 'statefulsets'),
  leases: resource('coordination.k8s.io/v1', 'Lease', 'leases'),
  storageClasses: resource('storage.k8s.io/v1', 'StorageClass', 'storageclasses', false),
  storageCapacities: resource('storage.k8s.io/v1', 'CSIStorageCapacity', 'csistoragecapacities'),
  priorityClasses: resource('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', false),
  networkPolicies: resource('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
} as const;

/** Path of a collection, or with a name of one object; without a namespace that of all namespaces. */
export function pathOf({ apiVersion, plural, namespaced }: Resource, namespace?: string, name?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${place}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** The group of an `apiVersion`: empty for the first one. */
export const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '');
