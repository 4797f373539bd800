import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findObject, objectData } from './pod-environment.js';
import type { PlayedObject, PlayedPod, PodVolume } from './pod-spec.js';

/** Ownership as the kubelet sets it for `fsGroup` with `OnRootMismatch`: the group, its rights and the setgid bit. */
function ownByGroup(path: string, group: number): void {
  const { mode, gid } = lstatSync(path);
  if (gid === group && (mode & 0o2070) === 0o2070) return;
  const visit = (entry: string): void => {
    const status = lstatSync(entry);
    if (status.isSymbolicLink()) return;
    chownSync(entry, status.uid, group);
    chmodSync(entry, (status.mode & 0o7777) | (status.isDirectory() ? 0o2770 : 0o660));
    if (status.isDirectory()) for (const name of readdirSync(entry)) visit(join(entry, name));
  };
  visit(path);
}

/** The folders behind a pod's volumes: an emptyDir lives as long as the pod, a claim until its disk is lost. */
export class PodVolumes {
  readonly #folder: string;
  readonly #pod: PlayedPod;

  constructor(folder: string, pod: PlayedPod) {
    this.#folder = folder;
    this.#pod = pod;
  }

  /** The folder of a volume. */
  path(name: string): string {
    return this.#place(this.#find(name));
  }

  /** What a mount of the volume shows: the folder, or what is at `subPath` in it (made as a folder where missing). */
  source(name: string, subPath: string | undefined): { readonly source: string; readonly isFile: boolean } {
    const source = join(this.path(name), subPath ?? '');
    if (!existsSync(source)) mkdirSync(source, { recursive: true });
    return { source, isFile: lstatSync(source).isFile() };
  }

  /** ConfigMaps and Secrets are mounted read-only, whatever the mount says. */
  isReadOnly(name: string): boolean {
    const { configMap, secret } = this.#find(name);
    return Boolean(configMap ?? secret);
  }

  /** Makes what is missing and writes ConfigMaps and Secrets as they are now: what the kubelet does before a pod starts. */
  prepare(objects: readonly PlayedObject[]): void {
    for (const volume of this.#pod.spec.volumes ?? []) {
      const path = this.#place(volume);
      if (volume.configMap || volume.secret) this.#write(volume, path, objects);
      else if (!existsSync(path)) {
        mkdirSync(path, { recursive: true });
        if (volume.emptyDir) chmodSync(path, 0o777);
        // A freshly formatted disk is not empty.
        else mkdirSync(join(path, 'lost+found'), { mode: 0o700 });
      }
      const group = this.#pod.spec.securityContext?.fsGroup;
      if (group !== undefined && !volume.configMap && !volume.secret) ownByGroup(path, group);
    }
  }

  /** Keeps what is in the volumes now, with owners and times, for `putBack`. */
  keep(): void {
    rmSync(`${this.#folder}.kept`, { recursive: true, force: true });
    execFileSync('cp', ['-a', this.#folder, `${this.#folder}.kept`]);
  }

  /** The volumes are as they were at `keep`; only while the pod does not run. */
  putBack(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    execFileSync('cp', ['-a', `${this.#folder}.kept`, this.#folder]);
  }

  /** The pod is gone from its node. */
  removeEmptyDirs(): void {
    rmSync(join(this.#folder, 'emptyDir'), { recursive: true, force: true });
  }

  /** The disks are gone; the next `prepare` makes new ones. */
  removeClaims(): void {
    rmSync(join(this.#folder, 'claim'), { recursive: true, force: true });
  }

  #find(name: string): PodVolume {
    const volume = this.#pod.spec.volumes?.find((one) => one.name === name);
    if (!volume) throw new Error(`the pod ${this.#pod.name} mounts ${name} and has no such volume`);
    return volume;
  }

  #place(volume: PodVolume): string {
    if (volume.persistentVolumeClaim) return join(this.#folder, 'claim', volume.persistentVolumeClaim.claimName);
    return join(this.#folder, volume.emptyDir ? 'emptyDir' : 'files', volume.name);
  }

  #write(volume: PodVolume, path: string, objects: readonly PlayedObject[]): void {
    const source = volume.configMap ?? volume.secret;
    const kind = volume.configMap ? 'ConfigMap' : 'Secret';
    const name = source?.name ?? source?.secretName;
    const object = findObject(objects, kind, name);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    if (!object && source?.optional) return;
    if (!object) throw new Error(`volume ${volume.name}: there is no ${kind} ${name}`);
    const data = objectData(object);
    const items = source?.items ?? Object.keys(data).map((key) => ({ key, path: key, mode: undefined }));
    for (const item of items) {
      const value = data[item.key];
      if (value === undefined) throw new Error(`volume ${volume.name}: ${kind} ${name} has no key ${item.key}`);
      const file = join(path, item.path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, value);
      chmodSync(file, item.mode ?? source?.defaultMode ?? 0o644);
      chownSync(file, 0, this.#pod.spec.securityContext?.fsGroup ?? 0);
    }
  }
}
