import { Lexer } from 'yaml';
import { type Finding, positionAt, type RuleFacts, type ValuesSource } from '../values/index.js';

/** A comment `# chartwright-ignore RULE, RULE: reason`. */
interface IgnoreComment {
  readonly source: ValuesSource;
  readonly start: number;
  readonly end: number;
  readonly rules: readonly string[];
  readonly reason: string;
  /** The line whose findings it takes away: its own, or the next one with content. */
  readonly line: number;
  readonly used: Set<string>;
}

/** What can be wrong with the comments that take findings away. */
export const ignoreRules = {
  reasonless: {
    id: 'IGNORE001',
    severity: 'error',
    title: 'a finding is ignored without a reason',
    why: 'Whoever reads the file later cannot tell whether it is still right to ignore it. The comment has no effect.',
    fix: 'Write the reason behind a colon, as in "# chartwright-ignore VALD011: the volume is always empty".',
    fact: 'A rule of this program.',
  },
  unused: {
    id: 'IGNORE002',
    severity: 'warning',
    title: 'a comment ignores what is not there',
    why: 'It would hide the finding if it came back.',
    fix: 'Remove the comment, or the rule from it.',
    fact: 'A rule of this program.',
  },
} as const satisfies Record<string, RuleFacts>;

const marker = 'chartwright-ignore';
const comment = /^#\s*chartwright-ignore\b[ \t]*([^:]*?)[ \t]*(?::[ \t]*(.*?))?[ \t]*$/;

/**
 * The findings without those that comments in their files take away, and with those about such comments.
 *
 * @param isLeftOver whether a comment for a rule of this name is of no use where there is no finding
 */
export function applyIgnoreComments(
  findings: readonly Finding[],
  sources: readonly ValuesSource[],
  isLeftOver: (id: string) => boolean,
): Finding[] {
  const comments = sources.flatMap((source) => (source.text.includes(marker) ? readComments(source) : []));
  const kept = findings.filter((finding) => !isIgnored(finding, comments));
  return [...kept, ...comments.flatMap((one) => findingsAbout(one, isLeftOver))];
}

function isIgnored({ rule, span }: Finding, comments: readonly IgnoreComment[]): boolean {
  const fitting = comments.filter(
    ({ source, line, rules, reason }) =>
      source === span.source &&
      reason !== '' &&
      rules.includes(rule.id) &&
      line === positionAt(source, span.start).line,
  );
  for (const { used } of fitting) used.add(rule.id);
  return fitting.length > 0;
}

function findingsAbout(
  { source, start, end, rules, reason, used }: IgnoreComment,
  isLeftOver: (id: string) => boolean,
): Finding[] {
  const at = { span: { source, start, end }, path: [] };
  if (reason === '' || rules.length === 0)
    return [
      {
        ...at,
        rule: ignoreRules.reasonless,
        message: rules.length === 0 ? 'no rule is named' : `no reason is given for ignoring ${rules.join(', ')}`,
      },
    ];
  const unused = rules.filter((rule) => !used.has(rule) && isLeftOver(rule));
  return unused.length > 0
    ? [{ ...at, rule: ignoreRules.unused, message: `there is no finding of ${unused.join(', ')} here` }]
    : [];
}

/** Finds the comments with the YAML package's lexer: the same words inside of a text are none. */
function readComments(source: ValuesSource): IgnoreComment[] {
  const found: { start: number; text: string; alone: boolean }[] = [];
  const lines = new Set<number>();
  let offset = 0;
  for (const token of new Lexer().lex(source.text)) {
    const { line } = positionAt(source, offset);
    if (token.startsWith('#')) found.push({ start: offset, text: token, alone: !lines.has(line) });
    // Control characters mark documents and scalars and are no part of the text.
    else if (!isMark(token) && token.trim() !== '') lines.add(line);
    if (!isMark(token)) offset += token.length;
  }
  const last = Math.max(0, ...lines);
  return found.flatMap(({ start, text, alone }) => {
    const [, names, reason = ''] = comment.exec(text.trimEnd()) ?? [];
    if (names === undefined) return [];
    let { line } = positionAt(source, start);
    while (alone && line <= last && !lines.has(line)) line++;
    const rules = names.split(/[\s,]+/).filter((name) => name !== '');
    return [{ source, start, end: start + text.trimEnd().length, rules, reason, line, used: new Set<string>() }];
  });
}

const isMark = (token: string): boolean => token === '\u0002' || token === '\u0018' || token === '\u001f';
