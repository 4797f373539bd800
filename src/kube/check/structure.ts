import { fieldPath, isMap } from './fields.js';
import { type CheckedObject, reportMissing } from './object.js';
import { checkEnum, checkScalar, type Walk, wrongType } from './scalars.js';
import { definition, type KindSchema, type Node } from './schema.js';
import type { Suggestions } from './suggestions.js';

type ListNode = readonly ['l' | 'u' | 'k', Node, ...string[]];

/**
 * Checks the fields of an object against the schema of its kind, as the API server's strict decoding and its
 * validation of required and enumerated values do. `null` is taken for an absent field everywhere, as the server does.
 */
export function checkStructure(
  object: CheckedObject,
  schema: KindSchema,
  options: { readonly floor: boolean; readonly suggestions: Suggestions },
): void {
  checkFields(object.fields, schema.definition, '', { object, ...options, status: false });
}

function checkValue(value: unknown, node: Node, path: string, walk: Walk): void {
  if (value === null || value === undefined) return;
  if (typeof node === 'string') checkScalar(value, node, path, walk);
  else if (typeof node === 'number') {
    if (isMap(value)) checkFields(value, node, path, walk);
    else wrongType(value, 'a map', path, walk);
  } else if (node[0] === 'e') checkEnum(value, node as readonly string[], path, walk);
  else if (node[0] === 'm') {
    if (isMap(value)) for (const key in value) checkValue(value[key], node[1], fieldPath(path, key), walk);
    else wrongType(value, 'a map', path, walk);
  } else if (Array.isArray(value)) checkItems(value, node as ListNode, path, walk);
  else wrongType(value, 'a list', path, walk);
}

function checkItems(items: readonly unknown[], node: ListNode, path: string, walk: Walk): void {
  const [form, itemNode, ...keys] = node;
  for (let index = 0; index < items.length; index++) {
    // A null item is read as an object without fields, and then its required fields are missing.
    const item = typeof itemNode === 'number' ? (items[index] ?? {}) : items[index];
    const place = `${path}[${index}]`;
    // In a list it stays: as empty text, which is none of the allowed values.
    if (item === null && Array.isArray(itemNode) && itemNode[0] === 'e') wrongType(item, 'text', place, walk);
    else checkValue(item, itemNode, place, walk);
  }
  if (form !== 'l' && !walk.status) checkDistinct(items, keys, path, walk);
}

function checkFields(value: Readonly<Record<string, unknown>>, number: number, path: string, walk: Walk): void {
  const { fields, required } = definition(number);
  for (const key in value) {
    const content = value[key];
    if (content === undefined) continue;
    const field = fields.get(key);
    const place = fieldPath(path, key);
    if (!field) unknownField(key, number, place, walk);
    else {
      if (field.newer && walk.floor && content !== null) newerField(place, walk);
      checkValue(content, field.node, place, path === '' && key === 'status' ? { ...walk, status: true } : walk);
    }
  }
  if (walk.status) return;
  for (const name of required)
    if (value[name] === undefined || value[name] === null) reportMissing(walk.object, fieldPath(path, name));
}

/**
 * Equal items of a list that is a set, or items with equal keys of a list that is a map. The API server refuses them
 * when they are applied, and drops one or warns when they are created.
 *
 * @param keys fields that tell the items apart; none for a list of scalars
 */
function checkDistinct(items: readonly unknown[], keys: readonly string[], path: string, walk: Walk): void {
  if (items.length < 2) return;
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const values =
      keys.length === 0 ? [item] : keys.map((key) => (isMap(item) ? (item[key] ?? defaults[key]) : undefined));
    if (values.some((value) => typeof value !== 'string' && typeof value !== 'number')) continue;
    const identity = values.join(' ');
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, index);
    else
      walk.object.report({
        code: 'duplicate-entry',
        field: `${path}[${index}]`,
        message: `repeats ${keys.length > 0 ? `${keys.join(' and ')} of ` : ''}${path}[${first}]`,
        got: identity,
        hint: 'Remove one of the two, or tell them apart.',
      });
  }
}

/** Keys of lists that the API server fills in before it compares. */
const defaults: Readonly<Record<string, string>> = { protocol: 'TCP' };

function unknownField(key: string, number: number, path: string, walk: Walk): void {
  const names = [...definition(number).fields.keys()];
  const meant = walk.suggestions.nearest(key, `definition ${number}`, names);
  walk.object.report({
    code: 'unknown-field',
    field: path,
    message: 'there is no such field',
    ...(names.length <= 20 ? { allowed: names.join(', ') } : {}),
    hint: meant ? `Did you mean "${meant}"?` : 'Remove it, or move it to where it belongs.',
  });
}

function newerField(path: string, walk: Walk): void {
  walk.object.report({
    code: 'unsupported-version',
    field: path,
    message: 'Kubernetes 1.28 does not have this field and would drop it',
    allowed: 'fields of Kubernetes 1.28',
    hint: 'Remove it, or raise the Kubernetes version.',
  });
}
