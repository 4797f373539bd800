import { z } from 'zod';
import { dnsName, isTraced, secretKey, textLeaf } from '../units/index.js';
import { backendName, didYouMean, optionKinds, refuseBackend } from './backend-options.js';
import { everyStore } from './fields.js';
import { plain, type RemoteOption, secretOption } from './remote.js';

/** Schema of a store on any backend of rclone, by the backend's own options. */
export const rcloneStore = z
  .strictObject({
    type: z.literal('rclone'),
    backend: z.string().describe('Name of the backend, as `type` in `rclone.conf`, such as b2.'),
    options: z
      .record(z.string(), z.string())
      .default({})
      .describe('Options as they stand in `rclone.conf`, such as `{ hard_delete: "true" }`. Never a secret.'),
    secretOptions: z
      .record(
        z.string(),
        z.strictObject({
          secret: dnsName().describe('Name of an existing Secret in the same namespace.'),
          key: secretKey().describe('Key of the Secret that holds the value, as it stands in `rclone.conf`.'),
        }),
      )
      .default({})
      .describe(
        'Options whose values are in Secrets, such as `{ key: { secret: "b2", key: "application-key" } }`. rclone wants passwords obscured, there too.',
      ),
    path: textLeaf({
      pattern: /^$|^\/?(?!\.{1,2}(\/|$))[A-Za-z0-9._=@-]+(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._=@-]+)*$/,
      maxLength: 512,
      allowed: 'a path without trailing slash and "..", such as rondb-backups or /srv/backups',
    }).describe('Existing bucket or folder, as rclone writes it behind the colon; empty for the root of the remote.'),
    ...everyStore,
  })
  .superRefine((store, context) => {
    const add = (field: string, messages: readonly string[]) => {
      // One issue at the record itself: one at an option would print the option's value, which may be a secret.
      if (messages.length > 0) context.addIssue({ code: 'custom', path: [field], message: messages.join('; ') });
    };
    if (isTraced(store.backend)) return;
    const refusal = refuseBackend(store.backend);
    add('backend', refusal ? [refusal] : []);
    if (refusal) return;
    add(
      'options',
      Object.entries(store.options).flatMap((option) => refuseOption(store.backend, ...option)),
    );
    add(
      'secretOptions',
      Object.keys(store.secretOptions).flatMap((name) =>
        Object.hasOwn(store.options, name) ? [`"${name}" stands in options too`] : refuseName(store.backend, name),
      ),
    );
  })
  .meta({ id: 'RcloneStore' });

/** A store on any backend with all defaults filled in. */
export type RcloneStoreSettings = z.output<typeof rcloneStore>;

function refuseName(backend: string, name: string): string[] {
  const kinds = optionKinds(backend);
  return kinds.has(name) ? [] : [`${backend} has no option "${name}"${didYouMean(name, kinds.keys())}`];
}

function refuseOption(backend: string, name: string, value: string): string[] {
  const kind = optionKinds(backend).get(name);
  if (!kind) return refuseName(backend, name);
  if (kind === 'secret' || kind === 'obscured')
    return [`"${name}" is a secret: put it into a Secret and name that in secretOptions`];
  const unwritable = isTraced(value) ? undefined : refuseValue(value);
  return unwritable ? [`the value of "${name}" ${unwritable}`] : [];
}

/** Why a value cannot be written so that Kubernetes, rclone's environment and `rclone.conf` all read it as it is. */
function refuseValue(value: string): string | undefined {
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) return 'has a line break or another control character';
  if (value.trim() !== value) return 'has a space at its start or end';
  if (/\$[($]/.test(value)) return 'has "$(" or "$$", which Kubernetes expands';
  if (/%\(/.test(value)) return 'has "%(", which rclone.conf expands';
  if (/^(`|""")/.test(value)) return 'starts with a quote that rclone.conf takes off';
  if (/:\/\/[^/?#]*@/.test(value)) return 'is a URL with a user or password in it';
  return undefined;
}

/** Options with which rclone does not create the bucket that is missing. */
const neverCreate = ['no_check_bucket', 'no_check_container'];

/** The rclone options of a store on any backend. */
export function backendRemoteOptions(store: RcloneStoreSettings): RemoteOption[] {
  const kinds = optionKinds(store.backend);
  return [
    plain('type', backendName(store.backend) ?? store.backend),
    ...neverCreate
      .filter((name) => kinds.has(name) && !Object.hasOwn(store.options, name))
      .map((name) => plain(name, 'true')),
    ...Object.entries(store.options).map(([name, value]) => plain(name, value)),
    ...Object.entries(store.secretOptions).map(([name, { secret, key }]) => secretOption(name, secret, key)),
  ];
}
