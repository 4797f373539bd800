import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { type Finding, mostCharacters, startOf, textRules, type ValuesSource } from '../values/index.js';
import { unreadable } from './unreadable.js';

/** A file's text, with what is wrong with its bytes. */
export interface ReadFile {
  readonly source: ValuesSource;
  /** A finding where the bytes are no text. */
  readonly finding?: Finding;
}

/**
 * Reads a file of values or objects.
 *
 * @throws {@link UnreadableError} where the system refuses it
 */
export function readFile(name: string): ReadFile {
  let content: Buffer;
  try {
    const { size } = statSync(name);
    // Not even read: a character has four bytes at most.
    if (size > 4 * mostCharacters) {
      const empty: ValuesSource = { name, kind: 'file', text: '' };
      const message = `${size} bytes, at most ${mostCharacters} characters`;
      return { source: empty, finding: { rule: textRules.size, span: startOf(empty), path: [], message } };
    }
    content = readFileSync(name);
  } catch (error) {
    throw unreadable(name, error, 'Give the path of a values file.');
  }
  const wide = wideText(content);
  const source: ValuesSource = { name, kind: 'file', text: wide ?? content.toString('utf8') };
  if (wide !== undefined) {
    const message = 'the text is UTF-16, which Helm 3 reads and Helm 4 refuses or reads in part';
    return { source, finding: { rule: textRules.notText, span: startOf(source), path: [], message } };
  }
  if (isUtf8(content)) return { source };
  const start = Math.max(0, source.text.indexOf('\uFFFD'));
  const span = { source, start, end: start + 1 };
  return { source, finding: { rule: textRules.notText, span, path: [], message: 'bytes that are not UTF-8' } };
}

/** A text in UTF-16 by its byte order mark, as some editors on Windows save it. */
function wideText(content: Buffer): string | undefined {
  const [first, second] = content;
  if (first === 0xff && second === 0xfe) return content.toString('utf16le');
  if (first !== 0xfe || second !== 0xff) return undefined;
  return Buffer.from(content.subarray(0, content.length & ~1))
    .swap16()
    .toString('utf16le');
}
