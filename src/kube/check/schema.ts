import { nearest } from '../../problem/index.js';
import { schemaText } from '../schema.generated.js';
import { prometheusRule, prometheusRuleDefinitions } from './prometheus-rule.js';

/**
 * What a value must look like, in the compact form of `schema.generated.ts`:
 *
 * - a number: an object of the definition with that number
 * - a letter: `s` string, `B` base64, `t` time, `T` time with microseconds, `q` quantity, `x` whole number or string, `i` 32-bit and `l` 64-bit
 *   whole number, `n` number, `b` boolean, `o` object with any fields, `a` anything
 * - `['e', …values]` a string out of these
 * - `['m', node]` a map from any key, `['l', node]` a list, `['u', node]` a list without equal items,
 *   `['k', node, …fields]` a list of objects that differ in at least one of these fields
 */
export type Node =
  | number
  | string
  | readonly ['e', ...string[]]
  | readonly ['m' | 'l' | 'u', Node]
  | readonly ['k', Node, ...string[]];

/** A field of a definition. `newer` means that Kubernetes 1.28, the oldest that is supported, does not have it. */
export interface Field {
  readonly node: Node;
  readonly newer: boolean;
}

/** The fields that an object may have, and those that it must have. */
export interface Definition {
  readonly fields: ReadonlyMap<string, Field>;
  readonly required: readonly string[];
}

/** What is known of a kind. */
export interface KindSchema {
  /** Number of the definition of the whole object. */
  readonly definition: number;
  readonly namespaced: boolean;
  /** Kubernetes 1.28 does not have it. */
  readonly newer: boolean;
}

interface CompactSchema {
  readonly version: string;
  readonly kinds: Readonly<Record<string, Readonly<Record<string, readonly [number, 0 | 1, 0 | 1]>>>>;
  readonly definitions: readonly Readonly<Record<string, Node>>[];
}

let parsed: CompactSchema | undefined;
const definitions = new Map<number, Definition>();

/** Parsed on first use (about 1 ms), so that whoever only imports the package does not pay for it. */
function schema(): CompactSchema {
  parsed ??= JSON.parse(schemaText) as CompactSchema;
  return parsed;
}

/** The definitions that are not part of Kubernetes; their numbers go on behind the others. */
function otherDefinition(number: number): Readonly<Record<string, Node>> {
  const first = schema().definitions.length;
  const [configMap] = schema().kinds['v1']!['ConfigMap']!;
  return prometheusRuleDefinitions(first, definition(configMap).fields.get('metadata')!.node)[number - first]!;
}

/** The Kubernetes version that the schema was made from, such as `1.36.1`. */
export function schemaVersion(): string {
  return schema().version;
}

/** A definition by its number; the marks behind field names (`!` required, `+` newer than 1.28) are taken off. */
export function definition(number: number): Definition {
  const known = definitions.get(number);
  if (known) return known;
  const fields = new Map<string, Field>();
  const required: string[] = [];
  for (const [marked, node] of Object.entries(schema().definitions[number] ?? otherDefinition(number))) {
    const name = marked.replace(/[!+]+$/, '');
    fields.set(name, { node, newer: marked.endsWith('+') });
    if (marked.slice(name.length).includes('!')) required.push(name);
  }
  const result = { fields, required };
  definitions.set(number, result);
  return result;
}

/** What is known of a kind, or undefined for a kind that is neither part of Kubernetes nor made by this package. */
export function findKind(apiVersion: string, kind: string): KindSchema | undefined {
  if (apiVersion === prometheusRule.apiVersion && kind === prometheusRule.kind)
    return { definition: schema().definitions.length, namespaced: true, newer: false };
  const entry = own(own(schema().kinds, apiVersion), kind);
  return entry && { definition: entry[0], namespaced: entry[1] === 1, newer: entry[2] === 1 };
}

/** Why a kind has no schema: a version or a kind that Kubernetes does not have, or an API that is not part of it. */
export function explainUnknownKind(apiVersion: string, kind: string): { builtIn: boolean; meant?: string } {
  const { kinds } = schema();
  const inVersion = own(kinds, apiVersion);
  if (inVersion) {
    const close = nearest(kind, Object.keys(inVersion));
    return { builtIn: true, ...(close ? { meant: `${apiVersion} ${close}` } : {}) };
  }
  const group = groupOf(apiVersion);
  const versions = Object.keys(kinds).filter((version) => Object.hasOwn(kinds[version]!, kind));
  const sameKind = versions.find((version) => groupOf(version) === group) ?? versions[0];
  // Groups of others carry a domain of their own: one without a dot can only be Kubernetes' own, old or misspelt.
  const builtIn = !group.includes('.') || Object.keys(kinds).some((version) => groupOf(version) === group);
  return { builtIn, ...(sameKind && builtIn ? { meant: `${sameKind} ${kind}` } : {}) };
}

/** `apps/v1` gives `apps`; the first group, `v1`, has the empty name. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function own<Value>(record: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined;
}
