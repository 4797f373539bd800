import { z } from 'zod';
import { dnsName, textLeaf } from './text.js';

/**
 * A key inside a Secret. AWS access key ids, UUIDs and long random text are refused: whoever pastes a secret where its
 * key's name belongs must not find it in a manifest.
 */
export const secretKey = () =>
  textLeaf({
    pattern:
      /^(?!(AKIA|ASIA)[A-Z0-9]{12,})(?![A-Za-z0-9]{32,}$)(?![0-9A-Fa-f]{8}-[-0-9A-Fa-f]{27}$)(?!(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[-_A-Za-z0-9]{32,}$)(?!\.\.)(?!\.$)[-._a-zA-Z0-9]+$/,
    maxLength: 253,
    allowed: 'the name of a key inside the Secret, never the secret itself, such as access-key',
  });

/**
 * Schema of a reference to keys of an existing Secret: its name, and for each thing needed the name of the key that
 * holds it. A literal secret has no place in it.
 *
 * @param keys default key name for each thing needed
 */
export function secretReference<Name extends string>(keys: Record<Name, string>) {
  const shape = Object.fromEntries(
    Object.entries<string>(keys).map(([name, key]) => [
      name,
      secretKey()
        .default(key)
        .describe(`Key of the Secret that holds the ${words(name)}.`),
    ]),
  ) as Record<Name, z.ZodDefault<z.ZodType<string, string>>>;
  return z.strictObject({
    name: dnsName().describe('Name of an existing Secret in the same namespace.'),
    keys: z
      .strictObject(shape)
      .prefault({} as never)
      .describe('Names of the keys inside the Secret.'),
  });
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
