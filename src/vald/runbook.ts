import { k8s } from 'cdk8s-plus-28';
import { containerSecurity, imageName } from '../kube/index.js';
import { rclonePath, storeCommands } from '../store/index.js';
import { yamlText } from '../units/index.js';
import { type StoreBackupSettings, storeBackup, volumeClaim } from './backup-method.js';
import type { PodContext } from './container-parts.js';
import { clusterFolder, objectNames } from './names.js';
import { podVolumes, serviceAccountName } from './pod.js';
import { restoreContainer } from './restore-container.js';

/** The runbook of one agent as Markdown: what to do before, what to watch, how to restore, how to test the restore. */
export function runbook(context: PodContext): string {
  const { settings } = context;
  const backup = storeBackup(settings.backup);
  return [
    `# Runbook: ${settings.name} in ${context.namespace}`,
    backup ? overview(context, backup) : overviewWithoutStore(context),
    prepare(context, backup),
    backup ? watch(context, backup) : watchDisk(context),
    backup ? restore(context, backup) : restoreVolume(context),
    ...(backup ? [drill(context, backup)] : []),
  ]
    .join('\n\n')
    .concat('\n');
}

function overview({ settings, namespace, sizing }: PodContext, backup: StoreBackupSettings): string {
  const claim = volumeClaim(settings.backup);
  return `Each pod’s index is ${claim ? 'on its volume and ' : ''}uploaded every ${backup.backupInterval} and at shutdown to
\`${objectPath(backup, settings.name, namespace)}\`. What is not yet saved to the disk is in no backup: saving happens
every ${settings.ngt.autoSaveIndexDuration}, or when the index manager asks for it. Shutdown may take ${sizing.gracePeriod} s.
${
  settings.copyOnWrite
    ? 'A crash in a save leaves the generation before.'
    : `Without copy-on-write a crash in a save destroys the index on the disk: the pod then takes the last upload, also when only the
agent’s container is restarted. \`kubectl -n ${namespace} logs ${settings.name}-0 -c ${objectNames(settings.name).startGate}\` shows what each start found.`
}

The store keeps one object for each pod and overwrites it. Turn on the bucket’s versioning and keep versions for as long as
you want to be able to go back.`;
}

function overviewWithoutStore({ settings, namespace, sizing }: PodContext): string {
  return `Each pod’s index is on its volume only. When the volume is lost, so is the index: take snapshots of the volumes, or use
a method with object storage. Shutdown may take ${sizing.gracePeriod} s.
${
  settings.copyOnWrite
    ? 'A crash in a save leaves the generation before.'
    : `Without copy-on-write a crash in a save destroys the index: the agent then refuses to start instead of serving an empty one.
\`kubectl -n ${namespace} logs ${settings.name}-0 -c ${objectNames(settings.name).startGate}\` says so. Restore the volume as
below; or, to lose the index on purpose: \`kubectl -n ${namespace} exec ${settings.name}-0 -c ${objectNames(settings.name).startGate} -- rm -r ${settings.indexPath}\`.`
}`;
}

function prepare({ settings, namespace }: PodContext, backup: StoreBackupSettings | undefined): string {
  const lines = [`kubectl create namespace ${namespace}`];
  if (backup) lines.push(...storeCommands(backup.store, namespace));
  lines.push(`kubectl apply -f .`, `kubectl -n ${namespace} rollout status statefulset/${settings.name}`);
  const first = backup
    ? `

The credentials must be allowed to list, read and write below that path. **The very first time** nothing is there yet: set
\`allowEmptyStart: true\`, apply, wait until all pods run, and take it out again. Left in, it does no harm to a store that
already has this cluster’s \`owner.json\`, but it would let a wrong bucket pass.`
    : '';
  return `## Install\n\n\`\`\`sh\n${lines.join('\n')}\n\`\`\`${first}`;
}

function watch({ settings, namespace }: PodContext, backup: StoreBackupSettings): string {
  const names = objectNames(settings.name);
  return `## Watch

The sidecar logs “finished to backup” for failed uploads too. What counts is the age of the object: alert when it is older than
twice \`${backup.backupInterval}\` while the index changes.

\`\`\`sh
# age and size of every object of this cluster (with the rclone remote “store” configured)
rclone lsl ${rclonePath(backup.store, clusterFolder(settings, backup, namespace))}
# what each pod started on, and why one does not start
kubectl -n ${namespace} logs ${settings.name}-0 -c ${names.restore}
kubectl -n ${namespace} get pods -l app=${settings.name}
# uploads and their errors
kubectl -n ${namespace} logs ${settings.name}-0 -c ${names.sidecar} | grep -i -E 'error|warn'
\`\`\``;
}

function watchDisk({ settings, namespace }: PodContext): string {
  return `## Watch

\`\`\`sh
kubectl -n ${namespace} get pods -l app=${settings.name}
kubectl -n ${namespace} logs ${settings.name}-0 -c ${objectNames(settings.name).restore}
kubectl -n ${namespace} get pvc | grep ${settings.name}
\`\`\``;
}

