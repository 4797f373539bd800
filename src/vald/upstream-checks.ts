import type { Problem } from '../problem/index.js';
import { storeBackup, volumeClaim } from './backup-method.js';
import type { ValdAgentSettings } from './props-schema.js';
import { hasNativeSidecars } from './sizing.js';
import { isOfLine, type UpstreamChart } from './upstream-chart.js';

interface Refusal {
  readonly property: string;
  readonly applies: boolean;
  readonly message: string;
  readonly got: string;
  readonly hint: string;
}

/**
 * Reports props that upstream’s chart has no value for. They are refused, because a values file that leaves one out
 * would look as if it were obeyed.
 */
export function checkUpstream(
  settings: ValdAgentSettings,
  chart: UpstreamChart,
  ngt: Readonly<Record<string, unknown>>,
  construct: string,
): Problem[] {
  return [...refusals(settings, chart), ...ngtRefusals(chart, ngt)]
    .filter(({ applies }) => applies)
    .map(({ property, message, got, hint }) => ({
      code: 'conflicting-properties',
      severity: 'error',
      where: { construct, property },
      message,
      got,
      hint,
    }));
}

const manifests = 'Leave it out here, or use the manifests of ValdAgentWithBackup.';

function refusals(settings: ValdAgentSettings, chart: UpstreamChart): Refusal[] {
  const claim = volumeClaim(settings.backup);
  const store = storeBackup(settings.backup);
  return [
    {
      property: 'version',
      applies: !isOfLine(settings.version, chart),
      message: `not a Vald version of the charts ${chart.from} to ${chart.to}`,
      got: settings.version,
      hint: 'Give the version of the chart that you install, or other chartVersions.',
    },
    {
      property: 'kubernetesVersion',
      applies: (store !== undefined || !settings.copyOnWrite) && !hasNativeSidecars(settings.kubernetesVersion),
      message: 'a container beside the agent can only be a native sidecar here, and those come with Kubernetes 1.29',
      got: settings.kubernetesVersion,
      hint: 'Upgrade the cluster, or use the manifests of ValdAgentWithBackup.',
    },
    {
      property: 'backup.volume.bind',
      applies: claim?.bind?.type === 'selector',
      message: 'upstream’s chart has no selector for its volume claims',
      got: 'a selector',
      hint: 'Bind the volumes by name, or use the manifests of ValdAgentWithBackup.',
    },
    {
      property: 'backup.volume.retention',
      applies: claim?.retention.whenDeleted === 'Delete' || claim?.retention.whenScaled === 'Delete',
      message: 'upstream’s chart cannot set the retention of claims; Kubernetes retains them',
      got: JSON.stringify(claim?.retention),
      hint: manifests,
    },
    {
      property: 'autoscaling',
      applies: settings.autoscaling !== undefined,
      message: 'the autoscaler of upstream’s chart scales down too, and a scaled-down agent’s vectors are not served',
      got: JSON.stringify(settings.autoscaling),
      hint: manifests,
    },
    {
      property: 'priority',
      applies: settings.priority.type === 'existing',
      message: 'upstream’s chart cannot use an existing PriorityClass',
      got: JSON.stringify(settings.priority),
      hint: 'Have one created, take none, or use the manifests of ValdAgentWithBackup.',
    },
    {
      property: 'serviceAccount',
      applies: settings.serviceAccount !== undefined,
      message: 'upstream’s chart cannot give the agent a ServiceAccount (rule 30 of the facts)',
      got: JSON.stringify(settings.serviceAccount),
      hint: manifests,
    },
    {
      property: 'backup.store.credentials',
      applies: store?.store.credentials.type === 'workloadIdentity',
      message: 'upstream’s chart cannot give the agent a ServiceAccount (rule 30 of the facts)',
      got: 'workloadIdentity',
      hint: 'Use Credentials.secret({ name }), or the manifests of ValdAgentWithBackup.',
    },
    {
      property: 'imagePullSecrets',
      applies: settings.imagePullSecrets.length > 0,
      message: 'upstream’s chart has no pull secrets',
      got: settings.imagePullSecrets.join(', '),
      hint: 'Name them in the default ServiceAccount of the namespace.',
    },
    {
      property: 'podLabels',
      applies: Object.keys(settings.podLabels).length > 0,
      message: 'upstream’s chart cannot add labels to the pods',
      got: Object.keys(settings.podLabels).join(', '),
      hint: manifests,
    },
  ];
}

/** What each key of `agent.ngt` is where nobody sets it; a missing key does no harm then. */
const unset: Readonly<Record<string, unknown>> = {
  epsilon_for_creation: 0.05,
  enable_statistics: false,
  enable_export_index_info_to_k8s: false,
};

function ngtRefusals(chart: UpstreamChart, ngt: Readonly<Record<string, unknown>>): Refusal[] {
  return Object.entries(chart.missingNgtKeys)
    .filter(([, property]) => property !== '')
    .map(([key, property]) => ({
      property,
      applies: ngt[key] !== unset[key],
      message: `the agents of Vald ${chart.from} to ${chart.to} do not have this setting`,
      got: JSON.stringify(ngt[key]),
      hint: 'Leave it out, or use a newer Vald version.',
    }));
}
