import type { Rule } from '../../values/index.js';
import {
  asMap,
  hasSidecar,
  hasVolume,
  indexMount,
  indexPath,
  isNgt,
  isWithin,
  kind,
  mountOver,
  ngt,
  rawSidecars,
  savesIndex,
  userMounts,
  volumeOf,
} from './agent-state.js';
import { agent, saved, sidecarWith, volume } from './examples.js';

/** Rules about where the index is kept: the claimed volume, its mount, and volumes of the user’s own. */
export const volumeRules: readonly Rule[] = [
  {
    id: 'VALD006',
    severity: 'error',
    title: 'the volume is turned on, but the agent does not save its index',
    why: 'The chart makes the claim only for an index that is saved. Without that there is no volume and no error, and every restart loses the index.',
    fix: 'Set agent.ngt.enable_in_memory_mode to false and agent.ngt.index_path to a folder such as /var/ngt/index.',
    fact: 'Read in the chart’s StatefulSet, and rendered: both keys guard the claim.',
    check(values) {
      if (!values.isTrue('agent.persistentVolume.enabled') || !isNgt(values)) return [];
      const message = 'no volume is made although agent.persistentVolume.enabled is true';
      if (values.isTrue(`${ngt}.enable_in_memory_mode`))
        return [{ path: `${ngt}.enable_in_memory_mode`, message: `true: ${message}` }];
      return indexPath(values) === '' ? [{ path: `${ngt}.index_path`, message: `empty: ${message}` }] : [];
    },
    hits: [agent(volume), agent(volume, 'ngt: { enable_in_memory_mode: false }')],
    passes: [agent(volume, saved), agent('persistentVolume: { enabled: false }')],
  },
  {
    id: 'VALD007',
    severity: 'error',
    title: 'in-memory mode is off, but the index has no folder',
    why: 'With an empty index_path the agent falls back to keeping the index in memory: nothing is ever saved, although the values say otherwise.',
    fix: 'Set agent.ngt.index_path to a folder such as /var/ngt/index.',
    fact: 'Read in the NGT agent v1.8.0.',
    check: (values) =>
      isNgt(values) && !values.isTrue(`${ngt}.enable_in_memory_mode`) && indexPath(values) === ''
        ? [{ path: `${ngt}.index_path`, message: 'empty, so the agent keeps the index in memory after all' }]
        : [],
    hits: [agent('ngt: { enable_in_memory_mode: false }')],
    passes: [agent(saved), agent('ngt: { enable_in_memory_mode: true, index_path: "" }')],
  },
  {
    id: 'VALD008',
    severity: 'error',
    title: 'the index is saved to a folder that goes with the pod',
    why: 'Without a volume and without a sidecar the chart puts the index on an emptyDir. It is deleted with the pod: at every rollout, eviction and node failure.',
    fix: 'Set agent.persistentVolume.enabled to true, or run a sidecar that uploads the index.',
    fact: 'Rendered: an emptyDir without a size limit.',
    check(values) {
      if (!isNgt(values) || !savesIndex(values) || kind(values) !== 'StatefulSet') return [];
      if (values.isTrue('agent.persistentVolume.enabled') || hasSidecar(values) || rawSidecars(values).length > 0)
        return [];
      const own = mountOver(values, indexPath(values));
      if (own && own.path !== '/' && !('emptyDir' in volumeOf(values, own))) return [];
      return [{ path: 'agent.persistentVolume.enabled', message: 'off, and nothing uploads the index either' }];
    },
    hits: [
      agent(saved),
      agent(
        saved,
        'volumes: [{ name: index, emptyDir: {} }]',
        'volumeMounts: [{ name: index, mountPath: /var/ngt/index }]',
      ),
    ],
    passes: [
      agent(saved, volume),
      agent(
        saved,
        'initContainers: [{ name: sidecar, image: "vdaas/vald-agent-sidecar:v1.8.0", restartPolicy: Always }]',
      ),
      agent(
        saved,
        'volumes: [{ name: index, persistentVolumeClaim: { claimName: index } }]',
        'volumeMounts: [{ name: index, mountPath: /var/ngt/index }]',
      ),
    ],
  },
  {
    id: 'VALD016',
    severity: 'error',
    title: 'only a StatefulSet gets a volume for the index',
    why: 'For a Deployment or DaemonSet the chart makes no volume for the index at all and leaves the settings of the volume aside without a word. The index is in the container and goes with it.',
    fix: 'Set agent.kind to StatefulSet.',
    fact: 'Rendered with chart v1.8.0: no volume, no mount, no claim.',
    check: (values) =>
      kind(values) !== 'StatefulSet' && (values.isTrue('agent.persistentVolume.enabled') || savesIndex(values))
        ? [{ path: 'agent.kind', message: `${kind(values)}, for which the chart makes no volume for the index` }]
        : [],
    hits: [agent('kind: Deployment', saved), agent('kind: DaemonSet', volume)],
    passes: [agent('kind: StatefulSet', saved, volume), agent('kind: Deployment')],
  },
  {
    id: 'VALD050',
    severity: 'warning',
    title: 'the access mode does not fit a volume of one pod',
    why: 'Each pod has a claim of its own. A mode for many pods or nodes lets a second agent write into the same index, needs a network file system, and any other text is refused by the cluster only at install.',
    fix: 'Set agent.persistentVolume.accessMode to ReadWriteOncePod, or ReadWriteOnce where the driver does not have it.',
    fact: 'Read in the chart’s schema: the key is free text.',
    check(values) {
      const path = 'agent.persistentVolume.accessMode';
      const mode = values.text(path) ?? '';
      return hasVolume(values) && mode !== 'ReadWriteOncePod' && mode !== 'ReadWriteOnce'
        ? [{ path, message: `"${mode}" for a volume that belongs to one pod` }]
        : [];
    },
    hits: [
      agent(saved, 'persistentVolume: { enabled: true, accessMode: ReadWriteMany }'),
      agent(saved, 'persistentVolume: { enabled: true, accessMode: readwriteonce }'),
    ],
    passes: [
      agent(saved, 'persistentVolume: { enabled: true, accessMode: ReadWriteOnce }'),
      agent('persistentVolume: { enabled: false, accessMode: ReadWriteMany }'),
    ],
  },
  {
    id: 'VALD051',
    severity: 'error',
    needsCluster: true,
    title: 'the storage class is missing, deletes volumes, or cannot grow them',
    why: 'The chart’s default class vald-sc exists only where somebody made it, and the claims stay Pending without it. A class with reclaimPolicy Delete removes the data with the claim, and one without allowVolumeExpansion leaves no way to grow, because the claim’s template cannot be changed.',
    fix: 'Name an existing class in agent.persistentVolume.storageClass, with reclaimPolicy Retain and allowVolumeExpansion true.',
    fact: 'Read in the chart’s values; the rest is how Kubernetes treats claims of a StatefulSet.',
  },
  {
    id: 'VALD052',
    severity: 'error',
    title: 'the volume of the index would be mounted over the root folder',
    why: 'The chart mounts the volume at the parent folder of index_path. Directly below "/" that is the whole file system of the container, and a relative path gives "." or a folder that nobody meant.',
    fix: 'Set agent.ngt.index_path to an absolute path with two parts or more, such as /var/ngt/index.',
    fact: 'Rendered with chart v1.8.0: index_path "/data" gives the mount "/".',
    check(values) {
      if (!savesIndex(values)) return [];
      const path = indexPath(values);
      const mount = indexMount(values);
      return mount === '/' || !path.startsWith('/')
        ? [{ path: `${ngt}.index_path`, message: `"${path}" makes the chart mount the volume at "${mount}"` }]
        : [];
    },
    hits: [
      agent('ngt: { enable_in_memory_mode: false, index_path: /data }'),
      agent('ngt: { enable_in_memory_mode: false, index_path: index }'),
    ],
    passes: [
      agent('ngt: { enable_in_memory_mode: false, index_path: /data/index }'),
      agent('ngt: { enable_in_memory_mode: false, index_path: /data/ }'),
    ],
  },
  {
    id: 'VALD053',
    severity: 'error',
    title: 'a volume mount takes a folder that the chart mounts itself',
    why: 'Two mounts at one path are refused by the cluster, and where they differ only in a slash the one hides the other: the index or the configuration.',
    fix: 'Mount it somewhere else, or choose another agent.ngt.index_path: its parent folder and /etc/server are taken.',
    fact: 'Read in the chart’s StatefulSet: agent.volumeMounts is appended to all three containers.',
    check(values) {
      const taken = [
        '/etc/server',
        ...(savesIndex(values) && kind(values) === 'StatefulSet' ? [indexMount(values)] : []),
      ];
      return userMounts(values)
        .filter(({ path }) => taken.includes(path))
        .map(({ at, path }) => ({
          path: ['agent', 'volumeMounts', at, 'mountPath'],
          message: `"${path}" is mounted by the chart already`,
        }));
    },
    hits: [
      agent(saved, 'volumes: [{ name: own, emptyDir: {} }]', 'volumeMounts: [{ name: own, mountPath: /var/ngt/ }]'),
      agent('volumes: [{ name: own, emptyDir: {} }]', 'volumeMounts: [{ name: own, mountPath: /etc/server }]'),
    ],
    passes: [
      agent(
        saved,
        'volumes: [{ name: own, emptyDir: {} }]',
        'volumeMounts: [{ name: own, mountPath: /var/ngt/extra }]',
      ),
      agent('volumes: [{ name: own, emptyDir: {} }]', 'volumeMounts: [{ name: own, mountPath: /var/ngt }]'),
    ],
  },
  {
    id: 'VALD054',
    severity: 'error',
    title: 'the index is saved to memory',
    why: 'An emptyDir with medium Memory is lost with the pod, counts against the pod’s memory, and makes a backup of the index that is no backup.',
    fix: 'Use a volume: agent.persistentVolume.enabled, without a mount of your own over the index.',
    fact: 'How Kubernetes treats emptyDir with medium Memory.',
    check(values) {
      if (!savesIndex(values)) return [];
      const folders = [indexPath(values), indexMount(values)];
      return userMounts(values)
        .filter(
          (mount) =>
            mount.path !== '/' &&
            (folders.some((folder) => isWithin(folder, mount.path)) || isWithin(mount.path, indexPath(values))) &&
            asMap(volumeOf(values, mount)['emptyDir'])['medium'] === 'Memory',
        )
        .map(({ path, volumeAt }) => ({
          path: ['agent', 'volumes', volumeAt, 'emptyDir', 'medium'],
          message: `memory, mounted at "${path}" where the index is`,
        }));
    },
    hits: [
      agent(
        saved,
        'volumes: [{ name: fast, emptyDir: { medium: Memory } }]',
        'volumeMounts: [{ name: fast, mountPath: /var/ngt/index }]',
      ),
    ],
    passes: [
      agent(
        saved,
        'volumes: [{ name: fast, emptyDir: { medium: Memory } }]',
        'volumeMounts: [{ name: fast, mountPath: /cache }]',
      ),
      agent(saved, volume, sidecarWith('')),
    ],
  },
];
