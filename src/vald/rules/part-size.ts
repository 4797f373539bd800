import type { EffectiveValues, ValuePath } from '../../values/index.js';

const perUnit: Readonly<Record<string, number>> = { kb: 1 / 1024, mb: 1, gb: 1024 };

/** A size as the sidecar writes it, such as `64mb`, in mebibytes; undefined where there is none that it can read. */
export function megabytesAt(values: EffectiveValues, path: ValuePath): number | undefined {
  const [, digits, unit] = /^([0-9]{1,9})(kb|mb|gb)$/.exec(values.text(path) ?? '') ?? [];
  return unit === undefined ? undefined : Number(digits) * perUnit[unit]!;
}
