import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../src/chart/sample-values.js';
import { ProblemsError } from '../../src/problem/index.js';
import { describeWith } from '../programs/find.js';
import { HelmEngines, helmEngines } from './helm-engine.js';
import { randomProgram } from './programs.js';
import { everything, proveChart } from './prove.js';

/** 200 programs as a rule; `CHARTWRIGHT_CHARTS=all` takes 2000, on more values each. */
const count = Number(process.env['CHARTWRIGHT_PROGRAM_COUNT'] ?? (everything ? 2000 : 200));
const first = Number(process.env['CHARTWRIGHT_PROGRAM_FIRST'] ?? 0);
/** As many as a user's build makes where the chart may be wrong: only values can tell. */
const checksOf = (doubtful: boolean) => (doubtful ? 2000 : everything ? 1000 : 400);
const depth = everything ? 3 : 2;
const fresh = everything ? 100 : 12;
const batch = 20;

describeWith([...helmEngines], 'random programs', () => {
  let engines: HelmEngines;
  beforeAll(() => {
    engines = new HelmEngines();
  });
  afterAll(() => engines?.stop());
  const accepted: number[] = [];
  let usual = 0;

  test.each(Array.from({ length: Math.ceil(count / batch) }, (_, index) => first + index * batch))(
    'from number %i on are right as charts, or refused',
    async (from) => {
      for (let seed = from; seed < Math.min(first + count, from + batch); seed++) {
        const { chart, sources, doubtful } = randomProgram(seed, seededRandom(seed), depth);
        if (!doubtful) usual++;
        let generated: ReturnType<typeof chart.generate>;
        try {
          generated = chart.generate({ checks: checksOf(doubtful), sources });
        } catch (error) {
          expect(error, `program ${seed}`).toBeInstanceOf(ProblemsError);
          continue;
        }
        if (!doubtful) accepted.push(seed);
        await proveChart(chart, { engines, files: generated.files, count: fresh, seed: 1000 + seed }).catch(
          (error: Error) => {
            error.message = `program ${seed} (${doubtful ? 'doubtful' : 'usual'}): ${error.message}`;
            throw error;
          },
        );
      }
    },
    600_000,
  );

  test('are accepted for the most part: a test of refusals only would show nothing', () => {
    expect(accepted.length / usual).toBeGreaterThan(0.5);
  });
});
