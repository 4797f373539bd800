import type { Cluster } from './cluster.js';
import { ClusterError } from './cluster-error.js';
import type { Container, KubeObject, StatefulSet } from './objects.js';
import { pathOf, resources } from './resources.js';

/** The variable that `vald-restore.sh` reads: the time to go back to, once. */
const restoreTime = 'RESTORE_AS_OF';

const timeIn = ({ env }: Container): string | undefined => env?.find(({ name }) => name === restoreTime)?.value ?? '';

const hasTime = ({ env }: Container): boolean => env?.some(({ name }) => name === restoreTime) === true;

/** The init container that decides what an agent starts on, or undefined where it can take no time. */
export const restoringContainer = ({ spec }: StatefulSet): Container | undefined =>
  spec.template.spec.initContainers?.find((one) => hasTime(one) && one.restartPolicy !== 'Always');

/** Whether the pods that are made now go back to this time. */
export const goesBackTo = (set: StatefulSet, asOf: string): boolean => {
  const container = restoringContainer(set);
  return container !== undefined && timeIn(container) === asOf;
};

/**
 * The smallest change that takes the pods back: one variable, in each container that has it, so that the app renders the
 * same pods once it has the time too. With the version that it was planned for: in between nobody else may have changed it.
 */
function changeOf({ spec, metadata }: StatefulSet, asOf: string): object {
  const changed = (containers: readonly Container[] = []) =>
    containers.filter(hasTime).map(({ name }) => ({ name, env: [{ name: restoreTime, value: asOf }] }));
  const { initContainers, containers } = spec.template.spec;
  const [before, beside] = [changed(initContainers), changed(containers)];
  return {
    metadata: { resourceVersion: metadata.resourceVersion },
    spec: {
      template: {
        spec: {
          ...(before.length > 0 ? { initContainers: before } : {}),
          ...(beside.length > 0 ? { containers: beside } : {}),
        },
      },
    },
  };
}

/**
 * Tells a StatefulSet’s pods the time to go back to. From then on its controller replaces them.
 *
 * @param planned as it was when the change was planned
 * @param dryRun the server tries the change and keeps nothing of it
 * @returns the StatefulSet as it is now
 * @throws ClusterError of kind `conflict` where its specification has changed since; whatever else the server refuses
 */
export async function setRestoreTime(
  cluster: Cluster,
  planned: StatefulSet,
  asOf: string,
  dryRun: boolean,
): Promise<StatefulSet> {
  const { namespace, name, generation } = planned.metadata;
  for (let set = planned, tries = 1; ; tries++) {
    if (goesBackTo(set, asOf)) return set;
    try {
      const { text } = await cluster.send(
        {
          method: 'PATCH',
          path: pathOf(resources.statefulSets, namespace, name),
          query: { fieldManager: 'chartwright', ...(dryRun ? { dryRun: 'All' } : {}) },
          contentType: 'application/strategic-merge-patch+json',
          body: changeOf(set, asOf),
        },
        `change the StatefulSet ${name} in ${namespace}`,
      );
      return JSON.parse(text) as StatefulSet;
    } catch (error) {
      if (!(error instanceof ClusterError) || !['conflict', 'unreachable'].includes(error.kind) || tries > 3)
        throw error;
      // Its controller writes its status at any time, and an answer that got lost may hide that the change was made:
      // neither is somebody else’s change.
      set = await cluster.get<StatefulSet>(resources.statefulSets, namespace, name);
      if (set.metadata.generation !== generation && !goesBackTo(set, asOf)) throw error;
      if (error.kind === 'unreachable' && !goesBackTo(set, asOf)) throw error;
    }
  }
}

/** Who applies an object, and will do so again. */
export interface Deployer {
  readonly name: 'Argo CD' | 'Flux' | 'Helm';
  /** Whether it undoes by itself what others change. */
  readonly undoes: boolean;
}

const marks: readonly [RegExp, Deployer][] = [
  [/^argocd\.argoproj\.io\/(tracking-id|instance)$/, { name: 'Argo CD', undoes: true }],
  [/^(helm|kustomize)\.toolkit\.fluxcd\.io\//, { name: 'Flux', undoes: true }],
  [/^meta\.helm\.sh\/release-name$/, { name: 'Helm', undoes: false }],
];

/** Who applies an object, by the marks that they leave, those that undo changes first; undefined where none has. */
export function deployerOf({ metadata }: KubeObject): Deployer | undefined {
  const keys = Object.keys({ ...metadata.labels, ...metadata.annotations });
  return marks.find(([mark]) => keys.some((key) => mark.test(key)))?.[1];
}
