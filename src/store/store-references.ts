import { gcsKeyFolder } from './gcs-store.js';
import { remotes } from './remotes.js';
import type { ObjectStoreSettings } from './schema.js';

/** An object with credentials or certificates that a store's settings name and that somebody else makes. */
export interface StoreReference {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  /** The keys that are read. */
  readonly keys: readonly string[];
}

interface NamedFile {
  readonly key: string;
  /** Name of the file that the commands take a key's value from. */
  readonly file: string;
}

/** The Secrets and ConfigMaps that a store's settings name, each once, with the keys that are read. */
export function storeReferences(store: ObjectStoreSettings): StoreReference[] {
  return references(store).map(({ kind, name, files }) => ({ kind, name, keys: files.map(({ key }) => key) }));
}

/**
 * Shell commands that make those objects. Every value comes from a file, named as its key: an argument would stand in
 * the history of the shell and in the list of processes. A missing file stops the command, so none is made without it.
 */
export function storeCommands(store: ObjectStoreSettings, namespace: string): string[] {
  const all = references(store);
  const commands = all.map(({ kind, name, files }) => {
    const sources = files.map(({ key, file }) => `--from-file=${key}=./${file}`);
    const type = kind === 'Secret' ? 'secret generic' : 'configmap';
    return `kubectl -n ${namespace} create ${type} ${name} ${sources.join(' ')}`;
  });
  if (!all.some(({ kind }) => kind === 'Secret')) return commands;
  const obscured = store.encryption || (store.type === 'rclone' && Object.keys(store.secretOptions).length > 0);
  return [
    '# each file holds one value, without a line break at its end',
    ...(obscured ? ['# passwords of rclone are obscured: rclone obscure - <plain | tr -d "\\n" >obscured'] : []),
    ...commands,
  ];
}

function references(store: ObjectStoreSettings) {
  const found = new Map<string, { kind: 'Secret' | 'ConfigMap'; name: string; files: NamedFile[] }>();
  const add = (kind: 'Secret' | 'ConfigMap', name: string, file: NamedFile) => {
    const id = `${kind}/${name}`;
    const known = found.get(id) ?? { kind, name, files: [] };
    if (!known.files.some(({ key }) => key === file.key)) known.files.push(file);
    found.set(id, known);
  };
  for (const { options } of remotes(store, 'store'))
    for (const option of options)
      if ('secret' in option) {
        // A Google key is downloaded as a file of its own name; the others are typed into one.
        const file = 'file' in option ? option.file.replace(`${gcsKeyFolder}/`, '') : option.key;
        add('Secret', option.secret, { key: option.key, file });
      }
  const authority = store.certificateAuthority;
  if (authority)
    add(authority.type === 'secret' ? 'Secret' : 'ConfigMap', authority.name, { key: authority.key, file: 'ca.crt' });
  return [...found.values()];
}
