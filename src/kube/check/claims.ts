import { type Fields, mapOf } from './fields.js';
import { type CheckedObject, reportMissing } from './object.js';
import { amount } from './quantity.js';

/** Checks what a volume claim must say, as an object of its own or as a StatefulSet's template at `path`. */
export function checkClaim(object: CheckedObject, claim: Fields, path: string): void {
  const spec = mapOf(claim['spec']);
  if (spec['accessModes'] == null || (Array.isArray(spec['accessModes']) && spec['accessModes'].length === 0))
    reportMissing(object, `${path}.accessModes`);
  const field = `${path}.resources.requests.storage`;
  const storage = mapOf(mapOf(spec['resources'])['requests'])['storage'];
  if (storage == null) reportMissing(object, field);
  else if ((amount(storage) ?? 1) <= 0)
    object.report({
      code: 'invalid-field',
      field,
      message: 'is not a size',
      got: String(storage),
      allowed: 'a quantity above zero, such as 100Gi',
      hint: 'Correct the size.',
    });
}

/** Checks that a container asks for no more than it may use, and for nothing below zero: the API server refuses both. */
export function checkResources(object: CheckedObject, container: Fields, path: string): void {
  const resources = mapOf(container['resources']);
  const limits = mapOf(resources['limits']);
  for (const list of ['requests', 'limits'])
    for (const [name, value] of Object.entries(mapOf(resources[list])))
      if ((amount(value) ?? 0) < 0)
        object.report({
          code: 'invalid-field',
          field: `${path}.resources.${list}.${name}`,
          message: 'is negative',
          got: String(value),
          allowed: 'a quantity from 0',
          hint: 'Correct the quantity.',
        });
  for (const [name, request] of Object.entries(mapOf(resources['requests']))) {
    const asked = amount(request);
    const limit = amount(limits[name]);
    if (asked === undefined || limit === undefined || asked <= limit) continue;
    object.report({
      code: 'invalid-field',
      field: `${path}.resources.requests.${name}`,
      message: 'is more than the limit',
      got: String(request),
      allowed: `at most ${String(limits[name])}`,
      hint: 'Raise the limit or lower the request.',
    });
  }
}
