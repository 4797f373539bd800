import { operation } from './leaf.js';
import { textLeaf } from './text.js';

const suffixes: Record<string, bigint> = {
  '': 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  P: 10n ** 15n,
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
  Pi: 2n ** 50n,
};

/**
 * A size as Kubernetes writes it: a number above zero with a decimal or binary suffix, such as `100Gi`. The digits are
 * limited so that a few copies of it still fit into the 64 bits of Kubernetes.
 */
export const size = () =>
  textLeaf({
    pattern:
      /^(?=.*[1-9])([0-9]{1,18}|[0-9]{1,9}(\.[0-9]{1,6})?(k|M|Ki|Mi)|[0-9]{1,6}(\.[0-9]{1,6})?(G|T|Gi|Ti)|[0-9]{1,3}(\.[0-9]{1,6})?(P|Pi))$/,
    allowed: 'a Kubernetes quantity above zero, such as 100Gi',
  });

/** The bytes of a size, rounded up: `1Ki` gives 1024. The text must be what {@link size} accepts. */
export const bytes = operation('bytes', (quantity: string): number => {
  const [, whole, decimals = '', suffix = ''] = /^([0-9]+)(?:\.([0-9]+))?([A-Za-z]*)$/.exec(quantity) ?? [];
  // Whole numbers all the way: 16.1 × 1000 is not 16100 in floating point.
  const parts = 10n ** BigInt(decimals.length);
  return Number((BigInt(`${whole}${decimals}`) * suffixes[suffix]! + parts - 1n) / parts);
});

/** Bytes as a person reads them, rounded up to whole mebibytes: for messages and runbooks. */
export const mebibytes = operation('mebibytes', (count: number): string => `${Math.ceil(count / 2 ** 20)}Mi`);
