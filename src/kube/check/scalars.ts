import { isMap } from './fields.js';
import { base64, type Format, microTime, quantity, time } from './formats.js';
import type { CheckedObject } from './object.js';
import type { Suggestions } from './suggestions.js';

/** What holds for a whole walk through an object. */
export interface Walk {
  readonly object: CheckedObject;
  /** Report fields that Kubernetes 1.28 does not have. */
  readonly floor: boolean;
  readonly suggestions: Suggestions;
  /** Inside `status` the API server reads types and field names only, because it drops the content. */
  readonly status: boolean;
}

/** Checks a value against a letter of the schema. */
export function checkScalar(value: unknown, letter: string, path: string, walk: Walk): void {
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
    case 'T':
      checkFormat(value, microTime, path, walk);
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
 * Checks a value out of a list. Empty text passes: the API server puts the default in its place.
 *
 * @param node `e`, then the allowed values
 */
export function checkEnum(value: unknown, node: readonly string[], path: string, walk: Walk): void {
  if (typeof value !== 'string') {
    wrongType(value, 'text', path, walk);
    return;
  }
  if (value === '' || walk.status || node.includes(value, 1)) return;
  const allowed = node.slice(1);
  const meant = walk.suggestions.nearest(value, allowed.join(), allowed);
  walk.object.report({
    code: 'invalid-field',
    field: path,
    message: 'is not one of the allowed values',
    got: show(value, path, walk),
    allowed: allowed.join(', '),
    hint: meant ? `Did you mean "${meant}"?` : 'Use one of the allowed values.',
  });
}

/** Reports a value of a type that the field does not take. */
export function wrongType(value: unknown, allowed: string, path: string, walk: Walk): void {
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
