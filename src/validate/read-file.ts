import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type Finding, textRules, type ValuesSource } from '../values/index.js';
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
    content = readFileSync(name);
  } catch (error) {
    throw unreadable(name, error, 'Give the path of a values file.');
  }
  const source: ValuesSource = { name, kind: 'file', text: content.toString('utf8') };
  if (isUtf8(content)) return { source };
  const start = Math.max(0, source.text.indexOf('\uFFFD'));
  const span = { source, start, end: start + 1 };
  return { source, finding: { rule: textRules.notText, span, path: [], message: 'bytes that are not UTF-8' } };
}
