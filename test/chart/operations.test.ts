import { ApiObject } from 'cdk8s';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { documentsDiffer } from '../../src/chart/differences.js';
import { defineChart } from '../../src/chart/index.js';
import { declaredOperations } from '../../src/chart/operation.js';
import {
  add,
  bytes,
  checksum,
  choose,
  clean,
  contains,
  dirname,
  distinct,
  divideUp,
  duration,
  join,
  less,
  max,
  mebibytes,
  mul,
  named,
  operations,
  port,
  same,
  seconds,
  size,
  text,
  trimPrefix,
  trunc,
} from '../../src/units/index.js';
import { describeWith } from '../programs/find.js';
import { ChartOnDisk, helms } from './helm.js';

const chart = defineChart(
  {
    name: 'operations',
    version: '1.0.0',
    values: z.object({
      cases: z
        .array(
          z.object({
            text: z.string(),
            other: z.string(),
            path: z.string(),
            address: z.string(),
            size: size(),
            duration: duration(),
            natural: z
              .int()
              .min(0)
              .max(2 ** 52),
            whole: z.int(),
            small: z.int().min(1).max(100),
            float: z.number(),
          }),
        )
        .default([]),
      names: z.array(z.string()).default([]),
      numbers: z.array(z.object({ number: z.int() })).default([]),
      prefix: z.string().default(''),
    }),
  },
  (scope, values) => {
    new ApiObject(scope, 'results', {
      apiVersion: 'v1',
      kind: 'Results',
      results: values.cases.map((one) => ({
        text: one.text,
        joined: join('-', one.text, 'x', one.other),
        dirname: dirname(one.path),
        clean: clean(one.path),
        trunc: trunc(one.text, 5),
        trimPrefix: trimPrefix(one.text, one.other),
        number: text(one.whole),
        inside: `${one.whole}/${one.float}/${one.text}%`,
        port: port(one.address),
        bytes: bytes(one.size),
        mebibytes: mebibytes(bytes(one.size)),
        seconds: seconds(one.duration),
        sum: add(one.natural, one.small, 7),
        product: mul(one.natural, one.small),
        parts: divideUp(one.natural, one.small),
        most: max(one.whole, one.small, 42),
        whole: one.whole,
        float: one.float,
        chosen: choose(less(one.whole, one.small), 'less', one.text),
        chosenFloat: choose(less(one.float, 0.5), one.float, 2.5),
        equal: choose(same(one.text, one.other), 'same', 'other'),
        equalNumbers: choose(same(one.whole, one.small), 1, 2),
        checksum: checksum(`${one.text}${one.whole}`),
        contains: choose(contains(one.text, one.other), 'in it', 'not in it'),
        containsFixed: choose(contains(one.text, 'e'), 1, 0),
        distinct: choose(distinct(one.text, one.other, one.path), 'distinct', 'twice'),
        named: named('inList', join('-', one.text, one.other)),
      })),
      names: {
        distinct: choose(distinct(...values.names), 'distinct', 'twice'),
        distinctWith: choose(distinct(values.prefix, ...values.names), 'distinct', 'twice'),
        distinctNumbers: choose(distinct(...values.numbers.map(({ number }) => number)), 'distinct', 'twice'),
        joined: join(' ', ...values.names),
        joinedParts: join('\n', values.prefix, ...values.numbers.map(({ number }) => join('=', 'n', text(number)))),
        one: named('full', join('-', values.prefix, 'x')),
        other: named('full', join('-', values.prefix, 'y')),
        again: join('/', named('full', join('-', values.prefix, 'x')), 'z'),
      },
    });
  },
);

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '',
    'yes',
    '{{ x }}',
    '%s%d',
    '"',
    "'",
    '\\',
    'a\u0085b',
    '\u2028',
    'a---',
    '---',
    '-----',
    '1e3',
    '\n',
    'é',
    '0x1',
    ' a',
  ),
);
const path = fc
  .array(fc.constantFrom('/', '//', 'a', 'b.c', '..', '.', '\n', 'é'), { maxLength: 7 })
  .map((parts) => parts.join(''));
