import type { PathParts } from './finding.js';

const secretKey =
  /(^|[_.-])(pass|passwd|passphrase|password|token)$|(password|passphrase|secretkey|secretaccesskey|accesskeysecret|privatekey|apikey|authtoken|accesstoken|sessiontoken|clientsecret|credentialsjson)$/i;
/** Keys that name a Secret or where something is, in place of holding it. */
const nameKey = /(secretname|existingsecret|secretref|keyref|passwordkey|secretkeyname|tokenpath|file|path|name|ref)$/i;

/** Whether what is at a path is probably a secret, by its key: `password`, `secretAccessKey`, `auth_token`. */
export function looksSecret(path: PathParts): boolean {
  const key = String([...path].reverse().find((part) => typeof part === 'string') ?? '');
  return secretKey.test(key.replaceAll(/[_.-]/g, '')) || secretKey.test(key) ? !nameKey.test(key) : false;
}
