import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { all, page, playFaults } from './fault-play.js';
import { faultScenarios, ofEveryRun } from './fault-scenarios.js';
import { faultsOnPage } from './faults-page.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

test('docs/faults.md names only faults that are played', () => {
  const listed = faultsOnPage(readFileSync(page, 'utf8'));
  const names = faultScenarios.map(({ name }) => name);
  expect(listed).not.toEqual([]);
  expect(names.filter((name) => listed.includes(name))).toEqual(listed);
});

// The other half is in more-faults.test.ts, so that the two are played beside each other.
playFaults('faults on a real cluster', all ? faultScenarios : ofEveryRun.slice(0, 3));
