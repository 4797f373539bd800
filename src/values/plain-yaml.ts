import { resolveScalar } from './helm-scalar.js';
import { emptyMap, type ValuesMap, type ValuesNode } from './values-map.js';

/** A line with content: how far it is indented, and what stands there. */
interface Line {
  readonly indent: number;
  readonly text: string;
}

/** Thrown inside of the reader at anything that is not plain; never leaves it. */
class NotPlain extends Error {}

const blank = /^ *(?:#.*)?$/;
const item = /^-(?: +(.*))?$/;
/** Keys that are texts however they are read are left to {@link resolveScalar}. */
const entry = /^([A-Za-z0-9_][\w./-]*):(?: +(.*))?$/;
const comment = '(?: +#.*)?$';
const empty = new RegExp(`^(?:(\\{\\})|\\[\\])${comment}`);
const quoted = new RegExp(`^(?:"([^"\\\\]*)"|'([^']*)')${comment}`);
const word = '(?:[\\w./+%=@()*,;<>-]|:(?=[\\w./]))';
const plain = new RegExp(`^((?:[A-Za-z0-9_./]|[+-](?=[\\w.]))${word}*(?: +${word}+)*)${comment}`);
/** Both YAML readers and this one stop long before a chart's values are so deep. */
const deepest = 100;

/**
 * Reads the YAML that most charts write their own values in: maps and lists by indentation, with single values on one
 * line. Twenty times as fast as the full reader, without places, and for nothing else: comments make most of such a file.
 *
 * @returns undefined where anything is not plain, also where it is wrong: the full reader says what it is
 */
export function readPlainYaml(text: string): ValuesMap | undefined {
  // Tabs, carriage returns and odd characters are left to the reader that knows which of them Helm refuses.
  if (/[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff]/.test(text)) return undefined;
  const lines: Line[] = [];
  for (const line of text.split('\n')) {
    if (blank.test(line)) continue;
    const content = line.trimStart();
    lines.push({ indent: line.length - content.length, text: content.trimEnd() });
  }
  try {
    return new PlainReader(lines).read();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class PlainReader {
  #at = 0;

  constructor(readonly lines: readonly Line[]) {}

  read(): ValuesMap {
    if (this.lines.length === 0) return emptyMap();
    const map = this.#map(0, 0);
    if (this.#at < this.lines.length) throw new NotPlain();
    return map;
  }

  /** The entries from here on that are indented by `indent`. */
  #map(indent: number, depth: number): ValuesMap {
    if (depth > deepest) throw new NotPlain();
    const map = emptyMap();
    for (let line = this.lines[this.#at]; line?.indent === indent; line = this.lines[this.#at]) {
      const [, key, rest = ''] = entry.exec(line.text) ?? [];
      if (key === undefined) break;
      if (key in map || resolveScalar(key).kind !== 'text') throw new NotPlain();
      this.#at++;
      map[key] = this.#value(rest, indent, depth, true);
    }
    this.#refuseDeeper(indent);
    return map;
  }

  #list(indent: number, depth: number): ValuesNode[] {
    if (depth > deepest) throw new NotPlain();
    const list: ValuesNode[] = [];
    for (let line = this.lines[this.#at]; line?.indent === indent; line = this.lines[this.#at]) {
      const [, rest] = item.exec(line.text) ?? [];
      if (rest === undefined) break;
      if (entry.test(rest)) {
        // The first entry of a map stands behind the hyphen: read as if it stood alone, where its first letter is.
        const inner = indent + line.text.length - rest.length;
        (this.lines as Line[])[this.#at] = { indent: inner, text: rest };
        list.push(this.#map(inner, depth + 1));
      } else {
        this.#at++;
        list.push(this.#value(rest, indent, depth, false));
      }
    }
    this.#refuseDeeper(indent);
    return list;
  }

  /** What stands behind a key or hyphen, or, for a key, in the lines below. */
  #value(rest: string, indent: number, depth: number, isEntry: boolean): ValuesNode {
    if (rest === '' || rest.startsWith('#')) {
      const next = this.lines[this.#at];
      if (!isEntry) throw new NotPlain();
      if (next && next.indent >= indent && item.test(next.text)) return this.#list(next.indent, depth + 1);
      return next && next.indent > indent ? this.#map(next.indent, depth + 1) : null;
    }
    this.#refuseDeeper(indent);
    const isEmpty = empty.exec(rest);
    if (isEmpty) return isEmpty[1] === undefined ? [] : emptyMap();
    const isQuoted = quoted.exec(rest);
    if (isQuoted) return isQuoted[1] ?? isQuoted[2] ?? '';
    const scalar = plain.exec(rest)?.[1];
    const resolved = scalar === undefined ? undefined : resolveScalar(scalar);
    if (!resolved || resolved.kind === 'no JSON') throw new NotPlain();
    return resolved.value as ValuesNode;
  }

  /** A line that goes on with what is complete already: a text of several lines, or a mistake. */
  #refuseDeeper(indent: number): void {
    const next = this.lines[this.#at];
    if (next && next.indent > indent) throw new NotPlain();
  }
}
