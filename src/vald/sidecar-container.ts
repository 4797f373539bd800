import type { k8s } from 'cdk8s-plus-28';
import { containerSecurity, imageName, requests } from '../kube/index.js';
import { certificateAuthorityEnvironment, fromSecret, storeVolumes } from '../store/index.js';
import type { StoreBackupSettings } from './backup-method.js';
import { indexMount, type PodContext, podIdentity } from './container-parts.js';
import { objectNames } from './names.js';

/** Vald’s own backup sidecar, with the environment that upstream’s chart gives it. */
export function sidecarContainer({ settings }: PodContext, backup: StoreBackupSettings): k8s.Container {
  const names = objectNames(settings.name);
  const { store } = backup;
  const keys = store.type === 's3' && store.credentials.type === 'secret' ? store.credentials.secret : undefined;
  return {
    name: names.sidecar,
    image: imageName(settings.sidecarImage, settings.version),
    imagePullPolicy: settings.sidecarImage.pullPolicy,
    env: [
      { name: 'VALD_AGENT_SIDECAR_MODE', value: 'sidecar' },
      ...podIdentity,
      ...(keys
        ? [
            fromSecret('AWS_ACCESS_KEY', keys.name, keys.keys.accessKeyId),
            fromSecret('AWS_SECRET_ACCESS_KEY', keys.name, keys.keys.secretAccessKey),
          ]
        : []),
      ...certificateAuthorityEnvironment(store),
    ],
    resources: settings.sidecarResources ?? requests({ cpu: '100m', memory: '100Mi' }),
    securityContext: containerSecurity(settings),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    volumeMounts: [
      { name: names.sidecarConfig, mountPath: '/etc/server/' },
      indexMount(settings),
      { name: 'tmp', mountPath: '/tmp' },
      ...storeVolumes(store).map(({ mount }) => mount),
    ],
  };
}
