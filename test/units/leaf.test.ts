import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  bytes,
  type Condition,
  checksum,
  choose,
  clean,
  contains,
  dirname,
  distinct,
  divideUp,
  isTraced,
  join,
  less,
  max,
  mebibytes,
  mul,
  named,
  operations,
  port,
  refuse,
  same,
  seconds,
  text,
  trimPrefix,
  trunc,
  withTracer,
  yamlText,
} from '../../src/units/index.js';
import { StandIns } from '../vald/tracer.js';

const segment = fc.stringMatching(/^[a-z0-9._-]{1,8}$/);
const whole = fc.integer({ min: 1, max: 1_000_000 });

describe('with ordinary values a leaf operation calculates', () => {
  test.each<[string, unknown, unknown]>([
    ['add', add(1, 2, 3), 6],
    ['add of nothing', add(), 0],
    ['mul', mul(6, 7), 42],
    ['divideUp without a rest', divideUp(10, 5), 2],
    ['divideUp with a rest', divideUp(11, 5), 3],
    ['max', max(3, 9, 4), 9],
    ['join', join('/', 'a', 'b'), 'a/b'],
    ['join with an empty part', join('/', '', 'a', '', 'b'), 'a/b'],
    ['join of nothing but empty parts', join('/', '', ''), ''],
    ['dirname', dirname('/var/ngt/index'), '/var/ngt'],
    ['clean', clean('/tmp//a/../b/'), '/tmp/b'],
    ['clean of the root', clean('//'), '/'],
    ['trunc of a short text', trunc('vald-agent', 63), 'vald-agent'],
    ['trunc that ends at a hyphen', trunc('vald-agent', 5), 'vald'],
    ['trimPrefix', trimPrefix('v1.8.0', 'v'), '1.8.0'],
    ['trimPrefix of another prefix', trimPrefix('1.8.0', 'v'), '1.8.0'],
    ['text', text(65532), '65532'],
    ['less', less(1, 2), true],
    ['less of equal numbers', less(2, 2), false],
    ['same', same('v1.7.6', 'v1.7.6'), true],
    ['same of text and number', same('1', 1), false],
    ['choose', choose(true, 'yes', 'no'), 'yes'],
    ['choose otherwise', choose(false, 1, 2), 2],
    ['port of a URL', port('http://minio.minio.svc:9000'), 9000],
    ['port of an https URL without one', port('https://s3.example.com'), 443],
    ['port of an http URL without one', port('http://s3.example.com'), 80],
    ['port of host:port', port('otel-collector.monitoring.svc:4317'), 4317],
    ['checksum', checksum(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['yamlText', yamlText({ level: 'info', on: ['yes', '12:30:45', 'no', '1e3'] }), yaml],
  ])('%s', (_, got, expected) => expect(got).toEqual(expected));
});

const yaml = `level: info
"on":
  - "yes"
  - "12:30:45"
  - "no"
  - "1e3"
`;

describe('laws', () => {
  test('dirname is what node:path gives for a POSIX path', () => {
    const path = fc
      .tuple(fc.boolean(), fc.array(segment, { maxLength: 5 }), fc.integer({ min: 0, max: 2 }))
      .map(([absolute, segments, slashes]) => `${absolute ? '/' : ''}${segments.join('/')}${'/'.repeat(slashes)}`);
    fc.assert(
      fc.property(path, (value) => {
        expect(dirname(value)).toBe(posix.dirname(value));
      }),
    );
  });

  test('trunc gives a start of the text, no longer than asked, that does not end in a hyphen', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-c-]{0,20}$/), fc.nat(25), (value, length) => {
        const cut = trunc(value, length);
        expect(cut.length).toBeLessThanOrEqual(length);
        expect(value.startsWith(cut)).toBe(true);
        expect(cut.endsWith('-')).toBe(false);
        expect(value.slice(cut.length, length)).toMatch(/^-*$/);
        expect(trunc(cut, length)).toBe(cut);
      }),
    );
  });

  test('join may be done in steps, and an empty part changes nothing', () => {
    const part = fc.oneof(fc.constant(''), segment);
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        expect(join('/', join('/', a, b), c)).toBe(join('/', a, b, c));
        expect(join('/', a, join('/', b, c))).toBe(join('/', a, b, c));
        expect(join('/', a, '')).toBe(a);
      }),
    );
  });

  test('divideUp is the least whole number of parts that hold everything', () => {
    fc.assert(
      fc.property(fc.nat(1e9), whole, (amount, size) => {
        const parts = divideUp(amount, size);
        expect(parts * size).toBeGreaterThanOrEqual(amount);
        expect((parts - 1) * size).toBeLessThan(Math.max(amount, 1));
      }),
    );
  });
});

