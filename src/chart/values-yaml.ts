import type { Dependencies } from './dependency.js';
import { valuesYamlBlocks } from './dependency-values.js';
import { fileDefaults, fill } from './layering.js';
import { goText } from './print-expression.js';
import { isPlainObject, isRequired, type Shape } from './shape.js';

/**
 * The chart's values.yaml: every value with what it is, its default, and those without one as a comment. Texts and keys
 * are quoted where a version of YAML could read them as something else.
 */
export function valuesYaml(shape: Shape, dependencies: Dependencies = {}): string {
  if (shape.kind !== 'object') return '{}\n';
  const defaults = fileDefaults(shape) as Record<string, unknown> | undefined;
  const blocks = [...shape.fields].map(([key, field]) => block(key, field, defaults?.[key], 0).join('\n'));
  const all = [...blocks, ...valuesYamlBlocks(dependencies)];
  // A file of comments only would be null.
  const isEmpty = all.every((text) => text.split('\n').every((line) => line === '' || line.startsWith('#')));
  return `${[...all, ...(isEmpty ? ['{}'] : [])].join('\n\n')}\n`;
}

function block(key: string, shape: Shape, value: unknown, indent: number): string[] {
  const space = ' '.repeat(indent);
  const lines = comment(shape).map((line) => `${space}# ${line}`);
  const name = yamlText(key);
  if (shape.kind === 'object' && value !== undefined && shape.fields.size > 0) {
    const inner = isPlainObject(value) ? value : {};
    const fields = [...shape.fields].flatMap(([innerKey, field]) =>
      block(innerKey, field, inner[innerKey], indent + 2),
    );
    // A map of comments only would be null.
    const empty = Object.keys(inner).length === 0;
    return empty
      ? [...lines, ...fields.filter((line) => line.trimStart().startsWith('#')), `${space}${name}: {}`]
      : [...lines, `${space}${name}:`, ...fields];
  }
  if (value !== undefined) return [...lines, ...behind(`${space}${name}:`, value, indent)];
  const example =
    'default' in shape ? behind(`${name}:`, fill(shape, undefined), 0) : [`${name}: ${placeholder(shape)}`];
  return [...lines, ...example.map((line) => `${space}# ${line}`)];
}

function comment(shape: Shape): string[] {
  const needs = isRequired(shape) ? ['Required.'] : [];
  const allowed = shape.kind === 'option' ? [`One of ${shape.options.join(', ')}.`] : [];
  const text = [...(shape.description ? [shape.description.trim()] : []), ...allowed, ...needs].join(' ');
  return text === '' ? [] : wrap(text.replace(/[^\x20-\x7e\u00a1-\uffef\n]/g, ' '));
}

function wrap(text: string): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [''];
    for (const word of paragraph.split(' ')) {
      const last = lines.at(-1)!;
      if (last !== '' && last.length + word.length > 100) lines.push(word);
      else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    }
    return lines;
  });
}

function placeholder(shape: Shape): string {
  switch (shape.kind) {
    case 'object':
    case 'record':
    case 'any':
      return '{}';
    case 'list':
      return '[]';
    case 'union':
      return `{ ${yamlText(shape.discriminator)}: ${yamlText([...shape.members.keys()][0] ?? '')} }`;
    case 'option':
      return yamlValue(shape.options[0]!);
    case 'number':
      return String(Number.isFinite(shape.low) && shape.low > 0 ? shape.low : 0);
    case 'boolean':
      return 'false';
    default:
      return '""';
  }
}

function behind(prefix: string, value: unknown, indent: number): string[] {
  const space = ' '.repeat(indent + 2);
  if (Array.isArray(value) && value.length > 0)
    return [
      prefix,
      ...value.flatMap((item) => {
        const [dash, first, ...rest] = behind(`${space}-`, item, indent + 2);
        return dash === `${space}-`
          ? [`${space}- ${first!.trimStart()}`, ...rest]
          : [dash!, ...(first === undefined ? [] : [first]), ...rest];
      }),
    ];
  if (isPlainObject(value) && Object.keys(value).length > 0)
    return [
      prefix,
      ...Object.entries(value).flatMap(([key, inner]) => behind(`${space}${yamlText(key)}:`, inner, indent + 2)),
    ];
  return [`${prefix} ${yamlValue(value)}`];
}

function yamlValue(value: unknown): string {
  if (Array.isArray(value)) return '[]';
  if (isPlainObject(value)) return '{}';
  return typeof value === 'string' ? yamlText(value) : String(value);
}

const plain = /^[A-Za-z][A-Za-z0-9]*$/;
const words = /^(y|yes|n|no|on|off|true|false|null|nan|inf|[0-9]*e[0-9]+)$/i;

/** Keys that are plain words stay so; everything else is quoted, as Go does it: YAML reads these escapes alike. */
function yamlText(value: string): string {
  if (plain.test(value) && !words.test(value)) return value;
  return goText(value);
}
