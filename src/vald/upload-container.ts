import type { k8s } from 'cdk8s-plus-28';
import { containerSecurity, imageName, requests } from '../kube/index.js';
import { retentionEnvironment, retentionPolicy } from '../repository/index.js';
import { packageVersion, scriptFolder, type ValdUploadVariable, valdUpload } from '../scripts/index.js';
import { rcloneEnvironment, rclonePath, storeVolumes } from '../store/index.js';
import { max, mul, seconds, text } from '../units/index.js';
import type { StoreBackupSettings } from './backup-method.js';
import { indexMount, type PodContext } from './container-parts.js';
import { clusterFolder, objectNames } from './names.js';
import { agentPorts } from './server-config.js';
import type { RepositoryUploaderSettings } from './uploader.js';

/** The repository’s uploader, a native sidecar in the place of Vald’s own and under its name. */
export function uploadContainer(
  { settings, namespace, sizing }: PodContext,
  backup: StoreBackupSettings,
  uploader: RepositoryUploaderSettings,
): k8s.Container {
  const names = objectNames(settings.name);
  const folder = clusterFolder(settings, backup, namespace);
  const field = (fieldPath: string): k8s.EnvVarSource => ({ fieldRef: { fieldPath } });
  // What a pod began and did not end is its own to clean up, but not while another pod of its name may still run.
  const leftoverGrace = max(3600, mul(sizing.uploadTimeout, 2));
  const values: Readonly<Record<ValdUploadVariable, string | k8s.EnvVarSource>> = {
    INDEX_PATH: settings.indexPath,
    COPY_ON_WRITE: String(settings.copyOnWrite),
    AGENT_PORT: text(agentPorts.grpc),
    POD_NAME: field('metadata.name'),
    POD_UID: field('metadata.uid'),
    STORE_PATH: rclonePath(backup.store, folder),
    CLUSTER_ID: backup.clusterId,
    CLUSTER_NAME: folder,
    BACKUP_INTERVAL_SECONDS: text(seconds(backup.backupInterval)),
    UPLOAD_TIMEOUT_SECONDS: text(sizing.uploadTimeout),
    // Not less than it has: what ends it earlier is the kubelet, and nothing is lost by that.
    SHUTDOWN_TIMEOUT_SECONDS: text(sizing.gracePeriod),
    TRANSFERS: text(uploader.transfers),
    ...retentionEnvironment({ ...retentionPolicy(uploader.retention, 1), leftoverGraceSeconds: leftoverGrace }),
    PACKAGE_VERSION: packageVersion,
  };
  return {
    name: names.sidecar,
    image: imageName(settings.restoreImage, ''),
    imagePullPolicy: settings.restoreImage.pullPolicy,
    command: [...valdUpload.command],
    env: [
      ...valdUpload.environment.map(({ name }): k8s.EnvVar => {
        const value = values[name];
        return typeof value === 'string' ? { name, value } : { name, valueFrom: value };
      }),
      ...rcloneEnvironment(backup.store),
    ],
    resources: settings.sidecarResources ?? requests({ cpu: '100m', memory: '256Mi' }),
    securityContext: { ...containerSecurity(settings), readOnlyRootFilesystem: true },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      { name: names.restoreScript, mountPath: scriptFolder, readOnly: true },
      indexMount(settings),
      { name: 'tmp', mountPath: '/tmp' },
      ...storeVolumes(backup.store).map(({ mount }) => mount),
    ],
  };
}
