import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allChecks, checksPage } from '../../src/cluster/index.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/doctor.md'), 'utf8');

test('the doctor’s page has every check as it is declared', () => {
  expect(page.split('\n## Checks\n\n')[1]).toBe(checksPage());
});

test('ids of checks are there once, and in order', () => {
  const ids = allChecks.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort());
});

test.each(allChecks.map((check) => [check.id, check] as const))(
  '%s says what it looks at, why, and what to do',
  (_, check) => {
    expect(check.title).toMatch(/^[a-z].*[^.]$|^(RonDB|Vald|Secrets|ServiceAccounts|PriorityClasses)/);
    for (const text of [check.looksAt, check.why, check.todo]) expect(text).toMatch(/^[A-Z].*[.}…]'?\.?$/);
  },
);
