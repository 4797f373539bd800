/** A text that values were read from: a values file, or one `--set` option. */
export interface ValuesSource {
  /** Path of the file as the user wrote it, or the name of the option. */
  readonly name: string;
  readonly kind: 'file' | 'option';
  readonly text: string;
}

/** A part of a source, as character offsets; `end` is behind its last character. */
export interface Span {
  readonly source: ValuesSource;
  readonly start: number;
  readonly end: number;
}

/** Where one entry of a map or list was written. An item of a list has no key. */
export interface EntrySpans {
  readonly key?: Span;
  readonly value: Span;
}

/** Line and column, both from 1; a column counts UTF-16 units, as editors and SARIF do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const lineStartsOf = new WeakMap<ValuesSource, readonly number[]>();

/** The position of a character offset in a source. A byte order mark takes no column. */
export function positionAt(source: ValuesSource, offset: number): Position {
  let starts = lineStartsOf.get(source);
  if (!starts) {
    starts = findLineStarts(source.text);
    lineStartsOf.set(source, starts);
  }
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: Math.max(0, offset - starts[low]!) + 1 };
}

/** A line of a source by its number from 1, without its line break. */
export function lineAt(source: ValuesSource, line: number): string {
  const start = offsetOfLine(source, line);
  const end = source.text.indexOf('\n', start);
  return source.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}

function offsetOfLine(source: ValuesSource, line: number): number {
  positionAt(source, 0);
  return lineStartsOf.get(source)![line - 1] ?? source.text.length;
}

function findLineStarts(text: string): number[] {
  const starts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
