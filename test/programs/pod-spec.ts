/** The parts of a Kubernetes object that the pod player reads. */
export interface PlayedObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Record<string, string>;
  readonly stringData?: Record<string, string>;
  readonly spec?: unknown;
}

export interface PodProbe {
  readonly httpGet?: { readonly path?: string; readonly port: number | string };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

interface KeyReference {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

export interface PodEnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string };
    readonly secretKeyRef?: KeyReference;
    readonly configMapKeyRef?: KeyReference;
  };
}

export interface PodVolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}

export interface PodSecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly fsGroup?: number;
}

export interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly PodEnvironmentVariable[];
  readonly volumeMounts?: readonly PodVolumeMount[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly startupProbe?: PodProbe;
  readonly readinessProbe?: PodProbe;
  readonly livenessProbe?: PodProbe;
  readonly restartPolicy?: string;
  readonly securityContext?: PodSecurityContext;
}

interface FilesVolume {
  readonly name?: string;
  readonly secretName?: string;
  readonly optional?: boolean;
  readonly defaultMode?: number;
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
}

export interface PodVolume {
  readonly name: string;
  readonly configMap?: FilesVolume;
  readonly secret?: FilesVolume;
  readonly emptyDir?: object;
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

export interface PodSpec {
  readonly initContainers?: readonly PodContainer[];
  readonly containers: readonly PodContainer[];
  readonly volumes?: readonly PodVolume[];
  readonly securityContext?: PodSecurityContext;
  readonly terminationGracePeriodSeconds?: number;
}

export interface PlayedPod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  /** The template's spec with the claims of the StatefulSet added to its volumes. */
  readonly spec: PodSpec;
}

/** What is played, and what cannot matter on one machine. Anything else is refused: see `refuseUnplayed`. */
const fields = {
  pod: [
    'initContainers containers volumes securityContext terminationGracePeriodSeconds restartPolicy',
    'affinity tolerations nodeSelector topologySpreadConstraints priorityClassName schedulerName dnsPolicy dnsConfig',
    'serviceAccountName automountServiceAccountToken imagePullSecrets enableServiceLinks',
  ],
  container: [
    'name image command args env volumeMounts ports startupProbe readinessProbe livenessProbe restartPolicy',
    'securityContext imagePullPolicy resources terminationMessagePath terminationMessagePolicy',
  ],
  volume: ['name configMap secret emptyDir persistentVolumeClaim'],
};

/** A pod that uses what the player does not play must not pass a test by having it ignored. */
function refuseUnplayed(kind: keyof typeof fields, object: object, where: string): void {
  const known = fields[kind].join(' ').split(' ');
  const strange = Object.entries(object).filter(([key, value]) => value !== undefined && !known.includes(key));
  if (strange.length > 0)
    throw new Error(`the pod player does not play ${strange.map(([key]) => `${where}.${key}`).join(', ')}`);
}

/** One pod of a StatefulSet, as the StatefulSet controller makes it from the template. */
export function podOfStatefulSet(statefulSet: PlayedObject, ordinal: number): PlayedPod {
  const set = statefulSet.spec as {
    template: { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: PodSpec };
    volumeClaimTemplates?: readonly { metadata: { name: string } }[];
  };
  const name = `${statefulSet.metadata.name}-${ordinal}`;
  const claims = (set.volumeClaimTemplates ?? []).map((claim) => ({
    name: claim.metadata.name,
    persistentVolumeClaim: { claimName: `${claim.metadata.name}-${name}` },
  }));
  const { metadata, spec } = set.template;
  refuseUnplayed('pod', spec, 'spec');
  for (const container of [...(spec.initContainers ?? []), ...spec.containers])
    refuseUnplayed('container', container, container.name);
  for (const volume of spec.volumes ?? []) refuseUnplayed('volume', volume, `volumes.${volume.name}`);
  return {
    name,
    namespace: statefulSet.metadata.namespace ?? 'default',
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    spec: { ...spec, volumes: [...(spec.volumes ?? []), ...claims] },
  };
}
