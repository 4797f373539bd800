import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlainYaml } from '../../src/values/index.js';
import { sharedFolder } from '../programs/find.js';
import { plain, readText } from './layered.js';

const read = (text: string) => {
  const values = readPlainYaml(text);
  return values && plain(values);
};

test.each<[text: string, values: unknown]>([
  ['', {}],
  ['# only\n\n  # comments\n', {}],
  ['a: 1\nb:\n  c: "x" # why\n  d: \'y\'\n', { a: 1, b: { c: 'x', d: 'y' } }],
  ['a:\nb: null\nc: yes\nd: 0777\n', { a: null, b: null, c: true, d: 511 }],
  ['l:\n- 1\n- a: 2\n  b: 3\nm:\n  - x\n', { l: [1, { a: 2, b: 3 }], m: ['x'] }],
  ['a: {}\nb: []\nurl: http://x:80/y\ntext: two words\n', { a: {}, b: [], url: 'http://x:80/y', text: 'two words' }],
])('reads %j', (text, values) => expect(read(text)).toEqual(values));

test.each([
  ['a map in braces', 'a: {b: 1}\n'],
  ['a text of several lines', 'a: b\n  c\n'],
  ['a block', 'a: |\n  b\n'],
  ['an anchor', 'a: &x 1\n'],
  ['an alias', 'a: *x\n'],
  ['a tag', 'a: !!str 1\n'],
  ['a merge key', 'a:\n  <<: *x\n'],
  ['an escape', 'a: "\\n"\n'],
  ['a key twice', 'a: 1\na: 2\n'],
  ['a key that is none', 'yes: 1\n'],
  ['a document mark', '---\na: 1\n'],
  ['a directive', '%YAML 1.1\n'],
  ['infinity', 'a: .inf\n'],
  ['a tab', 'a:\t1\n'],
  ['Windows line ends', 'a: 1\r\n'],
  ['another line end', 'a: 1\u2028b: 2\n'],
  ['a byte order mark', '\uFEFFa: 1\n'],
  ['a colon too many', 'a: b: c\n'],
  ['wrong indentation', 'a:\n    b: 1\n  c: 2\n'],
  ['a list at the top', '- a\n'],
  ['a text at the top', 'a\n'],
  ['a list in a list', 'a:\n- - 1\n'],
  ['a hundred levels', Array.from({ length: 150 }, (_, depth) => `${' '.repeat(depth)}k:\n`).join('')],
])('leaves %s to the full reader', (_, text) => expect(readPlainYaml(text)).toBeUndefined());

describe('what it reads', () => {
  test('the full reader reads alike, whatever the lines', () => {
    const indent = fc.constantFrom('', '', '  ', '  ', '    ', ' ');
    const hyphen = fc.constantFrom('', '', '', '- ', '-  ', '-');
    const key = fc.constantFrom('a: ', 'b: ', 'c:', 'd.e/f: ', 'a:', 'no: ', '12: ', '"q": ', '<<: ', '');
    const value = fc.constantFrom(
      ...[
        '',
        '1',
        '-1',
        '0x1F',
        'yes',
        'text',
        'two words',
        'a:b',
        'a: b',
        'x:',
        '"q"',
        '"q" x',
        "'it''s'",
        '""',
        '{}',
        '[]',
      ],
      ...[
        '{a: 1}',
        '[1]',
        '-',
        '--- ',
        '...',
        '~',
        '# note',
        'x # note',
        'x#y',
        '"x" # note',
        '1_000',
        '+.5',
        '.a',
        '@x',
        '`',
        '%a',
        '&a',
        '*a',
      ],
      ...['!t x', '|', '> ', '? x', ',x', 'a, b', '1e3', '=', '<<', '2001-12-14', 'é', 'a\tb', ' x ', '😀'],
    );
    const line = fc.tuple(indent, hyphen, key, value).map((parts) => parts.join(''));
    let plainOnes = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const text = `${lines.join('\n')}\n`;
        const values = read(text);
        if (values === undefined) return;
        plainOnes++;
        expect(values).toEqual(readText(text).values);
      }),
      { numRuns: Number(process.env['VALUES_RUNS'] ?? 1) * 3_000 },
    );
    expect(plainOnes).toBeGreaterThan(100);
  }, 900_000);

  const upstream = sharedFolder('upstream/vald');
  test.skipIf(!upstream)('includes Vald’s own 4000 lines', () => {
    const text = readFileSync(join(upstream!, 'values-v1.8.0.yaml'), 'utf8');
    expect(read(text)).toEqual(readText(text).values);
  });
});
