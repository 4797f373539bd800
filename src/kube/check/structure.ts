import { nearest } from '../../problem/index.js';
import { fieldPath, isMap } from './fields.js';
import { base64, type Format, quantity, time } from './formats.js';
import type { CheckedObject } from './object.js';
import { definition, type KindSchema, type Node } from './schema.js';

type ListNode = readonly ['l' | 'u' | 'k', Node, ...string[]];

/** What holds for a whole walk through an object. */
interface Walk {
  readonly object: CheckedObject;
  /** Report fields that Kubernetes 1.28 does not have. */
  readonly floor: boolean;
  /** Inside `status` the API server reads types and field names only, because it drops the content. */
  readonly status: boolean;
}

/**
 * Checks the fields of an object against the schema of its kind, as the API server's strict decoding and its
 * validation of required and enumerated values do. `null` is taken for an absent field everywhere, as the server does.
 */
export function checkStructure(object: CheckedObject, schema: KindSchema, floor: boolean): void {
  checkFields(object.fields, schema.definition, '', { object, floor, status: false });
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
    if (!field) unknownField(key, fields.keys(), place, walk);
    else {
      if (field.newer && walk.floor && content !== null) newerField(place, walk);
      checkValue(content, field.node, place, path === '' && key === 'status' ? { ...walk, status: true } : walk);
    }
  }
  if (walk.status) return;
  for (const name of required) {
    if (value[name] !== undefined && value[name] !== null) continue;
    walk.object.report({
      code: 'missing-field',
      field: fieldPath(path, name),
      message: 'is required',
      hint: `Add ${name}.`,
    });
  }
}

function checkScalar(value: unknown, letter: string, path: string, walk: Walk): void {
  switch (letter) {
    case 's':
      if (typeof value !== 'string') wrongType(value, 'text', path, walk);
      return;
    case 'b':
      if (typeof value !== 'boolean') wrongType(value, 'true or false', path, walk);
      return;
    case 'i':
    case 'l':
      checkWhole(value, letter, path, walk);
      return;
    case 'n':
      if (typeof value !== 'number') wrongType(value, 'a number', path, walk);
      return;
    case 'x':
      if (typeof value !== 'string') checkWhole(value, 'i', path, walk, 'a whole number or text');
      return;
    case 'q':
      if (typeof value !== 'number') checkFormat(value, quantity, path, walk);
      return;
    case 't':
      checkFormat(value, time, path, walk);
      return;
    case 'B':
      checkFormat(value, base64, path, walk);
      return;
    case 'o':
      if (!isMap(value)) wrongType(value, 'a map', path, walk);
      return;
  }
}

function checkWhole(value: unknown, letter: 'i' | 'l', path: string, walk: Walk, allowed = 'a whole number'): void {
  if (typeof value !== 'number' || !Number.isInteger(value)) wrongType(value, allowed, path, walk);
  else if (letter === 'i' && Math.abs(value) > 2147483647)
    walk.object.report({
      code: 'invalid-field',
      field: path,
      message: 'is out of range',
      got: String(value),
      allowed: `${allowed} up to 2147483647`,
      hint: 'Correct the value.',
    });
}

function checkFormat(value: unknown, format: Format, path: string, walk: Walk): void {
  if (typeof value !== 'string') wrongType(value, format.allowed, path, walk);
  else if (!format.test(value))
    walk.object.report({
      code: 'invalid-field',
      field: path,
      message: 'is not well formed',
      got: show(value, path, walk),
      allowed: format.allowed,
      hint: 'Correct the value.',
    });
}

/**
 * Empty text passes: the API server puts the default in its place.
 *
 * @param node `e`, then the allowed values
 */
function checkEnum(value: unknown, node: readonly string[], path: string, walk: Walk): void {
  if (typeof value !== 'string') {
    wrongType(value, 'text', path, walk);
    return;
  }
  if (value === '' || walk.status || node.includes(value, 1)) return;
  const allowed = node.slice(1);
  const meant = nearest(value, allowed);
  walk.object.report({
    code: 'invalid-field',
    field: path,
    message: 'is not one of the allowed values',
    got: show(value, path, walk),
    allowed: allowed.join(', '),
    hint: meant ? `Did you mean "${meant}"?` : 'Use one of the allowed values.',
  });
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

function unknownField(key: string, known: Iterable<string>, path: string, walk: Walk): void {
  const names = [...known];
  const meant = nearest(key, names);
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

function wrongType(value: unknown, allowed: string, path: string, walk: Walk): void {
  walk.object.report({
    code: 'invalid-field',
    field: path,
    message: 'has the wrong type',
    got: show(value, path, walk),
    allowed,
    hint: hintFor(value, allowed),
  });
}

function hintFor(value: unknown, allowed: string): string {
  const text = typeof value === 'string';
  if (allowed === 'text' && !text && !isMap(value) && !Array.isArray(value)) return 'Make it text: put it in quotes.';
  if (allowed.startsWith('a whole number') && text && /^-?\d+$/.test(value))
    return 'Make it a number: take the quotes off.';
  if (allowed === 'true or false' && text) return 'Make it true or false without quotes.';
  return `Give ${allowed}.`;
}

/** A value as a reader needs it: short, and only its type where it may be a secret. */
function show(value: unknown, path: string, walk: Walk): string {
  if (Array.isArray(value)) return 'a list';
  if (isMap(value)) return 'a map';
  const secret = walk.object.kind === 'Secret' || /(\.value|\.env\b.*|\.args\b.*|\.command\b.*|^data\b.*)$/.test(path);
  if (secret) return typeof value === 'string' ? 'text' : `a ${typeof value}`;
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
