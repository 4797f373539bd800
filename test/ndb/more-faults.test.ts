import { describe, vi } from 'vitest';
import { all, playFaults } from './fault-play.js';
import { ofEveryRun } from './fault-scenarios.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

// `npm run test:faults` plays them all in faults.test.ts, on one cluster and for one page.
describe.skipIf(all)('the other half of the faults', () => {
  playFaults('more faults on a real cluster', ofEveryRun.slice(3));
});
