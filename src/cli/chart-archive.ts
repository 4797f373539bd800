import { gzipSync } from 'fflate';
import { packTar } from 'modern-tar';

/** 1980-01-01: the oldest time that every archive format has, and none that programs warn of. */
const time = new Date('1980-01-01T00:00:00Z');

/**
 * A packed chart whose bytes depend on its files only: not on when, where, by whom and in what order they were made.
 * It is compressed in JavaScript, because Node's own zlib gives other bytes on another processor and in another version.
 *
 * @param name of the chart, which is the one folder at the top
 * @param files contents by path, in the order in which they are packed; Chart.yaml goes first, as Helm does it
 */
export async function packChart(name: string, files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const paths = ['Chart.yaml', ...[...files.keys()].filter((path) => path !== 'Chart.yaml')];
  const tar = await packTar(
    paths.map((path) => {
      const body = files.get(path)!;
      const owner = { uid: 0, gid: 0, uname: '', gname: '' };
      const header = { name: `${name}/${path}`, size: body.length, mode: 0o644, mtime: time, ...owner };
      return { header: { ...header, type: 'file' as const }, body };
    }),
  );
  return gzipSync(tar, { level: 9, mtime: 0 });
}
