import type { Problem } from '../../problem/index.js';
import { checkContainers } from './containers.js';
import { type External, externalsOf } from './external.js';
import { isMap, textOf } from './fields.js';
import { Inventory } from './inventory.js';
import { checkMetadata, checkTemplateMetadata } from './metadata.js';
import { type CheckedObject, checkedObject } from './object.js';
import { checkObjectReferences, checkOwnSelector } from './object-references.js';
import { checkPodReferences } from './pod-references.js';
import { claimTemplates, type PodTemplate, podTemplate } from './pod-template.js';
import { References } from './references.js';
import { explainUnknownKind, schemaVersion } from './schema.js';
import { PodIndex } from './selector.js';
import { checkStructure } from './structure.js';
import { Suggestions } from './suggestions.js';

export { type External, externalAnnotation, parseExternal, printExternal } from './external.js';

/** An object to check and where it is from: a file, or the path of the construct that made it. */
export interface SourcedObject {
  readonly object: unknown;
  readonly source: string;
}

/** How objects are checked. */
export interface CheckOptions {
  /**
   * What exists without being among the objects, for all of them.
   * @default - only what an object declares itself, see {@link externalAnnotation}
   */
  readonly external?: readonly External[];
  /**
   * The oldest Kubernetes that the objects are for, as `1.28`. With the oldest that is supported, 1.28, fields and
   * kinds that it does not have are reported.
   * @default - any: fields and kinds of newer versions pass
   */
  readonly kubernetesVersion?: string;
}

/**
 * Checks Kubernetes objects as a set: each against the schema of its kind (unknown and missing fields, types, allowed
 * values), then names, and everything that one object refers to in another. Pure and synchronous; the time grows with
 * the number of objects and nothing else.
 *
 * Objects without a namespace are taken to be in one namespace together. What is made elsewhere is declared with
 * {@link externalAnnotation} or `options.external`. A kind that is not part of Kubernetes gives one `unknown-kind` of
 * severity `info`, and its fields are not checked.
 *
 * @returns the problems in the order of the objects; `where` names the object and the field
 */
export function checkObjects(objects: readonly SourcedObject[], options: CheckOptions = {}): Problem[] {
  const floor = /^v?1\.28(\.|$)/.test(options.kubernetesVersion ?? '');
  const unreadable: Problem[] = [];
  const checked = objects.flatMap((sourced) => readObject(sourced, unreadable));

  // Everything is taken in before anything is looked up: an object may refer to one that comes later.
  const inventory = new Inventory();
  const suggestions = new Suggestions();
  const references = new References(inventory, options.external ?? [], suggestions);
  const index = new PodIndex();
  const pods = new Map<CheckedObject, PodTemplate>();
  const claims = new Set<string>();
  const unknownKinds = new Set<string>();
  for (const object of checked) {
    checkKind(object, unknownKinds, floor);
    if (object.schema) checkStructure(object, object.schema, { floor, suggestions });
    checkMetadata(object);
    inventory.add(object);
    references.declare(object, externalsOf(object));
    for (const claim of claimTemplates(object)) claims.add(`${object.namespace}/${claim}-${object.name}`);
    const pod = podTemplate(object);
    if (!pod) continue;
    pods.set(object, pod);
    index.add(pod);
  }
  for (const object of checked) {
    const pod = pods.get(object);
    if (pod) {
      checkTemplateMetadata(pod);
      checkContainers(pod);
      checkPodReferences(pod, references, claims);
      checkOwnSelector(pod);
    }
    checkObjectReferences(object, { references, pods: index });
  }
  return [...unreadable, ...checked.flatMap((object) => object.problems)];
}

/** The object, the items of a `List`, or nothing and a problem for what is no object at all. */
function readObject({ object, source }: SourcedObject, unreadable: Problem[]): CheckedObject[] {
  if (isMap(object) && textOf(object['apiVersion']) !== undefined && textOf(object['kind']) !== undefined) {
    if (object['kind'] === 'List' && object['apiVersion'] === 'v1' && Array.isArray(object['items']))
      return object['items'].flatMap((item: unknown) => readObject({ object: item, source }, unreadable));
    return [checkedObject(object, source)];
  }
  unreadable.push({
    code: 'missing-field',
    severity: 'error',
    where: { object: source },
    message: 'is not a Kubernetes object: it has no apiVersion and kind',
    allowed: 'a map with apiVersion, kind and metadata',
    hint: 'Add apiVersion and kind.',
  });
  return [];
}

function checkKind(object: CheckedObject, seen: Set<string>, floor: boolean): void {
  const { apiVersion, kind, schema } = object;
  if (schema) {
    if (schema.newer && floor)
      object.report({
        code: 'unsupported-version',
        field: 'kind',
        message: 'Kubernetes 1.28 does not have this kind',
        got: `${apiVersion} ${kind}`,
        hint: 'Remove it, or raise the Kubernetes version.',
      });
    return;
  }
  if (seen.has(`${apiVersion} ${kind}`)) return;
  seen.add(`${apiVersion} ${kind}`);
  const { builtIn, meant } = explainUnknownKind(apiVersion, kind);
  object.report({
    code: 'unknown-kind',
    severity: builtIn ? 'error' : 'info',
    field: 'kind',
    message: builtIn
      ? `Kubernetes ${schemaVersion()} does not have this kind`
      : 'the kind is not part of Kubernetes, so its fields are not checked',
    got: `${apiVersion} ${kind}`,
    hint: meant
      ? `Did you mean "${meant}"?`
      : builtIn
        ? 'Correct apiVersion and kind.'
        : 'Check it against its custom resource definition.',
  });
}
