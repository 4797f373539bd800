import type { PathParts } from '../finding.js';
import { isMapNode, type ValuesMap, type ValuesNode } from '../values-map.js';
import type { Schema, SchemaDocument } from './document.js';
import { formats } from './formats.js';
import { equal, isMultiple, printList, printValue, typesOf } from './value.js';

/** One value that a schema does not take. */
export interface SchemaViolation {
  readonly path: PathParts;
  readonly keyword: string;
  /** The fact, without the path: `is the text "x"`. */
  readonly message: string;
  /** What would be taken. */
  readonly allowed?: string;
  /** For keys that are not allowed: those that are. */
  readonly knownKeys?: readonly string[];
}

/** What a schema says of one value: what is wrong, and which entries of it some keyword has looked at. */
interface Verdict {
  readonly violations: SchemaViolation[];
  readonly seen: Set<string | number>;
}

/** Checks values against a schema by walking both, so that a schema costs only where values are. */
export class SchemaCheck {
  /** References that are being followed for the same value, which would never end. */
  readonly #following = new Map<unknown, Set<Schema>>();

  constructor(readonly document: SchemaDocument) {}

  run(values: ValuesNode): SchemaViolation[] {
    return this.#check(values, this.document.root, []).violations;
  }

  #check(value: ValuesNode, schema: Schema, path: PathParts): Verdict {
    const verdict: Verdict = { violations: [], seen: new Set() };
    if (schema === true) return verdict;
    if (schema === false) {
      verdict.violations.push({ path, keyword: 'false', message: 'is not allowed here' });
      return verdict;
    }
    const { draft } = this.document;
    const isReference = this.#references(value, schema, path, verdict);
    // Up to draft 7 a reference stands alone: what is beside it does not count.
    if (isReference && draft <= 7) return verdict;
    this.#general(value, schema, path, verdict);
    this.#combined(value, schema, path, verdict);
    if (typeof value === 'string') this.#text(value, schema, path, verdict);
    else if (typeof value === 'number') this.#number(value, schema, path, verdict);
    else if (Array.isArray(value)) this.#list(value, schema, path, verdict);
    else if (isMapNode(value)) this.#map(value, schema, path, verdict);
    return verdict;
  }

  #references(value: ValuesNode, schema: ValuesMap, path: PathParts, verdict: Verdict): boolean {
    const { draft } = this.document;
    const keywords = draft <= 7 ? ['$ref'] : ['$ref', draft === 2019 ? '$recursiveRef' : '$dynamicRef'];
    let found = false;
    for (const keyword of keywords) {
      const reference = schema[keyword];
      if (typeof reference !== 'string') continue;
      found = true;
      const target = this.document.resolve(schema, reference);
      if (target === undefined) continue;
      const key = path.join('\0');
      const following = this.#following.get(key) ?? new Set();
      if (following.has(target)) continue;
      this.#following.set(key, following.add(target));
      absorb(verdict, this.#check(value, target, path));
      following.delete(target);
    }
    return found;
  }

  #general(value: ValuesNode, schema: ValuesMap, path: PathParts, { violations }: Verdict): void {
    const { type, enum: options, const: constant } = schema;
    const types = Array.isArray(type) ? type : type === undefined ? [] : [type];
    if (types.length > 0 && !types.some((name) => typesOf(value).includes(String(name))))
      violations.push({
        path,
        keyword: 'type',
        message: `is ${printValue(value, path)}`,
        allowed: printTypes(types.map(String)),
      });
    else if (Array.isArray(options) && !options.some((option) => equal(option, value)))
      violations.push({ path, keyword: 'enum', message: `is ${printValue(value, path)}`, allowed: printList(options) });
    else if (constant !== undefined && this.document.draft >= 6 && !equal(constant, value))
      violations.push({
        path,
        keyword: 'const',
        message: `is ${printValue(value, path)}`,
        allowed: printList([constant]),
      });
  }

  #combined(value: ValuesNode, schema: ValuesMap, path: PathParts, verdict: Verdict): void {
    const { allOf, anyOf, oneOf, not, if: condition } = schema;
    if (Array.isArray(allOf)) for (const part of allOf) absorb(verdict, this.#check(value, part as Schema, path));
    if (Array.isArray(anyOf)) this.#choice('anyOf', value, anyOf as Schema[], path, verdict);
    if (Array.isArray(oneOf)) this.#choice('oneOf', value, oneOf as Schema[], path, verdict);
    if (isSchema(not) && this.#check(value, not, path).violations.length === 0)
      verdict.violations.push({
        path,
        keyword: 'not',
        message: `is ${printValue(value, path)}, which the schema excludes`,
      });
    if (this.document.draft >= 7 && isSchema(condition)) {
      const tested = this.#check(value, condition, path);
      const fits = tested.violations.length === 0;
      if (fits) for (const key of tested.seen) verdict.seen.add(key);
      const branch = fits ? schema['then'] : schema['else'];
      if (isSchema(branch)) absorb(verdict, this.#check(value, branch, path));
    }
  }

  #choice(
    keyword: 'anyOf' | 'oneOf',
    value: ValuesNode,
    schemas: readonly Schema[],
    path: PathParts,
    verdict: Verdict,
  ): void {
    const verdicts = schemas.map((schema) => this.#check(value, schema, path));
    const fitting = verdicts.filter(({ violations }) => violations.length === 0);
    for (const { seen } of fitting) for (const key of seen) verdict.seen.add(key);
    if (keyword === 'oneOf' && fitting.length > 1) {
      verdict.violations.push({
        path,
        keyword,
        message: `fits ${fitting.length} of the forms that exclude each other`,
      });
    } else if (fitting.length === 0) verdict.violations.push(...closest(verdicts, keyword, path, value));
  }

  #text(value: string, schema: ValuesMap, path: PathParts, { violations }: Verdict): void {
    const { minLength, maxLength, pattern, format } = schema;
    const length = minLength === undefined && maxLength === undefined ? 0 : [...value].length;
    const refuse = (keyword: string, message: string, allowed: string) =>
      violations.push({ path, keyword, message, allowed });
    if (typeof minLength === 'number' && length < minLength)
      refuse('minLength', value === '' ? 'is empty' : `has ${length} characters`, `at least ${minLength}`);
    if (typeof maxLength === 'number' && length > maxLength)
      refuse('maxLength', `has ${length} characters`, `at most ${maxLength}`);
    if (typeof pattern === 'string' && this.document.expression(pattern)?.test(value) === false)
      refuse('pattern', `is ${printValue(value, path)}`, `what matches ${pattern}`);
    if (typeof format === 'string' && this.document.draft <= 7 && formats[format]?.(value) === false)
      refuse('format', `is ${printValue(value, path)}`, `the format "${format}"`);
  }

  #number(value: number, schema: ValuesMap, path: PathParts, { violations }: Verdict): void {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    const refuse = (keyword: string, allowed: string) =>
      violations.push({ path, keyword, message: `is ${value}`, allowed });
    if (typeof minimum === 'number') {
      if (exclusiveMinimum === true ? value <= minimum : value < minimum)
        refuse('minimum', exclusiveMinimum === true ? `above ${minimum}` : `${minimum} or more`);
    }
    if (typeof maximum === 'number') {
      if (exclusiveMaximum === true ? value >= maximum : value > maximum)
        refuse('maximum', exclusiveMaximum === true ? `below ${maximum}` : `${maximum} or less`);
    }
    if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
      refuse('exclusiveMinimum', `above ${exclusiveMinimum}`);
    if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
      refuse('exclusiveMaximum', `below ${exclusiveMaximum}`);
    if (typeof multipleOf === 'number' && !isMultiple(value, multipleOf))
      refuse('multipleOf', `a multiple of ${multipleOf}`);
  }

  #list(value: readonly ValuesNode[], schema: ValuesMap, path: PathParts, verdict: Verdict): void {
    const { items, prefixItems, additionalItems, minItems, maxItems, uniqueItems, contains } = schema;
    const { draft } = this.document;
    const refuse = (keyword: string, message: string, allowed?: string) =>
      verdict.violations.push({ path, keyword, message, ...(allowed ? { allowed } : {}) });
    if (typeof minItems === 'number' && value.length < minItems)
      refuse('minItems', `has ${value.length} items`, `at least ${minItems}`);
    if (typeof maxItems === 'number' && value.length > maxItems)
      refuse('maxItems', `has ${value.length} items`, `at most ${maxItems}`);
    if (uniqueItems === true) {
      const twice = value.findIndex((item, index) => value.slice(0, index).some((before) => equal(before, item)));
      if (twice >= 0) refuse('uniqueItems', `holds the same item twice, at ${twice}`, 'different items');
    }
    const first = (draft >= 2020 ? prefixItems : items) as Schema[];
    const tuple = Array.isArray(first) ? first : [];
    const rest = draft >= 2020 ? items : Array.isArray(items) ? additionalItems : items;
    for (const [index, item] of value.entries()) {
      const part = tuple[index] ?? (index >= tuple.length ? rest : undefined);
      if (!isSchema(part)) continue;
      verdict.seen.add(index);
      verdict.violations.push(...this.#check(item, part, [...path, index]).violations);
    }
    if (isSchema(contains) && draft >= 6) this.#contains(value, contains, schema, path, verdict);
    this.#unevaluated(value.keys(), value, schema['unevaluatedItems'], path, verdict);
  }

  #contains(
    value: readonly ValuesNode[],
    contains: Schema,
    schema: ValuesMap,
    path: PathParts,
    verdict: Verdict,
  ): void {
    let count = 0;
    for (const [index, item] of value.entries()) {
      if (this.#check(item, contains, [...path, index]).violations.length > 0) continue;
      count++;
      if (this.document.draft >= 2020) verdict.seen.add(index);
    }
    const [least, most] =
      this.document.draft >= 2019 ? [schema['minContains'] ?? 1, schema['maxContains']] : [1, undefined];
    if (count < Number(least) || (typeof most === 'number' && count > most))
      verdict.violations.push({
        path,
        keyword: 'contains',
        message: `has ${count} items of the required form`,
        allowed: `${least}${most === undefined ? ' or more' : ` to ${most}`}`,
      });
  }

  #map(value: ValuesMap, schema: ValuesMap, path: PathParts, verdict: Verdict): void {
    const { properties, patternProperties, additionalProperties, required, propertyNames } = schema;
    const keys = Object.keys(value);
    const known = isMapNode(properties) ? properties : {};
    const patterns = Object.entries(isMapNode(patternProperties) ? patternProperties : {});
    this.#sizes(keys, schema, path, verdict);
    if (Array.isArray(required))
      for (const name of required)
        if (typeof name === 'string' && !(name in value))
          verdict.violations.push({
            path: [...path, name],
            keyword: 'required',
            message: 'is missing',
            allowed: 'some value',
          });
    for (const key of keys) {
      const here = [...path, key];
      const parts = Object.hasOwn(known, key) ? [known[key] as Schema] : [];
      for (const [pattern, part] of patterns)
        if (this.document.expression(pattern)?.test(key)) parts.push(part as Schema);
      if (parts.length > 0) verdict.seen.add(key);
      else if (additionalProperties === false) {
        const knownKeys = Object.keys(known);
        verdict.seen.add(key);
        verdict.violations.push({
          path: here,
          keyword: 'additionalProperties',
          message: 'is a key that the schema does not allow',
          knownKeys,
        });
      } else if (isSchema(additionalProperties)) {
        verdict.seen.add(key);
        parts.push(additionalProperties);
      }
      for (const part of parts) verdict.violations.push(...this.#check(value[key]!, part, here).violations);
      if (
        isSchema(propertyNames) &&
        this.document.draft >= 6 &&
        this.#check(key, propertyNames, here).violations.length > 0
      )
        verdict.violations.push({
          path: here,
          keyword: 'propertyNames',
          message: 'is a key that the schema does not allow',
        });
    }
    this.#dependencies(value, schema, path, verdict);
    this.#unevaluated(keys, value, schema['unevaluatedProperties'], path, verdict);
  }

  #sizes(
    keys: readonly string[],
    { minProperties, maxProperties }: ValuesMap,
    path: PathParts,
    { violations }: Verdict,
  ): void {
    const message = `has ${keys.length} keys`;
    if (typeof minProperties === 'number' && keys.length < minProperties)
      violations.push({ path, keyword: 'minProperties', message, allowed: `at least ${minProperties}` });
    if (typeof maxProperties === 'number' && keys.length > maxProperties)
      violations.push({ path, keyword: 'maxProperties', message, allowed: `at most ${maxProperties}` });
  }

  #dependencies(value: ValuesMap, schema: ValuesMap, path: PathParts, verdict: Verdict): void {
    for (const keyword of ['dependencies', 'dependentRequired', 'dependentSchemas']) {
      const dependencies = schema[keyword];
      if (!isMapNode(dependencies)) continue;
      for (const [key, dependency] of Object.entries(dependencies)) {
        if (!(key in value)) continue;
        if (Array.isArray(dependency)) {
          for (const name of dependency)
            if (typeof name === 'string' && !(name in value))
              verdict.violations.push({
                path: [...path, name],
                keyword,
                message: `is missing, and "${key}" needs it`,
                allowed: 'some value',
              });
        } else if (isSchema(dependency)) absorb(verdict, this.#check(value, dependency, path));
      }
    }
  }

  #unevaluated(
    keys: Iterable<string | number>,
    value: ValuesMap | readonly ValuesNode[],
    rest: ValuesNode | undefined,
    path: PathParts,
    verdict: Verdict,
  ): void {
    if (!isSchema(rest) || this.document.draft < 2019) return;
    for (const key of keys) {
      if (verdict.seen.has(key)) continue;
      verdict.seen.add(key);
      const item = (value as Record<string | number, ValuesNode>)[key]!;
      const violations = this.#check(item, rest, [...path, key]).violations;
      verdict.violations.push(...violations);
    }
  }
}

