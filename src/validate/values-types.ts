import { isMapNode, type ValuesMap, type ValuesNode } from '../values/index.js';
import type { Chart } from './chart.js';
import { inferSchema } from './infer-schema.js';

/**
 * TypeScript types of a chart's values, from its schema or else from its default values. Every value is optional, since a
 * values file holds only what differs from the defaults. Definitions become interfaces of their own, everything else
 * stands where it is used, so that no name is there twice.
 */
export function valuesTypes(chart: Chart): string {
  const own = chart.schema?.root;
  const root = isMapNode(own) ? own : inferSchema(chart.defaults);
  return new TypeWriter(root, isMapNode(own)).write(
    `${pascalCase(chart.name)}Values`,
    `Values of the chart ${chart.name} ${chart.version}.`,
  );
}

/** Keywords of a schema under which others can refer to definitions. */
const definitionKeywords = ['$defs', 'definitions'];

class TypeWriter {
  /** Names of definitions by the reference that leads to them. */
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** @param complete whether keys that the schema does not name are mistakes, as far as it does not say otherwise */
  constructor(
    readonly root: ValuesMap,
    readonly complete: boolean,
  ) {}

  write(name: string, title: string): string {
    this.#taken.add(name);
    const definitions = definitionKeywords.flatMap((keyword) => {
      const map = this.root[keyword];
      return Object.entries(isMapNode(map) ? map : {}).map(
        ([key, schema]) => [`#/${keyword}/${pointerPart(key)}`, key, schema] as const,
      );
    });
    for (const [reference, key] of definitions) this.#names.set(reference, this.#free(pascalCase(key)));
    const types = definitions.map(([reference, , schema]) => this.#declaration(this.#names.get(reference)!, schema));
    const main = `/** ${commentText(title)} */\n${this.#declaration(name, this.root)}`;
    return [main, ...types].join('\n');
  }

  #free(name: string): string {
    let free = name;
    for (let count = 2; this.#taken.has(free); count++) free = `${name}${count}`;
    this.#taken.add(free);
    return free;
  }

  #declaration(name: string, schema: ValuesNode): string {
    if (isMapNode(schema) && isMapNode(schema['properties']) && !('$ref' in schema))
      return `export interface ${name} ${this.#object(schema, schema['properties'], '')}\n`;
    return `export type ${name} = ${this.#type(schema, '')};\n`;
  }

  #type(schema: ValuesNode | undefined, indent: string): string {
    if (schema === false) return 'never';
    if (!isMapNode(schema)) return 'unknown';
    const reference = schema['$ref'];
    if (typeof reference === 'string') return this.#names.get(reference) ?? 'unknown';
    if ('const' in schema) return literal(schema['const']!);
    if (Array.isArray(schema['enum'])) return union(schema['enum'].map(literal));
    for (const keyword of ['oneOf', 'anyOf']) {
      const choices = schema[keyword];
      if (Array.isArray(choices) && !isMapNode(schema['properties']))
        return union(choices.map((one) => this.#type(one, indent)));
    }
    const { allOf, type } = schema;
    if (Array.isArray(allOf) && allOf.length > 0 && !isMapNode(schema['properties']))
      return [...new Set(allOf.map((one) => parenthesized(this.#type(one, indent))))].join(' & ');
    const types = Array.isArray(type) ? type : [type ?? (isMapNode(schema['properties']) ? 'object' : undefined)];
    return union(types.map((one) => this.#single(one, schema, indent)));
  }

  #single(type: ValuesNode | undefined, schema: ValuesMap, indent: string): string {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type;
      case 'number':
      case 'integer':
        return 'number';
      case 'array':
        return `readonly ${parenthesized(Array.isArray(schema['items']) ? 'unknown' : this.#type(schema['items'], indent))}[]`;
      case 'object':
        return isMapNode(schema['properties']) && Object.keys(schema['properties']).length > 0
          ? this.#object(schema, schema['properties'], indent)
          : `{ readonly [key: string]: ${this.#type(schema['additionalProperties'], indent)} }`;
      default:
        return 'unknown';
    }
  }

  #object(schema: ValuesMap, properties: ValuesMap, indent: string): string {
    const inner = `${indent}  `;
    const lines = Object.entries(properties).map(([key, property]) => {
      const description = isMapNode(property) ? property['description'] : undefined;
      const comment = typeof description === 'string' ? docComment(description, inner) : '';
      const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
      // Null takes a default of the chart away, whatever its type.
      const type = this.#type(property, inner);
      const withNull = /^unknown$|(^| )null( |$)/.test(type) ? type : `${type} | null`;
      return `${comment}${inner}readonly ${name}?: ${withNull};\n`;
    });
    const { additionalProperties } = schema;
    const isOpen = additionalProperties === undefined ? !this.complete : additionalProperties !== false;
    return `{\n${lines.join('')}${isOpen ? `${inner}readonly [key: string]: unknown;\n` : ''}${indent}}`;
  }
}

const union = (types: readonly string[]): string => {
  const different = [...new Set(types)];
  return different.includes('unknown') ? 'unknown' : different.join(' | ') || 'never';
};

const parenthesized = (type: string): string => (/[|&]| /.test(type) && !type.startsWith('{') ? `(${type})` : type);

function literal(value: ValuesNode): string {
  if (Array.isArray(value)) return `readonly [${value.map(literal).join(', ')}]`;
  if (!isMapNode(value)) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, one]) => `readonly ${JSON.stringify(key)}: ${literal(one)}`)
    .join('; ')} }`;
}

const commentText = (text: string): string => text.replaceAll('*/', '*\\/');

function docComment(text: string, indent: string): string {
  const lines = commentText(text.trim()).split(/\r?\n/);
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

const pointerPart = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

function pascalCase(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[A-Za-z]/.test(joined) ? joined : `Chart${joined}`;
}
