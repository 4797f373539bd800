import { k8s } from 'cdk8s-plus-28';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineChart, type Policies, type Policy } from '../../src/chart/index.js';
import { type Problem, ProblemsError } from '../../src/problem/index.js';

const generate = (policies: Policies, more: Policies = {}) =>
  defineChart(
    {
      name: 'web',
      version: '1.0.0',
      values: z.object({
        image: z.string().min(1).default('nginx:1.29'),
        debug: z.boolean().default(false),
        level: z.int().min(0).max(9).default(1),
      }),
      examples: { debug: { debug: true } },
      policies,
    },
    (scope, values) => {
      new k8s.KubePod(scope, 'pod', {
        metadata: { name: 'web', annotations: { level: `${values.level}` } },
        spec: { hostNetwork: values.debug, containers: [{ name: 'web', image: values.image }] },
      });
    },
  ).generate({ checks: 50, policies: more });

const problemsOf = (run: () => unknown): readonly Problem[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
  return [];
};

const noHostNetwork: Policy = (objects) =>
  objects
    .filter(({ spec }) => spec.hostNetwork)
    .map((object) => ({ object, field: 'spec.hostNetwork', message: 'is in the network of its node' }));

test('a policy that finds nothing lets the chart be written', () => {
  const seen: string[] = [];
  const { warnings } = generate({
    seen: (objects, { origin, chart, release, values }) => {
      seen.push(origin);
      expect({ chart, release, values, kinds: objects.map(({ kind }) => kind) }).toMatchObject({
        chart: { name: 'web', version: '1.0.0' },
        release: { name: 'release-name', namespace: 'default' },
        values: { image: expect.any(String), debug: expect.any(Boolean) },
        kinds: ['Pod'],
      });
      return [];
    },
  });
  expect(warnings).toEqual([]);
  expect(seen.slice(0, 3)).toEqual(['defaults', 'example', 'random']);
  expect(seen.length).toBeGreaterThan(30);
});

test('a finding names the policy, the object and what shows it, once, and nothing is written', () => {
  expect(problemsOf(() => generate({ 'no-host-network': noHostNetwork }))).toEqual([
    {
      code: 'policy-violated',
      severity: 'error',
      where: { object: 'Pod web', field: 'spec.hostNetwork' },
      message: 'no-host-network: is in the network of its node',
      got: 'with the example debug',
      hint: 'Change the chart, or the policy.',
    },
  ]);
});

test('random values that show it are told, as few as do', () => {
  const low: Policy = (objects) =>
    objects
      .filter(({ metadata }) => Number((metadata as never as { annotations: { level: string } }).annotations.level) > 5)
      .map((object) => ({ object, message: 'too high', hint: 'Lower it.' }));
  const problems = problemsOf(() => generate({}, { low }));
  expect(problems).toMatchObject([{ message: 'low: too high', hint: 'Lower it.' }]);
  expect(problems[0]!.got).toMatch(/^with \{"level":[6-9]\}$/);
});

test('a warning is told, and the chart is written', () => {
  const { warnings, files } = generate({ careful: () => [{ severity: 'warning', message: 'mind the gap' }] });
  expect(warnings).toMatchObject([
    {
      severity: 'warning',
      message: 'careful: mind the gap',
      got: 'with the defaults',
      where: { construct: 'chart web' },
    },
  ]);
  expect(files.has('Chart.yaml')).toBe(true);
});

test('a policy that complains of everything is cut short', () => {
  const all: Policy = (objects, { values }) =>
    objects.map(() => ({
      object: { apiVersion: 'v1', kind: 'X', metadata: { name: JSON.stringify(values) } },
      message: 'no',
    }));
  const problems = problemsOf(() => generate({ all }));
  expect(problems).toHaveLength(11);
  expect(problems.at(-1)!.message).toMatch(/^all found \d+ more$/);
});

test('a policy that fails says so', () => {
  const broken: Policy = () => {
    throw new Error('no idea');
  };
  expect(() => generate({ broken })).toThrow('the policy broken failed: no idea');
});

test('what a policy changes, no other one sees', () => {
  const vandal: Policy = (objects) => {
    (objects[0] as { kind: string }).kind = 'X';
    return [];
  };
  const witness: Policy = (objects) => (objects[0]!.kind === 'Pod' ? [] : [{ message: 'it is gone' }]);
  expect(generate({ vandal, witness }).warnings).toEqual([]);
});
