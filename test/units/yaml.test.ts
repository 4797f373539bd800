import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { yamlText } from '../../src/units/index.js';

const byPackage = (value: object): string =>
  stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });

/** Text that one version of YAML or another reads as something else, or that needs quotes. */
const odd = [
  '',
  ' ',
  'yes',
  'No',
  'ON',
  'y',
  'N',
  'true',
  'Null',
  '~',
  '0',
  '-1',
  '1.5',
  '1e3',
  '0x1F',
  '017',
  '1_000',
  '12:30:45',
  '2001-12-14',
  '.inf',
  '.nan',
  '=',
  '<<',
  '-',
  '- a',
  '---',
  '--- a',
  '...',
  '?',
  ': ',
  'a:',
  'a: b',
  'a :b',
  'a #b',
  '#a',
  'a,b',
  '[a]',
  '{a}',
  '&a',
  '*a',
  '!a',
  '|',
  '>',
  '"a"',
  "'a'",
  'a\\b',
  '%a',
  '@a',
  '`a`',
  'a\tb',
  'a\nb',
  'a\n',
  '\na',
  'a\r',
  'a\u0085b',
  'a\u2028b',
  'é',
  '😀',
  '\ud800',
  'http://minio.minio.svc:9000',
  '_MY_POD_NAME_',
  '0.0.0.0',
  '10m',
  '-1s',
  'v1.8.0',
  'gs://bucket',
  '/etc/server/',
  'x'.repeat(2000),
  'a\nb\n',
  'a:\n  b: 1\n\n  c: 2\n',
  'a \nb\n',
  'a\n---\nb\n',
  ' a\nb\n',
  'a\n\n',
  'a\n \n',
  'a\tb\n',
  '🙂\nb\n',
];

const text = fc.oneof(
  fc.constantFrom(...odd),
  fc.string({ maxLength: 8 }),
  fc.string({ maxLength: 6, unit: 'binary' }),
  fc.stringMatching(/^[A-Za-z0-9_/.:=@ #-]{0,12}$/),
);
const lines = fc
  .array(fc.stringMatching(/^[ \t]{0,2}[a-z:#é-]{0,5} ?$/), { maxLength: 5 })
  .map((all) => all.join('\n'));
const key = fc.oneof(fc.stringMatching(/^[a-z_]{1,8}$/), text);
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, 0.05, 1e21, 2 ** 53, Number.NaN));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(text, lines, number, fc.boolean(), fc.constant(null), fc.constant(undefined)),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
  ),
}));

describe('yamlText', () => {
  test('writes what the yaml package writes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(key, tree, { maxKeys: 4 }), fc.array(tree, { maxLength: 4 })), (value) => {
        expect(yamlText(value)).toBe(byPackage(value));
      }),
      { numRuns: 2000 },
    );
  });

  test.each(odd.map((value) => [value]))('writes %j as text that both versions of YAML read back', (value) => {
    const object = { value, list: [value], nested: { value } };
    expect(yamlText(object)).toBe(byPackage(object));
    for (const version of ['1.1', '1.2'] as const) expect(parse(yamlText(object), { version })).toEqual(object);
  });

  test('quotes what is a number for YAML 1.2 only', () => {
    expect(yamlText({ tag: '0o17' })).toBe('tag: "0o17"\n');
  });

  test('leaves out what is undefined, and writes each object out where it is used twice', () => {
    const twice = { a: 1 };
    expect(yamlText({ first: twice, nothing: undefined, second: twice, empty: {}, list: [] })).toBe(
      'first:\n  a: 1\nsecond:\n  a: 1\nempty: {}\nlist: []\n',
    );
  });

  test('leaves what is not plain data to the yaml package', () => {
    const date = { at: new Date(0), big: 10n, map: new Map([['a', 1]]), 'a: b': 1 };
    expect(yamlText(date)).toBe(byPackage(date));
  });
});