function restore({ settings, namespace }: PodContext, backup: StoreBackupSettings): string {
  const names = objectNames(settings.name);
  const claim = volumeClaim(settings.backup);
  const lose = claim
    ? `kubectl -n ${namespace} delete pvc ${names.claim}-${settings.name}-0 --wait=false
kubectl -n ${namespace} delete pod ${settings.name}-0`
    : `kubectl -n ${namespace} delete pod ${settings.name}-0`;
  const folder = rclonePath(backup.store, clusterFolder(settings, backup, namespace));
  return `## Restore

A pod restores by itself when its disk has no valid index. To make one take the store’s index${claim ? ' (this deletes its volume!)' : ''}:

\`\`\`sh
${lose}
kubectl -n ${namespace} logs -f ${settings.name}-0 -c ${names.restore}
\`\`\`

To go back to an older version, first put that version of \`${settings.name}-0.tar.gz\` in place of the newest one (with the
bucket’s versioning: \`rclone --s3-version-at "2026-01-31 12:00:00" copyto ${folder}/${settings.name}-0.tar.gz ./old.tar.gz\`, then
\`rclone copyto ./old.tar.gz ${folder}/${settings.name}-0.tar.gz\`), with the pod scaled away so that it cannot overwrite it.

When the restore refuses to start a pod, its log says why and what to do. To let a pod start empty on purpose, although it
had an index before: \`rclone deletefile ${folder}/${settings.name}-0.seen\`.`;
}

function restoreVolume({ settings, namespace }: PodContext): string {
  const names = objectNames(settings.name);
  return `## Restore

From a snapshot of a volume: delete the pod’s claim, create one of the same name from the snapshot, delete the pod.

\`\`\`sh
kubectl -n ${namespace} scale statefulset/${settings.name} --replicas=0
kubectl -n ${namespace} delete pvc ${names.claim}-${settings.name}-0
# create ${names.claim}-${settings.name}-0 with spec.dataSource: { apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: … }
kubectl -n ${namespace} scale statefulset/${settings.name} --replicas=${settings.replicas}
\`\`\`

Take snapshots with copy-on-write on: without it a snapshot may catch a half-written save (rule 55 of the facts).`;
}

function drill(context: PodContext, backup: StoreBackupSettings): string {
  const { settings, namespace } = context;
  const name = `${settings.name}-drill`;
  const container = restoreContainer(context);
  const env = (container.env ?? []).map((variable) => {
    if (variable.name === 'POD_NAME') return { name: 'POD_NAME', value: `${settings.name}-0` };
    if (variable.name === 'BACKUP_METHOD') return { name: 'BACKUP_METHOD', value: 'objectStorage' };
    return variable;
  });
  const index = objectNames(settings.name);
  const mounts = (container.volumeMounts ?? []).map((mount) =>
    mount.name === index.claim ? { name: index.local, mountPath: mount.mountPath } : mount,
  );
  const volumes = podVolumes({ ...settings, backup: { ...backup, type: 'objectStorage' } });
  const account = serviceAccountName(settings);
  const used = new Set(mounts.map((mount) => mount.name));
  const pod = k8s.KubePod.manifest({
    metadata: { name, namespace },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      ...(account ? { serviceAccountName: account } : {}),
      securityContext: { fsGroup: settings.runAsId, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      initContainers: [{ ...container, env, volumeMounts: mounts }],
      containers: [
        {
          name: 'show',
          image: imageName(settings.restoreImage, ''),
          command: ['sh', '-c', 'ls -l "$INDEX_PATH/origin" && cat "$INDEX_PATH/origin/metadata.json"'],
          env: [{ name: 'INDEX_PATH', value: settings.indexPath }],
          securityContext: { ...containerSecurity(settings), readOnlyRootFilesystem: true },
          volumeMounts: mounts.filter((mount) => mount.name === index.local),
        },
      ],
      volumes: volumes.filter((volume) => used.has(volume.name)),
    },
  });
  return `## Test the restore

Restores the newest object of pod 0 into a scratch pod with the same script, image and credentials, and shows the index it
got. The running agents are not touched. It is good when the pod completes and \`index_count\` is what you expect.

\`\`\`sh
kubectl apply -f - <<'POD'
${yamlText(pod)}POD
kubectl -n ${namespace} wait pod/${name} --for=jsonpath='{.status.phase}'=Succeeded --timeout=1h
kubectl -n ${namespace} logs ${name} -c ${index.restore}
kubectl -n ${namespace} logs ${name} -c show
kubectl -n ${namespace} delete pod ${name}
\`\`\``;
}

function objectPath(backup: StoreBackupSettings, name: string, namespace: string): string {
  return `${rclonePath(backup.store, clusterFolder({ name }, backup, namespace))}/<pod>.tar.gz`;
}
