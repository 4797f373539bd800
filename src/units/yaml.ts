import { stringify } from 'yaml';
import { operation } from './leaf.js';

/**
 * An object as YAML text for a file inside a ConfigMap. Words that YAML 1.1 reads as something else (`yes`, `on`,
 * `12:30:45`) are quoted, because the programs that read it use either version.
 *
 * The text is that of the yaml package, but plain data is written here, in a fraction of the time: making such texts
 * was a quarter of a whole synthesis.
 */
export const yamlText = operation('yamlText', (content: object): string => {
  const text = block(content, '');
  return text === undefined ? library(content) : `${text.replace(/^\n/, '')}\n`;
});

const library = (value: unknown): string =>
  stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });

/** Text that no version of YAML takes for anything but text, wherever it stands. */
const plainText =
  /^([A-Za-z_/][A-Za-z0-9_/.=@-]*([ :][A-Za-z0-9_/.=@-]+)*|[0-9]+(ms|[smh]|mb|[KMG]i)|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)$/;
const words = /^(y|yes|n|no|on|off|true|false|null)$/i;

/** Text that must be quoted and needs no escapes. `0o17` is a number for YAML 1.2 only; the package leaves it plain. */
const quotedText = /^(|[0-9]+|0o[0-7]+|true|false|null|yes|no|on|off)$/;

/** Lines that end with one line break, without characters that would have to be escaped. */
const lines = /^[^\s\p{Cc}\p{Cs}](?:[^\p{Cc}\p{Cs}]|[\n\t])*[^\s\p{Cc}\p{Cs}]\n$/u;

/** A longer key would be written with a question mark. */
const longestKey = 1000;

/**
 * A value as it stands behind its key or dash: in the same line, or in lines of its own that begin with a line break.
 * Undefined where the yaml package has to write the whole text.
 */
function block(value: unknown, indent: string): string | undefined {
  if (Array.isArray(value)) return list(value, indent);
  if (typeof value !== 'object' || value === null) return scalar(value, indent);
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? map(value, indent) : undefined;
}

function map(value: object, indent: string): string | undefined {
  let text = '';
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    if (!isPlain(key) || key.length > longestKey) return undefined;
    const behind = block(inner, `${indent}  `);
    if (behind === undefined) return undefined;
    text += `\n${indent}${key}:${behind.startsWith('\n') ? behind : ` ${behind}`}`;
  }
  return text || '{}';
}

function list(value: readonly unknown[], indent: string): string | undefined {
  let text = '';
  for (const item of value) {
    const behind = block(item, `${indent}  `);
    if (behind === undefined) return undefined;
    // The first line of a nested map or list stands behind the dash, which is as wide as its indent.
    text += `\n${indent}- ${behind.startsWith('\n') ? behind.slice(1 + indent.length + 2) : behind}`;
  }
  return text || '[]';
}

function scalar(value: unknown, indent: string): string | undefined {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && /^-?[0-9]{1,15}(\.[0-9]+)?$/.test(String(value)) && !Object.is(value, -0))
    return String(value);
  if (typeof value === 'string') {
    if (isPlain(value)) return value;
    if (quotedText.test(value)) return `"${value}"`;
    if (lines.test(value)) return `|\n${indent}${value.slice(0, -1).replace(/\n+/g, `$&${indent}`)}`;
  } else if (typeof value !== 'number') return undefined;
  const written = library({ key: value }).slice('key: '.length, -1);
  return written.includes('\n') ? undefined : written;
}

const isPlain = (text: string): boolean => plainText.test(text) && !words.test(text);
