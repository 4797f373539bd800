import type { EffectiveValues, ValuePath } from '../../values/index.js';

const units: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
const part = '(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:ns|us|µs|ms|s|m|h)';

/**
 * The seconds of a time as Go reads it, which is more than our own constructs take: also fractions, microseconds, a sign
 * and a bare 0. Undefined for what Go refuses; Vald then goes on with a default of its own (rule 59 of the facts).
 */
export function goSeconds(text: string): number | undefined {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (rest.length > 100 || !new RegExp(`^(?:${part})+$`).test(rest)) return undefined;
  let total = 0;
  for (const [, number, unit] of rest.matchAll(/([0-9.]+)([a-zµ]+)/g)) total += Number(number) * units[unit!]!;
  return sign === '-' ? -total : total;
}

/** The seconds of a duration in the values; undefined where there is none that Go can read. */
export function secondsAt(values: EffectiveValues, path: ValuePath): number | undefined {
  const text = values.text(path);
  return text === undefined ? undefined : goSeconds(text);
}

/** Seconds for a message: `90s` as `1m30s`, `3600s` as `1h`. */
export function printSeconds(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [Math.round((seconds % 60) * 1000) / 1000, 's'],
  ];
  if (seconds <= 0) return `${seconds}s`;
  return parts.flatMap(([count, unit]) => (count > 0 ? `${count}${unit}` : [])).join('') || `${seconds}s`;
}