const isSchema = (schema: unknown): schema is Schema => typeof schema === 'boolean' || isMapNode(schema);

function absorb(verdict: Verdict, part: Verdict): void {
  verdict.violations.push(...part.violations);
  for (const key of part.seen) verdict.seen.add(key);
}

/** What to say when no form fits: what is wrong with the one that was probably meant, or which forms there are. */
function closest(verdicts: readonly Verdict[], keyword: string, path: PathParts, value: ValuesNode): SchemaViolation[] {
  const ofThisType = verdicts.filter(
    ({ violations }) => !violations.some((one) => one.keyword === 'type' && one.path.length === path.length),
  );
  const deep = (verdict: Verdict) => Math.max(...verdict.violations.map((one) => one.path.length));
  const best = [...ofThisType].sort((a, b) => deep(b) - deep(a) || a.violations.length - b.violations.length)[0];
  if (best && (ofThisType.length === 1 || deep(best) > path.length)) return best.violations;
  const allowed = verdicts.flatMap(({ violations }) =>
    violations.filter((one) => one.path.length === path.length).flatMap((one) => one.allowed ?? []),
  );
  return [
    {
      path,
      keyword,
      message: `is ${printValue(value, path)}, which fits none of the allowed forms`,
      ...(allowed.length > 0 ? { allowed: [...new Set(allowed)].join(', or ') } : {}),
    },
  ];
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a map',
  array: 'a list',
  null: 'null',
};

const printTypes = (types: readonly string[]): string => types.map((type) => typeNames[type] ?? type).join(' or ');
