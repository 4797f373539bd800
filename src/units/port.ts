import { operation } from './leaf.js';

/** The port of a URL or of `host:port`; without one, 443 for https and 80 otherwise. */
export const port = operation('port', (address: string): number => {
  const digits = /:([0-9]{1,5})$/.exec(address)?.[1];
  if (digits) return Number(digits);
  return address.startsWith('https:') ? 443 : 80;
});
