import { nearest } from '../problem/index.js';
import { optionKinds } from './backend-options.js';
import { fail, fault } from './config-problem.js';
import { knownStore, type Target } from './known-store.js';
import { readRcloneConfig, type Section } from './rclone-config.js';
import { readCrypt } from './rclone-crypt.js';
import { storeOptions } from './remotes.js';
import { type ObjectStoreInput, type ObjectStoreSettings, objectStoreSchema } from './schema.js';

/** What to take from a configuration, and where its secrets will be. */
export interface RcloneConfigSource {
  /** Name of the remote. For one of type crypt the remote below it is taken too, as a store with `encryption`. */
  readonly remote: string;
  /**
   * Existing bucket, container or folder, as behind the colon in `rclone lsf remote:…`.
   *
   * @default - for a remote of type crypt what its option `remote` says, else the root of the remote
   */
  readonly path?: string | undefined;
  /** Path below it, made when it is missing. @default '' */
  readonly prefix?: string | undefined;
  /** Name of the Secret that is to hold the secrets. It must be there before the pods start. */
  readonly secret: string;
}

/** A store without secrets, and the secrets without the store. */
export interface StoreFromRcloneConfig {
  readonly store: ObjectStoreInput;
  /** The secrets by the keys of the Secret. Nothing renders them: keep them out of files that are committed. */
  readonly secretData: Readonly<Record<string, string>>;
  /** Secrets that the configuration has as files, by the keys of the Secret: paths where rclone was configured. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /**
   * The command that makes the Secret from files: one for each of `secretData`, named as its key, in the current folder,
   * and those of `secretFiles`. Undefined where nothing is secret.
   */
  readonly command: string | undefined;
}

/**
 * Takes over what `rclone config` wrote: makes a store, typed where a typed one says the same and `ObjectStore.rclone`
 * otherwise, and splits its secrets off. Reads no file and starts no program.
 *
 * @param config text of `rclone.conf`, or the object that `rclone config dump` prints
 * @throws ProblemsError with everything that is wrong; never with a value from the configuration
 * @example
 * ```ts
 * const { store, command } = ObjectStore.fromRcloneConfig(readFileSync('rclone.conf', 'utf8'), {
 *   remote: 'ovh', path: 'rondb-backups', secret: 'backup-store',
 * });
 * ```
 */
export function fromRcloneConfig(
  config: string | Readonly<Record<string, Readonly<Record<string, string>>>>,
  source: RcloneConfigSource,
): StoreFromRcloneConfig {
  const sections = readSections(config);
  const section = findSection(sections, source.remote);
  const crypt = section.get('type') === 'crypt' ? readCrypt(section, source) : undefined;
  const inner = crypt ? findSection(sections, crypt.base) : section;
  const path = crypt?.path ?? source.path ?? '';
  const target = { path, prefix: source.prefix ?? '', secret: source.secret };
  const bare = knownStore(inner, target) ?? backendStore(inner, target);
  const store = crypt ? { ...bare, encryption: crypt.encryption } : bare;
  const secrets = splitSecrets(inner, usable(store));
  const secretData = { ...secrets.data, ...crypt?.secretData };
  return { store, secretData, secretFiles: secrets.files, command: command(source.secret, secretData, secrets.files) };
}

function readSections(config: Parameters<typeof fromRcloneConfig>[0]): ReadonlyMap<string, Section> {
  if (typeof config !== 'string')
    return new Map(Object.entries(config).map(([name, options]) => [name, new Map(Object.entries(options))]));
  if (/^RCLONE_ENCRYPT_V/m.test(config))
    fail([fault('config', 'is encrypted with a password', 'Give what "rclone config show" prints instead.')]);
  const read = readRcloneConfig(config);
  if (read.sections) return read.sections;
  return fail(
    read.unreadable.map(({ line, message }) =>
      fault('config', `line ${line}: ${message}`, 'Give the text as "rclone config show" prints it.'),
    ),
  );
}

function findSection(sections: ReadonlyMap<string, Section>, remote: string): Section {
  const section = sections.get(remote);
  const names = [...sections.keys()];
  const meant = nearest(remote, names);
  if (!section) {
    const allowed = names.join(', ') || 'nothing: the configuration has no remote';
    const hint = meant ? `Did you mean "${meant}"?` : 'Name a remote of the configuration.';
    return fail([{ ...fault('remote', `there is no remote "${remote}" in the configuration`, hint), allowed }]);
  }
  if (section.has('type')) return section;
  return fail([fault('remote', `the remote "${remote}" has no type`, 'Give the text of rclone config unshortened.')]);
}

/** A store on the backend itself: what is secret by reference, everything else as it stands. */
function backendStore(section: Section, { path, prefix, secret }: Target): ObjectStoreInput {
  const backend = section.get('type') ?? '';
  const kinds = optionKinds(backend);
  const options: Record<string, string> = {};
  const secretOptions: Record<string, { secret: string; key: string }> = {};
  const files: string[] = [];
  for (const [name, value] of section) {
    if (name === 'type' || name === 'description' || value === '') continue;
    const kind = kinds.get(name);
    if (name === 'service_account_file') secretOptions[accountKey] = { secret, key: accountKey };
    else if (kind === 'secret' || kind === 'obscured') secretOptions[name] = { secret, key: name };
    else if (/_(file|path)$/.test(name) && /^[/~.]/.test(value)) files.push(name);
    else if (!neverCreate.has(name) || value !== 'true') options[name] = value;
  }
  if (files.length > 0)
    fail(
      files.map((name) =>
        fault(
          'config',
          `the option "${name}" is a file on the machine where rclone was configured`,
          'No pod has that file. Give its content instead where the backend has an option for it (sftp: key_pem).',
        ),
      ),
    );
  return { type: 'rclone', backend, options, secretOptions, path, ...(prefix ? { prefix } : {}) };
}

/** The option of Google's backends that takes the content of `service_account_file`. */
const accountKey = 'service_account_credentials';

/** Every store says these anyway. */
const neverCreate = new Set(['no_check_bucket', 'no_check_container']);

/** The settings of a store, or every reason why it is none. */
function usable(store: ObjectStoreInput): ObjectStoreSettings {
  const parsed = objectStoreSchema.safeParse(store);
  if (parsed.success) return parsed.data;
  return fail(
    parsed.error.issues.map((issue) => {
      const allowed = issue.code === 'custom' ? issue.params?.['allowed'] : undefined;
      const property = issue.path.join('.');
      return {
        ...fault(property, issue.message, `The configuration gives a store whose "${property}" cannot be used.`),
        ...(typeof allowed === 'string' ? { allowed } : {}),
      };
    }),
  );
}

/** The secrets of a section by the keys under which the store looks for them. */
function splitSecrets(section: Section, store: ObjectStoreSettings) {
  const data: Record<string, string> = {};
  const files: Record<string, string> = {};
  for (const option of storeOptions(store)) {
    if (!('secret' in option)) continue;
    const value = section.get('content' in option ? option.content : option.name);
    const file = section.get('service_account_file');
    if (value) data[option.key] = value;
    else if (file) files[option.key] = file;
  }
  return { data, files };
}

function command(
  secret: string,
  data: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
): string | undefined {
  const sources = [
    ...Object.keys(data).map((key) => `--from-file=${key}=./${key}`),
    ...Object.entries(files).map(([key, path]) => `--from-file=${key}='${path.replaceAll("'", "'\\''")}'`),
  ];
  return sources.length > 0 ? `kubectl create secret generic ${secret} ${sources.join(' ')}` : undefined;
}
