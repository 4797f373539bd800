import type { Section } from './rclone-config.js';
import type { RemoteOption } from './remote.js';
import { storeOptions } from './remotes.js';
import { type ObjectStoreInput, objectStoreSchema } from './schema.js';

/** Where in a remote the backups go, and the Secret that its secrets are moved to. */
export interface Target {
  /** Bucket, container or folder, and what is below it. */
  readonly path: string;
  readonly prefix: string;
  readonly secret: string;
}

/**
 * The typed store that a section of `rclone.conf` describes, or undefined where it has something that no typed store
 * renders: then only `ObjectStore.rclone` can say it without losing anything.
 *
 * The proof is by rendering: each option of the section must come out again, and nothing may be added that changes
 * what rclone does.
 */
export function knownStore(section: Section, target: Target): ObjectStoreInput | undefined {
  const options = new Map([...section].flatMap(([name, value]) => normalized(section, name, value)));
  const candidate = readers[section.get('type') ?? '']?.(options, target);
  const parsed = objectStoreSchema.safeParse(candidate);
  if (!parsed.success) return undefined;
  const rendered = storeOptions(parsed.data);
  const keepsAll = [...options].every(([name, value]) => rendered.some((option) => says(option, name, value)));
  const addsNothing = rendered.every(
    (option) =>
      harmless.has(option.name) || options.has(option.name) || ('content' in option && options.has(option.content)),
  );
  return keepsAll && addsNothing ? (candidate as ObjectStoreInput) : undefined;
}

/** What is added to every store of a type; none of it changes where an object is kept. */
const harmless = new Set([
  'type',
  'env_auth',
  'force_path_style',
  'no_check_bucket',
  'no_check_container',
  'bucket_policy_only',
  'tenant_domain',
]);

function says(option: RemoteOption, name: string, value: string): boolean {
  if ('content' in option && option.content === name) return true;
  return option.name === name && (!('value' in option) || option.value === value);
}

/** An option as a typed store writes it; remarks, empty values and what is said by leaving it out are dropped. */
function normalized(section: Section, name: string, value: string): [string, string][] {
  if (name === 'description' || value === '' || (name === 'env_auth' && value === 'false')) return [];
  if (name === 'type' && value === 'gcs') return [[name, 'google cloud storage']];
  if (name !== 'endpoint' || section.get('type') !== 's3') return [[name, value]];
  const url = /^https?:\/\//.test(value) ? value : `https://${value}`;
  return [[name, url.replace(/\/$/, '')]];
}

type Reader = (options: Section, target: Target) => object;

/** For each type of remote, the store that its options may describe. */
const readers: Readonly<Record<string, Reader>> = {
  s3: (options, { path, prefix, secret }) => {
    const provider = options.get('provider') ?? '';
    const pathStyle = options.get('force_path_style');
    const encryption = options.get('server_side_encryption');
    return clean({
      type: 's3',
      ...place('bucket', path, prefix),
      region: options.get('region'),
      endpoint: options.get('endpoint'),
      provider: provider === (options.has('endpoint') ? 'Other' : 'AWS') ? undefined : provider,
      pathStyle: pathStyle === undefined || pathStyle === String(provider !== 'AWS') ? undefined : pathStyle === 'true',
      serverSideEncryption: encryption && clean({ type: encryption, keyId: options.get('sse_kms_key_id') }),
      storageClass: options.get('storage_class'),
      credentials: credentials(options, 'secret', secret),
    });
  },
  gcs: (options, target) => googleStore(options, target),
  'google cloud storage': (options, target) => googleStore(options, target),
  azureblob: (options, { path, prefix, secret }) =>
    clean({
      type: 'azure',
      ...place('container', path, prefix),
      account: options.get('account'),
      endpoint: options.get('endpoint'),
      accessTier: options.get('access_tier'),
      credentials: credentials(options, options.has('sas_url') ? 'sasUrl' : 'secret', secret),
    }),
  swift: (options, { path, prefix, secret }) =>
    clean({
      type: 'swift',
      ...place('container', path, prefix),
      authUrl: options.get('auth'),
      region: options.get('region'),
      endpointType: options.get('endpoint_type'),
      credentials: options.has('application_credential_id')
        ? credentials(options, 'applicationCredential', secret)
        : clean({
            ...credentials(options, 'password', secret),
            domain: options.get('domain'),
            tenant: options.get('tenant'),
            tenantId: options.get('tenant_id'),
            tenantDomain: options.get('tenant_domain') ?? options.get('domain'),
          }),
    }),
};

function googleStore(options: Section, { path, prefix, secret }: Target): object {
  return clean({
    type: 'gcs',
    ...place('bucket', path, prefix),
    storageClass: options.get('storage_class'),
    credentials: credentials(options, 'secret', secret),
  });
}

function credentials(options: Section, type: string, secret: string): object {
  return options.get('env_auth') === 'true' ? { type: 'workloadIdentity' } : { type, secret: { name: secret } };
}

function place(root: string, path: string, prefix: string): object {
  const [first = '', ...below] = path.split('/');
  return { [root]: first, ...clean({ prefix: [...below, prefix].filter(Boolean).join('/') || undefined }) };
}

function clean(fields: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
