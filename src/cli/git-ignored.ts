import { spawnSync } from 'node:child_process';

/**
 * Which of these files git ignores: `--check` is about committed files, and these are never committed. None where there
 * is no git or no repository.
 *
 * @param paths absolute, or relative to `folder`
 */
export function ignoredByGit(paths: readonly string[], folder: string): Set<string> {
  if (paths.length === 0) return new Set();
  const git = spawnSync('git', ['check-ignore', '-z', '--stdin'], {
    cwd: folder,
    input: paths.join('\0'),
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  return new Set(git.status === 0 ? git.stdout.split('\0').filter((path) => path !== '') : []);
}
