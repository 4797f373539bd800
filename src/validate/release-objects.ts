import type { ValuesMap } from '../values/index.js';
import { applicationReleases } from './argo-application.js';
import { helmReleaseValues } from './flux-helm-release.js';
import { type FoundObject, type ReleaseSurroundings, type ReleaseValues, textAt } from './release-reader.js';

/** Whether a text holds Kubernetes objects and no values: `apiVersion` and `kind` at the start of its documents. */
export const holdsObjects = (text: string): boolean => /^apiVersion:\s*\S/m.test(text) && /^kind:\s*[A-Z]/m.test(text);

/** The releases among Kubernetes objects: Argo CD’s Application and Flux’s HelmRelease. Other objects are none. */
export function releasesIn(objects: readonly FoundObject[], around: ReleaseSurroundings): ReleaseValues[] {
  return objects.flatMap((found) => {
    const group = textAt(found.object, ['apiVersion'])?.split('/', 1)[0];
    const kind = `${group} ${textAt(found.object, ['kind'])}`;
    if (kind === 'helm.toolkit.fluxcd.io HelmRelease') return [helmReleaseValues(found, around)];
    return kind === 'argoproj.io Application' ? applicationReleases(found, around) : [];
  });
}

/** Whether an object is the one of a kind and name; where either names no namespace, that is left to somebody else. */
export function isNamed(object: ValuesMap, kind: string, namespace: string | undefined, name: string): boolean {
  const own = textAt(object, ['metadata', 'namespace']);
  return (
    object['kind'] === kind &&
    textAt(object, ['metadata', 'name']) === name &&
    (own === undefined || namespace === undefined || own === namespace)
  );
}
