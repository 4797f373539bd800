import type { PathParts } from '../finding.js';
import { isMapNode, type ValuesMap, type ValuesNode } from '../values-map.js';
import type { SchemaDocument } from './document.js';

/** The keys that a schema describes in one map. */
export interface DescribedKeys {
  readonly keys: ReadonlySet<string>;
  /** Whether other keys are wanted too: the schema describes what they hold. */
  readonly open: boolean;
  /** Whether it names no keys, or says in so many words that there may be any: that says nothing about others. */
  readonly vague: boolean;
}

/** The keys that a schema describes for the map at a path; undefined where it says nothing of that place. */
export function describedKeys(document: SchemaDocument, path: PathParts): DescribedKeys | undefined {
  let parts = partsOf(document, document.root);
  for (const step of path)
    parts = parts.flatMap((part) => below(part, step)).flatMap((part) => partsOf(document, part));
  if (parts.length === 0) return undefined;
  const keys = new Set(parts.flatMap(({ properties }) => (isMapNode(properties) ? Object.keys(properties) : [])));
  const open = parts.some(
    ({ additionalProperties, patternProperties }) => isMapNode(additionalProperties) || isMapNode(patternProperties),
  );
  return { keys, open, vague: keys.size === 0 || parts.some((part) => part['additionalProperties'] === true) };
}

/** A schema with all that counts for the same value: what it refers to and its alternatives. */
function partsOf(document: SchemaDocument, schema: ValuesNode | undefined, known = new Set<ValuesNode>()): ValuesMap[] {
  if (!isMapNode(schema) || known.has(schema)) return [];
  known.add(schema);
  const reference = schema['$ref'];
  const target = typeof reference === 'string' ? document.resolve(schema, reference) : undefined;
  const lists = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => schema[keyword] ?? []);
  const others = [target, schema['then'], schema['else'], ...lists];
  return [schema, ...others.flatMap((other) => partsOf(document, other as ValuesNode | undefined, known))];
}

function below({ properties, additionalProperties, items }: ValuesMap, step: string | number): ValuesNode[] {
  if (typeof step === 'number') return items === undefined ? [] : [items];
  const described = isMapNode(properties) && Object.hasOwn(properties, step) ? properties[step] : additionalProperties;
  return described === undefined ? [] : [described];
}
