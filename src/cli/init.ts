import { existsSync, mkdirSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { exitCodes, type Problem } from '../problem/index.js';
import { Failure } from './failure.js';
import type { Screen } from './screen.js';
import { chartProject } from './starter/chart-project.js';
import { libraryProject } from './starter/library-project.js';
import { packageVersions } from './version.js';

/** What `chartwright init` makes. */
export type ProjectKind = 'chart' | 'library';

/** Options of `chartwright init`; its help says what each is for. */
export interface InitOptions {
  readonly name?: string;
}

/** What may be in a folder that counts as empty: a repository that was just made. */
const harmless = ['.git', '.DS_Store'];

/**
 * Makes a new project in an empty folder.
 *
 * @throws {@link Failure} for a folder that is not empty, and for a name that no chart can have
 */
export function init(kind: ProjectKind, folder: string, options: InitOptions, screen: Screen): void {
  const path = resolve(folder);
  refuseFull(path, folder);
  const name = options.name ?? basename(existsSync(path) ? realpathSync(path) : path);
  if (!/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) throw wrongName(name, options.name !== undefined);
  const starter = { name, versions: packageVersions() };
  const files = kind === 'chart' ? chartProject(starter) : libraryProject(starter);
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    // Never over a file that somebody else has put there since it was looked at.
    writeFileSync(join(path, file), content, { flag: 'wx' });
  }
  const paths = Object.keys(files).sort();
  if (screen.options.json) {
    screen.document({ ok: true, problems: [], outputs: [{ folder, kind, name, files: paths }] });
    return;
  }
  if (screen.options.quiet) return;
  screen.result(paths.map((file) => `${join(folder, file)}\n`).join(''));
  const enter = folder === '.' ? '' : `cd ${folder} && `;
  screen.note(`\nNext: ${enter}npm install && npm test && npm run chart`);
}

function refuseFull(path: string, folder: string): void {
  if (!existsSync(path)) return;
  const isFolder = statSync(path).isDirectory();
  const found = isFolder ? readdirSync(path).filter((name) => !harmless.includes(name)) : [];
  if (isFolder && found.length === 0) return;
  const problem: Problem = {
    code: 'unwritable-output',
    severity: 'error',
    where: { file: folder },
    message: isFolder ? 'this folder is not empty' : 'this is a file',
    ...(isFolder ? { got: found.sort().slice(0, 5).join(', ') } : {}),
    allowed: 'an empty folder, or one that is not there yet',
    hint: 'Give another folder.',
  };
  throw new Failure([problem], exitCodes.usage);
}

function wrongName(name: string, given: boolean): Failure {
  const problem: Problem = {
    code: 'invalid-name',
    severity: 'error',
    where: { file: given ? '--name' : 'folder' },
    message: 'no chart can be called so',
    got: name,
    allowed: 'lower-case letters, digits and hyphens, at most 40, beginning with a letter',
    hint: given ? 'Give another name.' : 'Give a name with --name, or another folder.',
  };
  return new Failure([problem], exitCodes.usage);
}
