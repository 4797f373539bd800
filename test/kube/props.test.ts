import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkProps } from '../../src/kube/index.js';
import { type Problem, printProblems } from '../../src/problem/index.js';
import { textLeaf } from '../../src/units/index.js';

const volume = z.strictObject({ size: textLeaf({ pattern: /^[0-9]+Gi$/, allowed: 'a size, such as 100Gi' }) });

const schema = z.strictObject({
  replicas: z.int().min(1).max(9).default(3),
  ratio: z.number().optional(),
  kind: z.enum(['Retain', 'Delete']).optional(),
  names: z.array(z.string()).min(1).max(3).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  backup: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('volume'), volume }),
      z.strictObject({ type: z.literal('store'), store: z.strictObject({ bucket: z.string() }) }),
    ])
    .optional(),
  volumes: z.array(volume).optional(),
  anything: z.custom<object>((value) => typeof value === 'object' && value !== null).optional(),
  env: z.array(z.strictObject({ name: z.string() })).optional(),
  credentials: z
    .discriminatedUnion('type', [z.strictObject({ type: z.literal('secret'), name: z.string() })])
    .optional(),
  endpoint: textLeaf({ pattern: /^https:\/\/[a-z.]+$/, allowed: 'a URL' }).optional(),
});

const check = (props: unknown): readonly Problem[] =>
  checkProps(schema, props, 'app/agent', { accessKey: 'Name a Secret.', kind: 'Retain keeps the data.' }).problems;

/** The problems as text, without what is the same in all. */
const text = (props: unknown): string =>
  printProblems(check(props))
    .replaceAll('error: app/agent: ', '')
    .replace(/^ {2}(got|allowed|do): +/gm, '$1: ');

test('good props become settings with all defaults', () => {
  expect(checkProps(schema, { names: ['a'] }, 'app/agent')).toEqual({
    settings: { replicas: 3, names: ['a'] },
    problems: [],
  });
});

describe('a bad prop is one problem', () => {
  test.each<[string, unknown, string]>([
    [
      'too small',
      { replicas: 0 },
      'replicas: too small [invalid-property]\ngot: 0\nallowed: 1 or more\ndo: Correct "replicas".',
    ],
    [
      'too big',
      { replicas: 10 },
      'replicas: too big [invalid-property]\ngot: 10\nallowed: 9 or less\ndo: Correct "replicas".',
    ],
    [
      'a fraction',
      { replicas: 1.5 },
      'replicas: not a whole number [invalid-property]\ngot: 1.5\nallowed: a whole number\ndo: Correct "replicas".',
    ],
    [
      'text for a number',
      { replicas: '3' },
      'replicas: not a number [invalid-property]\ngot: "3"\nallowed: a number\ndo: Correct "replicas".',
    ],
    [
      'NaN',
      { ratio: Number.NaN },
      'ratio: not a number [invalid-property]\ngot: NaN\nallowed: a number\ndo: Correct "ratio".',
    ],
    [
      'infinity',
      { ratio: Number.POSITIVE_INFINITY },
      'ratio: not a number [invalid-property]\ngot: Infinity\nallowed: a number\ndo: Correct "ratio".',
    ],
    [
      'a big integer',
      { replicas: 3n },
      'replicas: not a number [invalid-property]\ngot: 3n\nallowed: a number\ndo: Correct "replicas".',
    ],
    [
      'null',
      { replicas: null },
      'replicas: not a number [invalid-property]\ngot: null\nallowed: a number\ndo: Correct "replicas".',
    ],
    [
      'a function',
      { replicas: () => 3 },
      'replicas: not a number [invalid-property]\ngot: a function\nallowed: a number\ndo: Correct "replicas".',
    ],
    [
      'a word that is not offered, with the reason',
      { kind: 'Keep' },
      'kind: not one of the allowed values [invalid-property]\ngot: "Keep"\nallowed: Retain, Delete\ndo: Retain keeps the data.',
    ],
    [
      'an empty list',
      { names: [] },
      'names: too small [invalid-property]\ngot: []\nallowed: at least 1 entry\ndo: Correct "names".',
    ],
    [
      'a long list',
      { names: ['a', 'b', 'c', 'd'] },
      'names: too big [invalid-property]\ngot: ["a", "b", "c", "d"]\nallowed: at most 3 entries\ndo: Correct "names".',
    ],
    [
      'text for a list',
      { names: '' },
      'names: not an array [invalid-property]\ngot: ""\nallowed: an array\ndo: Correct "names".',
    ],
    [
      'a list entry',
      { names: ['a', 2] },
      'names[1]: not a string [invalid-property]\ngot: 2\nallowed: a string\ndo: Correct "names[1]".',
    ],
    [
      'a label',
      { labels: { a: 1 } },
      'labels.a: not a string [invalid-property]\ngot: 1\nallowed: a string\ndo: Correct "labels.a".',
    ],
    [
      'a list for labels',
      { labels: [] },
      'labels: not an object [invalid-property]\ngot: []\nallowed: an object\ndo: Correct "labels".',
    ],
    [
      'a text that is not well formed',
      { backup: { type: 'volume', volume: { size: 'banana' } } },
      'backup.volume.size: not well formed [invalid-property]\ngot: "banana"\nallowed: a size, such as 100Gi\ndo: Correct "backup.volume.size".',
    ],
    [
      'a missing prop',
      { backup: { type: 'store', store: {} } },
      'backup.store.bucket: is required [invalid-property]\nallowed: a string\ndo: Set "backup.store.bucket".',
    ],
    [
      'an unknown member of a union',
      { backup: { type: 'tape' } },
      'backup.type: not one of the allowed values [invalid-property]\ngot: "tape"\nallowed: volume, store\ndo: Correct "backup.type".',
    ],
    [
      'a union without its type',
      { backup: {} },
      'backup.type: is required [invalid-property]\nallowed: volume, store\ndo: Set "backup.type".',
    ],
    [
      'a custom check without a text of its own',
      { anything: 3 },
      'anything: not usable here [invalid-property]\ngot: 3\ndo: Correct "anything".',
    ],
    ['no props', undefined, 'is required [invalid-property]\nallowed: an object\ndo: Give the props as an object.'],
    [
      'null as props',
      null,
      'not an object [invalid-property]\ngot: null\nallowed: an object\ndo: Give the props as an object.',
    ],
    [
      'a list as props',
      [],
      'not an object [invalid-property]\ngot: []\nallowed: an object\ndo: Give the props as an object.',
    ],
  ])('%s', (_, props, expected) => expect(text(props)).toBe(expected));
});

