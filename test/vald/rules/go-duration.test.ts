import { describe, expect, test } from 'vitest';
import { goSeconds, printSeconds } from '../../../src/vald/rules/go-duration.js';

describe('times as Go reads them', () => {
  test.each<[string, number | undefined]>([
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['.5s', 0.5],
    ['5.s', 5],
    ['100ms', 0.1],
    ['1µs', 1e-6],
    ['1us', 1e-6],
    ['2ns', 2e-9],
    ['0', 0],
    ['-0', -0],
    ['-2s', -2],
    ['+2s', 2],
    ['', undefined],
    ['5', undefined],
    ['.s', undefined],
    ['1d', undefined],
    ['1 h', undefined],
    ['1h ', undefined],
    ['h', undefined],
    ['1H', undefined],
    ['--1s', undefined],
    ['1h\n', undefined],
  ])('"%s" is %s', (text, seconds) => {
    if (seconds === undefined) expect(goSeconds(text)).toBeUndefined();
    else expect(goSeconds(text)).toBeCloseTo(seconds, 12);
  });

  test('and as messages print them', () => {
    expect([0, -1, 0.5, 59, 60, 90, 3600, 3661, 86_400].map(printSeconds)).toEqual([
      '0s',
      '-1s',
      '0.5s',
      '59s',
      '1m',
      '1m30s',
      '1h',
      '1h1m1s',
      '24h',
    ]);
  });
});
