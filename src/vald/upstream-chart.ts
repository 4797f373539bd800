/** A range of versions of upstream’s chart that one values file fits. */
export interface UpstreamChart {
  /** Oldest and newest version. */
  readonly from: string;
  readonly to: string;
  /** The chart’s own default of `agent.name`: claims are named after it, so another one would start empty. */
  readonly agentName: string;
  /** Whether the chart renders with `agent.sidecar.enabled` (fact 0.1). */
  readonly rendersSidecar: boolean;
  /** Keys of `agent.ngt` that no agent of these versions reads, by the prop that sets each. */
  readonly missingNgtKeys: Readonly<Record<string, string>>;
}

/**
 * The two lines of upstream’s chart. They are told apart because v1.7.11 moved the files that the sidecar’s checksums
 * include, renamed the agent and gave it new settings.
 *
 * The first line begins with v1.7.7. Agents before v1.7.6 save into `index_path` itself and keep no broken index, so the
 * restore would look in the wrong place; v1.7.6 has no working sidecar, as upstream’s changelog says.
 */
export const upstreamCharts = {
  'v1.7.7-to-v1.7.10': {
    from: 'v1.7.7',
    to: 'v1.7.10',
    agentName: 'vald-agent-ngt',
    rendersSidecar: true,
    missingNgtKeys: {
      pod_name: '',
      namespace: '',
      epsilon_for_creation: 'ngt.epsilonForCreation',
      enable_statistics: 'ngt.enableStatistics',
      enable_export_index_info_to_k8s: 'exportIndexInfo',
      export_index_info_duration: '',
    },
  },
  'v1.7.11-to-v1.8.0': {
    from: 'v1.7.11',
    to: 'v1.8.0',
    agentName: 'vald-agent',
    rendersSidecar: false,
    missingNgtKeys: {},
  },
} as const satisfies Record<string, UpstreamChart>;

/** The name of a line of upstream’s chart; its files are in a folder called `chart-` and this. */
export type UpstreamChartVersions = keyof typeof upstreamCharts;

/** Whether a Vald version is one of the line; a tag that is no release (`nightly`) may be anything and passes. */
export function isOfLine(version: string, chart: UpstreamChart): boolean {
  const number = versionNumber(version);
  return number === undefined || (number >= versionNumber(chart.from)! && number <= versionNumber(chart.to)!);
}

/** The chart version that belongs to a Vald version: the same, or the line’s newest where the tag is no release. */
export function chartVersion(version: string, chart: UpstreamChart): string {
  return versionNumber(version) === undefined ? chart.to : version.replace(/@.*/, '');
}

function versionNumber(version: string): number | undefined {
  const [, major, minor, patch] = /^v(\d+)\.(\d+)\.(\d+)(?:@|$)/.exec(version) ?? [];
  return major === undefined ? undefined : (Number(major) * 1000 + Number(minor)) * 1000 + Number(patch);
}
