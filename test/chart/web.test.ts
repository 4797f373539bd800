import { expect, test } from 'vitest';
import type { Release } from '../../src/chart/index.js';
import { fill } from '../../src/chart/layering.js';
import { seededRandom, ValueSampler } from '../../src/chart/sample-values.js';
import { readShape } from '../../src/chart/shape.js';
import { documentsDiffer, sampleReleases } from '../../src/chart/verify.js';
import { describeWith } from '../programs/find.js';
import { ChartOnDisk, helms } from './helm.js';
import { web } from './web.js';

describeWith(helms, 'a web app as a chart', () => {
  const { files, mode } = web.generate({ checks: 300 });

  test('is explored to the end', () => expect(mode).toBe('exhaustive'));

  test.each(helms)('passes lint --strict of %s', (helm) => {
    expect(new ChartOnDisk(files).lint(helm)).toContain('0 chart(s) failed');
  });

  test.each(helms)('gives in %s for random values what the function gives', (helm) => {
    const onDisk = new ChartOnDisk(files);
    const shape = readShape(web.definition.values, 'web', []);
    const sampler = new ValueSampler(seededRandom(helm === 'helm3' ? 3 : 4), [], ['app']);
    let rendered = 0;
    for (let count = 0; rendered < 12 && count < 100; count++) {
      const values = sampler.value(shape);
      if (!shape.schema.safeParse(fill(shape, values)).success) continue;
      const release: Release = sampleReleases[count % sampleReleases.length]!;
      const { documents, error } = onDisk.template(helm, { values, release });
      expect(error, JSON.stringify(values)).toBeUndefined();
      expect(documentsDiffer(web.synth(values, release), documents), JSON.stringify(values)).toBeUndefined();
      rendered++;
    }
    expect(rendered).toBe(12);
  });

  const layered: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['nothing given', {}, []],
    ['null over a default', { replicas: null, level: null, weight: null }, []],
    ['null over an object with defaults', { image: null }, []],
    ['null over a map with entries', { podLabels: null }, []],
    ['null over one entry of a map', { podLabels: { team: null, other: 'x' } }, []],
    ['null over what is optional', { ingress: null, image: { tag: null } }, []],
    ['null over a list', { env: null }, []],
    [
      'null inside of an object that is passed on',
      { resources: { limits: null, requests: { cpu: null, memory: '1' } } },
      [],
    ],
    ['null over a union', { storage: null }, []],
    ['null over a default of a union', { storage: { type: 'claim', size: null, keep: null } }, []],
    ['a part of a map', { image: { tag: '1' }, podLabels: { a: 'b' } }, []],
    ['another member of a union', { storage: { type: 'claim' } }, []],
    ['a default below a list', { env: [{ name: 'a', value: 'b' }] }, []],
    ['null below a list', { env: [{ name: 'a', value: 'b', secret: null }] }, []],
    ['a key of the author', { podLabels: { app: 'mine' } }, []],
    ['global and enabled', { global: { a: 1 }, enabled: true }, []],
    ['false over true', { ingress: { host: 'h', tls: false } }, []],
    ['zero', { weight: 0 }, []],
    ['an empty text', { image: { tag: '' } }, []],
    ['--set of a number', { replicas: 7 }, ['--set', 'replicas=7']],
    ['--set of a boolean', { hostNetwork: true }, ['--set', 'hostNetwork=true']],
    ['--set of null', { replicas: null }, ['--set', 'replicas=null']],
    ['--set of a nested null', { podLabels: { team: null } }, ['--set', 'podLabels.team=null']],
    ['--set-string', { image: { tag: '1.10' } }, ['--set-string', 'image.tag=1.10']],
    ['--set-json', { weight: 1e21 }, ['--set-json', 'weight=1e21']],
    [
      '--set of a member',
      { storage: { type: 'claim', size: '5Gi' } },
      ['--set', 'storage.type=claim,storage.size=5Gi'],
    ],
  ];

  test.each(helms)('means in %s what the function means, however a value is given', (helm) => {
    const onDisk = new ChartOnDisk(files);
    for (const [name, values, parameters] of layered) {
      const given = parameters.length > 0 ? { arguments: parameters } : { values };
      const { documents, error } = onDisk.template(helm, given);
      expect(error, name).toBeUndefined();
      expect(documentsDiffer(web.synth(values), documents), name).toBeUndefined();
    }
  });

  test.each<[string, unknown]>([
    ['a value that there is not', { replicaz: 1 }],
    ['a value that there is not, below', { image: { tga: 'x' } }],
    ['a text for a number', { replicas: '2' }],
    ['a number for a text', { image: { tag: 1.1 } }],
    ['a number outside of its limits', { replicas: 0 }],
    ['a member that there is not', { storage: { type: 'disk' } }],
    ['a value of another member', { storage: { type: 'none', size: '1Gi' } }],
    ['a null in a list', { env: [null] }],
    ['a whole number as a key', { podLabels: { 1: 'x' } }],
    ['an element without what it needs', { env: [{ name: 'a' }] }],
  ])('is refused by synth and by both Helms: %s', (_, values) => {
    expect(() => web.synth(values)).toThrow('problem');
    for (const helm of helms)
      expect(new ChartOnDisk(files).template(helm, { values }).error, helm).toContain("don't meet the specifications");
  });
});
