import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentsDiffer } from '../../src/chart/differences.js';
import { describeWith } from '../programs/find.js';
import { ChartOnDisk, helms } from './helm.js';
import { HelmEngines, type HelmRequest, helmEngines } from './helm-engine.js';
import { proveChart, proveWithPrograms, writeChart } from './prove.js';
import { web } from './web.js';

describeWith([...helms, ...helmEngines], 'a web app as a chart', () => {
  const { files, mode } = web.generate({ checks: 300 });
  let engines: HelmEngines;
  let folder: string;
  beforeAll(() => {
    engines = new HelmEngines();
    folder = writeChart(files);
  });
  afterAll(() => {
    engines?.stop();
    if (folder) rmSync(folder, { recursive: true });
  });

  test('is explored to the end', () => expect(mode).toBe('exhaustive'));

  test.each(helms)('passes lint --strict of %s', (helm) => {
    expect(new ChartOnDisk(files).lint(helm)).toContain('0 chart(s) failed');
  });

  test('gives in both Helms for 2000 sets of values what the function gives, or is refused by all', async () => {
    const { same, refused } = await proveChart(web, { engines, files, count: 2000 });
    expect(same).toBeGreaterThan(1200);
    expect(refused).toBeGreaterThan(100);
  }, 600_000);

  test.each(helms)('gives the same through the program %s', (helm) => {
    proveWithPrograms(web, { helm, files, count: 4 });
  });

  const layered: readonly (readonly [string, unknown, Partial<HelmRequest>?])[] = [
    ['nothing given', {}],
    ['null over a default', { replicas: null, level: null, weight: null }],
    ['null over an object with defaults', { image: null }],
    ['null over a map with entries', { podLabels: null }],
    ['null over one entry of a map', { podLabels: { team: null, other: 'x' } }],
    ['null over what is optional', { ingress: null, image: { tag: null } }],
    ['null over a list', { env: null }],
    [
      'null inside of an object that is passed on',
      { resources: { limits: null, requests: { cpu: null, memory: '1' } } },
    ],
    ['null over a union', { storage: null }],
    ['null over a default of a union', { storage: { type: 'claim', size: null, keep: null } }],
    ['a part of a map', { image: { tag: '1' }, podLabels: { a: 'b' } }],
    ['another member of a union', { storage: { type: 'claim' } }],
    ['a default below a list', { env: [{ name: 'a', value: 'b' }] }],
    ['null below a list', { env: [{ name: 'a', value: 'b', secret: null }] }],
    ['a key of the author', { podLabels: { app: 'mine' } }],
    ['global and enabled', { global: { a: 1 }, enabled: true }],
    ['false over true', { ingress: { host: 'h', tls: false } }],
    ['zero', { weight: 0 }],
    ['an empty text', { image: { tag: '' } }],
    ['--set of a number', { replicas: 7 }, { set: ['replicas=7'] }],
    ['--set of a boolean', { hostNetwork: true }, { set: ['hostNetwork=true'] }],
    ['--set of null', { replicas: null }, { set: ['replicas=null'] }],
    ['--set of a nested null', { podLabels: { team: null } }, { set: ['podLabels.team=null'] }],
    ['--set-string', { image: { tag: '1.10' } }, { setString: ['image.tag=1.10'] }],
    ['--set-json', { weight: 1e21 }, { setJson: ['weight=1e21'] }],
    [
      '--set of a member',
      { storage: { type: 'claim', size: '5Gi' } },
      { set: ['storage.type=claim,storage.size=5Gi'] },
    ],
  ];

  test('means in both Helms what the function means, however a value is given', async () => {
    for (const [name, values, flags] of layered) {
      const given = flags ?? { values: [JSON.stringify(values)] };
      for (const { engine, documents, error } of await engines.render({ chart: folder, ...given })) {
        expect(error, `${engine}: ${name}`).toBeUndefined();
        expect(documentsDiffer(web.synth(values), documents), `${engine}: ${name}`).toBeUndefined();
      }
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
  ])('is refused by synth and by both Helms: %s', async (_, values) => {
    expect(() => web.synth(values)).toThrow('problem');
    for (const { engine, error } of await engines.render({ chart: folder, values: [JSON.stringify(values)] }))
      expect(error, engine).toContain("don't meet the specifications");
  });
});
