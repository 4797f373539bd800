/** One place where our objects differ from what upstream’s chart v1.8.0 renders, with the reason. */
export interface Deviation {
  /** Stable short name. */
  readonly id: string;
  /** What is different, in one line. */
  readonly title: string;
  /** The differing places: `Kind/name path`, list items by name, `*` for any text. */
  readonly places: readonly string[];
  /** The fact it answers: a section or rule of the facts about Vald, or a rule of Kubernetes. */
  readonly fact: string;
  /** What it changes for who runs it. */
  readonly effect: string;
}

const pod = 'StatefulSet/* spec.template.spec';

/**
 * Every difference between ours and upstream’s objects. The test against the golden objects fails on a difference that
 * is not here and on an entry here that no longer differs; `docs/vald-deviations.md` is made from this list.
 */
export const deviations: readonly Deviation[] = [
  {
    id: 'namespace',
    title: 'namespaced objects name their namespace',
    places: ['*/* metadata.namespace'],
    fact: 'Section 1: upstream’s objects carry none and land wherever the command points.',
    effect: '`kubectl apply -f` without `-n` puts them where they belong.',
  },
  {
    id: 'service-selector',
    title: 'the Service selects the agents of its own name only',
    places: ['Service/* spec.selector.app'],
    fact: 'Section 1: upstream’s selects by the name of the installation’s application, so two agents in one namespace would answer for each other.',
    effect: 'A second agent, under another `name`, can be beside the first one.',
  },
  {
    id: 'log-level',
    title: 'log level `info` in place of `debug`',
    places: ['ConfigMap/* data.config.yaml.logging.level'],
    fact: 'Rule 29: at `debug` the sidecar prints its configuration with the expanded access key and secret key.',
    effect: 'No secrets in logs; `debug` cannot be chosen.',
  },
  {
    id: 'broken-index-history',
    title: 'one index that did not load is kept aside',
    places: ['ConfigMap/*-config data.config.yaml.ngt.broken_index_history_limit'],
    fact: 'Fact 0.9: with upstream’s 0 an index that fails to load is deleted.',
    effect: 'It stays under `broken/` on the volume, for one more index of space.',
  },
  {
    id: 'load-timeout',
    title: 'the time to load an index follows from its size',
    places: [
      'ConfigMap/*-config data.config.yaml.ngt.min_load_index_timeout',
      'ConfigMap/*-config data.config.yaml.ngt.max_load_index_timeout',
      `${pod}.containers[*].startupProbe.failureThreshold`,
    ],
    fact: 'Section 4 and rule 38: what does not load within 10 minutes is thrown away, and the startup probe kills after about 1005 s.',
    effect: 'Large indexes load; a pod that hangs while loading is noticed later.',
  },
  {
    id: 'drain',
    title: 'servers get 60 s to finish requests at shutdown, not 600 s',
    places: ['ConfigMap/vald-agent-config data.config.yaml.server_config.full_shutdown_duration'],
    fact: 'Rule 15: upstream’s drain may eat the whole grace period, and the save comes after it.',
    effect: 'The save at shutdown has its time. Prop `drainDuration`.',
  },
  {
    id: 'watch-directory',
    title: 'the sidecar watches `<index_path>/origin` without copy-on-write too',
    places: ['ConfigMap/*-sidecar-config data.config.yaml.agent_sidecar.watch_dir'],
    fact: 'Fact 0.2: the agent saves there; upstream’s sidecar watches the folder above and never uploads.',
    effect: 'Without copy-on-write there are backups.',
  },
  {
    id: 'backup-interval',
    title: 'upload every 10 minutes, not every 24 hours',
    places: ['ConfigMap/*-sidecar-config data.config.yaml.agent_sidecar.auto_backup_duration'],
    fact: 'Fact 0.3: with copy-on-write the timer is the only upload between start and shutdown.',
    effect: 'At most `backupInterval` of saved work is lost with a node; more requests to the store.',
  },
  {
    id: 'no-timer-without-copy-on-write',
    title: 'without copy-on-write no upload by timer',
    places: ['ConfigMap/*-sidecar-config data.config.yaml.agent_sidecar.auto_backup_enabled'],
    fact: 'Section 3: the sidecar does not hold the agent back. Played with the real programs, the timer uploaded a half-written save over the only good object.',
    effect: 'Each save uploads, and the shutdown; an upload that fails is tried again with the next save.',
  },
  {
    id: 'object-name',
    title: 'object names start with prefix and cluster',
    places: ['ConfigMap/*-sidecar-config data.config.yaml.agent_sidecar.filename'],
    fact: 'Rule 27: upstream’s name is the pod’s alone, so two clusters in one bucket overwrite each other.',
    effect:
      'Objects are at `<prefix>/<cluster>-<start of its id>/<pod>.tar.gz`; docs/moving.md says how to bring old ones there.',
  },
  {
    id: 'post-stop-timeout',
    title: 'the stopping sidecar waits 10 s, not 2 minutes',
    places: ['ConfigMap/*-sidecar-config data.config.yaml.agent_sidecar.post_stop_timeout'],
    fact: 'Fact 0.4 and section 0.1: a native sidecar is told to stop after the agent has ended, so a short wait suffices; upstream’s ends together with the grace period.',
    effect:
      'The last save is uploaded before the pod goes. Before Kubernetes 1.29 the wait is computed from drain and save.',
  },
  {
    id: 'response-timeout',
    title: 'the store gets 1 minute to answer, not 5 s',
    places: [
      'ConfigMap/*-sidecar-config data.config.yaml.agent_sidecar.client.transport.round_tripper.response_header_timeout',
    ],
    fact: 'Section 2: 5 s is short for a busy store; the upload fails and the sidecar still logs that it finished.',
    effect: 'Fewer lost uploads.',
  },
  {
    id: 'native-sidecar',
    title: 'the sidecar is a native sidecar',
    places: [`${pod}.containers[*-sidecar] place`, `${pod}.containers[*-sidecar].restartPolicy`],
    fact: 'Fact 0.4 and section 0.1: as an ordinary container it is stopped together with the agent and misses the last save.',
    effect: 'Needs Kubernetes 1.29; for 1.28 it is an ordinary container with computed waiting times.',
  },
  {
    id: 'restore-script',
    title: 'a restore script of ours in place of upstream’s restorer',
    places: [
      `${pod}.containers[*-sidecar-init]*`,
      `${pod}.containers[*-restore]*`,
      `${pod}.volumes[*-restore]*`,
      'ConfigMap/*-restore *',
      'StatefulSet/* spec.template.metadata.annotations.checksum/restore',
    ],
    fact: 'Facts 0.5 to 0.7: upstream’s hangs where files exist, exits 0 on a missing bucket and leaves half a restore behind.',
    effect:
      'Disk first, then the store; a wrong bucket, denied access or a lost object stop the pod. Volumes without a store get it as a guard.',
  },
  {
    id: 'start-gate',
    title: 'without copy-on-write the agent asks at each start whether its index is whole',
    places: [
      `${pod}.containers[*-start-gate]*`,
      'ConfigMap/*-config data.config.yaml.ngt.min_load_index_timeout',
      'ConfigMap/*-config data.config.yaml.ngt.max_load_index_timeout',
    ],
    fact: 'Fact 0.9 and section 4: an agent that was killed inside a save and is restarted in its pod, where no init container runs, sets the half-written index aside and serves an empty one. The discoverer gives it to the gateways whether it is ready or not.',
    effect:
      'The two limits are read from a named pipe (Vald’s `file://`), which the container `*-start-gate` answers after it has run the restore script. The index comes back from the store; without one the agent does not start.',
  },
  {
    id: 'checksum',
    title: 'a changed configuration rolls the pods without a sidecar too',
    places: ['StatefulSet/* spec.template.metadata.annotations.checksum/configmap'],
    fact: 'Section 1.1: upstream has the annotation only with the sidecar.',
    effect: 'A change takes effect when it is applied.',
  },
  {
    id: 'staging',
    title: 'TMPDIR is on the volume of the index',
    places: [`${pod}.containers[*].env[TMPDIR].*`],
    fact: 'Section 4: copy-on-write stages in the container’s layer and then copies; `origin` is partial meanwhile. On one file system the switch is a rename (section 0.1).',
    effect: 'The volume holds three generations at the worst moment; the props check the space.',
  },
  {
    id: 'tmp',
    title: 'a writable /tmp',
    places: [`${pod}.containers[*].volumeMounts[/tmp].*`, `${pod}.volumes[tmp].*`],
    fact: 'Rule 35: with a read-only root file system the agent does not start without one.',
    effect: 'An emptyDir.',
  },
  {
    id: 'ephemeral-storage',
    title: 'without a volume the pod requests room on the node’s disk',
    places: [`${pod}.containers[*].resources.requests.ephemeral-storage`],
    fact: 'Rule 61: without a request the node may evict the pod when its disk fills.',
    effect: 'Pods go where there is room for the index. Not with `resources` of your own.',
  },
  {
    id: 'seccomp',
    title: 'seccomp profile `RuntimeDefault`',
    places: [`${pod}.securityContext.seccompProfile.type`],
    fact: 'PodSecurity `restricted` requires it.',
    effect: 'The pods run in namespaces that enforce `restricted`.',
  },
  {
    id: 'service-account-token',
    title: 'no ServiceAccount token in the pods',
    places: [`${pod}.automountServiceAccountToken`],
    fact: 'Least access: the agent calls the Kubernetes API only with `exportIndexInfo`.',
    effect: 'A taken-over agent cannot call the Kubernetes API.',
  },
  {
    id: 'claim-retention',
    title: 'claims are retained, in writing',
    places: ['StatefulSet/* spec.persistentVolumeClaimRetentionPolicy.*'],
    fact: 'Section 1.1: upstream leaves it to the cluster’s default.',
    effect: 'Deleting or scaling the StatefulSet never deletes a claim.',
  },
  {
    id: 'volume-mode',
    title: 'the claim says its volume mode',
    places: ['StatefulSet/* spec.volumeClaimTemplates[*].spec.volumeMode'],
    fact: 'Written out; it is what Kubernetes fills in, so claims of upstream’s StatefulSet fit.',
    effect: 'None.',
  },
  {
    id: 'external-objects',
    title: 'an annotation names the objects that must exist',
    places: ['StatefulSet/* metadata.annotations.chartwright.dev/external'],
    fact: 'Rule 24: without the Secret the pods stop at CreateContainerConfigError.',
    effect: 'The object check and readers see what has to be there first.',
  },
];

/** The deviations that a place belongs to. */
export function deviationsAt(place: string): Deviation[] {
  return deviations.filter(({ places }) => places.some((pattern) => matches(pattern, place)));
}

function matches(pattern: string, place: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*');
  return new RegExp(`^${escaped}$`).test(place);
}
