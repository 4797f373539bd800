import type { k8s } from 'cdk8s-plus-28';
import { containerSecurity, imageName, requests } from '../kube/index.js';
import { scriptFolder, valdRestore, valdStartGate } from '../scripts/index.js';
import { rcloneEnvironment, rclonePath, storeVolumes } from '../store/index.js';
import { seconds } from '../units/index.js';
import { storeBackup } from './backup-method.js';
import { indexMount, type PodContext, startGate } from './container-parts.js';
import { clusterFolder, objectNames } from './names.js';

const terminationLog = '/dev/termination-log';

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
      text('START_GATE', settings.copyOnWrite ? 'none' : startGate),
      text('TERMINATION_LOG', terminationLog),
      ...(backup
        ? [
            text('STORE_PATH', rclonePath(backup.store, clusterFolder(settings, backup, namespace))),
            text('CLUSTER_ID', backup.clusterId),
            text('CLUSTER_NAME', clusterFolder(settings, backup, namespace)),
            text('ALLOW_EMPTY_START', String(backup.allowEmptyStart)),
            text('BACKUP_INTERVAL_SECONDS', `${seconds(backup.backupInterval)}`),
            text('RESTORE_TIMEOUT_SECONDS', `${sizing.restoreTimeout}`),
            text('RESTORE_AS_OF', backup.restoreAsOf ?? ''),
            ...rcloneEnvironment(backup.store),
          ]
        : []),
    ],
    resources: settings.restoreResources ?? requests({ cpu: '100m', memory: '128Mi' }),
    securityContext: { ...containerSecurity(settings), readOnlyRootFilesystem: true },
    // `kubectl describe pod` shows what it has written there, or the last lines of its log, which say why it refused.
    terminationMessagePath: terminationLog,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      { name: names.restoreScript, mountPath: scriptFolder, readOnly: true },
      indexMount(settings),
      { name: 'tmp', mountPath: '/tmp' },
      ...(backup ? storeVolumes(backup.store).map(({ mount }) => mount) : []),
    ],
  };
}

/**
 * The container that lets the agent start only on an index that the restore has settled, also when the kubelet restarts
 * the agent in its pod. Only without copy-on-write: with it a killed save leaves a whole generation, which the agent loads.
 */
export function startGateContainer(context: PodContext): k8s.Container {
  const { settings, sizing } = context;
  const restore = restoreContainer(context);
  return {
    ...restore,
    name: objectNames(settings.name).startGate,
    command: [...valdStartGate.command],
    env: [...(restore.env ?? []), { name: 'LOAD_TIMEOUT_SECONDS', value: `${sizing.loadTimeout}` }],
    // It has the memory for a restore; until there is one it waits and needs no processor.
    resources: settings.restoreResources ?? requests({ cpu: '10m', memory: '128Mi' }),
  };
}
