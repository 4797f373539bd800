import { existsSync, realpathSync } from 'node:fs';
import { programPath } from './find.js';

/** What stands for a container image: local programs in an otherwise empty root. */
export interface PlayedImage {
  /** The image's ENTRYPOINT. */
  readonly entrypoint: readonly string[];
  /** The image's USER, where the pod does not set one. @default 0 */
  readonly user?: number;
  /** Files of the image: path in the image → file on this machine. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether /bin holds busybox's applets; without it the image has no shell. @default false */
  readonly busybox?: boolean;
}

/** The image `rclone/rclone`: busybox and rclone, nothing else. */
export function rcloneImage(): PlayedImage {
  return { entrypoint: ['rclone'], files: { '/usr/local/bin/rclone': programPath('rclone') }, busybox: true };
}

/** An image with one program and no shell, as distroless images are, run as their user `nonroot`. */
export function programImage(path: string, program: string): PlayedImage {
  return { entrypoint: [path], user: 65532, files: { [path]: program } };
}

/** The name of an image without registry, tag and digest. */
export function imageRepository(reference: string): string {
  const [path = ''] = reference.split('@');
  const parts = path.replace(/:[^/:]*$/, '').split('/');
  return (parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? '') ? parts.slice(1) : parts).join('/');
}

export interface RootMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly isFile: boolean;
}

export interface RootUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Where the termination message of the container with this root is: beside it, as the root is seen by nobody else. */
export const messageFile = (root: string): string => `${root}.termination-log`;

/**
 * The shell script that builds a container's root in the empty folder `root` and becomes the program in "$@". It runs in
 * a mount namespace of its own, so nothing has to be unmounted; it says `started` on descriptor 3 before it is replaced,
 * since a signal sent earlier would be lost. Only absolute paths: the environment is already the container's.
 */
export function rootScript(
  image: PlayedImage,
  root: string,
  mounts: readonly RootMount[],
  user: RootUser,
  readOnlyRoot: boolean,
): string {
  const busybox = realpathSync(programPath('busybox'));
  const [mount, chroot] = [programPath('mount'), programPath('chroot')];
  const file = (source: string, readOnly = true): RootMount => ({ source, target: source, readOnly, isFile: true });
  const libraries = ['/lib', '/lib64', '/usr/lib', '/etc/ssl'].filter((path) => !image.busybox && existsSync(path));
  const all: readonly RootMount[] = [
    ...['null', 'zero', 'full', 'random', 'urandom'].map((name) => file(`/dev/${name}`, false)),
    // The kubelet’s, and writable where the root is not.
    { ...file(messageFile(root), false), target: '/dev/termination-log' },
    ...libraries.map((path) => ({ ...file(path), isFile: false })),
    ...Object.entries(image.files).map(([target, source]) => ({ ...file(source), target })),
    ...(image.busybox ? [file(busybox)] : []),
    ...mounts,
  ];
  const at = (path: string): string => quote(`${root}${path}`);
  return [
    'set -eu',
    `: >${quote(messageFile(root))}; ${busybox} chmod 666 ${quote(messageFile(root))}`,
    `${mount} -t tmpfs -o mode=755 image ${quote(root)}`,
    `${busybox} mkdir ${['/proc', '/dev', '/etc', '/bin'].map(at).join(' ')}`,
    `${busybox} mkdir -m 1777 ${at('/tmp')}`,
    `${mount} -t proc proc ${at('/proc')}`,
    `echo 'root:x:0:0::/:/bin/sh\nnonroot:x:65532:65532::/:/bin/false' >${at('/etc/passwd')}`,
    `echo '127.0.0.1 localhost' >${at('/etc/hosts')}`,
    ...(image.busybox ? [`${busybox} --install -s ${at('/bin')}`] : []),
    ...all.flatMap(({ source, target, readOnly, isFile }) => [
      isFile
        ? `${busybox} mkdir -p ${at(target.replace(/\/[^/]*$/, ''))}; : >>${at(target)}`
        : `${busybox} mkdir -p ${at(target)}`,
      `${mount} --bind ${quote(source)} ${at(target)}`,
      ...(readOnly ? [`${mount} -o remount,bind,ro ${at(target)}`] : []),
    ]),
    ...(readOnlyRoot ? [`${mount} -o remount,ro ${quote(root)}`] : []),
    'echo started >&3',
    'exec 3>&-',
    `exec ${chroot} --userspec=+${user.uid}:+${user.gid} --groups=${user.groups.map((gid) => `+${gid}`).join(',')} ${quote(root)} "$@"`,
  ].join('\n');
}
