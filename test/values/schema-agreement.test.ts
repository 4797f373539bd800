import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { SchemaCheck, SchemaDocument, toValues } from '../../src/values/index.js';
import { describeWith, sharedFolder } from '../programs/find.js';
import { PrintingChart } from './helm-chart.js';
import { layer } from './layered.js';

const helms = [
  ['helm3', 3],
  ['helm4', 4],
] as const;

const names = {
  4: 'http://json-schema.org/draft-04/schema#',
  6: 'http://json-schema.org/draft-06/schema#',
  7: 'http://json-schema.org/draft-07/schema#',
  2019: 'https://json-schema.org/draft/2019-09/schema',
  2020: 'https://json-schema.org/draft/2020-12/schema',
} as const;
type Draft = keyof typeof names;
const all = [4, 6, 7, 2019, 2020] as const;
const from6 = all.slice(1);
const from7 = all.slice(2);
const from2019 = all.slice(3);
const before2020 = all.slice(0, 4);

/** Keywords with values of which some fit and some do not. */
const cases: [drafts: readonly Draft[], schema: object | boolean, values: unknown[]][] = [
  [all, { type: 'string' }, ['', 'a', 1, true, [], {}]],
  [all, { type: 'integer' }, [1, 1.5, '1', 1e21, -3]],
  [all, { type: 'number' }, [1, 1.5, '1', false]],
  [all, { type: ['object', 'array', 'boolean'] }, [{}, [], true, 'a', 0]],
  [
    all,
    { enum: [1, 'a', [1, 2], { x: { y: 1 } }, null] },
    [1, 1.5, 'a', [1, 2], [2, 1], { x: { y: 1 } }, { x: {} }, '1'],
  ],
  [from6, { const: { a: [1] } }, [{ a: [1] }, { a: [1, 2] }, 1]],
  [all, { minLength: 2, maxLength: 3 }, ['a', 'ab', 'abc', 'abcd', '😀', '😀😀', 5]],
  [all, { pattern: '^a+$' }, ['a', 'aa', 'b', '', 5]],
  [all, { pattern: 'b' }, ['abc', 'ac']],
  [all, { pattern: '^[0-9]+(ns|us|µs|ms|s|m|h)$' }, ['5s', '5', '5µs', '5x']],
  [all, { minimum: 1, maximum: 3 }, [0, 1, 3, 3.1, 'a']],
  [[4], { minimum: 1, exclusiveMinimum: true, maximum: 3, exclusiveMaximum: true }, [1, 1.1, 3, 2.9]],
  [from6, { exclusiveMinimum: 1, exclusiveMaximum: 3 }, [1, 1.1, 3, 2.9]],
  [all, { multipleOf: 0.1 }, [0.3, 0.35, 1, 1e10]],
  [all, { multipleOf: 3 }, [9, 10, 0, -3, 4.5]],
  [all, { minItems: 1, maxItems: 2 }, [[], [1], [1, 2], [1, 2, 3], 'abc']],
  [
    all,
    { uniqueItems: true },
    [
      [1, 2],
      [1, 1],
      [{ a: 1 }, { a: 1 }],
      [1, '1'],
      [[1], [1]],
    ],
  ],
  [all, { items: { type: 'string' } }, [['a'], ['a', 1], [], 5]],
  [before2020, { items: [{ type: 'string' }, { type: 'integer' }] }, [['a', 1], ['a', 'b'], ['a', 1, true], [1]]],
  [before2020, { items: [{ type: 'string' }], additionalItems: false }, [['a'], ['a', 1], []]],
  [
    before2020,
    { items: [{ type: 'string' }], additionalItems: { type: 'integer' } },
    [
      ['a', 1],
      ['a', 'b'],
    ],
  ],
  [[2020], { prefixItems: [{ type: 'string' }], items: { type: 'integer' } }, [['a', 1], ['a', 'b'], [1]]],
  [[2020], { prefixItems: [{ type: 'string' }], items: false }, [['a'], ['a', 1]]],
  [from6, { contains: { type: 'integer' } }, [['a', 1], ['a'], []]],
  [from2019, { contains: { type: 'integer' }, minContains: 2, maxContains: 3 }, [[1], [1, 2], [1, 2, 3, 4]]],
  [from2019, { contains: { type: 'integer' }, minContains: 0 }, [[], ['a']]],
  [all, { required: ['a'], properties: { a: { type: 'string' } } }, [{ a: 'x' }, { a: 1 }, {}, { b: 1 }, 5]],
  [all, { properties: { a: {} }, additionalProperties: false }, [{ a: 1 }, { b: 1 }, {}]],
  [all, { additionalProperties: { type: 'string' } }, [{ a: 'x' }, { a: 1 }]],
  [
    all,
    { patternProperties: { '^x-': { type: 'string' } }, additionalProperties: false },
    [{ 'x-a': 'x' }, { 'x-a': 1 }, { y: 1 }],
  ],
  [all, { minProperties: 1, maxProperties: 2 }, [{}, { a: 1 }, { a: 1, b: 2, c: 3 }]],
  [all, { dependencies: { a: ['b'] } }, [{ a: 1 }, { a: 1, b: 1 }, { b: 1 }]],
  [all, { dependencies: { a: { required: ['c'] } } }, [{ a: 1 }, { a: 1, c: 1 }]],
  [from2019, { dependentRequired: { a: ['b'] } }, [{ a: 1 }, { a: 1, b: 1 }]],
  [from2019, { dependentSchemas: { a: { required: ['c'] } } }, [{ a: 1 }, { a: 1, c: 1 }]],
  [all, { allOf: [{ type: 'integer' }, { minimum: 2 }] }, [2, 1, 'a']],
  [all, { anyOf: [{ type: 'integer' }, { minLength: 2 }] }, [1, 'ab', 'a', true]],
  [all, { oneOf: [{ type: 'integer' }, { minimum: 2 }] }, [1, 2, 2.5, 1.5]],
  [all, { not: { type: 'integer' } }, [1, 'a']],
  [
    from7,
    {
      if: { properties: { on: { const: true } }, required: ['on'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ['size'] },
      else: { maxProperties: 1 },
    },
    [{ on: true }, { on: true, size: 1 }, { on: false }, { on: false, x: 1 }, {}],
  ],
  [all, { $ref: '#/definitions/text' }, ['a', 1]],
  [
    all,
    { $ref: '#/definitions/tree' },
    [
      { v: 1, c: [{ v: 2, c: [] }] },
      { v: 1, c: [{ v: 'x' }] },
    ],
  ],
  [[4, 6, 7], { $ref: '#/definitions/text', maxLength: 1 }, ['abc']],
  [from2019, { $ref: '#/definitions/text', maxLength: 1 }, ['abc', 'a', 1]],
  [from6, { $ref: '#/definitions/a~1b%25' }, [1, 'a']],
  [from2019, { $ref: '#named' }, [true, 1]],
  [from6, true, [1, 'a']],
  [from6, { properties: { a: false } }, [{ a: 1 }, { b: 1 }]],
  [
    from2019,
    { allOf: [{ properties: { a: {} } }], properties: { b: {} }, unevaluatedProperties: false },
    [{ a: 1, b: 2 }, { c: 1 }],
  ],
  [
    from2019,
    {
      anyOf: [
        { required: ['a'], properties: { a: {} } },
        { required: ['b'], properties: { b: {} } },
      ],
      unevaluatedProperties: false,
    },
    [{ a: 1 }, { a: 1, b: 1 }, { b: 1, c: 1 }],
  ],
  [
    from2019,
    {
      if: { properties: { k: { const: 1 } }, required: ['k'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { x: {} } },
      unevaluatedProperties: { type: 'string' },
    },
    [
      { k: 1, x: 5 },
      { k: 1, y: 5 },
      { k: 2, x: 'a' },
    ],
  ],
  [[2019], { items: [{}], unevaluatedItems: false }, [[1], [1, 2]]],
  [[2020], { prefixItems: [{}], contains: { type: 'string' }, unevaluatedItems: false }, [[1], [1, 'a'], [1, 'a', 2]]],
  ...(
    [
      ['date', ['2024-02-29', '2023-02-29', '2024-1-1', 'x']],
      [
        'date-time',
        ['2024-02-29T12:00:00Z', '2024-02-29 12:00:00', '2024-02-29T12:00:00+02:00', '2024-02-29T25:00:00Z'],
      ],
      ['email', ['a@b.c', 'a', '@b', 'a b@c', 'a@[127.0.0.1]']],
      ['hostname', ['a.b', 'a_b', '-a', 'a'.repeat(64), 'a.b.']],
      ['ipv4', ['1.2.3.4', '1.2.3', '256.1.1.1', '01.2.3.4']],
      ['ipv6', ['::1', '1::2::3', '::ffff:1.2.3.4', '1', 'fe80::1%eth0']],
      ['uri', ['https://a/b?c', 'a/b', 'https://a b', 'urn:x', '//a']],
      ['regex', ['a+', '(']],
      ['unheard-of', ['x']],
    ] as const
  ).map(([format, values]): [readonly Draft[], object, unknown[]] => [all, { format }, [...values, 5]]),
];

const definitions = (draft: Draft) => ({
  text: { type: 'string' },
  tree: { properties: { v: { type: 'integer' }, c: { items: { $ref: '#/definitions/tree' } } } },
  'a/b%': { type: 'integer' },
  ...(draft >= 2019 ? { named: { $anchor: 'named', type: 'boolean' } } : {}),
});

describeWith(['helm3', 'helm4'], 'Helm itself and the schema check', () => {
  test.each(all)('agree about the keywords of draft %s', (draft) => {
    const here = cases.flatMap(([drafts, schema, values]) =>
      drafts.includes(draft) ? values.map((value) => ({ schema, value })) : [],
    );
    const schema = JSON.stringify({
      $schema: names[draft],
      definitions: definitions(draft),
      properties: Object.fromEntries(here.map(({ schema }, index) => [`s${index}`, schema])),
    });
    const values = Object.fromEntries(here.map(({ value }, index) => [`s${index}`, value]));
    const checked = new SchemaCheck(new SchemaDocument(schema)).run(toValues(values));
    const refused = new Set(checked.map(({ path }) => path[0]));
    const verdicts = (isRefused: (name: string) => boolean) =>
      here.map((one, index) => `${JSON.stringify(one)}: ${isRefused(`s${index}`) ? 'refused' : 'taken'}`);
    const chart = new PrintingChart('', schema);
    for (const [helm] of helms) {
      const answer = chart.ask(helm, [chart.file(JSON.stringify(values))]);
      const error = 'error' in answer ? answer.error : '';
      const named = new Set([...error.matchAll(/^ *- at '\/(s\d+)/gm)].map(([, name]) => name));
      expect(
        verdicts((name) => refused.has(name)),
        helm,
      ).toEqual(verdicts((name) => named.has(name)));
    }
    chart.remove();
  });

  test.each([
    ['a', 'taken'],
    ['A', 'refused'],
  ])('agree about propertyNames and the key "%s"', (key, expected) => {
    const schema = JSON.stringify({ propertyNames: { pattern: '^[a-z]+$' } });
    const chart = new PrintingChart('', schema);
    expect(new SchemaCheck(new SchemaDocument(schema)).run(toValues({ [key]: 1 }))).toHaveLength(
      expected === 'taken' ? 0 : 1,
    );
    for (const [helm] of helms)
      expect('error' in chart.ask(helm, [chart.file(`${key}: 1\n`)]), helm).toBe(expected !== 'taken');
    chart.remove();
  });

  const defects: [name: string, schema: string][] = [
    ['an unknown dialect', '{"$schema": "https://example.com/schema"}'],
    ['a reference to another host', '{"properties": {"a": {"$ref": "http://127.0.0.1:9/x.json"}}}'],
    ['a reference to another file', '{"properties": {"a": {"$ref": "other.json"}}}'],
    ['a reference to nothing', '{"properties": {"a": {"$ref": "#/definitions/no"}}}'],
    ['no JSON', '{'],
    ['a wrong pattern', '{"properties": {"a": {"pattern": "("}}}'],
  ];
  test.each(defects)('both refuse a schema with %s', (_, schema) => {
    const chart = new PrintingChart('a: x\n', schema);
    const document = new SchemaDocument(schema);
    new SchemaCheck(document).run(toValues({ a: 'x' }));
    for (const [helm] of helms) expect(chart.ask(helm, []), helm).toHaveProperty('error');
    expect(document.defects).toHaveLength(1);
    chart.remove();
  });

  const upstream = sharedFolder('upstream');
  const charts = ['vald/values-v1.8.0', 'rondb/values-0.8.0'];
  describeWith(
    [],
    'on upstream’s values',
    () => {
      test.each(charts)(
        'agree about random changes to %s',
        (path) => {
          const defaults = readFileSync(join(upstream!, `${path}.yaml`), 'utf8');
          const schema = readFileSync(join(upstream!, `${path}.schema.json`), 'utf8');
          const chart = new PrintingChart(defaults, schema);
          const document = new SchemaDocument(schema);
          const paths = leafPaths(parse(defaults));
          const value = fc.constantFrom<unknown[]>(
            null,
            true,
            0,
            -1,
            1.5,
            70000,
            '',
            'text',
            '5s',
            [],
            [1],
            {},
            { a: 1 },
          );
          const change = fc.tuple(fc.constantFrom(...paths), value);
          fc.assert(
            fc.property(
              fc.array(change, { minLength: 1, maxLength: 3 }),
              fc.constantFrom<(typeof helms)[number]>(...helms),
              (changes, both) => {
                const { 0: helm, 1: version } = both;
                const text = stringify(changes.reduce((values, [path, value]) => set(values, path, value), {}));
                const { values } = layer([text], { defaults, helm: version });
                const violations = new SchemaCheck(document).run(values!.values);
                const answer = chart.ask(helm, [chart.file(text)]);
                expect(violations.length > 0 ? 'refused' : 'taken', text).toBe('error' in answer ? 'refused' : 'taken');
              },
            ),
            { numRuns: Number(process.env['VALUES_RUNS'] ?? 8) },
          );
          chart.remove();
        },
        300_000,
      );
    },
    { upstream },
  );
});

function leafPaths(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, inner]) => leafPaths(inner, [...path, key]))].filter(
    (one) => one.length > 0,
  );
}

function set(
  values: Record<string, unknown>,
  [first = '', ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const inner = values[first];
  const below =
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Record<string, unknown>) : {};
  return { ...values, [first]: rest.length === 0 ? value : set(below, rest, value) };
}
