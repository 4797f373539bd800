import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkObjects } from '../../../src/kube/check/index.js';
import { describeWith, sharedFolder } from '../../programs/find.js';
import { type Changeable, goodSet } from './good-set.js';
import { problemsOf } from './problems.js';

const golden = sharedFolder('golden/vald');

describeWith(
  [],
  'what upstream’s chart renders',
  () => {
    const cases = golden ? readdirSync(golden).filter((file) => file.endsWith('.json')) : [];

    test.each(cases)('%s has no fault but the Secret that the user makes', (file) => {
      const objects = JSON.parse(readFileSync(join(golden!, file), 'utf8')) as Changeable[];
      // These files hold the content of a ConfigMap parsed.
      for (const { kind, data } of objects)
        if (kind === 'ConfigMap') for (const key of Object.keys(data)) data[key] = JSON.stringify(data[key]);
      expect(problemsOf(objects, { external: [{ kind: 'Secret', name: 'aws-secret' }] })).toEqual([]);
    });
  },
  { 'golden/vald': golden },
);

describe('any set', () => {
  test('with anything anywhere is checked without an exception', () => {
    const places = pathsOf(goodSet());
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...places), fc.jsonValue()), { minLength: 1, maxLength: 3 }),
        (changes) => {
          const set = goodSet();
          for (const [path, value] of changes) put(set, path, value);
          for (const { where, hint } of checkObjects(Object.values(set).map((object) => ({ object, source: 's' })))) {
            expect(where).toHaveProperty('object');
            expect(hint).not.toBe('');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is left as it was', () => {
    const set = goodSet();
    checkObjects(Object.values(set).map((object) => ({ object, source: 's' })));
    expect(set).toEqual(goodSet());
  });

  // Measured: 0.3 s on two cores, for each shape. A rule that looks at all pairs would take minutes.
  test.each([
    ['good sets in a namespace each', (index: number) => ({ namespace: `n${index}`, suffix: '' })],
    [
      'sets in one namespace, with missing references and a misspelt field each',
      (index: number) => ({ suffix: `-${index}` }),
    ],
  ])('of 10,000 objects is checked within seconds: %s', (_title, place) => {
    const objects: { object: unknown; source: string }[] = [];
    for (let index = 0; objects.length < 10_000; index++) {
      const { namespace, suffix } = { namespace: 'vald', ...place(index) };
      for (const [key, object] of Object.entries(goodSet())) {
        object.metadata.name += suffix;
        object.metadata.namespace = namespace;
        if (suffix !== '' && key === 'service') object.spec.selector.app += suffix;
        if (suffix !== '' && key === 'statefulSet') object.spec[`replica${index}`] = 1;
        if (suffix === '' && key === 'priorityClass') continue;
        objects.push({ object, source: 's' });
      }
    }
    const start = performance.now();
    checkObjects(objects);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

/** The path of every value in an object. */
function pathsOf(value: Changeable, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    ...(path.length > 0 ? [path] : []),
    ...Object.keys(value).flatMap((key) => pathsOf(value[key], [...path, key])),
  ];
}

/** Puts a value at a path, or does nothing where an earlier change has taken the place away. */
function put(root: Changeable, path: readonly string[], value: unknown): void {
  let parent = root;
  for (const key of path.slice(0, -1)) {
    parent = parent[key];
    if (typeof parent !== 'object' || parent === null) return;
  }
  parent[path.at(-1)!] = value;
}
