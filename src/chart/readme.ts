import type { Dependencies } from './dependency.js';
import { readmeLines } from './dependency-values.js';
import type { ChartMetadata } from './metadata.js';
import { isRequired, type Shape, type ShapeOf } from './shape.js';

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
          ? unionRows(shape, path)
          : [];
  return [rowOf(shape, path), ...below.filter((row) => row.path !== path)];
}

/** The rows of all members of a union, each path once: with what it is in any of them, and with which it is there. */
function unionRows({ discriminator, members }: ShapeOf<'union'>, path: string): Row[] {
  const found = new Map<string, { row: Row; names: string[] }>();
  for (const [name, member] of members)
    for (const row of valueRows(member, path)) {
      const known = found.get(row.path);
      if (!known) found.set(row.path, { row, names: [name] });
      else {
        known.row = {
          ...known.row,
          type: either(known.row.type, row.type),
          standard: either(known.row.standard, row.standard),
        };
        known.names.push(name);
      }
    }
  const listed = (names: Iterable<string>) => [...names].map((name) => `\`${name}\``).join(', ');
  const rows = [...found.values()];
  return rows.map(({ row, names }) => {
    if (row.path === `${path}.${discriminator}`) return { ...row, type: listed(members.keys()) };
    const isBelow = rows.some(
      (other) => row.path.startsWith(`${other.row.path}.`) && other.names.length === names.length,
    );
    return names.length === members.size || isBelow
      ? row
      : { ...row, text: `With ${listed(names)}${row.text ? `: ${row.text}` : '.'}` };
  });
}

/** Two types or defaults as one. */
function either(one: string, other: string): string {
  const separator = one.startsWith('`') && other.startsWith('`') ? ', ' : ' or ';
  return [...new Set([one, other].filter((text) => text !== '').flatMap((text) => text.split(separator)))].join(
    separator,
  );
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
