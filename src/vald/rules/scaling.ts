import type { EffectiveValues, FleetHit, Release, Rule } from '../../values/index.js';
import { copiesOnWrite, hasVolume, kind, savesIndex } from './agent-state.js';
import { agent, saved, savedWithCopyOnWrite, volume } from './examples.js';

const indexReplica = 'gateway.lb.gateway_config.index_replica';
const oneReplica = 'gateway: { lb: { gateway_config: { index_replica: 1 } } }\n';
const exportIndexInfo = 'agent.ngt.enable_export_index_info_to_k8s';

/** How many pods a disruption may take at once: a number, or a percentage of the pods, rounded up. */
function disruptions(values: EffectiveValues): number {
  const text = values.text('agent.maxUnavailable') ?? '';
  const pods = values.number('agent.minReplicas') ?? 0;
  const percent = /^([0-9]{1,3})%$/.exec(text)?.[1];
  return percent === undefined
    ? (values.number('agent.maxUnavailable') ?? 0)
    : Math.ceil((pods * Number(percent)) / 100);
}

/** The first two releases of each pair that a key puts together; releases without a key are left alone. */
function sharing(releases: readonly Release[], keyOf: (release: Release) => string | undefined): [Release, Release][] {
  return releases.flatMap((release) => {
    const key = keyOf(release);
    const other = key === undefined ? undefined : releases.find((one) => one !== release && keyOf(one) === key);
    return other ? [[release, other] as [Release, Release]] : [];
  });
}

