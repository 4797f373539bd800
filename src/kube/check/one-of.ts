import { isMap } from './fields.js';
import type { CheckedObject } from './object.js';

/** Reports a choice of which not exactly one is taken. */
export function checkOneOf(object: CheckedObject, field: string, choices: unknown, noun: string): void {
  if (!isMap(choices)) return;
  const taken = Object.keys(choices).filter((name) => choices[name] != null);
  if (taken.length === 1) return;
  object.report({
    code: taken.length === 0 ? 'missing-field' : 'invalid-field',
    field,
    message: taken.length === 0 ? `has no ${noun}` : `has more than one ${noun}`,
    ...(taken.length === 0 ? {} : { got: taken.join(', ') }),
    allowed: `one ${noun}`,
    hint: taken.length === 0 ? `Add a ${noun}.` : 'Remove all but one.',
  });
}
