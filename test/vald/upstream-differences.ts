/** Places where what upstream's chart renders from our values differs from our manifests, with the reason. */
export interface UpstreamDifference {
  readonly places: readonly string[];
  readonly reason: string;
}

/** On every chart. */
const always: readonly UpstreamDifference[] = [
  {
    places: ['StatefulSet/* spec.persistentVolumeClaimRetentionPolicy.*'],
    reason: 'the chart cannot set it; Kubernetes takes Retain',
  },
  { places: ['StatefulSet/* spec.volumeClaimTemplates[0].spec.volumeMode'], reason: 'Kubernetes takes Filesystem' },
  {
    places: ['Service/* spec.selector.app'],
    reason: 'the chart cannot set it: its Service selects by the name of the installation’s application',
  },
  {
    places: ['StatefulSet/* spec.template.spec.automountServiceAccountToken'],
    reason: 'the chart cannot set it: the pods get a token of the default ServiceAccount',
  },
];

const serverSettings = ['servers[grpc]', 'health_check_servers[liveness]', 'health_check_servers[readiness]', 'tls'];

/** Where the chart or the agent of a version does not know something yet; `until` is the last such version. */
const older: readonly (UpstreamDifference & { readonly until: string })[] = [
  {
    until: 'v1.7.10',
    places: [
      ...['pod_name', 'namespace', 'epsilon_for_creation', 'enable_statistics'],
      ...['enable_export_index_info_to_k8s', 'export_index_info_duration'],
    ].map((key) => `ConfigMap/*-config data.config.yaml.ngt.${key}`),
    reason: 'the agent does not read it',
  },
  {
    until: 'v1.7.10',
    places: ['ConfigMap/*-config data.config.yaml.observability.metrics.version_info_labels[7]'],
    reason: 'a label of the metrics had another name',
  },
  {
    until: 'v1.7.14',
    places: ['PodDisruptionBudget/* spec.unhealthyPodEvictionPolicy'],
    reason: 'the chart does not set it; Kubernetes takes IfHealthyBudget',
  },
  {
    until: 'v1.7.17',
    places: serverSettings.map((key) => `ConfigMap/*-config data.config.yaml.server_config.${key}.*`),
    reason: "the chart's own settings of that version for servers that nothing of ours depends on",
  },
];

/** The differences that a chart of this version may have, and must have. */
export function differencesOf(version: string): UpstreamDifference[] {
  const patch = (text: string) => Number(text.split('.')[2]);
  return [...always, ...older.filter(({ until }) => version.startsWith('v1.7.') && patch(version) <= patch(until))];
}

/** Whether a place is one of a difference; `*` stands for any text. */
export function isAt(difference: UpstreamDifference, place: string): boolean {
  return difference.places.some((pattern) =>
    new RegExp(`^${pattern.replace(/[.[\]$()+?^{}|\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(place),
  );
}
