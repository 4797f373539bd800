import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRetention, recordPaths } from '../../src/repository/index.js';
import { repositoryRetention } from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { histories } from './history.js';

/** The jq definitions that the script contains. */
const program = /^program='([^']*)'$/m.exec(repositoryRetention.content)?.[1] ?? '';

/** Runs a filter of the script over many inputs in one process and gives one output for each. */
function jq(filter: string, inputs: readonly unknown[]): unknown[] {
  const text = execFileSync(programPath('jq'), ['-c', `${program} ${filter}`], {
    input: inputs.map((input) => JSON.stringify(input)).join('\n'),
    env: { TZ: 'UTC' },
    maxBuffer: 2 ** 30,
    encoding: 'utf8',
  });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describeWith(['jq'], 'repository-retention.sh plans what planRetention plans', () => {
  test('on random histories', () => {
    const seed = Number(process.env['SEED'] ?? Date.now());
    const cases = fc.sample(histories, { numRuns: 300, seed });
    const inputs = cases.map(({ history, policy, now }) => history.input(policy, now));
    const documents = inputs.map(({ listing, records, ...rest }) => ({
      ...rest,
      listing: listing.map(({ path, size, modified }) => ({
        Path: path,
        Name: path.split('/').at(-1),
        Size: size,
        ModTime: modified.replace('Z', '.123456789Z'),
        IsDir: false,
      })),
      records: Object.fromEntries(records),
    }));
    const answers = jq('{plan: plan, wanted: [wanted]}', documents) as { plan: unknown; wanted: string[] }[];
    expect(answers.length).toBe(inputs.length);
    for (const [index, input] of inputs.entries()) {
      expect(answers[index]!.plan, `history ${index} of SEED=${seed}`).toEqual(planRetention(input));
      expect(answers[index]!.wanted.sort()).toEqual(recordPaths(input.listing).sort());
    }
    // The histories must reach every rule, or the agreement says little.
    const rules = new Set(
      inputs.flatMap((input) => planRetention(input).sets.flatMap((set) => set.reasons)).map(({ rule }) => rule),
    );
    expect([...rules].sort()).toEqual([
      'abandoned',
      'daily',
      'damaged',
      'expired',
      'last',
      'latest',
      'monthly',
      'newest',
      'pinned',
      'stranger',
      'weekly',
      'within',
      'yearly',
      'young',
    ]);
  });
});
