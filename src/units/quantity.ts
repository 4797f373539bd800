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

/** A size as Kubernetes writes it: a number above zero with a decimal or binary suffix, such as `100Gi`. */
export const size = () =>
  textLeaf({
    pattern: /^(?=.*[1-9])[0-9]+(\.[0-9]+)?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/,
    allowed: 'a Kubernetes quantity above zero, such as 100Gi',
  });

/** The bytes of a size, rounded up: `1Ki` gives 1024. The text must be what {@link size} accepts. */
export const bytes = operation('bytes', (quantity: string): number => {
  const [, digits, suffix] = /^([0-9.]+)([A-Za-z]*)$/.exec(quantity) ?? [];
  return Math.ceil(Number(digits) * (suffixes[suffix ?? ''] ?? Number.NaN));
});

/** Bytes as a person reads them, rounded up to whole mebibytes: for messages and runbooks. */
export const mebibytes = operation('mebibytes', (count: number): string => `${Math.ceil(count / 2 ** 20)}Mi`);
