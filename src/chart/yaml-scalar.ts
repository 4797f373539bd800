/** Text that every version of YAML takes for text, and Go's templates for nothing. */
const plain = /^[A-Za-z_/][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$/;
const words = /^(y|yes|n|no|on|off|true|false|null|nan|inf)$/i;

/** A fixed value as YAML for a template: one line, with nothing in it that Helm or YAML 1.1 would read otherwise. */
export function yamlScalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return Object.is(value, -0) ? '-0' : String(value);
  if (plain.test(value) && !words.test(value)) return value;
  return quoted(value);
}

/** A key as YAML for a template. */
export const yamlKey = (key: string): string => yamlScalar(key);

function quoted(value: string): string {
  let text = '';
  for (const char of value) {
    const code = char.codePointAt(0)!;
    if (char === '"' || char === '\\') text += `\\${char}`;
    else if (char === '\n') text += '\\n';
    else if (char === '\t') text += '\\t';
    else if (code >= 32 && code < 127) text += char;
    else if (code <= 0xffff) text += `\\u${code.toString(16).padStart(4, '0')}`;
    else text += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  // Two braces would start an action of the template; YAML reads the escape as a brace.
  return `"${text.replaceAll('{{', '{\\u007b')}"`;
}

/** Whether a text of several lines can be written as it is, below a `|`. */
export function isBlockText(value: string): boolean {
  const lines = value.split('\n');
  const last = lines.at(-1) === '' ? lines.at(-2) : lines.at(-1);
  return (
    lines.length > 2 &&
    // A template's `{{-` takes away white space before it, so what ends in more than one line break is quoted.
    !value.endsWith('\n\n') &&
    last !== undefined &&
    !/\s$/.test(last) &&
    !/^\s/.test(value) &&
    /^[\n\t\x20-\x7e\u00a1-\ud7ff\ue000-\ufefe\uff00-\uffef]*$/.test(value.replace(/[\u{10000}-\u{10fffd}]/gu, '')) &&
    !/[\u2028\u2029]/.test(value)
  );
}

/** The lines of a text below a `|`, with what would start an action written out. */
export function blockLines(value: string): { sign: '|' | '|-'; lines: string[] } {
  const ends = value.endsWith('\n');
  const lines = (ends ? value.slice(0, -1) : value).split('\n');
  return { sign: ends ? '|' : '|-', lines: lines.map((line) => line.replaceAll('{{', '{{ "{{" }}')) };
}

/**
 * An object's lines, closed by a comment where a text in it may end in line breaks: Helm cuts those off the end of an
 * object, a block of text keeps one of them, and which line comes last may depend on values.
 */
export function closed(lines: readonly string[]): string[] {
  const mayEndInText = lines.some((line) => /^\{\{- (toYaml|include "[^"]*\.yaml\d*") |[:-] \|$/.test(line));
  return mayEndInText ? [...lines, '# Line breaks above this line are part of a text.'] : [...lines];
}

/** Lines of a template further to the right, with the objects that it writes there. */
export function indented(lines: readonly string[], by: number): string[] {
  return lines.map((line) => {
    if (line === '') return line;
    if (!line.startsWith('{{-')) return ' '.repeat(by) + line;
    return line.replace(
      /^(\{\{- (?:toYaml|include) .* nindent )(\d+)(?= \}\}$)/,
      (_, start: string, own: string) => `${start}${Number(own) + by}`,
    );
  });
}
