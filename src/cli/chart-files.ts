import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Problem } from '../problem/index.js';
import { type Ignored, readHelmIgnore } from './helm-ignore.js';
import { isWithin } from './target.js';

/** Helm’s own limits, in bytes: of one file (before Helm 4.3) and of all together. */
const mostOfOne = 5 * 1024 * 1024;
const mostOfAll = 100 * 1024 * 1024;

/**
 * The files that belong to a chart's folder, as Helm takes them: without what .helmignore names, links followed, and
 * the mark taken away that Windows editors put at the start.
 *
 * @param folder the chart's folder
 * @param shown how it is called in messages
 * @param problems links that lead out, irregular files and what is too large are added here
 * @returns contents by path, sorted as Helm's own order of names: byte by byte
 */
export function readChartFiles(folder: string, shown: string, problems: Problem[]): ReadonlyMap<string, Buffer> {
  const ignoreFile = join(folder, '.helmignore');
  const rules = existsSync(ignoreFile) ? readFileSync(ignoreFile, 'utf8') : '';
  const walk = new Walk(folder, shown, readHelmIgnore(rules, `${shown}/.helmignore`, problems), problems);
  walk.visit('', [realpathSync(folder)]);
  const total = [...walk.files.values()].reduce((sum, { length }) => sum + length, 0);
  if (total > mostOfAll) problems.push(tooLarge(shown, 'all files of the chart together', total, mostOfAll));
  return new Map([...walk.files].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

class Walk {
  readonly files = new Map<string, Buffer>();

  constructor(
    readonly folder: string,
    readonly shown: string,
    readonly isIgnored: Ignored,
    readonly problems: Problem[],
  ) {}

  /** @param above real paths of the folders that lead here: a link to one of them would never end */
  visit(below: string, above: readonly string[]): void {
    for (const name of readdirSync(join(this.folder, below))) {
      const path = below ? `${below}/${name}` : name;
      const full = join(this.folder, path);
      const found = statSync(full, { throwIfNoEntry: false });
      if (this.isIgnored(path, found?.isDirectory() ?? false)) continue;
      const isLink = lstatSync(full).isSymbolicLink();
      const reason = isLink ? this.reasonAgainstLink(full, above) : undefined;
      if (reason) this.refuse(path, reason, 'Put a copy in the place of the link.');
      else if (found?.isDirectory()) this.visit(path, [...above, realpathSync(full)]);
      else if (!found?.isFile()) this.refuse(path, 'it is neither a file nor a folder', 'Remove it.');
      else if (found.size > mostOfOne)
        this.problems.push(tooLarge(`${this.shown}/${path}`, 'this file', found.size, mostOfOne));
      else this.files.set(path, withoutMark(readFileSync(full)));
    }
  }

  private reasonAgainstLink(full: string, above: readonly string[]): string | undefined {
    if (!existsSync(full)) return 'the link leads to nothing';
    const real = realpathSync(full);
    if (above.includes(real)) return 'the link leads to a folder that it is in';
    // What lies outside of the folder is nobody's intention to publish, and another machine may have something else there.
    if (!isWithin(real, above[0]!)) return `the link leads out of the chart, to ${relative(above[0]!, real)}`;
    return undefined;
  }

  private refuse(path: string, message: string, hint: string): void {
    const where = { file: `${this.shown}/${path}` };
    this.problems.push({ code: 'unreadable-file', severity: 'error', where, message, hint });
  }
}

function withoutMark(content: Buffer): Buffer {
  return content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf ? content.subarray(3) : content;
}

function tooLarge(file: string, what: string, size: number, most: number): Problem {
  return {
    code: 'unreadable-file',
    severity: 'error',
    where: { file },
    message: `${what} is larger than Helm takes`,
    got: `${(size / 1024 / 1024).toFixed(1)} MiB`,
    allowed: `${most / 1024 / 1024} MiB`,
    hint: 'Name it in .helmignore, or make it smaller.',
  };
}
