import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseAllDocuments, Scalar, type YAMLMap } from 'yaml';
import { Aliases } from './aliases.js';
import type { Finding, PathParts } from './finding.js';
import { type ResolvedScalar, resolveScalar } from './helm-scalar.js';
import { mergeMaps } from './layers.js';
import { reportNumber, reportWord } from './oddities.js';
import type { RuleFacts } from './rule.js';
import { looksSecret } from './secret.js';
import { positionAt, type Span, type ValuesSource } from './source.js';
import type { Spans } from './spans.js';
import { textRules } from './text-rules.js';
import { emptyMap, type HelmVersion, type ValuesMap, type ValuesNode } from './values-map.js';

const deepest = 500;
/** The longest text that is read as values. */
export const mostCharacters = 5_000_000;
/** What the YAML reader inside of Helm does not take anywhere in a file. */
const strangeCharacter = /(?![\t\n\r\x85])\p{Cc}|[\uFFFE\uFFFF]|\p{Cs}/u;
const depthMessage = `more than ${deepest} levels`;

/** Thrown inside of the reader where the rest cannot be read; never leaves it. */
class Unreadable extends Error {
  constructor(readonly finding: Finding) {
    super(finding.message);
  }
}

/**
 * Reads the text of a values file as Helm does.
 *
 * @param spans takes the place of every value
 * @param report told everything that is wrong with the text
 * @returns the values, or undefined after an error that makes Helm refuse the file
 */
export function readValues(
  source: ValuesSource,
  helm: HelmVersion,
  spans: Spans,
  report: (finding: Finding) => void,
): ValuesMap | undefined {
  return guard(source, report, () => new Reader(source, spans, report).values(helm));
}

/** Reads a file of Kubernetes objects, each document for itself, in the same way. */
export function readDocuments(
  source: ValuesSource,
  spans: Spans,
  report: (finding: Finding) => void,
): ValuesMap[] | undefined {
  return guard(source, report, () => new Reader(source, spans, report).documents());
}

function guard<Result>(
  source: ValuesSource,
  report: (finding: Finding) => void,
  read: () => Result,
): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable) report(error.finding);
    else if (error instanceof RangeError)
      report({ rule: textRules.depth, span: startOf(source), path: [], message: depthMessage });
    else throw error;
    return undefined;
  }
}

/** The first character of a source: where a finding about all of it stands. */
export const startOf = (source: ValuesSource): Span => {
  const start = source.text.startsWith('\uFEFF') ? 1 : 0;
  return { source, start, end: start + (source.text.length > start ? 1 : 0) };
};

class Reader {
  #refused = false;
  /** Behind the last character that is no blank. */
  readonly #end: number;
  #aliases!: Aliases;

  constructor(
    readonly source: ValuesSource,
    readonly spans: Spans,
    readonly report: (finding: Finding) => void,
  ) {
    this.#end = source.text.trimEnd().length;
  }