describe('an unknown prop', () => {
  const top = 'replicas, ratio, kind, names, labels, backup, volumes, anything, env, credentials, endpoint';

  test.each<[string, unknown, string]>([
    [
      'is told with what was meant',
      { replica: 3 },
      `replica: there is no such property [unknown-property]\nallowed: ${top}\ndo: Did you mean "replicas"?`,
    ],
    [
      'is told without a guess where nothing is near',
      { banana: 3 },
      `banana: there is no such property [unknown-property]\nallowed: ${top}\ndo: Remove it, or use one of the allowed ones.`,
    ],
    [
      'is told with the reason why it is left out',
      { accessKey: 'x' },
      `accessKey: there is no such property [unknown-property]\nallowed: ${top}\ndo: Name a Secret.`,
    ],
    [
      'may have the name of something that every object has',
      { constructor: 1 },
      `constructor: there is no such property [unknown-property]\nallowed: ${top}\ndo: Remove it, or use one of the allowed ones.`,
    ],
    [
      'is told with the props of the member of a union that was chosen',
      { backup: { type: 'volume', volume: { size: '1Gi' }, volum: 1 } },
      'backup.volum: there is no such property [unknown-property]\nallowed: type, volume\ndo: Did you mean "volume"?',
    ],
    [
      'is told inside a list',
      { volumes: [{ size: '1Gi' }, { size: '1Gi', siez: '2Gi' }] },
      'volumes[1].siez: there is no such property [unknown-property]\nallowed: size\ndo: Did you mean "size"?',
    ],
  ])('%s', (_, props, expected) => expect(text(props)).toBe(expected));

  test('is told for each of several', () => {
    expect(check({ a: 1, b: 2 }).map(({ where }) => where)).toEqual([
      { construct: 'app/agent', property: 'a' },
      { construct: 'app/agent', property: 'b' },
    ]);
  });
});

test('everything that is wrong is told at once', () => {
  const props = { replicas: 0, kind: 'x', names: '', bad: 1, backup: { type: 'volume', volume: { size: 'x' }, y: 1 } };
  expect(check(props).map(({ where }) => 'property' in where && where.property)).toEqual([
    'replicas',
    'kind',
    'names',
    'backup.volume.size',
    'backup.y',
    'bad',
  ]);
});

describe('what may be a secret is not shown', () => {
  const hidden = '(not shown, it may be a secret)';

  test.each<[string, unknown, string | undefined]>([
    ['in place of credentials', { credentials: 'hunter2' }, hidden],
    ['below credentials', { credentials: { type: 'secret', name: 3 } }, hidden],
    ['but for the type of credentials', { credentials: { type: 'literal' } }, '"literal"'],
    ['as an unknown prop', { password: 'hunter2' }, undefined],
    ['in the environment', { env: ['PASSWORD=hunter2'] }, hidden],
    ['in an object where another type belongs', { replicas: { password: 'hunter2' } }, 'an object with password'],
    ['in a list of objects', { labels: [{ password: 'hunter2' }] }, 'an array of 1'],
    ['in a URL', { endpoint: 'https://admin:hunter2@host' }, '"https://…@host"'],
  ])('%s', (_, props, got) => {
    expect(check(props).map((problem) => problem.got)).toEqual([got]);
    expect(JSON.stringify(check(props))).not.toContain('hunter2');
  });
});

test('a long value is cut', () => {
  expect(check({ replicas: 'x'.repeat(1000) })[0]?.got).toBe(`"${'x'.repeat(76)}...`);
});
