import { posix } from 'node:path';
import type { EffectiveValues, Rule } from '../../values/index.js';
import {
  copiesOnWrite,
  hasRawRestorer,
  hasRestorer,
  hasSidecar,
  hasVolume,
  indexPath,
  isNgt,
  ngt,
  rawSidecars,
  savesIndex,
  sidecarConfig,
  usesStore,
} from './agent-state.js';
import { agent, saved, savedWithCopyOnWrite, sidecarWith, volume } from './examples.js';
import { printSeconds, secondsAt } from './go-duration.js';

const day = 24 * 3600;

/** Whether a sidecar uploads when the agent has saved: with copy-on-write it loses sight of the folder. */
function uploadsOnSave(values: EffectiveValues): boolean {
  return values.isTrue(`${sidecarConfig}.watch_enabled`) && !copiesOnWrite(values);
}

/** Rules about the sidecar that uploads: whether it is there, sees the index, and uploads it. */
export const uploadRules: readonly Rule[] = [
  {
    id: 'VALD001',
    severity: 'error',
    title: 'the chart does not render with its sidecar turned on',
    why: 'Three of its templates include two files that were moved away, so helm stops with "no template …/agent/configmap.yaml" and nothing is installed.',
    fix: 'Set agent.sidecar.enabled to false and run the sidecar as a raw entry of agent.initContainers with restartPolicy: Always, as the values files in values/vald do.',
    fact: 'Rendered with Helm 3 and 4: chart v1.8.0 fails for each kind of workload, v1.7.10 renders. A parent chart that defines the two missing names makes it render.',
    since: 'v1.7.11',
    until: 'v1.8.1',
    check: (values, { chartVersion }) =>
      hasSidecar(values)
        ? [{ path: 'agent.sidecar.enabled', message: `true, with which chart ${chartVersion} cannot be rendered` }]
        : [],
    hits: [agent(saved, sidecarWith(''))],
    passes: [
      agent(saved, 'sidecar: { enabled: false, initContainerEnabled: true }'),
      { values: agent(saved, sidecarWith('')), chartVersion: 'v1.7.10' },
    ],
  },
  {
    id: 'VALD002',
    severity: 'error',
    title: 'the sidecar watches a folder that the agent does not save to',
    why: 'The agent saves below index_path, in a folder called origin. A sidecar that watches another folder sees no save, finds no metadata file, and never uploads anything.',
    fix: 'Set agent.sidecar.config.watch_dir to <index_path>/origin: it comes behind the chart’s own line, and the last one counts.',
    fact: 'Run with agent and sidecar v1.8.0: two saves and a shutdown left the bucket empty; with watch_dir set to the origin folder every save was uploaded and restored.',
    since: 'v1.7.6',
    check(values) {
      if (!hasSidecar(values) || !isNgt(values) || !savesIndex(values)) return [];
      const base = posix.join(indexPath(values), '.').replace(/\/$/, '');
      const wanted = `${base}/origin`;
      const watched = values.text(`${sidecarConfig}.watch_dir`) ?? (copiesOnWrite(values) ? wanted : base);
      if (watched.replace(/\/+$/, '') === wanted) return [];
      return [
        {
          path: `${sidecarConfig}.watch_dir`,
          message: `watches "${watched}", but the agent saves to "${wanted}"`,
          fix: `Set agent.sidecar.config.watch_dir to ${wanted}.`,
        },
      ];
    },
    hits: [
      agent(saved, sidecarWith('')),
      agent(savedWithCopyOnWrite, sidecarWith('watch_dir: /var/ngt/index')),
      agent(saved, sidecarWith('watch_dir: /var/ngt/origin')),
    ],
    passes: [
      agent(saved, sidecarWith('watch_dir: /var/ngt/index/origin')),
      agent(savedWithCopyOnWrite, sidecarWith('')),
      agent('ngt: { enable_in_memory_mode: true, index_path: /var/ngt/index }', sidecarWith('')),
    ],
  },
  {
    id: 'VALD003',
    severity: 'error',
    title: 'nothing but the shutdown triggers an upload',
    why: 'With copy-on-write the sidecar loses sight of the folder and does not notice saves, so without the timer it uploads only when the pod stops in good order. A lost node takes everything since then.',
    fix: 'Set agent.sidecar.config.auto_backup_enabled to true, with the time you can afford to lose in auto_backup_duration.',
    fact: 'Run with agent and sidecar v1.8.0: with copy-on-write no save was uploaded; a timer of five seconds was.',
    check(values) {
      if (!hasSidecar(values) || !savesIndex(values) || uploadsOnSave(values)) return [];
      if (values.isTrue(`${sidecarConfig}.auto_backup_enabled`)) return [];
      const why = copiesOnWrite(values) ? 'copy-on-write hides saves from the sidecar' : 'watch_enabled is off';
      return [{ path: `${sidecarConfig}.auto_backup_enabled`, message: `the timer is off, and ${why}` }];
    },
    hits: [
      agent(savedWithCopyOnWrite, sidecarWith('auto_backup_enabled: false')),
      agent(saved, sidecarWith('auto_backup_enabled: false, watch_enabled: false, watch_dir: /var/ngt/index/origin')),
    ],
    passes: [
      agent(savedWithCopyOnWrite, sidecarWith('auto_backup_enabled: true, auto_backup_duration: 10m')),
      agent(saved, sidecarWith('auto_backup_enabled: false, watch_dir: /var/ngt/index/origin')),
    ],
  },
  {
    id: 'VALD004',
    severity: 'error',
    title: 'there is a sidecar, but the agent keeps its index in memory only',
    why: 'In in-memory mode the agent never saves and the chart mounts no volume: the folder to watch does not exist, the sidecar crashes again and again, and nothing is backed up.',
    fix: 'Set agent.ngt.enable_in_memory_mode to false and agent.ngt.index_path to a folder such as /var/ngt/index.',
    fact: 'Run with sidecar v1.8.0: it ends with "no such file or directory". The chart’s volumes depend on both keys.',
    check: (values) =>
      usesStore(values) && isNgt(values) && values.isTrue(`${ngt}.enable_in_memory_mode`)
        ? [{ path: `${ngt}.enable_in_memory_mode`, message: 'true, so there is nothing for the sidecar to back up' }]
        : [],
    hits: [agent('ngt: { index_path: /var/ngt/index }', sidecarWith(''))],
    passes: [agent(saved, sidecarWith('')), agent('ngt: { enable_in_memory_mode: true }')],
  },
  {
    id: 'VALD005',
    severity: 'error',
    title: 'there is a sidecar, but the index has no folder',
    why: 'With an empty index_path the sidecar is given an empty folder to watch. It runs, reports nothing and never makes a backup.',
    fix: 'Set agent.ngt.index_path to a folder such as /var/ngt/index.',
    fact: 'Run with sidecar v1.8.0 and an empty watch_dir: it stays up without an error and uploads nothing.',
    check: (values) =>
      usesStore(values) && isNgt(values) && indexPath(values) === ''
        ? [{ path: `${ngt}.index_path`, message: 'empty, so the sidecar watches nothing and says nothing' }]
        : [],
    hits: [agent('ngt: { enable_in_memory_mode: false }', sidecarWith(''))],
    passes: [agent(saved, sidecarWith('')), agent('ngt: { enable_in_memory_mode: false }')],
  },
  {
    id: 'VALD009',
    severity: 'error',
    title: 'the sidecar uploads, but nothing restores',
    why: 'A new pod starts with an empty index, and its first save replaces the good object in the store: the backup destroys itself.',
    fix: 'Set agent.sidecar.initContainerEnabled to true, or keep the index on a volume (agent.persistentVolume.enabled).',
    fact: 'Read in the chart’s StatefulSet: the restoring init container depends on this key alone. The sidecar overwrites one object in place.',
    check: (values) =>
      hasSidecar(values) && !hasRestorer(values) && !hasVolume(values) && !hasRawRestorer(values)
        ? [
            {
              path: 'agent.sidecar.initContainerEnabled',
              message: 'off without a volume: a new pod starts empty and overwrites its object',
            },
          ]
        : [],
    hits: [agent(saved, 'sidecar: { enabled: true, initContainerEnabled: false }')],
    passes: [
      agent(saved, 'sidecar: { enabled: true, initContainerEnabled: true }'),
      agent(saved, volume, 'sidecar: { enabled: true }'),
      agent(
        saved,
        'sidecar: { enabled: true }',
        'initContainers: [{ name: restore, image: rclone/rclone, volumeMounts: [{ name: vald-agent-local, mountPath: /var/ngt }] }]',
      ),
    ],
  },
  {
    id: 'VALD010',
    severity: 'warning',
    title: 'pods restore from the store, but nothing uploads to it',
    why: 'What is restored gets older every day: each new pod starts with the state of the last upload, and everything since then is gone without a message.',
    fix: 'Run a sidecar too (agent.sidecar.enabled, or a raw entry of agent.initContainers), or set agent.sidecar.initContainerEnabled to false after the restore.',
    fact: 'Read in the chart’s StatefulSet: init container and sidecar are independent of each other.',
    check: (values) =>
      hasRestorer(values) && !hasSidecar(values) && rawSidecars(values).length === 0
        ? [{ path: 'agent.sidecar.initContainerEnabled', message: 'true, while there is no sidecar that uploads' }]
        : [],
    hits: [agent(saved, 'sidecar: { enabled: false, initContainerEnabled: true }')],
    passes: [
      agent(saved, sidecarWith('')),
      agent(
        saved,
        'sidecar: { initContainerEnabled: true }',
        'initContainers: [{ name: sidecar, image: "vdaas/vald-agent-sidecar:v1.8.0", restartPolicy: Always }]',
      ),
    ],
  },
  {
    id: 'VALD063',
    severity: 'warning',
    title: 'a day or more may be lost, because uploads happen by timer only',
    why: 'With copy-on-write the sidecar does not notice saves; the timer alone decides how much is lost with a node. The chart’s default is 24 hours.',
    fix: 'Set agent.sidecar.config.auto_backup_duration to the time you can afford to lose, such as 10m.',
    fact: 'Run with agent and sidecar v1.8.0: with copy-on-write no save was uploaded, only the timer and the shutdown did.',
    check(values) {
      if (!hasSidecar(values) || !savesIndex(values) || uploadsOnSave(values)) return [];
      if (!values.isTrue(`${sidecarConfig}.auto_backup_enabled`)) return [];
      const interval = secondsAt(values, `${sidecarConfig}.auto_backup_duration`);
      if (interval === undefined || interval < day) return [];
      return [{ path: `${sidecarConfig}.auto_backup_duration`, message: `one upload every ${printSeconds(interval)}` }];
    },
    hits: [
      agent(savedWithCopyOnWrite, sidecarWith('')),
      agent(savedWithCopyOnWrite, sidecarWith('auto_backup_duration: 48h')),
    ],
    passes: [
      agent(savedWithCopyOnWrite, sidecarWith('auto_backup_duration: 30m')),
      agent(saved, sidecarWith('watch_dir: /var/ngt/index/origin')),
    ],
  },
];
