import { k8s } from 'cdk8s-plus-28';
import { containerSecurity, imageName } from '../kube/index.js';
import { rclonePath, storeCommands } from '../store/index.js';
import { yamlText } from '../units/index.js';
import { repositoryUploader, type StoreBackupSettings, storeBackup, volumeClaim } from './backup-method.js';
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

${
  repositoryUploader(settings.backup)
    ? `Each upload is a generation of its own, with hashes, read back before it counts; which ones stay is in the environment of
container \`${objectNames(settings.name).sidecar}\` (\`KEEP_…\`). An object \`pinned\` in a generation’s folder keeps it.`
    : `The store keeps one object for each pod and overwrites it. Turn on the bucket’s versioning and keep versions for as long as
you want to be able to go back.`
}`;
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
  if (repositoryUploader(settings.backup)) return watchGenerations({ settings, namespace }, backup);
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

function watchGenerations(
  { settings, namespace }: Pick<PodContext, 'settings' | 'namespace'>,
  backup: StoreBackupSettings,
): string {
  const names = objectNames(settings.name);
  const folder = rclonePath(backup.store, clusterFolder(settings, backup, namespace));
  return `## Watch

\`status.json\` of each pod says until when (\`checked\`) the index on its disk was in the store, and as which generation. It is
written at least every ${backup.backupInterval}: an older one means that this pod is not backed up. \`ValdVerifyCronJob\` looks at it.

\`\`\`sh
# with the rclone remote “store” configured: what each pod has, and whether it is current
rclone cat ${folder}/${settings.name}-0/status.json
rclone lsf -R --include '/*/*/manifest.json' ${folder}
# uploads and their errors; what each pod started on, and why one does not start
kubectl -n ${namespace} logs ${settings.name}-0 -c ${names.sidecar}
kubectl -n ${namespace} logs ${settings.name}-0 -c ${names.restore}
kubectl -n ${namespace} get pods -l app=${settings.name}
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

${
  repositoryUploader(settings.backup)
    ? `To go back to an earlier time, set \`restoreAsOf: '2026-01-31T12:00:00Z'\` and apply: each pod takes the newest generation that was
saved by then, once, and sets aside what its disk has (\`${settings.indexPath}/broken\`). Each pod goes back by itself: Vald has no
cut across pods, so vectors that moved between agents may be there twice or not at all. Run index correction afterwards.`
    : goBackByVersions(settings.name, folder)
}

When the restore refuses to start a pod, its log says why and what to do. To let a pod start empty on purpose, although it
had an index before: \`rclone deletefile ${folder}/${settings.name}-0.seen\`${repositoryUploader(settings.backup) ? `, with no generation left in \`${folder}/${settings.name}-0\`` : ''}.`;
}

function goBackByVersions(name: string, folder: string): string {
  return `To go back to an older version, first put that version of \`${name}-0.tar.gz\` in place of the newest one (with the
bucket’s versioning: \`rclone --s3-version-at "2026-01-31 12:00:00" copyto ${folder}/${name}-0.tar.gz ./old.tar.gz\`, then
\`rclone copyto ./old.tar.gz ${folder}/${name}-0.tar.gz\`), with the pod scaled away so that it cannot overwrite it.`;
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

Restores the newest backup of pod 0 into a scratch pod with the same script, image and credentials, and shows the index it
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
  const folder = rclonePath(backup.store, clusterFolder({ name }, backup, namespace));
  return `${folder}/<pod>${backup.uploader.type === 'repository' ? '/<generation>/' : '.tar.gz'}`;
}
