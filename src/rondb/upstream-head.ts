import { generatedValues, yamlComments } from '../kube/index.js';
import { storeCommands } from '../store/index.js';
import type { UpstreamSettings } from './upstream-settings.js';

/** The chart that the values are for. */
const chart = { version: '0.8.0', repository: 'https://logicalclocks.github.io/rondb-helm/' } as const;

/** The head of a values file: what it is for, how to install it, what to know. */
export function upstreamHead(settings: UpstreamSettings, name: string): string {
  const { namespace, release, store, purpose } = settings;
  const install = [
    `kubectl create namespace ${namespace}`,
    ...storeCommands(store, namespace),
    `helm repo add rondb ${chart.repository}`,
    `helm upgrade --install ${release} rondb/rondb -n ${namespace} -f ${name}.values.yaml`,
  ];
  const intro = (text: string) =>
    `Values of RonDB's own chart, unmodified (rondb-helm; checked against its schema ${chart.version}): ${text}`;
  if (purpose === 'upstream')
    return yamlComments(
      generatedValues,
      intro(
        'its own backups, as safe as its values allow. Ours are safer: docs/rondb-deviations.md has the whole list of what these values cannot mend.',
      ),
      'Install:',
      install,
      'What to know:',
      [
        '- Where manifests are rendered without a cluster (GitOps, helm template), add --set mode=install, later --set mode=upgrade: otherwise the chart does not find the Secret and leaves the credentials out without a word (hazard 18).',
        '- A backup is there when the Job succeeded, and only then: a failed upload leaves a folder that looks whole, and its source is gone (hazards 8, 12 and 33). Alert on the Job.',
        '- Old backups are not deleted: let a lifecycle rule of the bucket do that, far longer than you take to notice that backups fail.',
        '- No backup is taken while one replica is down (hazard 10), and one stuck run stops all later ones (hazard 1).',
        '- Take backupId out of the values after a restore: a node with a new volume would fetch the old backup again (hazard 41).',
      ],
    );
  const sidecar = purpose === 'sidecar';
  return yamlComments(
    generatedValues,
    intro(
      sidecar
        ? "its backups are on, because only then its data nodes have the container rclone-listener, which our jobs with way: 'sidecar' upload from; their schedule is 31 February, so they never run. Turning them on restarts the data nodes one by one."
        : 'its own backups are off, and ours run beside it. They need nothing of the release but its pods and the password Secret.',
    ),
    'Install, with our manifests from "npm run synth" in a folder beside it:',
    [...install, `kubectl apply -f manifests/rondb-${purpose}`],
    ...(sidecar
      ? [
          'Never start its CronJob by hand (create-rondb-backup): it removes the native files also where the upload failed. Our store settings reach the sidecar on stdin for each upload; bucketName is here because the chart asks for one.',
        ]
      : []),
  );
}
