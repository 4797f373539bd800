import type { ApiObject } from 'cdk8s';
import { setField } from '../chart/index.js';

/** An object of the Kubernetes API as a chart's user writes it, in Kubernetes' own spelling. */
export type GivenObject = Readonly<Record<string, unknown>>;

/** What a chart's users may give for a pod. */
export interface GivenPodParts {
  readonly affinity?: GivenObject | undefined;
  readonly tolerations: readonly GivenObject[];
  readonly topologySpreadConstraints: readonly GivenObject[];
  readonly volumes: readonly GivenObject[];
}

/** What a chart's users may give for a container. */
export interface GivenContainerParts {
  readonly resources?: GivenObject | undefined;
  /** @default - none */
  readonly env?: readonly GivenObject[];
  /** @default - none */
  readonly volumeMounts?: readonly GivenObject[];
}

/**
 * Puts what a chart's user gave into the pod of an object, as it is: in place of ours, and in lists behind ours. The typed
 * classes of cdk8s-plus keep only what they know, and quantities only in a class of their own.
 *
 * @param podSpec where the pod is, as a JSON pointer, such as `/spec/template/spec`
 * @param containers parts by the name of the container
 */
export function passOnToPod(
  object: ApiObject,
  podSpec: string,
  pod: GivenPodParts,
  containers: ReadonlyMap<string, GivenContainerParts>,
): void {
  const found = read(object.toJson(), podSpec);
  setField(object, `${podSpec}/affinity`, pod.affinity);
  for (const list of ['tolerations', 'topologySpreadConstraints'] as const)
    if (pod[list].length > 0) setField(object, `${podSpec}/${list}`, pod[list]);
  for (const volume of pod.volumes) setField(object, `${podSpec}/volumes/-`, volume);
  for (const list of ['initContainers', 'containers'] as const)
    (found[list] ?? []).forEach(({ name }, index) => {
      const given = containers.get(name);
      const path = `${podSpec}/${list}/${index}`;
      setField(object, `${path}/resources`, given?.resources);
      for (const variable of given?.env ?? []) setField(object, `${path}/env/-`, variable);
      for (const mount of given?.volumeMounts ?? []) setField(object, `${path}/volumeMounts/-`, mount);
    });
}

type PodSpec = Partial<Record<'initContainers' | 'containers', readonly { readonly name: string }[]>>;

function read(value: unknown, pointer: string): PodSpec {
  return pointer
    .split('/')
    .slice(1)
    .reduce((inner, key) => (inner as Record<string, unknown>)[key], value) as PodSpec;
}
