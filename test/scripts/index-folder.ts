import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Files of an index by name. The script looks at names, sizes, times and metadata.json only, so any content will do. */
export type IndexFiles = Readonly<Record<string, string>>;

/** When the fake indexes were saved: metadata.json at this second, all other files five seconds before. */
const savedAt = 1_700_000_000;

/** What a saved index consists of. `id` marks it, so that a test can tell which one came out on top. */
export function savedIndex(id: string, vectors = 10): IndexFiles {
  const data = Object.fromEntries(['grp', 'prf', 'tre'].map((name) => [name, `${name} of ${id}`]));
  const keys = vectors > 0 ? { 'ngt-meta.kvsdb': 'keys', 'ngt-timestamp.kvsdb': 'times' } : {};
  return {
    ...data,
    ...keys,
    obj: id,
    'metadata.json': `{"ngt":{"index_count":${vectors}},"is_invalid":false}\n`,
  };
}

/** What the agent leaves that has started and never saved. */
export const neverSaved: IndexFiles = { grp: 'empty', obj: 'empty', prf: 'empty', tre: 'empty' };

/** Writes the files into the folder. Those named in `late` get a time after metadata.json, as of a save cut short. */
export function writeIndex(folder: string, files: IndexFiles, late: readonly string[] = []): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const time = late.includes(name) ? savedAt + 60 : name === 'metadata.json' ? savedAt : savedAt - 5;
    writeFileSync(join(folder, name), content);
    utimesSync(join(folder, name), time, time);
  }
}

/** The mark that {@link savedIndex} put into the folder, or undefined where there is none. */
export function indexId(folder: string): string | undefined {
  return readdirSync(folder).includes('obj') ? readFileSync(join(folder, 'obj'), 'utf8') : undefined;
}

/** One entry of an archive. `type` is tar's: 0 file, 1 hard link, 2 symbolic link, 5 folder, 6 FIFO. */
export interface ArchiveEntry {
  readonly name: string;
  readonly type?: '0' | '1' | '2' | '5' | '6';
  readonly content?: string;
  readonly link?: string;
  readonly time?: number;
}

/** The entries of an index in the sidecar's order: the folder itself as `.`, then the files by name. */
export function indexEntries(files: IndexFiles, late: readonly string[] = []): ArchiveEntry[] {
  const names = Object.keys(files).sort();
  const time = (name: string) =>
    late.includes(name) ? savedAt + 60 : name === 'metadata.json' ? savedAt : savedAt - 5;
  return [
    { name: '.', type: '5', time: savedAt },
    ...names.map((name) => ({ name, content: files[name] ?? '', time: time(name) })),
  ];
}

/** The entries as the sidecar's tar, closed by two empty blocks. */
export function tar(entries: readonly ArchiveEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(1024)]);
}

/** A whole object: {@link tar}, compressed. */
export function indexObject(files: IndexFiles, late: readonly string[] = []): Buffer {
  return gzipSync(tar(indexEntries(files, late)));
}

function entryBlocks({ name, type = '0', content = '', link = '', time = savedAt }: ArchiveEntry): Buffer[] {
  const header = Buffer.alloc(512);
  const body = Buffer.from(content);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(type === '5' ? 0o755 : 0o644, 8), 100);
  header.write(octal(65532, 8), 108);
  header.write(octal(65532, 8), 116);
  header.write(octal(body.length, 12), 124);
  header.write(octal(time, 12), 136);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257);
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
}
