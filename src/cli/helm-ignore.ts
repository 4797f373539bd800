import type { Problem } from '../problem/index.js';

/** One line of a .helmignore. */
interface Rule {
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  /** Whether it is compared with the whole path, or with its last part. */
  readonly wholePath: boolean;
  readonly pattern: RegExp;
}

/** Whether a path below a chart's folder is left out of the chart. */
export type Ignored = (path: string, isFolder: boolean) => boolean;

/**
 * Reads a .helmignore as Helm does, which is not how git reads its own: patterns are those of Go's `filepath.Match`,
 * `**` is refused, and a line with `!` leaves out everything that it does not match.
 *
 * @param text of the file; without one there is still Helm's own rule for hidden files below `templates`
 * @param file its name, for messages
 * @param problems lines that are no patterns are added here; Helm overlooks some of them
 */
export function readHelmIgnore(text: string, file: string, problems: Problem[]): Ignored {
  const refuse = (line: number, message: string, got: string) =>
    problems.push({
      code: 'unreadable-file',
      severity: 'error',
      where: { file, line },
      message,
      got,
      hint: 'Correct the pattern; Helm refuses it, or overlooks it without a word.',
    });
  const rules = [...text.split(/\r?\n/), 'templates/.?*'].flatMap((line, index): Rule[] => {
    const given = line.trim();
    if (given === '' || given.startsWith('#')) return [];
    if (given.includes('**')) {
      refuse(index + 1, 'Helm has no "**" in a .helmignore', given);
      return [];
    }
    const negated = given.startsWith('!');
    const named = negated ? given.slice(1) : given;
    const foldersOnly = named.endsWith('/');
    const path = foldersOnly ? named.slice(0, -1) : named;
    const pattern = compile(path.replace(/^\//, ''));
    if (!pattern) {
      refuse(index + 1, 'this is no pattern', given);
      return [];
    }
    return [{ negated, foldersOnly, wholePath: path.includes('/'), pattern }];
  });
  return (path, isFolder) => {
    for (const { negated, foldersOnly, wholePath, pattern } of rules) {
      const matches = pattern.test(wholePath ? path : path.slice(path.lastIndexOf('/') + 1));
      if (negated && ((foldersOnly && !isFolder) || !matches)) return true;
      if (!negated && matches && (isFolder || !foldersOnly)) return true;
    }
    return false;
  };
}

/** A pattern of Go's `filepath.Match` as a regular expression, or undefined where Go finds a fault in it. */
function compile(pattern: string): RegExp | undefined {
  const chars = [...pattern];
  let source = '';
  for (let index = 0; index < chars.length; index++) {
    const char = chars[index]!;
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\') {
      if (index + 1 === chars.length) return undefined;
      source += literal(chars[++index]!);
    } else if (char === '[') {
      const read = readClass(chars, index + 1);
      if (!read) return undefined;
      source += read.source;
      index = read.end;
    } else source += literal(char);
  }
  return new RegExp(`^(?:${source})$`, 'su');
}

/** A class such as `[a-z]` or `[^x]`, and where its closing bracket is. */
function readClass(chars: readonly string[], start: number): { source: string; end: number } | undefined {
  let index = start;
  const negated = chars[index] === '^';
  if (negated) index++;
  const one = (): string | undefined => {
    if (chars[index] === undefined || chars[index] === '-' || chars[index] === ']') return undefined;
    if (chars[index] === '\\') index++;
    return chars[index++];
  };
  let ranges = '';
  for (let count = 0; ; count++) {
    if (chars[index] === ']' && count > 0) break;
    const low = one();
    if (low === undefined) return undefined;
    let high: string | undefined = low;
    if (chars[index] === '-') {
      index++;
      high = one();
      if (high === undefined) return undefined;
    }
    // From high to low is no fault for Go: nothing is in it.
    if (low.codePointAt(0)! <= high.codePointAt(0)!) ranges += `${literal(low)}-${literal(high)}`;
  }
  return { source: `[${negated ? '^' : ''}${ranges}]`, end: index };
}

const literal = (char: string): string => `\\u{${char.codePointAt(0)!.toString(16)}}`;
