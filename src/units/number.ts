import { z } from 'zod';
import { isTraced } from './leaf.js';

/**
 * A zod schema for a whole number between two limits. `z.int().max(…)` would not do: a traced stand-in is larger than
 * any limit, and passes here because the chart's own schema checks what a user sets.
 */
export const wholeNumber = (least: number, most: number) =>
  z
    .int()
    .min(least)
    .refine((value) => isTraced(value) || value <= most, { error: 'too big', params: { allowed: `${most} or less` } })
    .meta({ maximum: most });
