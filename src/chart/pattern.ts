/** A rule of JSON schema, draft 7. */
export type Rule = Record<string, unknown>;

/** A regular expression that has no form in Go, which checks a chart's values. */
export class UnsupportedPatternError extends Error {
  override readonly name = 'UnsupportedPatternError';
}

/**
 * A regular expression of JavaScript as rules of JSON schema that Helm can check. Go has no look-ahead; one at the
 * start says that two patterns hold at once, and so becomes two rules.
 *
 * @throws {@link UnsupportedPatternError} for what cannot be said so: a look-ahead in the middle, a look-behind, a
 * back reference, `\s` (which means other characters in Go)
 */
export function patternRules(source: string): Rule[] {
  const options = alternativesOf(source);
  if (options.length > 1) {
    if (!/\(\?[=!]/.test(source)) return [{ pattern: inGo(source) }];
    return [{ anyOf: options.map((option) => all(patternRules(option))) }];
  }
  const rules: Rule[] = [];
  let rest = source;
  const anchored = rest.startsWith('^');
  for (;;) {
    const start = anchored ? 1 : 0;
    const kind = rest.slice(start, start + 3);
    if (kind !== '(?=' && kind !== '(?!') break;
    if (!anchored) throw new UnsupportedPatternError('a look-ahead that is not at the start');
    const end = closing(rest, start);
    const inside = rest.slice(start + 3, end);
    const inner = all(
      patternRules(
        alternativesOf(inside)
          .map((option) => `^${option}`)
          .join('|'),
      ),
    );
    // A pattern says nothing of null, which many values may be: without the type "not" would refuse it.
    rules.push(kind === '(?=' ? inner : { not: { type: 'string', ...inner } });
    rest = `^${rest.slice(end + 1)}`;
  }
  // Whatever stands behind `^(?=…)` alone matches everything.
  if (rest !== '^' || rules.length === 0) rules.push({ pattern: inGo(rest) });
  return rules;
}

const all = (rules: readonly Rule[]): Rule => (rules.length === 1 ? rules[0]! : { allOf: rules });

/** The alternatives of a pattern on its outermost level. */
function alternativesOf(source: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '[') at = classEnd(source, at);
    else if (source[at] === '(') depth++;
    else if (source[at] === ')') depth--;
    else if (source[at] === '|' && depth === 0) {
      found.push(source.slice(from, at));
      from = at + 1;
    }
  }
  return [...found, source.slice(from)];
}

function closing(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '[') at = classEnd(source, at);
    else if (source[at] === '(') depth++;
    else if (source[at] === ')' && --depth === 0) return at;
  }
  throw new UnsupportedPatternError('a group without an end');
}

function classEnd(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === ']') return at;
  }
  throw new UnsupportedPatternError('a class without an end');
}

function inGo(source: string): string {
  let result = '';
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at);
    if (/^\(\?[=!]/.test(rest)) throw new UnsupportedPatternError('a look-ahead that is not at the start');
    if (/^\(\?<[=!]/.test(rest)) throw new UnsupportedPatternError('a look-behind');
    if (/^\\[1-9k]/.test(rest)) throw new UnsupportedPatternError('a back reference');
    if (/^\\[sSbBcu]/.test(rest)) throw new UnsupportedPatternError(`${rest.slice(0, 2)}, which Go reads otherwise`);
    if (/^\{(\d{4,})/.test(rest)) throw new UnsupportedPatternError('a repeat of more than 999');
    if (source[at] === '\\') {
      // Go knows no needless escape of a letter or a slash.
      const escaped = source[at + 1] ?? '';
      result += escaped === '/' || escaped === '-' ? (escaped === '-' ? '\\-' : '/') : `\\${escaped}`;
      at++;
    } else if (source[at] === '.') result += '[^\\n\\r\\x{2028}\\x{2029}]';
    else if (source[at] === '[') {
      const end = classEnd(source, at);
      result += classInGo(source.slice(at, end + 1));
      at = end;
    } else result += source[at];
  }
  return result;
}

function classInGo(source: string): string {
  if (source === '[]' || source === '[^]') throw new UnsupportedPatternError('an empty class');
  if (/\\[sSbBcu]/.test(source)) throw new UnsupportedPatternError('a class of white space, which Go reads otherwise');
  return source.replaceAll('\\/', '/').replace(/(?<!^)\[(?!:)/g, '\\[');
}
