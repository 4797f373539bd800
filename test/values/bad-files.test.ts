import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Finding, positionAt, readValues, Spans } from '../../src/values/index.js';
import { sharedFolder } from '../programs/find.js';
import { readText } from './layered.js';

const bomb = (levels: number) =>
  `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: levels }, (_, index) => `a${index + 1}: &a${index + 1} [${Array(9).fill(`*a${index}`).join(', ')}]\n`).join('')}`;

describe('a text that is', () => {
  const table: [name: string, text: string, rules: string[]][] = [
    ['nested in brackets', `a: ${'['.repeat(600)}${']'.repeat(600)}`, ['YAML006']],
    ['nested in brackets beyond the stack', `a: ${'['.repeat(20_000)}`, ['YAML006']],
    ['nested in lists', '- '.repeat(5_000), ['YAML006']],
    [
      'nested by indentation',
      Array.from({ length: 2_000 }, (_, index) => `${' '.repeat(index)}k:\n`).join(''),
      ['YAML006'],
    ],
    ['as deep as no chart, and still readable', `a: ${'['.repeat(400)}${']'.repeat(400)}`, []],
    ['growing through aliases', bomb(9), ['YAML005']],
    [
      'growing through merge keys',
      `a0: &a0 {x: 1}\n${Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1}\n  <<: [*a${index}, *a${index}]\n`).join('')}`,
      ['YAML005'],
    ],
    [
      'full of harmless aliases',
      `a: &a {b: 1}\n${Array.from({ length: 300 }, (_, index) => `c${index}: *a\n`).join('')}`,
      [],
    ],
    ['an anchor inside of itself', 'a: &a {b: *a}', ['YAML005']],
    ['too large', 'a'.repeat(5_000_001), ['YAML008']],
    ['holding a zero byte', 'a: 5\u0000', ['YAML007']],
    ['holding half a character', 'a: "\uD83D"', ['YAML007']],
    ['without its last quote', 'a: "x', ['YAML001']],
    ['ending with an escaped quote', 'a: "x\\"', ['YAML001']],
    ['ending with an escaped backslash', 'a: "x\\\\"', []],
    ['a byte order mark alone', '\uFEFF', []],
    ['two mistakes', 'a: [1\nb: "x\n', ['YAML001']],
  ];
  test.each(table)('%s', (_, text, rules) => expect([...new Set(readText(text).rules)]).toEqual(rules));
});

describe('what is odd about a value is told, and what it becomes', () => {
  const table: [text: string, finding: string | undefined][] = [
    ['a: yes', 'YAML011 yes is read as true'],
    ['a: Off', 'YAML011 Off is read as false'],
    ['a: y', 'YAML011 y is read as true'],
    ['a: True', undefined],
    ['a: "yes"', undefined],
    ['y: 1', 'YAML009 the key y is read as "true"'],
    ['0777: 1', 'YAML009 the key 0777 is read as "511"'],
    ['12: 1', undefined],
    ['a: 0777', 'YAML012 0777 is read as 511'],
    ['defaultMode: 0644', undefined],
    ['a: 1_000', 'YAML012 1_000 is read as 1000'],
    ['a: 0x1F', 'YAML012 0x1F is read as 31'],
    ['tag: 1.10', 'YAML012 1.10 is read as 1.1'],
    ['tag: 12e3', 'YAML012 12e3 is read as 12000'],
    ['tag: 1.15', undefined],
    ['ratio: 1.10', undefined],
    ['a: 9007199254740993', 'VALUES001 9007199254740993 is read as 9007199254740992'],
    ['a: 9007199254740992', 'VALUES002 9007199254740992 may come out as 9.007199254740992e+15'],
    ['a: 1000000', 'VALUES002 1000000 may come out as 1e+06'],
    ['a: 999999', undefined],
    ['podPriority: {value: 1000000000}', undefined],
    ['securityContext: {runAsUser: 1000650000, supplementalGroups: [1000650000]}', undefined],
    ['cache: {value: 1000000}', 'VALUES002 1000000 may come out as 1e+06'],
    ['a: .inf', 'YAML013 .inf has no form in JSON'],
    ['a: !!int x', 'YAML014 x is no !!int'],
    ['a: {b: 1, b: 2}', 'YAML003 "b" is there a second time'],
    ['a: &x {b: 1}\nc: {<<: *x, b: 2}', undefined],
    ['a: 1\n---\nb: 2', 'YAML004 several documents in one values file'],
    ['a: 1\n---\n', undefined],
    ['[1]', 'YAML002 the top of the file is a list, not a map'],
    ['? [a]\n: 1', 'YAML010 a map or list as a key'],
  ];
  test.each(table)('%j', (text, expected) => {
    const findings: Finding[] = [];
    readValues({ name: 'a.yaml', kind: 'file', text }, 4, new Spans(), (one) => findings.push(one));
    expect(findings.map(({ rule, message }) => `${rule.id} ${message}`)).toEqual(
      expected === undefined ? [] : [expected],
    );
  });
});

test('places are right with a byte order mark, Windows line ends and characters of two units', () => {
  const findings: Finding[] = [];
  const text = '\uFEFFa: yes\r\nb: ["😀", on]\r\n';
  readValues({ name: 'a.yaml', kind: 'file', text }, 4, new Spans(), (one) => findings.push(one));
  expect(findings.map(({ span }) => positionAt(span.source, span.start))).toEqual([
    { line: 1, column: 4 },
    { line: 2, column: 11 },
  ]);
});

describe('a file that somebody or something has broken', () => {
  const upstream = sharedFolder('upstream/rondb/values-0.8.0.yaml');
  const whole = upstream
    ? readFileSync(upstream, 'utf8')
    : readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const pieces = [
    '\t',
    '[',
    '{',
    '"',
    "'",
    '|',
    '>',
    '&a ',
    '*a',
    '<<: ',
    '!!int ',
    '- ',
    '? ',
    ': ',
    '#',
    '\n',
    '---\n',
    '\uFEFF',
    '\u0000',
    '%',
    '@',
    '`',
    '\\',
    '0x',
    '_',
    '.inf',
    '😀',
  ];
  const change = fc.record({
    at: fc.nat(),
    cut: fc.nat({ max: 40 }),
    piece: fc.constantFrom(...pieces),
    times: fc.integer({ min: 0, max: 3 }),
  });

  test('never stops the reader, and every finding has a place in it', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        let text = whole.slice(0, 4_000);
        for (const { at, cut, piece, times } of changes) {
          const start = at % (text.length + 1);
          text = text.slice(0, start) + piece.repeat(times) + text.slice(start + cut);
        }
        const findings: Finding[] = [];
        const values = readValues({ name: 'a.yaml', kind: 'file', text }, 4, new Spans(), (one) => findings.push(one));
        expect(values !== undefined || findings.some(({ rule }) => rule.severity === 'error')).toBe(true);
        for (const { span } of findings) {
          expect(span.start).toBeGreaterThanOrEqual(0);
          expect(span.end).toBeGreaterThanOrEqual(span.start);
          expect(span.start).toBeLessThanOrEqual(text.length);
          expect(positionAt(span.source, span.start).line).toBeLessThanOrEqual(text.split('\n').length);
        }
      }),
      { numRuns: Number(process.env['VALUES_RUNS'] ?? 150) },
    );
  }, 900_000);
});
