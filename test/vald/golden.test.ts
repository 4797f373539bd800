import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deviations, deviationsAt } from '../../src/vald/deviations.js';
import { describeWith, sharedFolder } from '../programs/find.js';
import { differences } from './difference.js';
import { combinations, find, synthesize } from './sets.js';

const golden = sharedFolder('golden/vald');

describeWith(
  [],
  'compared with what upstream’s chart renders',
  () => {
    const upstream = (name: string) => JSON.parse(readFileSync(join(golden!, `${name}.json`), 'utf8'));

    test.each(Object.keys(combinations))('%s differs only where a deviation says so', (name) => {
      const places = differences(upstream(name), synthesize(combinations[name]!).objects);
      const unlisted = places.filter(({ path }) => deviationsAt(path).length === 0);
      expect(unlisted).toEqual([]);
    });

    test('every listed deviation still differs somewhere', () => {
      const all = Object.entries(combinations).flatMap(([name, props]) => {
        const { resources: _, ...rest } = props;
        return [
          ...differences(upstream(name), synthesize(props).objects),
          ...differences(upstream(name), synthesize(rest).objects),
        ];
      });
      const seen = new Set(all.flatMap(({ path }) => deviationsAt(path).map(({ id }) => id)));
      expect(deviations.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
    });

    test('a difference that is not listed is found', () => {
      const objects = structuredClone(synthesize(combinations['pv']!).objects);
      find(objects, 'Service')['spec'] = { clusterIP: '10.0.0.1' };
      const unlisted = differences(upstream('pv'), objects).filter(({ path }) => deviationsAt(path).length === 0);
      expect(unlisted.map(({ path }) => path)).toContain('Service/vald-agent spec.clusterIP');
    });
  },
  { '../shared/golden/vald': golden },
);
