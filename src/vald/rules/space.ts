import type { EffectiveValues, Rule } from '../../values/index.js';
import {
  copiesOnWrite,
  hasVolume,
  indexMount,
  indexPath,
  isNgt,
  isWithin,
  mountOver,
  quantity,
  savesIndex,
  stagesOnIndexVolume,
  stagingFolder,
  volumeOf,
} from './agent-state.js';
import { agent, saved, savedWithCopyOnWrite, volume } from './examples.js';

/** The part of its memory that an agent’s index may take: upstream’s guide divides by it. */
const indexPart = 0.6;

const volumeSize = 'agent.persistentVolume.size';
const diskLimit = 'agent.resources.limits.ephemeral-storage';
const diskRequest = 'agent.resources.requests.ephemeral-storage';

/** The largest index that the requested memory is meant for, in bytes. */
function expectedIndex(values: EffectiveValues): number | undefined {
  const memory = quantity(values, 'agent.resources.requests.memory');
  return memory === undefined ? undefined : memory * indexPart;
}

/** How many indexes are in the container’s own part of the node’s disk at once: what is on no volume. */
function indexesOnNodeDisk(values: EffectiveValues): number {
  const index = isOnVolume(values, indexPath(values)) ? 0 : copiesOnWrite(values) ? 2 : 1;
  return index + (copiesOnWrite(values) && !isOnVolume(values, stagingFolder(values)) ? 1 : 0);
}

/** Whether a folder is on the index’s claimed volume or on a volume of the user’s own that is no emptyDir. */
function isOnVolume(values: EffectiveValues, folder: string): boolean {
  const own = mountOver(values, folder);
  const claimed = hasVolume(values) && isWithin(folder, indexMount(values));
  if (own && !(claimed && isWithin(indexMount(values), own.path))) return !('emptyDir' in volumeOf(values, own));
  return claimed;
}

function gibibytes(bytes: number): string {
  return `${Math.ceil((bytes / 2 ** 30) * 10) / 10}Gi`;
}

const stagedOnVolume = 'env: [{ name: TMPDIR, value: /var/ngt/staging }]';

/** Rules about room on disks: for the index, the generation before it and the one being written. */
export const spaceRules: readonly Rule[] = [
  {
    id: 'VALD035',
    severity: 'error',
    title: 'copy-on-write has nowhere to write',
    why: 'The agent stages each save in its temporary folder. With a read-only root file system and no volume there it does not even start.',
    fix: 'Mount a volume at /tmp with agent.volumes and agent.volumeMounts, or set TMPDIR in agent.env to a folder below the index volume.',
    fact: 'Read in the NGT agent v1.8.0: it makes $TMPDIR/vald when it starts.',
    check(values) {
      const path = 'agent.securityContext.readOnlyRootFilesystem';
      if (!isNgt(values) || !savesIndex(values) || !copiesOnWrite(values) || !values.isTrue(path)) return [];
      const mount = mountOver(values, stagingFolder(values));
      if (stagesOnIndexVolume(values) || (mount && !mount.readOnly)) return [];
      return [{ path, message: `true, and no volume is mounted at ${stagingFolder(values)}` }];
    },
    hits: [
      agent(savedWithCopyOnWrite, volume, 'securityContext: { readOnlyRootFilesystem: true }'),
      agent(
        savedWithCopyOnWrite,
        volume,
        'securityContext: { readOnlyRootFilesystem: true }',
        'volumes: [{ name: tmp, emptyDir: {} }]',
        'volumeMounts: [{ name: tmp, mountPath: /tmp, readOnly: true }]',
      ),
    ],
    passes: [
      agent(savedWithCopyOnWrite, volume, 'securityContext: { readOnlyRootFilesystem: true }', stagedOnVolume),
      agent(
        savedWithCopyOnWrite,
        volume,
        'securityContext: { readOnlyRootFilesystem: true }',
        'volumes: [{ name: tmp, emptyDir: {} }]',
        'volumeMounts: [{ name: tmp, mountPath: /tmp }]',
      ),
    ],
  },
  {
    id: 'VALD036',
    severity: 'error',
    title: 'a disk is too small for the indexes that are on it at once',
    why: 'With copy-on-write the index in use, the one before and the one being written are there together. When the disk is full the save fails, and a pod over its ephemeral-storage limit is evicted.',
    fix: 'Make agent.persistentVolume.size (or the ephemeral-storage limit) as large as the message says, or request the memory that the index really needs.',
    fact: 'Read in the NGT agent v1.8.0 and in upstream’s guide: a volume needs two indexes with copy-on-write, staging one more. The index is taken as 0.6 of the requested memory, as that guide reckons.',
    check(values) {
      const index = expectedIndex(values);
      if (!isNgt(values) || !savesIndex(values) || index === undefined) return [];
      const hits = [];
      const size = quantity(values, volumeSize);
      const copies = !copiesOnWrite(values) ? 1 : stagesOnIndexVolume(values) ? 3 : 2;
      if (hasVolume(values) && size !== undefined && size < copies * index)
        hits.push({
          path: volumeSize,
          message: `${values.text(volumeSize)}, but ${copies} × an index of ${gibibytes(index)} need ${gibibytes(copies * index)}`,
        });
      const limit = quantity(values, diskLimit);
      const onNode = indexesOnNodeDisk(values);
      if (limit !== undefined && limit < onNode * index)
        hits.push({
          path: diskLimit,
          message: `${values.text(diskLimit)}, but ${onNode} × an index of ${gibibytes(index)} need ${gibibytes(onNode * index)}`,
        });
      return hits;
    },
    hits: [
      agent(
        savedWithCopyOnWrite,
        'persistentVolume: { enabled: true, size: 20Gi }',
        'resources: { requests: { memory: 32Gi } }',
      ),
      agent(savedWithCopyOnWrite, volume, 'resources: { limits: { ephemeral-storage: 1Gi } }'),
    ],
    passes: [
      agent(
        savedWithCopyOnWrite,
        'persistentVolume: { enabled: true, size: 40Gi }',
        'resources: { requests: { memory: 32Gi } }',
      ),
      agent(savedWithCopyOnWrite, volume, stagedOnVolume, 'resources: { limits: { ephemeral-storage: 1Gi } }'),
    ],
  },
  {
    id: 'VALD061',
    severity: 'warning',
    title: 'the index is on the node’s disk, and no room is asked for',
    why: 'An emptyDir and the agent’s temporary folder take the node’s own disk. Without a request the scheduler may choose a node without room, and the kubelet evicts the pod when the disk fills up.',
    fix: 'Set agent.resources.requests.ephemeral-storage to the indexes that are there at once, or move TMPDIR (agent.env) and the index to a volume.',
    fact: 'Read in the NGT agent v1.8.0: copy-on-write stages below $TMPDIR, in the container’s layer by default. Upstream’s guide reckons memory only.',
    check(values) {
      if (!isNgt(values) || !savesIndex(values)) return [];
      const copies = indexesOnNodeDisk(values);
      if (copies === 0 || values.get(diskRequest) !== undefined || values.get(diskLimit) !== undefined) return [];
      return [
        {
          path: diskRequest,
          message: `not set, with up to ${copies} ${copies === 1 ? 'index' : 'indexes'} on the node’s disk`,
        },
      ];
    },
    hits: [agent(saved), agent(savedWithCopyOnWrite, volume)],
    passes: [
      agent(saved, volume),
      agent(savedWithCopyOnWrite, volume, stagedOnVolume),
      agent(saved, 'resources: { requests: { ephemeral-storage: 20Gi } }'),
    ],
  },
];