describe('refuse', () => {
  test('reports where the condition holds, and says the message', () => {
    const told: string[] = [];
    refuse(less(1, 2), 'too small', (message) => told.push(message));
    refuse(less(2, 1), 'never', (message) => told.push(message));
    expect(told).toEqual(['too small']);
  });

  test('leaves a traced condition to the tracer and does not report', () => {
    const tracer = new StandIns();
    const told: string[] = [];
    withTracer(tracer, () =>
      refuse(less(tracer.number('replicas'), 2), `only ${tracer.number('replicas')}`, (message) => told.push(message)),
    );
    expect(told).toEqual([]);
    expect(tracer.refusals(new Map([['replicas', 1]]))).toEqual(['only 1']);
    expect(tracer.refusals(new Map([['replicas', 2]]))).toEqual([]);
  });
});

/** One use of each operation on inputs that are text (path) or numbers (a, b). */
const uses: Record<string, (path: string, a: number, b: number) => unknown> = {
  add: (_, a, b) => add(a, b, 1),
  mul: (_, a, b) => mul(a, b),
  divideUp: (_, a, b) => divideUp(a, b),
  max: (_, a, b) => max(a, 500, b),
  join: (path) => join('/', '', path, 'tmp'),
  dirname: (path) => dirname(path),
  clean: (path) => clean(`${path}/../b/`),
  trunc: (path) => trunc(path, 4),
  trimPrefix: (path) => trimPrefix(path, '/a'),
  text: (_, a) => text(a),
  less: (_, a, b) => less(a, b),
  same: (path) => same(path, '/a'),
  contains: (path) => contains(path, 'a'),
  distinct: (_, a, b) => distinct(a, b, 7),
  named: (path) => named('image', path),
  port: (path) => port(`https://host${path}`),
  checksum: (path) => checksum(path),
  seconds: (_, a, b) => seconds(`${a}m${b}s`),
  bytes: (_, a) => bytes(`${a}Mi`),
  mebibytes: (_, a) => mebibytes(a),
  yamlText: (path, a) => yamlText({ path, list: [{ a }] }),
};

describe('with a tracer active', () => {
  test('every operation that there is has a use here', () => {
    expect(Object.keys(uses).sort()).toEqual([...operations.keys()].sort());
  });

  test.each(Object.entries(uses))('%s of stand-ins is what it is of the values', (_, use) => {
    const tracer = new StandIns();
    const traced = withTracer(tracer, () => use(tracer.text('path'), tracer.number('a'), tracer.number('b')));
    expect(tracer.isTraced(traced)).toBe(true);
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), whole, whole, (segments, a, b) => {
        const path = `/${segments.join('/')}`;
        const inputs = new Map<string, string | number>([
          ['path', path],
          ['a', a],
          ['b', b],
        ]);
        expect(tracer.evaluate(traced, inputs)).toEqual(use(path, a, b));
      }),
    );
  });

  test('choose of a traced condition keeps both', () => {
    const tracer = new StandIns();
    const pick = (a: number): [Condition, string, number] => {
      const condition = less(a, 10);
      return [condition, choose(condition, 'small', 'large'), choose(condition, 1, a)];
    };
    const traced = withTracer(tracer, () => pick(tracer.number('a')));
    for (const a of [3, 30]) expect(tracer.evaluate(traced, new Map([['a', a]]))).toEqual(pick(a));
  });

  test('an operation on ordinary values does not ask it', () => {
    const tracer = new StandIns();
    expect(withTracer(tracer, () => [add(1, 2), join('/', 'a', 'b')])).toEqual([3, 'a/b']);
  });

  test('a stand-in is known inside a text and an object', () => {
    const tracer = new StandIns();
    const name = tracer.text('name');
    const count = tracer.number('count');
    const known = withTracer(tracer, () =>
      [name, `x-${name}-y`, count, `${count}s`, { a: [name] }, 'plain', 2 ** 51, {}].map(isTraced),
    );
    expect(known).toEqual([true, true, true, true, true, false, false, false]);
    expect(isTraced(name)).toBe(false);
  });

  test('the tracer before it comes back, also after an error', () => {
    const outer = new StandIns();
    const leaf = outer.text('leaf');
    withTracer(outer, () => {
      expect(() =>
        withTracer(new StandIns(), () => {
          throw new Error('stop');
        }),
      ).toThrow('stop');
      expect(isTraced(leaf)).toBe(true);
    });
    expect(isTraced(leaf)).toBe(false);
  });
});
