/** An example of a values file with these lines below `agent:`. */
export function agent(...lines: readonly string[]): string {
  return ['agent:', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** Lines of examples: an index that is saved, a volume for it, and a store. */
export const saved = 'ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index }';
export const savedWithCopyOnWrite =
  'ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, enable_copy_on_write: true }';
export const volume = 'persistentVolume: { enabled: true, storageClass: fast, size: 100Gi }';

/** The example line of a sidecar with a store, and this in its `config`. */
export function sidecarWith(config: string, rest = ''): string {
  const store = config.includes('blob_storage')
    ? ''
    : ', blob_storage: { bucket: backups, s3: { region: eu-north-1 } }';
  const all = `${config}${config === '' ? store.slice(2) : store}`;
  return `sidecar: { enabled: true, initContainerEnabled: true${rest}, config: { ${all} } }`;
}
