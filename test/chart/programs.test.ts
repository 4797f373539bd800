import { expect, test } from 'vitest';
import type { HelmChart } from '../../src/chart/index.js';
import { fileDefaults, fill, layer } from '../../src/chart/layering.js';
import { seededRandom, ValueSampler } from '../../src/chart/sample-values.js';
import { readShape } from '../../src/chart/shape.js';
import { differenceFor, documentsDiffer, sampleReleases } from '../../src/chart/verify.js';
import { ProblemsError } from '../../src/problem/index.js';
import { describeWith } from '../programs/find.js';
import { ChartOnDisk } from './helm.js';
import { randomProgram } from './programs.js';

const count = Number(process.env['CHARTWRIGHT_PROGRAMS_COUNT'] ?? 50);
const freshChecks = 300;
const batch = 5;

/** Values that a chart takes, as its users give them. */
function samples(chart: HelmChart<never>, seed: number, wanted: number): unknown[] {
  const shape = readShape(chart.definition.values, 'program', []);
  const sampler = new ValueSampler(seededRandom(seed), [], ['app', 'team']);
  const found: unknown[] = [{}];
  for (let tries = 0; found.length < wanted && tries < wanted * 4; tries++) {
    const values = sampler.value(shape);
    if (shape.schema.safeParse(fill(shape, layer(fileDefaults(shape), values))).success) found.push(values);
  }
  return found;
}

describeWith(['helm4'], 'random programs', () => {
  const accepted: number[] = [];

  test.each(Array.from({ length: Math.ceil(count / batch) }, (_, index) => index * batch))(
    'from number %i on are right as charts, or refused',
    (first) => {
      for (let seed = first; seed < Math.min(count, first + batch); seed++) {
        const chart = randomProgram(seed, seededRandom(seed));
        let generated: ReturnType<typeof chart.generate>;
        try {
          generated = chart.generate({ checks: 200 });
        } catch (error) {
          expect(error, `program ${seed}`).toBeInstanceOf(ProblemsError);
          continue;
        }
        accepted.push(seed);
        const { template, files } = generated;
        const shape = readShape(chart.definition.values, 'program', []);
        for (const given of samples(chart as never, 1000 + seed, freshChecks)) {
          const values = fill(shape, layer(fileDefaults(shape), given));
          const difference = differenceFor(chart.render, template, values, sampleReleases[seed % 5]!);
          expect(difference, `program ${seed} with ${JSON.stringify(given)}`).toBeUndefined();
        }
        const onDisk = new ChartOnDisk(files);
        for (const values of samples(chart as never, 2000 + seed, 3)) {
          const { documents, error } = onDisk.template('helm4', { values });
          expect(error, `program ${seed} with ${JSON.stringify(values)}`).toBeUndefined();
          const difference = documentsDiffer(chart.synth(values), documents);
          expect(difference, `program ${seed} with ${JSON.stringify(values)}`).toBeUndefined();
        }
      }
    },
    300_000,
  );

  test('are accepted for the most part: a test of refusals only would show nothing', () => {
    expect(accepted.length).toBeGreaterThan(count * 0.5);
  });
});