const unit = fc.constantFrom('', 'k', 'M', 'G', 'T', 'P', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi');
const sizes = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 0, max: 6 }), unit)
  .map(([whole, decimals, digits, suffix]) => {
    const behind = suffix === '' ? '' : String(decimals).padStart(6, '0').slice(0, digits);
    return `${whole}${behind ? `.${behind}` : ''}${suffix}`;
  })
  .filter((value) => size().safeParse(value).success && bytes(value) < 2 ** 53);
const durations = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.constantFrom('h', 'm', 's', 'ms')), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.map(([count, of]) => `${count}${of}`).join(''))
  .filter((value) => duration().safeParse(value).success);
const address = fc.oneof(
  fc.constantFrom('https://a', 'http://a', 'a', 'a:00080', 'https://a:65535', 'a:123456', 'a:80\n', ':', 'https:', ''),
  fc.integer({ min: 0, max: 99999 }).map((number) => `http://host:${number}`),
);
const whole = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -5, max: 120 }), fc.constantFrom(1e6, -1e6, 999999));
const oneCase = fc.record({
  text: nasty,
  other: nasty,
  path,
  address,
  size: sizes,
  duration: durations,
  natural: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constantFrom(1e6, 2 ** 40, 2 ** 46)),
  whole,
  small: fc.integer({ min: 1, max: 100 }),
  float: fc
    .oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0.5, 1e6, 1e21, 1e-7, 3))
    .map((value) => value + 0),
});

describeWith(helms, 'operations on leaves in a template', () => {
  const { files } = chart.generate({ checks: 50 });

  test.each(helms)('give in %s what they give in TypeScript', (helm) => {
    const onDisk = new ChartOnDisk(files);
    // Many cases for one start of Helm.
    const cases = fc.sample(oneCase, 300);
    const { documents, error } = onDisk.template(helm, { values: { cases } });
    expect(error).toBeUndefined();
    expect(documentsDiffer(chart.synth({ cases }), documents)).toBeUndefined();
  });

  test.each<[string, { prefix?: string; names?: string[]; numbers?: { number: number }[] }]>([
    ['nothing', {}],
    ['one', { prefix: 'a', names: ['b'], numbers: [{ number: 1 }] }],
    ['the same twice', { prefix: 'a', names: ['b', 'b'], numbers: [{ number: 1_000_000 }, { number: 1_000_000 }] }],
    ['the same as beside the list', { prefix: 'b', names: ['a', 'b'], numbers: [{ number: 1 }, { number: 10 }] }],
    [
      'what looks alike',
      { prefix: '1', names: ['01', '1 ', '1.0', 'A', 'a', '', '{{ x }}'], numbers: [{ number: -1 }] },
    ],
  ])('over a list and with a name of their own: %s', (_, given) => {
    const onDisk = new ChartOnDisk(files);
    for (const helm of helms) {
      const { documents, error } = onDisk.template(helm, { values: given });
      expect(error).toBeUndefined();
      expect(documentsDiffer(chart.synth(given), documents), helm).toBeUndefined();
    }
  });

  test('gives a text that has a name a template of its own, once for one text', () => {
    const templates = files.get('templates/_helpers.tpl')!;
    expect([...templates.matchAll(/define "operations\.(full\d*)"/g)].map(([, name]) => name)).toEqual([
      'full',
      'full2',
    ]);
  });

  test('refuses a sum or product that is not exact, in place of giving a rounded one', () => {
    const one = { ...fc.sample(oneCase, 1)[0]!, natural: 2 ** 52, small: 3 };
    const { error } = new ChartOnDisk(files).template('helm4', { values: { cases: [one] } });
    expect(error).toContain('larger than 9007199254740991');
  });
});

test('every operation that units declares can be printed', () => {
  expect([...operations.keys()].filter((name) => !declaredOperations.has(name))).toEqual([]);
});
