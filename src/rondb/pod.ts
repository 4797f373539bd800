import { k8s } from 'cdk8s-plus-28';
import { containerSecurity, imageName, quantities } from '../kube/index.js';
import { type ClusterScript, scriptFolder } from '../scripts/index.js';
import { storePodLabels, storeVolumes } from '../store/index.js';
import { checksum, yamlText } from '../units/index.js';
import { type JobKind, objectLabels, scriptsName } from './names.js';
import type { JobSettings } from './props-schema.js';
import type { Timing } from './timing.js';

/** What the pod of a job is made from. */
export interface JobContext {
  readonly kind: JobKind;
  /** Name of the job and its objects. */
  readonly name: string;
  readonly settings: JobSettings;
  readonly timing: Timing;
  readonly script: ClusterScript;
  readonly environment: readonly k8s.EnvVar[];
}

/** The content of the ConfigMap of scripts: the main one, and those it reads from its own folder. */
export function scriptFiles(script: ClusterScript): Record<string, string> {
  const files = [script, ...(script.libraries ?? [])];
  return Object.fromEntries(files.map(({ name, content }) => [name, content]));
}

/** The part of a Job that is the same whoever makes it: a schedule, a person, or the manifest. */
export function jobSpec(context: JobContext): k8s.JobSpec {
  return {
    activeDeadlineSeconds: context.timing.active,
    // What fails is not tried again at once: the next run starts from where things are, while a second attempt right
    // away would find the same trouble. A pod that Kubernetes took away is no failure, and is replaced.
    backoffLimit: 0,
    podFailurePolicy: {
      rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
    },
    template: podTemplate(context),
  };
}

function podTemplate(context: JobContext): k8s.PodTemplateSpec {
  const { settings, kind } = context;
  const { cluster, store } = settings.repository;
  return {
    metadata: {
      labels: {
        ...settings.podLabels,
        ...objectLabels(settings.repository, kind),
        ...storePodLabels(store),
        ...(kind === 'backup' ? cluster.backupLabels : kind === 'restore' ? cluster.restoreLabels : {}),
      },
      annotations: {
        ...settings.podAnnotations,
        'checksum/scripts': checksum(yamlText(scriptFiles(context.script))),
      },
    },
    spec: podSpec(context),
  };
}

function podSpec({ kind, name, settings, timing, script, environment }: JobContext): k8s.PodSpec {
  const mounted = storeVolumes(settings.repository.store);
  const given = <Value extends object>(value: Value) => (Object.keys(value).length > 0 ? value : undefined);
  const spec: k8s.PodSpec = {
    containers: [
      {
        name: kind,
        image: imageName(settings.image, ''),
        imagePullPolicy: settings.image.pullPolicy,
        command: [...script.command],
        env: [...environment, ...settings.env],
        resources: settings.resources ?? {
          requests: quantities({ cpu: '100m', memory: '256Mi' }),
          limits: quantities({ memory: '1Gi' }),
        },
        securityContext: { ...containerSecurity(settings), readOnlyRootFilesystem: true },
        terminationMessagePath: '/dev/termination-log',
        // The last lines of its log say why it refused: `kubectl describe pod` shows them.
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: [
          { name: 'scripts', mountPath: scriptFolder, readOnly: true },
          { name: 'tmp', mountPath: '/tmp' },
          ...mounted.map(({ mount }) => mount),
          ...settings.volumeMounts,
        ],
      },
    ],
    // It talks to the API server: exec, the lease, the status.
    automountServiceAccountToken: true,
    restartPolicy: 'Never',
    securityContext: {
      fsGroup: settings.runAsId,
      runAsGroup: settings.runAsId,
      runAsNonRoot: true,
      runAsUser: settings.runAsId,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    serviceAccountName: settings.serviceAccount?.name ?? name,
    terminationGracePeriodSeconds: timing.grace,
    volumes: [
      { name: 'scripts', configMap: { name: scriptsName(name), defaultMode: 0o444 } },
      { name: 'tmp', emptyDir: { sizeLimit: k8s.Quantity.fromString(settings.temporarySize) } },
      ...mounted.map(({ volume }) => volume),
      ...settings.volumes,
    ],
  };
  const optional = {
    affinity: settings.affinity,
    imagePullSecrets: given(settings.imagePullSecrets.map((secret) => ({ name: secret }))),
    nodeSelector: given(settings.nodeSelector),
    priorityClassName: settings.priorityClassName,
    tolerations: given(settings.tolerations),
    topologySpreadConstraints: given(settings.topologySpreadConstraints),
  };
  return { ...spec, ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) };
}
