import type { EffectiveValues, Rule } from '../../values/index.js';
import { hasSidecar, isNgt, kind, savesIndex, sidecarConfig } from './agent-state.js';
import { agent, saved, sidecarWith, volume } from './examples.js';
import { printSeconds, secondsAt } from './go-duration.js';

const gracePeriodPath = 'agent.terminationGracePeriodSeconds';
const postStopPath = `${sidecarConfig}.post_stop_timeout`;

/** What the agent needs to stop its servers when it is idle, before it saves. */
const idleStop = 10;

/** What Kubernetes takes where nothing is written. */
const kubernetesGracePeriod = 30;

function gracePeriod(values: EffectiveValues): number {
  return values.number(gracePeriodPath) ?? kubernetesGracePeriod;
}

/** The quiet time before a stopping sidecar uploads. It takes two minutes where it cannot read the text. */
function postStop(values: EffectiveValues): number {
  return secondsAt(values, postStopPath) ?? 120;
}

function fullShutdown(values: EffectiveValues): number | undefined {
  const own = 'agent.server_config.full_shutdown_duration';
  return secondsAt(values, values.isTrue(own) ? own : 'defaults.server_config.full_shutdown_duration');
}

/** Rules about the time that a pod has to save and upload when it stops. */
export const shutdownRules: readonly Rule[] = [
  {
    id: 'VALD012',
    severity: 'error',
    title: 'the pod is killed before the sidecar’s last upload',
    why: 'A stopping sidecar waits post_stop_timeout before it uploads. The kubelet kills the pod when the grace period ends, so the last save is never uploaded.',
    fix: 'Set agent.terminationGracePeriodSeconds to more than post_stop_timeout plus the time of an upload.',
    fact: 'Read in the sidecar v1.8.0, and run with 12 seconds: the upload began at second 12. The chart’s defaults are 120 seconds for both.',
    check(values) {
      if (!hasSidecar(values) || gracePeriod(values) > postStop(values)) return [];
      return [
        {
          path: gracePeriodPath,
          message: `${gracePeriod(values)} seconds, but the upload begins only after ${printSeconds(postStop(values))}`,
        },
      ];
    },
    hits: [
      agent(saved, sidecarWith('')),
      agent('terminationGracePeriodSeconds: 600', saved, sidecarWith('post_stop_timeout: 10m')),
    ],
    passes: [
      agent('terminationGracePeriodSeconds: 600', saved, sidecarWith('post_stop_timeout: 2m')),
      agent('terminationGracePeriodSeconds: 120', saved, volume),
    ],
  },
  {
    id: 'VALD013',
    severity: 'error',
    title: 'the sidecar’s last upload begins before the agent has saved',
    why: 'The chart’s sidecar is told to stop together with the agent. If it waits less than the agent needs to stop and save, it uploads the generation before, and the last vectors are not in the backup.',
    fix: 'Set agent.sidecar.config.post_stop_timeout to more than the agent needs to stop and to save: 10s is the least, 2m the default.',
    fact: 'Run with agent and sidecar v1.8.0 and 5 seconds: the agent took 6, the bucket kept 1,000 vectors and the disk had 1,500.',
    check: (values) =>
      hasSidecar(values) && postStop(values) < idleStop
        ? [
            {
              path: postStopPath,
              message: `${printSeconds(postStop(values))}: stopping and saving takes the agent longer`,
            },
          ]
        : [],
    hits: [agent(saved, sidecarWith('post_stop_timeout: 5s')), agent(saved, sidecarWith('post_stop_timeout: "0"'))],
    passes: [
      agent(saved, sidecarWith('post_stop_timeout: 1m')),
      agent(saved, sidecarWith('post_stop_timeout: two minutes')),
    ],
  },
  {
    id: 'VALD014',
    severity: 'error',
    title: 'the pod is killed while the agent saves',
    why: 'When an agent stops it builds and saves what came in since the last save; only SIGKILL ends that. Without copy-on-write a save that is cut off leaves mixed files, and everything since the last save is lost in any case.',
    fix: 'Set agent.terminationGracePeriodSeconds to 10 seconds plus the time to build and to save the index: upstream’s samples have 600 to 3600.',
    fact: 'Read and run with agent v1.8.0: about 6 seconds pass before the save begins, and the save has no limit of its own.',
    check: (values) =>
      isNgt(values) && savesIndex(values) && gracePeriod(values) <= kubernetesGracePeriod
        ? [{ path: gracePeriodPath, message: `${gracePeriod(values)} seconds to stop, build and save the index` }]
        : [],
    hits: [
      agent('terminationGracePeriodSeconds: 0', saved, volume),
      agent('terminationGracePeriodSeconds: 30', saved, volume),
    ],
    passes: [agent('terminationGracePeriodSeconds: 600', saved, volume), agent('terminationGracePeriodSeconds: 30')],
  },
  {
    id: 'VALD015',
    severity: 'warning',
    title: 'closing connections may take the whole grace period',
    why: 'Open requests may hold the servers for full_shutdown_duration, and the agent saves only after that. The kubelet does not wait so long.',
    fix: 'Set agent.server_config.full_shutdown_duration (60s, for example) so that it and the save fit into agent.terminationGracePeriodSeconds.',
    fact: 'Read in the chart (600s by default) and in the agent v1.8.0: servers are stopped before the index is saved.',
    check(values) {
      const drain = fullShutdown(values);
      if (!savesIndex(values) || kind(values) !== 'StatefulSet' || drain === undefined || drain <= gracePeriod(values))
        return [];
      return [
        {
          path: 'agent.server_config.full_shutdown_duration',
          message: `up to ${printSeconds(drain)} of a grace period of ${gracePeriod(values)} seconds`,
        },
      ];
    },
    hits: [agent(saved, volume)],
    passes: [
      agent('terminationGracePeriodSeconds: 300', saved, volume, 'server_config: { full_shutdown_duration: 60s }'),
      agent('terminationGracePeriodSeconds: 3600', saved, volume),
    ],
  },
];
