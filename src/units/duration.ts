import { operation } from './leaf.js';
import { textLeaf } from './text.js';

const milliseconds: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * A time as Go programs read it: whole numbers with the units h, m, s and ms, such as `1h30m`. Vald ignores what it
 * cannot parse and uses a default of its own (rule 59 of the facts), so it is checked here. The digits are limited so
 * that the sum always fits into Go's 64 bits of nanoseconds: a longer time would be ignored in the same way.
 */
export const duration = () =>
  textLeaf({
    pattern: /^(?=.*[1-9])([0-9]{1,6}h|[0-9]{1,7}m|[0-9]{1,9}s|[0-9]{1,12}ms)+$/,
    maxLength: 20,
    allowed: 'a duration above zero in h, m, s and ms, such as 10m or 1h30m',
  });

/** The seconds of a duration, rounded up: `1h30m` gives 5400. The text must be what {@link duration} accepts. */
export const seconds = operation('seconds', (text: string): number => {
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9]+)(h|ms|m|s)/g)) total += Number(digits) * milliseconds[unit!]!;
  return Math.ceil(total / 1000);
});
