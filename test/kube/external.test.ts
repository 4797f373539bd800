import { ApiObject, Chart, Testing } from 'cdk8s';
import { describe, expect, test } from 'vitest';
import { declareExternal } from '../../src/kube/index.js';

type References = Parameters<typeof declareExternal>[1];

const annotations = (...declarations: References[]): unknown => {
  const chart = new Chart(Testing.app(), 'test');
  const object = new ApiObject(chart, 'object', { apiVersion: 'v1', kind: 'ConfigMap' });
  for (const references of declarations) declareExternal(object, references);
  return object.toJson().metadata.annotations;
};

describe('an external reference is declared in an annotation', () => {
  test.each<[string, References, string]>([
    ['by kind and name', [{ kind: 'Secret', name: 'aws-secret' }], 'Secret/aws-secret'],
    ['with its keys', [{ kind: 'Secret', name: 'a', keys: ['x', 'y.z'] }], 'Secret/a#x,y.z'],
    [
      'each',
      [
        { kind: 'Secret', name: 'a' },
        { kind: 'ConfigMap', name: 'a' },
      ],
      'Secret/a; ConfigMap/a',
    ],
    [
      'once, with the keys put together',
      [
        { kind: 'Secret', name: 'a', keys: ['x', 'y'] },
        { kind: 'Secret', name: 'a', keys: ['y', 'z'] },
      ],
      'Secret/a#x,y,z',
    ],
    [
      'without keys where one of them is for any key',
      [
        { kind: 'Secret', name: 'a', keys: ['x'] },
        { kind: 'Secret', name: 'a' },
        { kind: 'Secret', name: 'a', keys: ['z'] },
      ],
      'Secret/a',
    ],
    ['with an undefined list as with none', [{ kind: 'Secret', name: 'a', keys: undefined }], 'Secret/a'],
  ])('%s', (_, references, expected) => {
    expect(annotations(references)).toEqual({ 'chartwright.dev/external': expected });
  });

  test('and none makes no annotation', () => expect(annotations([])).toBeUndefined());
});
