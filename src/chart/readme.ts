import type { Dependencies } from './dependency.js';
import { readmeLines } from './dependency-values.js';
import type { ChartMetadata } from './metadata.js';
import { isRequired, type Shape } from './shape.js';

/** The README of a chart: what it is, how it is installed, and a table of all values. */
export function readmeText(metadata: ChartMetadata, shape: Shape, dependencies: Dependencies = {}): string {
  const rows = valueRows(shape, '');
  return [
    `# ${metadata.name}`,
    '',
    ...(metadata.description ? [metadata.description, ''] : []),
    '```sh',
    `helm install my-release ./${metadata.name}${rows.some(({ required }) => required) ? ' -f values.yaml' : ''}`,
    '```',
    '',
    ...(metadata.readme ? [metadata.readme.trim(), ''] : []),
    ...readmeLines(dependencies),
    '## Values',
    '',
    'Null, or leaving a value out, means its default.',
    '',
    '| value | type | default | |',
    '|---|---|---|---|',
    ...rows.map(({ path, type, standard, text }) => `| \`${path}\` | ${type} | ${standard} | ${text} |`),
    '',
  ].join('\n');
}

interface Row {
  readonly path: string;
  readonly type: string;
  readonly standard: string;
  readonly text: string;
  readonly required: boolean;
}

function valueRows(shape: Shape, path: string): Row[] {
  if (shape.kind === 'object') {
    const own = path === '' || (!shape.optional && !shape.description) ? [] : [rowOf(shape, path)];
    return [...own, ...[...shape.fields].flatMap(([key, field]) => valueRows(field, path ? `${path}.${key}` : key))];
  }
  const below =
    shape.kind === 'list'
      ? nested(shape.element, `${path}[]`)
      : shape.kind === 'record'
        ? nested(shape.element, `${path}.*`)
        : shape.kind === 'union'
          ? [
              ...new Map(
                [...shape.members.values()].flatMap((member) => valueRows(member, path)).map((row) => [row.path, row]),
              ).values(),
            ]
          : [];
  return [rowOf(shape, path), ...below.filter((row) => row.path !== path)];
}

const nested = (shape: Shape, path: string): Row[] =>
  shape.kind === 'object' || shape.kind === 'union' ? valueRows(shape, path).filter((row) => row.path !== path) : [];

function rowOf(shape: Shape, path: string): Row {
  const required = isRequired(shape);
  const standard = 'default' in shape ? `\`${JSON.stringify(shape.default)}\`` : required ? 'required' : '';
  return { path, type: typeText(shape), standard: cell(standard), text: cell(shape.description ?? ''), required };
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function typeText(shape: Shape): string {
  switch (shape.kind) {
    case 'option':
      return shape.options.map((option) => `\`${option}\``).join(', ');
    case 'number':
      return shape.whole ? 'whole number' : 'number';
    case 'union':
      return `object by \`${shape.discriminator}\``;
    case 'list':
      return `list of ${typeText(shape.element)}`;
    case 'record':
      return `map of ${typeText(shape.element)}`;
    case 'any':
      return 'object';
    default:
      return shape.kind;
  }
}
