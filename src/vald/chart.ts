import type { ApiObject } from 'cdk8s';
import { artifactHub, defineChart, type HelmChart, setField } from '../chart/index.js';
import {
  addMetadata,
  BackupAlerts,
  leaveToCluster,
  passOnToPod,
  putSchedule,
  standingSchedule,
} from '../kube/index.js';
import { packageVersion } from '../scripts/index.js';
import { join } from '../units/index.js';
import { ValdAgentWithBackup } from './agent.js';
import { volumeClaim } from './backup-method.js';
import { valdAgentExamples } from './chart-examples.js';
import { valdAgentNotes, valdAgentReadme } from './chart-texts.js';
import { type ValdAgentValues, valdAgentValues } from './chart-values.js';
import { addBoundClaim } from './claims.js';
import { agentLabels, objectNames } from './names.js';
import type { ValdAgentWithBackupProps } from './props.generated.js';
import { ValdVerifyCronJob } from './verify.js';

const metadata = {
  name: 'vald-agent',
  version: packageVersion,
  appVersion: 'v1.8.0',
  description: 'Agents of Vald (vector search) whose backup on a volume, in object storage or both provably restores',
  kubeVersion: '>=1.28.0-0',
  keywords: ['vald', 'vector-search', 'backup', 'restore', 's3'],
  notes: valdAgentNotes,
  readme: valdAgentReadme,
  annotations: artifactHub({
    license: 'Apache-2.0',
    changes: [
      { kind: 'added', description: 'The agents of Vald with every method and option of ValdAgentWithBackup.' },
    ],
    links: [{ name: 'Vald', url: 'https://vald.vdaas.org' }],
  }),
};

/**
 * The Helm chart of {@link ValdAgentWithBackup}, with {@link ValdVerifyCronJob} and {@link BackupAlerts}: their props are the chart's values, the release gives namespace and
 * instance label. Names are upstream's by default, so that the services of upstream's chart find the agent; a second
 * release in one namespace needs another `fullnameOverride`.
 *
 * @example
 * ```ts
 * const { files } = valdAgentChart().generate();
 * ```
 */
export function valdAgentChart(): HelmChart<typeof valdAgentValues> {
  return defineChart(
    { ...metadata, values: valdAgentValues, examples: valdAgentExamples },
    (scope, values, release) => {
      leaveToCluster(scope);
      const { fullnameOverride: name, nameOverride: appName, commonLabels, commonAnnotations, ...own } = values;
      const { resources, sidecarResources, restoreResources, env, networkPolicy, verify, prometheusRule, ...rest } =
        own;
      const { affinity, tolerations, topologySpreadConstraints, volumes, ...props } = rest;
      const bound = boundByName(values);
      const agent = new ValdAgentWithBackup(scope, 'agent', {
        ...(props as ValdAgentWithBackupProps),
        backup: withoutNames(values),
        ...(networkPolicy ? { networkPolicy: {} } : {}),
        name,
        appName,
        release: release.name,
        namespace: release.namespace,
      });
      const { settings } = agent;
      if (settings) {
        const names = objectNames(name);
        passOnToPod(
          agent.node.findChild('stateful-set') as ApiObject,
          '/spec/template/spec',
          { affinity, tolerations, topologySpreadConstraints, volumes },
          new Map([
            [names.agent, { resources, env }],
            [names.sidecar, { resources: sidecarResources }],
            [names.restore, { resources: restoreResources }],
            [names.startGate, { resources: restoreResources }],
          ]),
        );
        const claim = volumeClaim(settings.backup);
        if (bound && claim)
          bound.forEach((one, index) => {
            const metadata = { labels: agentLabels(settings), namespace: release.namespace };
            addBoundClaim(agent, `claim-${index}`, { settings, metadata, claim, ...one });
          });
        if (networkPolicy) {
          const policy = agent.node.findChild('network-policy') as ApiObject;
          setField(policy, '/spec/egress', networkPolicy.egress);
          for (const rule of networkPolicy.ingress) setField(policy, '/spec/ingress/-', rule);
        }
      }
      if (verify.enabled) {
        const { enabled: _, schedule, timeZone, ...props } = verify;
        const job = new ValdVerifyCronJob(scope, 'verify', { ...props, agent, schedule: standingSchedule });
        const cronJob = job.node.tryFindChild('cron-job') as ApiObject | undefined;
        if (cronJob) putSchedule(cronJob, { schedule, timeZone });
        if (prometheusRule)
          new BackupAlerts(scope, 'alerts', { ...prometheusRule, watches: [job], name: join('-', name, 'alerts') });
      }
      addMetadata(scope, { labels: commonLabels, annotations: commonAnnotations });
    },
  );
}

/** The PersistentVolumes that are bound by name, each with the number of its pod. */
function boundByName({ backup, autoscaling }: ValdAgentValues) {
  if (backup.type === 'objectStorage' || backup.volume.bind?.type !== 'names') return undefined;
  if (autoscaling) throw new Error('volumes bound by name cannot follow an autoscaler');
  return backup.volume.bind.volumes;
}

/** The method as the construct takes it, without volumes bound by name: their claims are made here. */
function withoutNames({ backup }: ValdAgentValues): Method {
  if (backup.type === 'objectStorage' || backup.volume.bind?.type !== 'names') return backup as Method;
  return { ...backup, volume: { ...backup.volume, bind: undefined } } as Method;
}

type Method = ValdAgentWithBackupProps['backup'];
