import { type CheckOptions, checkObjects } from '../../../src/kube/check/index.js';
import { type Changeable, goodSet } from './good-set.js';

/** The problems of the good set after a change, each as `code object: field`, with the severity where it is no error. */
export function problemsAfter(change: (set: Record<string, Changeable>) => void, options?: CheckOptions): string[] {
  const set = goodSet();
  change(set);
  return problemsOf(Object.values(set), options);
}

/** The problems of objects, in the same form. */
export function problemsOf(objects: readonly unknown[], options?: CheckOptions): string[] {
  return checkObjects(
    objects.map((object) => ({ object, source: 'app/vald' })),
    options,
  ).map(({ severity, code, where }) => {
    if (!('object' in where)) throw new Error('a problem of an object names the object');
    return `${severity === 'error' ? '' : `${severity} `}${code} ${where.object}: ${where.field ?? ''}`;
  });
}
