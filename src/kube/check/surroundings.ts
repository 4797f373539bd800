import { type Fields, mapOf } from './fields.js';
import type { CheckedObject } from './object.js';
import type { References } from './references.js';
import { type PodIndex, printLabels } from './selector.js';

/** What the rules between objects look things up in. */
export interface Surroundings {
  readonly references: References;
  readonly pods: PodIndex;
}

/**
 * Whether a selector selects a pod of the set. The API server takes one that does not, and the pods may come from
 * elsewhere: so it is a warning, and `Pod/*` in the external annotation takes it away.
 */
export function checkSelectsSomething(
  object: CheckedObject,
  field: string,
  selector: Fields,
  { pods, references }: Surroundings,
): boolean {
  if (!pods.select(object.namespace, selector).next().done) return true;
  if (references.externals(object, 'Pod', '*').length > 0) return false;
  object.report({
    code: 'missing-reference',
    severity: 'warning',
    field,
    message: 'selects no pod that is made here',
    got: printLabels(mapOf(selector['matchLabels'])),
    hint: 'Correct the labels, or declare Pod/* external if the pods are made elsewhere.',
  });
  return false;
}
