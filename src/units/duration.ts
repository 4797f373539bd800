import { operation } from './leaf.js';
import { textLeaf } from './text.js';

const unitSeconds: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/**
 * A time as Go programs read it: whole numbers with the units h, m, s and ms, such as `1h30m`. Vald ignores what it
 * cannot parse and uses a default of its own (rule 59 of the facts), so it is checked here.
 */
export const duration = () =>
  textLeaf({
    pattern: /^(?=.*[1-9])([0-9]+(h|ms|m|s))+$/,
    allowed: 'a duration above zero in h, m, s and ms, such as 10m or 1h30m',
  });

/** The seconds of a duration, rounded up: `1h30m` gives 5400. The text must be what {@link duration} accepts. */
export const seconds = operation('seconds', (text: string): number => {
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9]+)(h|ms|m|s)/g)) total += Number(digits) * unitSeconds[unit!]!;
  return Math.ceil(total);
});
