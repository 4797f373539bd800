import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { ndbOfDay } from '../programs/ndb-programs.js';
import { all, page, playFaults } from './fault-play.js';
import { faultScenarios, usualFaults } from './fault-scenarios.js';
import { faultsOnPage } from './faults-page.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

test('docs/faults.md names only faults that are played', () => {
  const listed = faultsOnPage(readFileSync(page, 'utf8'));
  const names = faultScenarios.map(({ name }) => name);
  expect(listed).not.toEqual([]);
  expect(names.filter((name) => listed.includes(name))).toEqual(listed);
});

playFaults('faults on a real cluster', all ? faultScenarios : ndbOfDay(usualFaults));
