import { existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, parse, relative, resolve, sep } from 'node:path';
import type { Problem } from '../problem/index.js';
import type { Setting } from './configuration.js';

/** What a folder is for: a synthesis writes the first two. */
export type OutputSet = 'manifests' | 'values' | 'chart';

const examples: Readonly<Record<OutputSet, string>> = {
  manifests: 'dist/manifests',
  values: 'values',
  chart: 'charts/web',
};

/** A folder to write to. */
export interface Target {
  readonly set: OutputSet;
  /** Absolute, without symbolic links: the folder itself is renamed, not a link to it. */
  readonly path: string;
  /** As a person in the project's folder would write it. */
  readonly shown: string;
  readonly where: Setting['where'];
}

/** Finds the folder that a setting means; it need not exist yet. */
export function findTarget(set: OutputSet, setting: Setting, folder: string): Target {
  const path = withoutLinks(resolve(folder, setting.value));
  const below = relative(withoutLinks(folder), path);
  return { set, path, shown: below.startsWith('..') || below === '' ? path : below, where: setting.where };
}

/** What no output folder holds: where one of these is, a wrong path was given and replacing it would destroy work. */
const signsOfAProject = ['package.json', '.git', 'cdk8s.yaml', 'node_modules'];

/**
 * What speaks against replacing the targets' content. The dangerous mistake is a path one level too high: everything
 * in the manifests folder goes at the next synthesis.
 *
 * @param program files that run at this moment and must not vanish: this command, the app
 */
export function refuseTargets(targets: readonly Target[], folder: string, program: readonly string[]): Problem[] {
  const problems = targets.flatMap((target) => {
    const reason = reasonAgainst(target.path, withoutLinks(folder), program.map(withoutLinks));
    return reason ? [refusal(target, `this folder cannot be an output: it ${reason}`)] : [];
  });
  for (const target of targets)
    for (const other of targets)
      if (
        target !== other &&
        isWithin(target.path, other.path) &&
        !(target.path === other.path && target.set > other.set)
      )
        problems.push(refusal(target, `the folder for ${target.set} is inside the folder for ${other.set}`));
  return problems;
}

function reasonAgainst(path: string, folder: string, program: readonly string[]): string | undefined {
  if (path === parse(path).root) return 'is the root of the file system';
  if (path === withoutLinks(homedir())) return 'is your home folder';
  if (path === folder) return 'is the folder of the project';
  if (isWithin(folder, path)) return 'holds the project';
  if (existsSync(path) && !statSync(path).isDirectory()) return 'is a file';
  const sign = signsOfAProject.find((name) => existsSync(join(path, name)));
  if (sign) return `holds ${sign}`;
  const inside = path.split(sep).find((part) => part === '.git' || part === 'node_modules');
  if (inside) return `is inside ${inside}`;
  const running = program.find((file) => isWithin(file, path));
  if (running) return `holds ${basename(running)}, which is running`;
  return undefined;
}

function refusal(target: Target, message: string): Problem {
  return {
    code: 'unwritable-output',
    severity: 'error',
    where: target.where,
    message,
    got: target.shown,
    allowed: `a folder of its own, for example ${examples[target.set]}`,
    hint: 'Give a folder that holds nothing but what this command writes.',
  };
}

/** Whether `path` is `folder` or below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The real path, where the last parts may not exist yet. */
function withoutLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(withoutLinks(parent), basename(path));
}
