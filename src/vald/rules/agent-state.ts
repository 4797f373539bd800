import { posix } from 'node:path';
import { bytes } from '../../units/index.js';
import type { EffectiveValues, HelmValue, ValuePath } from '../../values/index.js';

/** Where most rules look. */
export const ngt = 'agent.ngt';
export const sidecarConfig = 'agent.sidecar.config';
export const blobStorage = `${sidecarConfig}.blob_storage`;

/** Whether the pods get the chart’s own sidecar. */
export function hasSidecar(values: EffectiveValues): boolean {
  return values.isTrue('agent.sidecar.enabled');
}

/** Whether the pods get the chart’s own restoring init container. */
export function hasRestorer(values: EffectiveValues): boolean {
  return values.isTrue('agent.sidecar.initContainerEnabled');
}

/** Whether the chart’s own containers use an object store. */
export function usesStore(values: EffectiveValues): boolean {
  return hasSidecar(values) || hasRestorer(values);
}

/** The type of the store that the sidecar’s configuration names. */
export function storageType(values: EffectiveValues): string {
  return values.text(`${blobStorage}.storage_type`) ?? 's3';
}

/** Whether the agent is NGT: also in charts from before the key. */
export function isNgt(values: EffectiveValues): boolean {
  return (values.text('agent.algorithm') ?? 'ngt').toLowerCase() === 'ngt';
}

export function kind(values: EffectiveValues): string {
  return values.text('agent.kind') ?? 'StatefulSet';
}

export function indexPath(values: EffectiveValues): string {
  return values.text(`${ngt}.index_path`) ?? '';
}

/** Whether the NGT agent saves its index at all, and so whether the chart gives it a volume for it. */
export function savesIndex(values: EffectiveValues): boolean {
  return !values.isTrue(`${ngt}.enable_in_memory_mode`) && indexPath(values) !== '';
}

/** Whether the index is on a claimed volume: the chart makes claims for a StatefulSet with a saved index only. */
export function hasVolume(values: EffectiveValues): boolean {
  return savesIndex(values) && kind(values) === 'StatefulSet' && values.isTrue('agent.persistentVolume.enabled');
}

/** Whether saves are made beside the index and then switched in. */
export function copiesOnWrite(values: EffectiveValues): boolean {
  return values.isTrue(`${ngt}.enable_copy_on_write`);
}

/** The map at a place of a list, or an empty one. */
export function asMap(value: HelmValue | undefined): Readonly<Record<string, HelmValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, HelmValue>>)
    : {};
}

/** Entries of a list of environment variables by name, each with its place. */
export function variables(
  values: EffectiveValues,
  path: ValuePath,
): Map<string, { at: number; entry: ReturnType<typeof asMap> }> {
  const found = new Map<string, { at: number; entry: ReturnType<typeof asMap> }>();
  for (const [at, value] of values.list(path).entries()) {
    const entry = asMap(value);
    if (typeof entry['name'] === 'string') found.set(entry['name'], { at, entry });
  }
  return found;
}

/** Positions of the raw entries of `agent.initContainers` that run Vald’s sidecar; the chart passes such entries on. */
export function rawSidecars(values: EffectiveValues): number[] {
  return rawContainers(values).filter((at) => {
    const mode = variables(values, ['agent', 'initContainers', at, 'env']).get('VALD_AGENT_SIDECAR_MODE');
    const image = values.text(['agent', 'initContainers', at, 'image']) ?? '';
    return mode ? mode.entry['value'] !== 'initcontainer' : image.includes('vald-agent-sidecar');
  });
}

/** Whether a raw init container has the volume of the index, and so can restore it. */
export function hasRawRestorer(values: EffectiveValues): boolean {
  const volumes: unknown[] = ['local', 'pvc'].map((suffix) => `${values.text('agent.name')}-${suffix}`);
  const sidecars = rawSidecars(values);
  return rawContainers(values).some(
    (at) =>
      !sidecars.includes(at) &&
      values
        .list(['agent', 'initContainers', at, 'volumeMounts'])
        .some((mount) => volumes.includes(asMap(mount)['name'])),
  );
}

function rawContainers(values: EffectiveValues): number[] {
  const items = values.list('agent.initContainers');
  return items.map((_, at) => at).filter((at) => asMap(items[at])['type'] === undefined);
}

/** A mount of `agent.volumeMounts`, with the position of its volume in `agent.volumes`, or -1. */
export interface UserMount {
  readonly at: number;
  /** Without a slash at the end. */
  readonly path: string;
  readonly readOnly: boolean;
  readonly volumeAt: number;
}

export function userMounts(values: EffectiveValues): UserMount[] {
  const names = values.list('agent.volumes').map((volume) => asMap(volume)['name']);
  return values.list('agent.volumeMounts').flatMap((value, at) => {
    const mount = asMap(value);
    const path = mount['mountPath'];
    if (typeof path !== 'string' || path === '') return [];
    return [
      {
        at,
        path: withoutSlash(path),
        readOnly: mount['readOnly'] === true,
        volumeAt: mount['name'] === undefined ? -1 : names.indexOf(mount['name']),
      },
    ];
  });
}

/** The volume of a mount as the user wrote it. */
export function volumeOf(values: EffectiveValues, mount: UserMount): Readonly<Record<string, HelmValue>> {
  return asMap(values.list('agent.volumes')[mount.volumeAt]);
}

/** The folder where the chart mounts the volume of the index: the parent of `index_path`, as Go’s `path.Dir` gives it. */
export function indexMount(values: EffectiveValues): string {
  const path = indexPath(values);
  return path.endsWith('/') ? withoutSlash(posix.normalize(path)) : posix.dirname(posix.normalize(path));
}

/** Whether a folder is another one or below it. */
export function isWithin(path: string, folder: string): boolean {
  const parent = withoutSlash(folder);
  return path === parent || path.startsWith(parent === '/' ? '/' : `${parent}/`);
}

/** Whether what is mounted decides where this folder is: the innermost mount of the user’s, if any. */
export function mountOver(values: EffectiveValues, folder: string): UserMount | undefined {
  return userMounts(values)
    .filter(({ path }) => isWithin(folder, path))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

/** Whether the agent stages a save on the volume of the index: TMPDIR is below the folder where that is mounted. */
export function stagesOnIndexVolume(values: EffectiveValues): boolean {
  return savesIndex(values) && isWithin(stagingFolder(values), indexMount(values));
}

/** Where the agent stages a save with copy-on-write: TMPDIR of `agent.env`, or /tmp. */
export function stagingFolder(values: EffectiveValues): string {
  const value = variables(values, 'agent.env').get('TMPDIR')?.entry['value'];
  return typeof value === 'string' && value !== '' ? withoutSlash(value) : '/tmp';
}

/** The bytes of a Kubernetes quantity; undefined where there is none that can be read. */
export function quantity(values: EffectiveValues, path: ValuePath): number | undefined {
  const value = values.get(path);
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^[0-9]{1,15}(\.[0-9]{1,6})?([kMGTP]|[KMGTP]i)?$/.test(value)
    ? bytes(value)
    : undefined;
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}
