import { join } from 'node:path';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { type FileChange, readContent } from './comparison.js';

/** The time that one file may take, in milliseconds: two long files with nothing in common take minutes. */
const patience = 2_000;

/**
 * What would change in one file, as a unified diff that `git apply` and `patch -p1` read.
 *
 * @param fresh folder with the new content
 * @param present folder with the old content
 * @param shown how the old folder is called in the headers
 */
export function differenceOf(change: FileChange, fresh: string, present: string, shown: string): string {
  const path = `${shown}/${change.path}`;
  const before = change.kind === 'new' ? undefined : readContent(join(present, change.path));
  const after = change.kind === 'removed' ? undefined : readContent(join(fresh, change.path));
  if (before?.includes(0) || after?.includes(0)) return `Binary files a/${path} and b/${path} differ\n`;
  const patch = createTwoFilesPatch(
    before ? `a/${path}` : '/dev/null',
    after ? `b/${path}` : '/dev/null',
    before?.toString() ?? '',
    after?.toString() ?? '',
    undefined,
    undefined,
    { context: 3, headerOptions: FILE_HEADERS_ONLY, timeout: patience },
  );
  return patch ?? `Files a/${path} and b/${path} differ in too many lines to show\n`;
}