/** Rules about more pods and fewer pods, replicas for reading, and several releases beside each other. */
export const scalingRules: readonly Rule[] = [
  {
    id: 'VALD048',
    severity: 'error',
    title: 'the autoscaler removes agents together with what they hold',
    why: 'Each agent holds a part of the vectors. When the autoscaler takes one away, its part stays behind on a volume or in the store and is served by nobody. The same happens when agent.minReplicas is lowered by hand.',
    fix: 'Set agent.hpa.enabled to false.',
    fact: 'How a StatefulSet scales; upstream’s issue 2655 asks for a way to move the vectors.',
    check: (values) =>
      values.isTrue('agent.hpa.enabled') && kind(values) === 'StatefulSet' && savesIndex(values)
        ? [{ path: 'agent.hpa.enabled', message: 'true: what a removed agent holds is no longer served' }]
        : [],
    hits: [agent('hpa: { enabled: true }', saved, volume)],
    passes: [agent('hpa: { enabled: false }', saved, volume), agent('hpa: { enabled: true }')],
  },
  {
    id: 'VALD049',
    severity: 'error',
    title: 'an autoscaler cannot scale a DaemonSet',
    why: 'The chart renders the autoscaler all the same, with a target that Kubernetes cannot scale.',
    fix: 'Set agent.hpa.enabled to false, or agent.kind to StatefulSet.',
    fact: 'Read in the chart’s HorizontalPodAutoscaler, v1.8.0.',
    check: (values) =>
      values.isTrue('agent.hpa.enabled') && kind(values) === 'DaemonSet'
        ? [{ path: 'agent.hpa.enabled', message: 'true, but a DaemonSet cannot be scaled' }]
        : [],
    hits: [agent('kind: DaemonSet', 'hpa: { enabled: true }')],
    passes: [agent('kind: DaemonSet'), agent('kind: Deployment', 'hpa: { enabled: true }')],
  },
  {
    id: 'VALD055',
    severity: 'error',
    title: 'read replicas have nothing sound to read from',
    why: 'A read replica is made from a snapshot of an agent’s volume. That needs a StatefulSet with volumes and a snapshot class; a snapshot without copy-on-write can catch a save half written; and the number of replicas follows agent.minReplicas, so what an autoscaler adds has none.',
    fix: 'Set agent.persistentVolume.enabled, agent.ngt.enable_copy_on_write and agent.readreplica.snapshot_classname, and leave agent.hpa.enabled off.',
    fact: 'Read in the chart vald-readreplica, v1.8.0.',
    since: 'v1.7.10',
    check(values) {
      if (!values.isTrue('agent.readreplica.enabled')) return [];
      const hits = [];
      if (kind(values) !== 'StatefulSet')
        hits.push({ path: 'agent.kind', message: `${kind(values)}, which has no volumes to make a snapshot of` });
      else if (!hasVolume(values))
        hits.push({ path: 'agent.persistentVolume.enabled', message: 'no volume to make a snapshot of' });
      else if (!copiesOnWrite(values))
        hits.push({ path: 'agent.ngt.enable_copy_on_write', message: 'off, so a snapshot can catch half a save' });
      if (!values.isTrue('agent.readreplica.snapshot_classname'))
        hits.push({ path: 'agent.readreplica.snapshot_classname', message: 'empty, so no snapshot is made' });
      if (values.isTrue('agent.hpa.enabled'))
        hits.push({ path: 'agent.hpa.enabled', message: 'true, but only agent.minReplicas agents get read replicas' });
      return hits;
    },
    hits: [
      agent('readreplica: { enabled: true, snapshot_classname: snapshots }'),
      agent(savedWithCopyOnWrite, volume, 'readreplica: { enabled: true }'),
      agent(saved, volume, 'readreplica: { enabled: true, snapshot_classname: snapshots }'),
    ],
    passes: [
      agent(savedWithCopyOnWrite, volume, 'readreplica: { enabled: true, snapshot_classname: snapshots }'),
      agent('readreplica: { enabled: false }'),
    ],
  },
  {
    id: 'VALD056',
    severity: 'warning',
    title: 'several agents may be down at once, and each vector is on one only',
    why: 'With index_replica 1 an agent that is down takes its part of the vectors out of every answer. A budget for more than one pod, or pods that are replaced in parallel, takes several parts at once.',
    fix: 'Set gateway.lb.gateway_config.index_replica to 2 or more, or agent.maxUnavailable to "1" and agent.podManagementPolicy to OrderedReady.',
    fact: 'Read in the chart’s PodDisruptionBudget and StatefulSet, v1.8.0.',
    check(values) {
      if (values.number(indexReplica) !== 1) return [];
      const hits = [];
      if (disruptions(values) > 1)
        hits.push({
          path: 'agent.maxUnavailable',
          message: `${values.text('agent.maxUnavailable')} with index_replica 1 takes several parts of the index away at once`,
        });
      if (values.text('agent.podManagementPolicy') === 'Parallel')
        hits.push({
          path: 'agent.podManagementPolicy',
          message: 'Parallel with index_replica 1 takes several parts of the index away at once',
        });
      return hits;
    },
    hits: [
      `${agent('podManagementPolicy: Parallel')}${oneReplica}`,
      `${agent('minReplicas: 10', 'maxUnavailable: 20%')}${oneReplica}`,
    ],
    passes: [agent('podManagementPolicy: Parallel'), `${agent('minReplicas: 10', 'maxUnavailable: 10%')}${oneReplica}`],
  },
  {
    id: 'VALD057',
    severity: 'error',
    title: 'two releases take each other’s agents or rights',
    why: 'The agent’s Service finds pods by the chart’s name and component, not by the release: in one namespace it sends requests to the agents of both. The ClusterRole has one fixed name for the whole cluster, and the second release fails or takes it over.',
    fix: 'Install each release into a namespace of its own, or give it a nameOverride; with exported index information also agent.clusterRole.name and agent.clusterRoleBinding.name.',
    fact: 'Read in the chart’s Service and ClusterRole, v1.8.0.',
    checkFleet(releases) {
      const agents = releases.filter(({ values }) => values.isTrue('agent.enabled'));
      const selected = ({ values, release }: Release) =>
        release?.namespace === undefined ? undefined : `${release.namespace}/${values.text('nameOverride') ?? 'vald'}`;
      const role = ({ values }: Release) =>
        values.isTrue(exportIndexInfo) && values.isTrue('agent.clusterRole.enabled')
          ? values.text('agent.clusterRole.name')
          : undefined;
      const named = (other: Release) => other.release?.name ?? 'unnamed';
      return [
        ...sharing(agents, selected).map(
          ([release, other]): FleetHit => ({
            release,
            path: 'nameOverride',
            message: `in one namespace with release ${named(other)}, whose agents the Service selects too`,
          }),
        ),
        ...sharing(agents, role).map(
          ([release, other]): FleetHit => ({
            release,
            path: 'agent.clusterRole.name',
            message: `the ClusterRole "${role(release)}" belongs to release ${named(other)} too`,
          }),
        ),
      ];
    },
    fleetHits: [
      {
        blue: agent('ngt: { enable_export_index_info_to_k8s: true }'),
        green: agent('ngt: { enable_export_index_info_to_k8s: true }'),
      },
    ],
    fleetPasses: [
      {
        blue: agent('ngt: { enable_export_index_info_to_k8s: true }', 'clusterRole: { name: agent-blue }'),
        green: agent('ngt: { enable_export_index_info_to_k8s: true }'),
      },
      { blue: agent(saved), green: agent(saved) },
    ],
  },
];
