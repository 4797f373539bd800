import { ApiObject } from 'cdk8s';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineChart } from '../../src/chart/index.js';

const values = z.object({
  text: z.string().default('abc'),
  number: z.int().default(3),
  float: z.number().default(0.5),
  list: z.array(z.string()).default([]),
  map: z.record(z.string(), z.string()).default({}),
});

const generate = (field: (given: z.output<typeof values>) => unknown) =>
  defineChart({ name: 'x', version: '1.0.0', values }, (scope, given) => {
    new ApiObject(scope, 'a', { apiVersion: 'v1', kind: 'X', spec: field(given) });
  }).generate({ checks: 600, sources: [String(field)] });

const rare = 'zzz-rare';

test.each<[string, (given: z.output<typeof values>) => unknown]>([
  ['passing on', (v) => [v.text, v.number, v.float, v.list, v.map, `${v.text}-${v.number}`]],
  ['going through a list', (v) => v.list.map((item) => ({ item }))],
  ['two items for each element', (v) => v.list.flatMap((item) => ['--flag', item])],
  ['entries over those of the user', (v) => ({ ...v.map, app: 'x' })],
  ['entries below those of the user', (v) => ({ app: 'x', ...v.map })],
  ['the keys of a map', (v) => Object.keys(v.map)],
])('%s becomes a chart', (_, field) => {
  expect(generate(field).mode).toBe('exhaustive');
});

test.each<[string, (given: z.output<typeof values>) => unknown, string]>([
  ['slice', (v) => v.text.slice(0, 2), 'trunc(text, length)'],
  ['startsWith', (v) => (v.text.startsWith('/') ? 1 : 2), 'inspected.test.ts'],
  ['a regular expression', (v) => /^a/.test(v.text), 'inspected.test.ts'],
  ['toUpperCase', (v) => v.text.toUpperCase(), 'toUpperCase()'],
  ['Math.max', (v) => Math.max(v.number, 2), 'Use max(a, b)'],
  ['a product', (v) => v.number * 2, 'number × 2 is calculated: write mul(number, 2)'],
  ['a remainder', (v) => v.number % 60, 'computed with'],
  ['an encoding', (v) => Buffer.from(v.text).toString('base64'), 'computed with'],
  ['a random number', () => Math.random(), 'random number'],
  ['a comparison of numbers', (v) => (v.number > 1 ? 'a' : 'b'), '"number"'],
  ['a comparison with a rare number', (v) => (v.number === 17 ? 1 : 2), '"number":17'],
  ['a comparison with a rare text', (v) => (v.text === 'zzz-rare' ? 1 : 2), rare],
  ['a default by ||', (v) => v.text || 'default', '"text":""'],
  ['rounding', (v) => v.float.toFixed(2), 'no template can follow'],
  ['the length of a list', (v) => v.list.length, '"list"'],
  ['one element of a list', (v) => v.list[0] ?? 'none', '"list"'],
  ['sorting a list', (v) => [...v.list].sort(), '"list"'],
  ['reversing a list', (v) => [...v.list].reverse(), '"list"'],
  ['joining a list', (v) => v.list.join(','), '"list"'],
  ['searching a list', (v) => v.list.some((item) => item === 'a'), '"list"'],
  ['filtering a list', (v) => v.list.filter((item) => item !== 'a'), '"list"'],
  ['the same item for each element', (v) => v.list.map(() => 'x'), '"list"'],
  ['one entry of a map', (v) => v.map['disk'] ?? 'x', '"disk"'],
  ['a map as JSON', (v) => JSON.stringify(v.map), '"map"'],
  ['a text as a number', (v) => Number(v.text), '"text"'],
])('%s is refused with what is needed to find it', (_, field, expected) => {
  expect(() => generate(field)).toThrow(expected);
});
