import { type Fields, mapOf } from './fields.js';
import type { CheckedObject } from './object.js';
import { amount } from './quantity.js';

/** Checks what a volume claim must say, as an object of its own or as a StatefulSet's template at `path`. */
export function checkClaim(object: CheckedObject, claim: Fields, path: string): void {
  const spec = mapOf(claim['spec']);
  if (spec['accessModes'] == null || (Array.isArray(spec['accessModes']) && spec['accessModes'].length === 0))
    object.report({
      code: 'missing-field',
      field: `${path}.accessModes`,
      message: 'is required',
      hint: 'Add an access mode, such as ReadWriteOncePod.',
    });
  const field = `${path}.resources.requests.storage`;
  const storage = mapOf(mapOf(spec['resources'])['requests'])['storage'];
  if (storage == null) object.report({ code: 'missing-field', field, message: 'is required', hint: 'Add a size.' });
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

/** Checks that a container asks for no more than it may use: the API server refuses a request above its limit. */
export function checkResources(object: CheckedObject, container: Fields, path: string): void {
  const resources = mapOf(container['resources']);
  const limits = mapOf(resources['limits']);
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
