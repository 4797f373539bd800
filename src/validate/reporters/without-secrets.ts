import { looksSecret, type ValuesSource } from '../../values/index.js';

const masked = new WeakMap<ValuesSource, readonly string[]>();

/** A line of a values file, or a `--set` option, with stars in place of secrets: what is shown ends up in logs. */
export function lineWithoutSecrets(source: ValuesSource, line: number): string {
  let lines = masked.get(source);
  if (!lines) {
    lines = withoutSecrets(source.text.replace(/^\uFEFF/, '')).split('\n');
    masked.set(source, lines);
  }
  return (lines[line - 1] ?? '').replace(/\r$/, '');
}

/** A key in front of a line of block style, with the hyphens before it. */
const blockEntry = /^(\s*(?:- +)*)(["']?)([\w.-]+)\2\s*:(?=\s|$)(.*)$/s;

/**
 * A text of the same length with stars in place of what stands under keys that hold secrets. It works on the text as it
 * is, since a file that cannot be read is shown too; in doubt it takes away too much.
 */
export function withoutSecrets(text: string): string {
  /** Column of the secret's key while lines may go on with it, and whether all of them are a part of it. */
  let open: { readonly column: number; readonly isText: boolean } | undefined;
  return text
    .split('\n')
    .map((line) => {
      const indent = /^\s*/.exec(line)![0].length;
      const [, before = '', , key, rest = ''] = blockEntry.exec(line) ?? [];
      if (open && line.trim() !== '' && indent <= open.column) open = undefined;
      if (open && (open.isText || key === undefined)) return hidden(line);
      if (key === undefined || !looksSecret([key])) return inFlow(line);
      const column = before.length;
      open = { column, isText: /^\s*(?:[&!]\S*\s+)*[|>"']/.test(rest) };
      // A map or list below may name a Secret: its own keys decide.
      const value = /^\s*(?:$|#|[&*!]\S*\s*$|[|>][+-]?\d*\s*(?:#.*)?$)/.test(rest) ? rest : hidden(rest);
      const flow = /^\s*\{/.test(rest) ? inFlow(rest) : value;
      return line.slice(0, line.length - rest.length) + flow;
    })
    .join('\n');
}

/** Inside of braces, and in `--set`: up to the next comma or bracket. */
const inFlow = (line: string): string =>
  line.replaceAll(
    /([\w.-]+)(["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|\[[^\]]*|\{(?![^}]*[:=])[^}]*|[^\s,{}[\]|>&*"'][^,{}]*)/g,
    (whole: string, key: string, between: string, value: string) =>
      looksSecret(key.split('.')) ? key + between + hidden(value) : whole,
  );

const hidden = (text: string): string => text.replaceAll(/\S/g, '*');
