import { gunzipSync } from 'node:zlib';
import { UnreadableError } from './unreadable.js';

/** How much more may be unpacked: archives inside of an archive count together. */
export interface UnpackBudget {
  left: number;
}

/** Helm's own limit for all files of a chart together. */
export const unpackBudget = (): UnpackBudget => ({ left: 100 * 1024 * 1024 });

/**
 * The wanted files of a packed chart, in memory: nothing is ever written.
 *
 * @param file the archive's name, for messages
 * @param wanted decides by the path below the archive's one folder
 * @param budget what may still be unpacked; the size of this one is taken from it
 * @returns file contents by that path
 * @throws {@link UnreadableError} for what is no chart archive, paths that lead out of it, and more than 100 MiB
 */
export async function readArchive(
  file: string,
  packed: Buffer,
  wanted: (path: string) => boolean,
  budget: UnpackBudget,
): Promise<Map<string, Buffer>> {
  const refuse = (message: string) =>
    new UnreadableError({ where: { file }, message, hint: 'Pack the chart again with "helm package".' });
  const files = new Map<string, Buffer>();
  // Only here: most runs have no archive. It is a module, which the CommonJS build can load in no other way.
  const { unpackTar } = await import('modern-tar');
  try {
    const tar = gunzipSync(packed, { maxOutputLength: Math.max(1, budget.left) });
    budget.left -= tar.length;
    const entries = await unpackTar(tar, { strict: true });
    for (const { header, data } of entries) {
      const path = header.name.replaceAll('\\', '/');
      if (leadsOut(path)) throw refuse(`it holds the path "${header.name}", which leads out of the chart`);
      const inside = path.replace(/^\.\//, '').split('/').slice(1).join('/');
      if (header.type === 'file' && data && wanted(inside)) files.set(inside, Buffer.from(data));
    }
  } catch (error) {
    if (error instanceof UnreadableError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw refuse(
      code === 'ERR_BUFFER_TOO_LARGE' ? 'its files have more than 100 MiB' : `it is no packed chart (${message})`,
    );
  }
  return files;
}

const leadsOut = (path: string): boolean =>
  path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.split('/').includes('..');
