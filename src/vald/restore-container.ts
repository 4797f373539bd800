import type { k8s } from 'cdk8s-plus-28';
import { scriptFolder, valdRestore } from '../scripts/index.js';
import { rcloneEnvironment, rclonePath, storeVolumes } from '../store/index.js';
import { seconds } from '../units/index.js';
import { storeBackup } from './backup-method.js';
import { containerSecurity, imageName, indexMount, type PodContext, requests } from './container-parts.js';
import { clusterFolder, objectNames } from './names.js';

/**
 * The init container that decides what the agent starts on: the disk where it holds a valid index, else the store,
 * else (first start) nothing. It replaces upstream’s restorer, which exits 0 on a missing bucket and hangs where files
 * exist (facts 0.5 and 0.6).
 */
export function restoreContainer({ settings, namespace, sizing }: PodContext): k8s.Container {
  const names = objectNames(settings.name);
  const backup = storeBackup(settings.backup);
  const text = (name: string, value: string): k8s.EnvVar => ({ name, value });
  return {
    name: names.restore,
    image: imageName(settings.restoreImage, ''),
    imagePullPolicy: settings.restoreImage.pullPolicy,
    command: [...valdRestore.command],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      text('BACKUP_METHOD', settings.backup.type),
      text('INDEX_PATH', settings.indexPath),
      text('COPY_ON_WRITE', String(settings.copyOnWrite)),
      text('BROKEN_INDEX_HISTORY_LIMIT', `${settings.brokenIndexHistoryLimit}`),
      ...(backup
        ? [
            text('STORE_PATH', rclonePath(backup.store, clusterFolder(settings, backup, namespace))),
            text('CLUSTER_ID', backup.clusterId),
            text('CLUSTER_NAME', clusterFolder(settings, backup, namespace)),
            text('ALLOW_EMPTY_START', String(backup.allowEmptyStart)),
            text('BACKUP_INTERVAL_SECONDS', `${seconds(backup.backupInterval)}`),
            text('RESTORE_TIMEOUT_SECONDS', `${sizing.restoreTimeout}`),
            ...rcloneEnvironment(backup.store),
          ]
        : []),
    ],
    resources: settings.restoreResources ?? requests({ cpu: '100m', memory: '128Mi' }),
    securityContext: { ...containerSecurity(settings), readOnlyRootFilesystem: true },
    terminationMessagePath: '/dev/termination-log',
    // The last lines of its log say why it refused: `kubectl describe pod` shows them.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      { name: names.restoreScript, mountPath: scriptFolder, readOnly: true },
      indexMount(settings),
      { name: 'tmp', mountPath: '/tmp' },
      ...(backup ? storeVolumes(backup.store).map(({ mount }) => mount) : []),
    ],
  };
}
