import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { defineChart } from '../../src/chart/define-chart.js';
import { defineValues } from '../../src/chart/define-values.js';
import { readShape } from '../../src/chart/shape.js';
import { valuesFile } from '../../src/chart/values-file.js';

const schema = z.object({
  name: z.string().describe('Its name,\nin two lines.'),
  store: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('none') }),
      z.object({ type: z.literal('claim'), size: z.string().describe('Its size.') }),
    ])
    .default({ type: 'none' }),
  env: z.array(z.object({ name: z.string().describe('Not told for each.') })).default([]),
  resources: z.record(z.string(), z.unknown()).default({}),
});
const shape = readShape(schema, 'web', []);

test('a file has what is given, in its order, with descriptions', () => {
  const given = {
    resources: { limits: { memory: '1Gi' }, empty: {}, none: undefined },
    store: { type: 'claim', size: '1e3' },
    name: 'a',
    env: [{ name: 'no' }, { name: '{{ x }}' }],
    nested: [[1, 2], [], [{ a: null, b: [true] }]],
  };
  expect(valuesFile(given, shape, ['Head.'])).toBe(`# Head.

resources:
  limits:
    memory: "1Gi"
  empty: {}
store:
  type: claim
  # Its size.
  size: "1e3"
# Its name,
# in two lines.
name: a
env:
  - name: "no"
  - name: "{\\u007b x }}"
nested:
  - - 1
    - 2
  - []
  - - a: null
      b:
        - true
`);
});

test('a file means what is given, in YAML 1.1 and 1.2', () => {
  const text = fc.oneof(
    fc.constantFrom('on', 'NO', 'y', '~', '', ' ', '0x1F', '1_000', '0o7', '1e3', '.inf', '-', '{{', '# a', 'a: b'),
    fc.string({ unit: 'grapheme' }),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(text, tie('tree'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(text, tree, { noNullPrototype: true }), (given) => {
      const file = valuesFile(given, shape, ['Head.']);
      for (const version of ['1.1', '1.2'] as const) expect(parse(file, { version })).toEqual(given);
    }),
    { numRuns: 200 },
  );
});

test('the types of an environment are those of the chart’s values', () => {
  const chart = defineChart({ name: 'web', version: '1.0.0', values: schema }, () => {});
  const values = defineValues(chart, { prod: { name: 'web', store: { type: 'claim', size: '1Gi' } } });
  // @ts-expect-error there is no such value
  defineValues(chart, { prod: { name: 'web', replica: 1 } });
  // @ts-expect-error a text, not a number
  defineValues(chart, { prod: { name: 1 } });
  expect(values.environments).toEqual(['prod']);
  expect(() => values.file('staging')).toThrow('there is no such environment');
  expect(values.file('prod')).toContain('\nname: web\n');
});
