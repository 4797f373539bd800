import { operation } from './leaf.js';
import { textLeaf } from './text.js';

const suffixes: Record<string, number> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
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
  // Whole numbers first and one division: 16.1 × 1000 is not 16100 in floating point.
  return Math.ceil((Number(`${whole}${decimals}`) * (suffixes[suffix] ?? Number.NaN)) / 10 ** decimals.length);
});

/** Bytes as a person reads them, rounded up to whole mebibytes: for messages and runbooks. */
export const mebibytes = operation('mebibytes', (count: number): string => `${Math.ceil(count / 2 ** 20)}Mi`);
