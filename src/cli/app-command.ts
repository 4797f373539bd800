import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exitCodes, type Place } from '../problem/index.js';
import type { Setting } from './configuration.js';
import { Failure } from './failure.js';

/** A process that runs somebody's app. */
export interface AppCommand {
  /** What the user wrote, for messages. */
  readonly text: string;
  readonly where: Place;
  readonly program: string;
  readonly arguments: readonly string[];
  /** Whether `program` is a command line for the shell. */
  readonly shell: boolean;
  /** The app's file, where it is known. */
  readonly file?: string;
}

const typeScript = /\.[mc]?tsx?$/;
const javaScript = /\.[mc]?js$/;
/** One plain file name and nothing else: anything more is left to the shell. */
const npxTsx = /^npx (?:--no-install |--no )?tsx ([\w@./-]+\.[mc]?tsx?)$/;

/** How to run the `app` of cdk8s.yaml: by the shell, as cdk8s-cli does. */
export function configuredCommand(app: Setting, folder: string): AppCommand {
  // `npx tsx <file>` starts four processes (npx, a shell, tsx, node) where one does the same: 640 ms against 200 ms for
  // an empty file. The project's own tsx is used, which is the one that npx would have found.
  const file = npxTsx.exec(app.value)?.[1];
  const tsx = file && isFile(join(folder, file)) ? resolveFrom(folder, 'tsx') : undefined;
  if (file && tsx) return { ...app, ...nodeCommand(file, folder, pathToFileURL(tsx).href), text: app.value };
  return { ...app, text: app.value, program: app.value, arguments: [], shell: true };
}

/**
 * How to run what `--app` names: a TypeScript file without any build step of the user's, a JavaScript file, or a command
 * for the shell.
 *
 * @throws {@link Failure} for a file that is not there
 */
export function namedCommand(text: string, folder: string): AppCommand {
  const where: Place = { file: '--app' };
  if (isFile(resolve(folder, text))) {
    if (typeScript.test(text)) {
      // From this package and not from the project: a project needs no tsx of its own.
      return { text, where, ...nodeCommand(text, folder, import.meta.resolve('tsx')) };
    }
    if (javaScript.test(text)) return { text, where, ...nodeCommand(text, folder) };
  } else if (/^\S+$/.test(text) && (typeScript.test(text) || javaScript.test(text))) {
    const problem = {
      code: 'unreadable-file',
      severity: 'error',
      where: { file: text },
      message: 'there is no such file',
      allowed: 'a TypeScript or JavaScript file, or a command',
      hint: 'Correct the path; it starts from the folder that you are in.',
    } as const;
    throw new Failure([problem], exitCodes.unreadable);
  }
  return { text, where, program: text, arguments: [], shell: true };
}

function nodeCommand(file: string, folder: string, loader?: string) {
  const path = resolve(folder, file);
  return {
    program: process.execPath,
    arguments: [...(loader ? ['--import', loader] : []), path],
    shell: false,
    file: path,
  };
}

function resolveFrom(folder: string, name: string): string | undefined {
  try {
    return createRequire(join(folder, 'package.json')).resolve(name);
  } catch {
    return undefined; // not installed in the project: npx has to fetch it
  }
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
