import { afterAll, beforeAll, expect, test } from 'vitest';
import { HelmEngines } from '../chart/helm-engine.js';
import { everything, proveChart } from '../chart/prove.js';
import { describeWith } from '../programs/find.js';
import { filesOf, isWritten, ownCharts } from './own-charts.js';

describeWith(
  ['helm3-engine', 'helm4-engine'],
  'the committed charts, through both Helms',
  () => {
    let engines: HelmEngines;
    beforeAll(() => {
      engines = new HelmEngines();
    });
    afterAll(() => engines?.stop());

    test.each(ownCharts)(
      '$name: gives what its source gives, for random values',
      async ({ chart, folder }) => {
        const count = everything ? 5000 : 500;
        const { same } = await proveChart(chart, { engines, files: filesOf(folder), count });
        expect(same).toBeGreaterThan(count / 20);
      },
      1_800_000,
    );
  },
  { 'npm run charts': ownCharts.every(isWritten) },
);
