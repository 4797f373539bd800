import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytes, duration, mebibytes, seconds, size } from '../../src/units/index.js';

describe('bytes', () => {
  test.each([
    ['1', 1],
    ['1k', 1000],
    ['1Ki', 1024],
    ['16.1k', 16_100],
    ['1.5Mi', 1_572_864],
    ['100Gi', 107_374_182_400],
    ['1Ti', 1_099_511_627_776],
    ['1P', 1e15],
    ['0.001Ki', 2],
  ] as const)('of %s', (text, expected) => {
    expect(bytes(text)).toBe(expected);
  });

  test('are what exact arithmetic gives, for every suffix', () => {
    const powers: Record<string, bigint> = {
      '': 1n,
      k: 10n ** 3n,
      M: 10n ** 6n,
      G: 10n ** 9n,
      T: 10n ** 12n,
      Ki: 1n << 10n,
      Mi: 1n << 20n,
      Gi: 1n << 30n,
      Ti: 1n << 40n,
    };
    const suffix = fc.constantFrom(...Object.keys(powers));
    fc.assert(
      fc.property(fc.nat(4000), fc.nat(999), suffix, (whole, thousandths, unit) => {
        const decimals = unit === '' ? '' : `.${String(thousandths).padStart(3, '0')}`;
        const exact = BigInt(whole) * 1000n + (unit === '' ? 0n : BigInt(thousandths));
        const expected = (exact * powers[unit]! + 999n) / 1000n;
        expect(bytes(`${whole}${decimals}${unit}`)).toBe(Number(expected));
      }),
    );
  });

  test('of every size that is allowed are a whole number that Kubernetes can hold', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{1,18}(\.[0-9]{1,6})?[kMGTP]?i?$/), (text) => {
        if (!size().safeParse(text).success) return;
        expect(bytes(text)).toBeGreaterThan(0);
        expect(Number.isInteger(bytes(text))).toBe(true);
        expect(bytes(text) * 4).toBeLessThan(2 ** 63);
      }),
      { numRuns: 500 },
    );
  });

  test('mebibytes round up', () => {
    expect([1, 2 ** 20, 2 ** 20 + 1, 100 * 2 ** 30].map((count) => mebibytes(count))).toEqual([
      '1Mi',
      '1Mi',
      '2Mi',
      '102400Mi',
    ]);
  });
});

describe('seconds', () => {
  test.each([
    ['1ms', 1],
    ['1000ms', 1],
    ['1001ms', 2],
    ['100ms200ms700ms', 1],
    ['10m', 600],
    ['1h30m', 5400],
    ['1h1m1s1ms', 3662],
    ['60s', 60],
  ])('of %s', (text, expected) => expect(seconds(text)).toBe(expected));

  test('are what exact arithmetic gives, in any order of units', () => {
    const units: Record<string, bigint> = { ms: 1n, s: 1000n, m: 60_000n, h: 3_600_000n };
    const part = fc.tuple(fc.nat(9999), fc.constantFrom(...Object.keys(units)));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const total = parts.reduce((sum, [count, unit]) => sum + BigInt(count) * units[unit]!, 0n);
        expect(BigInt(seconds(parts.map(([count, unit]) => `${count}${unit}`).join('')))).toBe((total + 999n) / 1000n);
      }),
    );
  });

  test('of every duration that is allowed fit into Go’s 64 bits of nanoseconds', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^([0-9]{1,12}(h|m|s|ms)){1,4}$/), (text) => {
        if (!duration().safeParse(text).success) return;
        expect(seconds(text)).toBeGreaterThan(0);
        expect(seconds(text)).toBeLessThan(2 ** 63 / 1e9);
      }),
      { numRuns: 500 },
    );
    expect(seconds('999999h999999h99999h')).toBeLessThan(2 ** 63 / 1e9);
  });
});