  values(helm: HelmVersion): ValuesMap | undefined {
    this.#refuseStrangeText();
    this.#refuseDirectives(helm);
    const documents = this.#parse();
    const [, second] = documents.filter((contents) => !isNothing(contents));
    if (second) {
      const start = this.source.text.lastIndexOf('---', second.range![0]);
      const span = start < 0 ? this.#spanOf(second) : this.#span(start, start + 3);
      this.#report(textRules.documents, span, [], 'several documents in one values file');
    }
    let values = emptyMap();
    for (const contents of helm === 3 ? documents.slice(0, 1) : documents)
      if (contents !== null) values = mergeMaps(values, this.#document(contents), this.spans);
    return this.#refused ? undefined : values;
  }

  documents(): ValuesMap[] | undefined {
    this.#refuseStrangeText();
    const documents = this.#parse().filter((contents) => contents !== null);
    const read = documents.map((contents) => this.#document(contents));
    return this.#refused ? undefined : read;
  }

  /** The contents of all documents, or none of them where the syntax is wrong. */
  #parse(): (Node | null)[] {
    // All scalars stay text here: what they mean is for Helm's rules to say, not for the package's.
    const documents = parseAllDocuments(this.source.text, {
      version: '1.1',
      schema: 'failsafe',
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    for (const { errors } of documents)
      for (const { pos, message } of errors) {
        // The package calls itself for each level, and passes the error that ends it on as one of the text.
        if (/call stack/i.test(message)) this.#fail(textRules.depth, this.#span(pos[0], pos[0] + 1), [], depthMessage);
        this.#syntax(pos[0], pos[1], message.split('\n', 1)[0]!);
      }
    return this.#refused ? [] : [...documents].map(({ contents }) => contents as Node | null);
  }

  #refuseStrangeText(): void {
    const { text } = this.source;
    if (text.length > mostCharacters)
      this.#fail(textRules.size, startOf(this.source), [], `${text.length} characters, at most ${mostCharacters}`);
    const strange = strangeCharacter.exec(text);
    if (!strange) return;
    const code = text.codePointAt(strange.index)!.toString(16).toUpperCase().padStart(4, '0');
    const span = this.#span(strange.index, strange.index + 1);
    this.#fail(textRules.notText, span, [], `a character that YAML does not allow (U+${code})`);
  }

  /** Helm 4 cuts a file at its lines of three hyphens, so that directives are left without a document. */
  #refuseDirectives(helm: HelmVersion): void {
    const directive = /^%.*/m.exec(this.source.text);
    if (!directive || (helm === 3 && /^%YAML\s+1\.1\s*$/.test(directive[0]))) return;
    const end = directive.index + directive[0].trimEnd().length;
    this.#fail(textRules.syntax, this.#span(directive.index, end), [], 'a directive (%), which Helm does not take');
  }

  #document(contents: Node): ValuesMap {
    this.#aliases = new Aliases(contents, (alias) =>
      this.#fail(textRules.syntax, this.#spanOf(alias), [], `there is no anchor of the name "${alias.source}"`),
    );
    const resolved = isScalar(contents) ? this.#scalar(contents, []) : undefined;
    if (resolved === null) return emptyMap();
    const target = isAlias(contents) ? undefined : contents;
    if (!isMap(target)) {
      const kind = isSeq(target) ? 'a list' : 'one value';
      this.#fail(textRules.topLevel, this.#spanOf(contents), [], `the top of the file is ${kind}, not a map`);
    }
    return this.#node(target as YAMLMap, []) as ValuesMap;
  }

  #node(node: Node | null, path: PathParts): ValuesNode {
    if (path.length > deepest) this.#fail(textRules.depth, this.#spanOf(node), path.slice(0, 5), depthMessage);
    if (this.#aliases.count())
      this.#fail(
        textRules.aliases,
        this.#spanOf(node),
        path.slice(0, 5),
        'almost all of the content comes through aliases',
      );
    if (node === null) return null;
    if (isAlias(node)) {
      const target = this.#aliases.enter(node);
      if (!target) this.#fail(textRules.aliases, this.#spanOf(node), path, `the anchor "${node.source}" holds itself`);
      const value = this.#node(target as Node, path);
      this.#aliases.leave(node);
      return value;
    }
    if (isMap(node)) {
      const map = emptyMap();
      this.#fill(map, node, path, new Map());
      return map;
    }
    if (isSeq(node)) return this.#list(node.items as Node[], path);
    return isScalar(node) ? this.#scalar(node, path) : null;
  }

  #list(items: readonly Node[], path: PathParts): ValuesNode[] {
    const list: ValuesNode[] = [];
    for (const [index, item] of items.entries()) {
      list.push(this.#node(item, [...path, index]));
      this.spans.set(list, index, { value: this.#spanOf(item) });
    }
    return list;
  }

  /** Puts the entries of a map into `map`; those of merge keys where they stand, over what is there before them. */
  #fill(map: ValuesMap, node: YAMLMap, path: PathParts, written: Map<string, Span>): void {
    for (const pair of node.items as Pair<Node | null, Node | null>[]) {
      if (isMergeKey(pair.key)) {
        this.#merge(map, pair.value, path);
        continue;
      }
      const key = this.#key(pair.key, path);
      if (key === undefined) continue;
      const keySpan = this.#spanOf(pair.key);
      const before = written.get(key);
      if (before && !this.#aliases.inside)
        this.#report(textRules.duplicate, keySpan, [...path, key], `"${key}" is there a second time`, {
          fix: `The first is in line ${this.#lineOf(before)}: merge the two.`,
        });
      written.set(key, keySpan);
      map[key] = this.#node(pair.value, [...path, key]);
      this.spans.set(map, key, { key: keySpan, value: pair.value ? this.#spanOf(pair.value) : keySpan });
    }
  }

  #merge(map: ValuesMap, value: Node | null, path: PathParts): void {
    // The first of several counts most, so it is laid over the others.
    const sources = isSeq(value) ? ([...value.items].reverse() as Node[]) : [value];
    for (const source of sources) {
      const target = isAlias(source) ? this.#aliases.enter(source) : source;
      if (!isMap(target))
        this.#fail(textRules.syntax, this.#spanOf(source), path, 'a merge key (<<) takes a map or a list of maps');
      this.#fill(map, target as YAMLMap, path, new Map());
      if (isAlias(source)) this.#aliases.leave(source);
    }
  }

  #key(node: Node | null, path: PathParts): string | undefined {
    this.#aliases.count();
    const target = isAlias(node) ? this.#aliases.targetOf(node) : node;
    const span = this.#spanOf(node);
    if (!isScalar(target)) {
      this.#refuse(textRules.badKey, span, path, target === null ? 'a key without a name' : 'a map or list as a key');
      return undefined;
    }
    const text = String(target.value ?? '');
    if (target.type !== Scalar.PLAIN) return text;
    const resolved = resolveScalar(text);
    if (resolved.key === undefined) {
      this.#refuse(
        textRules.badKey,
        span,
        path,
        `${text || 'nothing'} as a key is ${resolved.kind === 'null' ? 'null' : 'a number out of range'}`,
      );
      return undefined;
    }
    if (resolved.key !== text && !this.#aliases.inside)
      this.#report(textRules.keyType, span, [...path, resolved.key], `the key ${text} is read as "${resolved.key}"`, {
        fix: `Write "${text}" in quotes.`,
      });
    return resolved.key;
  }

  #scalar(node: Scalar, path: PathParts): ValuesNode {
    const text = String(node.value ?? '');
    if (node.type === Scalar.QUOTE_DOUBLE && this.#isOpen(node))
      this.#refuse(textRules.syntax, this.#spanOf(node), path, 'missing closing "quote');
    if (node.type !== Scalar.PLAIN && node.tag === undefined) return text;
    const tag = node.tag?.replace('tag:yaml.org,2002:', '!!');
    if (tag === '!!binary') return Buffer.from(text, 'base64').toString('utf8');
    if (tag !== undefined && !/^!!(bool|int|float|null)$/.test(tag)) return text;
    const resolved = resolveScalar(text);
    const span = this.#spanOf(node);
    if (tag !== undefined && !fits(tag, resolved)) {
      this.#refuse(textRules.tag, span, path, `${looksSecret(path) ? 'this' : text || 'nothing'} is no ${tag}`);
      return null;
    }
    if (resolved.kind === 'no JSON') {
      this.#refuse(textRules.noJson, span, path, `${looksSecret(path) ? 'this' : text} has no form in JSON`);
      return null;
    }
    if (tag === undefined && !this.#aliases.inside) {
      // A finding ends up in logs: of a secret it says that it is odd, and not what it is.
      const report = (rule: RuleFacts, message: string, fix?: string) =>
        looksSecret(path)
          ? this.#report(rule, span, path, 'a secret that is read otherwise than it is written', { fix: inQuotes })
          : this.#report(rule, span, path, message, { fix });
      if (resolved.kind === 'boolean') reportWord(text, report);
      else if (resolved.kind === 'number') reportNumber(text, resolved, path, report);
    }
    return resolved.value as ValuesNode;
  }

  /** Whether a text ends with the file, at a quote that is escaped: the package takes that one for its end. */
  #isOpen({ range }: Scalar): boolean {
    if (!range || range[1] < this.#end) return false;
    const [, backslashes = ''] = /(\\*)"$/.exec(this.source.text.slice(range[0], this.#end)) ?? [];
    return backslashes.length % 2 === 1;
  }

  #syntax(start: number, end: number, message: string): void {
    const place = Math.min(start, Math.max(0, this.#end - 1));
    this.#refuse(textRules.syntax, this.#span(place, Math.max(place + 1, end)), [], lowerFirst(withoutSource(message)));
  }

  #report(
    rule: RuleFacts,
    span: Span,
    path: PathParts,
    message: string,
    { fix }: { fix?: string | undefined } = {},
  ): void {
    this.report({ rule, span, path, message, ...(fix === undefined ? {} : { fix }) });
  }

  /** Reports what makes Helm refuse the file, and goes on to find more of it. */
  #refuse(rule: RuleFacts, span: Span, path: PathParts, message: string): void {
    this.#refused = true;
    this.#report(rule, span, path, message);
  }

  #fail(rule: RuleFacts, span: Span, path: PathParts, message: string): never {
    throw new Unreadable({ rule, span, path, message });
  }

  #span(start: number, end: number): Span {
    return { source: this.source, start, end };
  }

  #spanOf(node: Node | null): Span {
    const [start, end] = node?.range ?? [startOf(this.source).start, startOf(this.source).end];
    return this.#span(start, Math.max(end, start));
  }

  #lineOf(span: Span): number {
    return positionAt(span.source, span.start).line;
  }
}

const isNothing = (contents: unknown): boolean =>
  contents === null || (isScalar(contents) && contents.type === Scalar.PLAIN && contents.value === '');

const isMergeKey = (key: Node | null): boolean =>
  isScalar(key) && key.value === '<<' && (key.type === Scalar.PLAIN || key.tag === 'tag:yaml.org,2002:merge');

const fits = (tag: string, { kind }: ResolvedScalar): boolean =>
  (tag === '!!null' && kind === 'null') ||
  (tag === '!!bool' && kind === 'boolean') ||
  (tag === '!!float' && kind === 'number') ||
  (tag === '!!int' && kind === 'number');

/** The package's message without the piece of the file that some end with: it may be a secret. */
const withoutSource = (message: string): string =>
  message
    .replace(/: ".*"$/s, '')
    .replace(/^(Not a YAML token): .*$/s, '$1')
    .replace(/(extra characters): .*$/s, '$1');

const inQuotes = 'Put it in quotes, or better into a Secret.';

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
