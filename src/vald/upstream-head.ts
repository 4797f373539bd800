import { generatedValues, yamlComments } from '../kube/index.js';
import { storeCommands } from '../store/index.js';
import { repositoryUploader, storeBackup, volumeClaim } from './backup-method.js';
import type { ValdAgentSettings } from './props-schema.js';
import { chartVersion, type UpstreamChart } from './upstream-chart.js';

/** What the heads of both files are made from. */
export interface UpstreamHead {
  readonly settings: ValdAgentSettings;
  readonly namespace: string;
  readonly chart: UpstreamChart;
  /** Name of the files without folder and without `.values.yaml`. */
  readonly name: string;
  /** More text for the head of the values. */
  readonly note?: string | undefined;
  /** The init containers of the pod, in order. */
  readonly initContainers: readonly { readonly name: string; readonly env?: readonly { readonly name: string }[] }[];
}

/** The head of the values file, as YAML comments: what it is for, how to install it, where it differs from upstream. */
export function valuesHead(head: UpstreamHead): string {
  const { settings, namespace, chart, name, note } = head;
  const backup = storeBackup(settings.backup);
  const version = chartVersion(settings.version, chart);
  return yamlComments(
    generatedValues,
    `Values of Vald's own chart, unmodified, versions ${chart.from} to ${chart.to}: agents that keep their index ${place[settings.backup.type]}, ${settings.copyOnWrite ? 'with' : 'without'} copy-on-write. Made for Vald ${settings.version}; for another version of the chart, give its own as the prop version.`,
    ...(note ? [note] : []),
    `Install, in a cluster with Kubernetes ${settings.kubernetesVersion} or newer:`,
    [
      `kubectl create namespace ${namespace}`,
      ...(backup ? storeCommands(backup.store, namespace) : []),
      `kubectl -n ${namespace} apply -f ${name}.objects.yaml`,
      'helm repo add vald https://vald.vdaas.org/charts',
      installCommand(head, version),
    ],
    ...firstStart(head, version),
    ...(backup && !repositoryUploader(settings.backup)
      ? [
          "Turn on the bucket's versioning: the sidecar keeps one object for each pod and overwrites it, before v1.8.0 also with one that was cut off by an error.",
        ]
      : []),
    'Where the release is installed already and has data, read docs/moving.md first. Other values files may come beside this one, but a list in them, such as agent.env, replaces the list here.',
    "Other than in upstream's sample values, because those lose data:",
    differences(settings, chart).map((text) => `- ${text}`),
    `What this chart cannot set: ${volumeClaim(settings.backup) ? 'the retention of the claims (Kubernetes keeps them when the StatefulSet is deleted or scaled down), and ' : ''}that the pods get no ServiceAccount token.`,
  );
}

/** The head of the file with the objects that the values refer to. */
export function objectsHead({ settings, namespace, name }: UpstreamHead): string {
  const sidecar =
    storeBackup(settings.backup) && !repositoryUploader(settings.backup)
      ? ' and the configuration of the backup sidecar'
      : '';
  return yamlComments(
    generatedValues,
    `What ${name}.values.yaml refers to: the scripts${sidecar}. Apply it before Helm runs, and again with each new version of the two files:`,
    [`kubectl -n ${namespace} apply -f ${name}.objects.yaml`],
  );
}

const place = {
  persistentVolume: 'on a volume',
  objectStorage: "on the node's disk and in object storage",
  both: 'on a volume and in object storage',
} as const;

function installCommand({ settings, namespace, name }: UpstreamHead, version: string): string {
  return `helm install ${settings.release} vald/vald --version ${version} -n ${namespace} -f ${name}.values.yaml`;
}

/** How to let a store without owner file pass once. Helm's `--set` reaches into lists by their index. */
function firstStart(head: UpstreamHead, version: string): (string | string[])[] {
  const backup = storeBackup(head.settings.backup);
  if (!backup || backup.allowEmptyStart) return [];
  const container = head.initContainers.findIndex(({ env }) => env?.some(isSwitch));
  const variable = head.initContainers[container]!.env!.findIndex(isSwitch);
  return [
    'The very first time, when nothing is in the store yet, install with this instead, and leave it out from the next helm upgrade on. Without it the pods refuse a store that has no owner.json of this cluster, because a wrong bucket looks the same:',
    [
      `${installCommand(head, version)} \\`,
      `  --set-string 'agent.initContainers[${container}].env[${variable}].value=true'`,
    ],
  ];
}

function isSwitch({ name }: { readonly name: string }): boolean {
  return name === 'ALLOW_EMPTY_START';
}

function differences(settings: ValdAgentSettings, chart: UpstreamChart): string[] {
  const store = storeBackup(settings.backup);
  const sidecar = chart.rendersSidecar
    ? 'the sidecar as the chart makes it misses the last save'
    : 'with it these chart versions do not render at all';
  return [
    ...(store
      ? [
          `agent.sidecar.enabled is false: ${sidecar}. ${repositoryUploader(settings.backup) ? 'An uploader of ours' : 'The sidecar'} is a raw entry of agent.initContainers, as a native sidecar, which is stopped after the agent.`,
          "agent.sidecar.initContainerEnabled is false: upstream's restorer hangs where files exist and starts an empty agent where the bucket is wrong. A script of ours restores.",
          repositoryUploader(settings.backup)
            ? 'It uploads each save as a new generation with hashes, reads it back, and keeps generations by rules.'
            : 'The sidecar watches the folder that the agent saves to, uploads on a timer, and names its objects after the cluster.',
        ]
      : [
          'A script of ours runs before the agent: it refuses to start on the remains of an index instead of starting empty.',
        ]),
    `The grace period covers the save${store ? ' and the upload' : ''} at shutdown.`,
    ...(settings.copyOnWrite
      ? []
      : [
          'min_load_index_timeout and max_load_index_timeout are read from a named pipe, which a native sidecar answers once it has found the index whole or restored it: an agent that was killed inside a save would serve an empty one.',
        ]),
    'An index that does not load is kept (broken_index_history_limit), and loading has time enough.',
    'TMPDIR is on the volume of the index, so that a save ends with a rename.',
    'The pods fit PodSecurity "restricted".',
    ...(store ? ['The log level is not debug, which prints the access key.'] : []),
  ];
}
