import { z } from 'zod';
import { secretReference, textLeaf } from '../units/index.js';

/** Schema of a fingerprint as {@link keyFingerprintCommand} prints it; manifests hold it too. */
export const keyFingerprint = () =>
  textLeaf({
    pattern: /^[0-9a-v]{16}$/,
    allowed: 'a fingerprint: 16 characters of 0-9 and a-v, as keyFingerprintCommand prints it',
  });

/**
 * Schema of client-side encryption: a second rclone remote of type crypt, over the store's own one.
 *
 * The Secret holds passwords as `rclone.conf` does, obscured: rclone takes no others from its environment, and reads a
 * plain one that happens to look obscured as another key without a word. So no script has to handle a plain password.
 */
export const encryption = z
  .strictObject({
    type: z.literal('crypt'),
    secret: secretReference({ password: 'crypt-password' }).describe(
      'An existing Secret with the password, as `rclone obscure -` writes it. Lost password, lost backups: keep a copy elsewhere.',
    ),
    saltSecret: secretReference({ salt: 'crypt-salt' })
      .optional()
      .describe('An existing Secret with a second password that salts the key, obscured as well (`password2`).')
      .meta({ defaultText: 'rclone’s own salt, the same for everybody' }),
    fileNames: z
      .enum(['encrypted', 'plain'])
      .default('encrypted')
      .describe('Whether names of files and folders are encrypted too. Sizes never are.'),
    keyFingerprint: keyFingerprint()
      .optional()
      .describe('Fingerprint that the key must have. With another key in the Secret nothing is written.')
      .meta({ defaultText: 'any key' }),
  })
  .meta({ id: 'StoreEncryption' });

/** Client-side encryption with all defaults filled in. */
export type EncryptionSettings = z.output<typeof encryption>;

/** The text whose encrypted form is the fingerprint of a key. It must never change: manifests hold the outcome. */
export const keyFingerprintText = 'chartwright-key-fingerprint';

/**
 * POSIX shell that puts the fingerprint of the key into the variable `fingerprint`, and fails where rclone cannot use
 * the key. It needs the environment of `rcloneEnvironment` (or `--config`), no network and no other program.
 *
 * The fingerprint is the first 16 characters (80 bits) of a fixed file name as crypt encrypts it: a name's encryption
 * is deterministic, wide-block AES under a key that scrypt makes from password and salt. So it tells keys apart,
 * covers the salt, does not depend on how the password was obscured, and is as hard to guess from as the backup
 * itself. A plain hash of the password would be far easier, and the manifest is where an attacker would look for it.
 * The password is in no argument.
 *
 * @param remote name of the crypt remote
 */
export function keyFingerprintCommand(remote = 'store'): string {
  return [
    `fingerprint=$(rclone cryptdecode --crypt-filename-encryption standard --reverse ${remote}: ${keyFingerprintText})`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands it
    'fingerprint=$(printf %.16s "${fingerprint##*[[:space:]]}")',
  ].join(' &&\n  ');
}
