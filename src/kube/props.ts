import type { z } from 'zod';
import { nearest, type Problem } from '../problem/index.js';
import { isTraced } from '../units/index.js';

/** Props after the check: either usable settings or what is wrong with them. */
export type CheckedProps<Settings> =
  | { readonly settings: Settings; readonly problems: readonly [] }
  | { readonly settings: undefined; readonly problems: readonly Problem[] };

/**
 * Checks the props of a construct against its schema and gives each fault as a problem of its own.
 *
 * @param construct path of the construct, for the error text
 * @param reasons hints for property names that people try and that are left out on purpose
 */
export function checkProps<Schema extends z.ZodType>(
  schema: Schema,
  props: unknown,
  construct: string,
  reasons: Readonly<Record<string, string>> = {},
): CheckedProps<z.output<Schema>> {
  const result = schema.safeParse(props, { reportInput: true });
  if (result.success) return { settings: result.data, problems: [] };
  return {
    settings: undefined,
    problems: firstOfEachPath(result.error.issues).flatMap((issue) =>
      toProblems(issue, construct, props, schema, reasons),
    ),
  };
}

/** A value of the wrong type breaks other rules as well; only the first is worth telling. */
function firstOfEachPath(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const told = new Set<string>();
  return issues.filter((issue) => {
    const path = printPath(issue.path);
    if (issue.code === 'unrecognized_keys') return true;
    return !told.has(path) && told.add(path);
  });
}

function toProblems(
  issue: z.core.$ZodIssue,
  construct: string,
  props: unknown,
  schema: z.ZodType,
  reasons: Readonly<Record<string, string>>,
): Problem[] {
  const property = printPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = knownKeys(schema, issue.path, props);
      const meant = nearest(key, known);
      return {
        code: 'unknown-property',
        severity: 'error',
        where: { construct, property: printPath([...issue.path, key]) },
        message: 'there is no such property',
        allowed: known.length > 0 ? known.join(', ') : 'no properties',
        hint:
          reasonOf(reasons, key) ?? (meant ? `Did you mean "${meant}"?` : 'Remove it, or use one of the allowed ones.'),
      };
    });
  }
  const value = valueAt(props, issue.path);
  return [
    {
      code: 'invalid-property',
      severity: 'error',
      where: { construct, property },
      message: value === undefined ? 'is required' : factOf(issue),
      ...(value === undefined ? {} : { got: show(value, issue.path) }),
      ...allowedOf(issue),
      hint: reasonOf(reasons, String(issue.path.at(-1))) ?? hintFor(property, value),
    },
  ];
}

function reasonOf(reasons: Readonly<Record<string, string>>, property: string): string | undefined {
  return Object.hasOwn(reasons, property) ? reasons[property] : undefined;
}

function hintFor(property: string, value: unknown): string {
  if (property === '') return 'Give the props as an object.';
  return value === undefined ? `Set "${property}".` : `Correct "${property}".`;
}

function factOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `not ${article(issue.expected)}`;
    case 'too_small':
      return 'too small';
    case 'too_big':
      return 'too big';
    case 'invalid_value':
    case 'invalid_union':
      return 'not one of the allowed values';
    case 'custom':
      // zod's own text where a schema gives none
      return issue.message === 'Invalid input' ? 'not usable here' : issue.message;
    default:
      return issue.message;
  }
}

function allowedOf(issue: z.core.$ZodIssue): { allowed?: string } {
  switch (issue.code) {
    case 'custom': {
      const allowed = issue.params?.['allowed'];
      return typeof allowed === 'string' ? { allowed } : {};
    }
    case 'invalid_type':
      return { allowed: article(issue.expected) };
    case 'too_small':
      return { allowed: issue.origin === 'array' ? `at least ${entries(issue.minimum)}` : `${issue.minimum} or more` };
    case 'too_big':
      return { allowed: issue.origin === 'array' ? `at most ${entries(issue.maximum)}` : `${issue.maximum} or less` };
    case 'invalid_value':
      return { allowed: issue.values.map(String).join(', ') };
    case 'invalid_union': {
      const options = (issue as { options?: readonly unknown[] }).options;
      return options ? { allowed: options.map(String).join(', ') } : {};
    }
    default:
      return {};
  }
}

function entries(count: number | bigint): string {
  return `${count} ${count === 1 ? 'entry' : 'entries'}`;
}

function article(type: string): string {
  const name = type === 'int' ? 'whole number' : type === 'record' ? 'object' : type;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function printPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text ? `${text}.${String(step)}` : String(step)),
    '',
  );
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step], value);
}

/**
 * A value as text, never one that may hold a secret: below a reference to a Secret or in the environment somebody may
 * have pasted one, an object may contain one of these, and a URL may have a password in it.
 */
function show(value: unknown, path: readonly PropertyKey[]): string {
  const mayBeSecret = path.some((step) => /secret|credentials|password|token|^env$/i.test(String(step)));
  if (mayBeSecret && path.at(-1) !== 'type') return '(not shown, it may be a secret)';
  if (value === null || typeof value !== 'object') return shorten(primitive(value));
  if (!Array.isArray(value)) return shorten(`an object with ${Object.keys(value).join(', ') || 'no properties'}`);
  if (value.some((item) => typeof item === 'object')) return `an array of ${value.length}`;
  return shorten(`[${value.map(primitive).join(', ')}]`);
}

function primitive(value: unknown): string {
  if (isTraced(value)) return 'what the chart is given';
  if (typeof value === 'string') return JSON.stringify(value.replace(/\/\/[^/@\s]*@/g, '//…@'));
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'function' ? 'a function' : String(value);
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The property names that a schema has at a path, following a union by the discriminator that was given. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[], props: unknown): string[] {
  let inner = unwrap(schema, props);
  let value: unknown = props;
  for (const step of path) {
    const shape = (inner as { shape?: Record<PropertyKey, z.ZodType> } | undefined)?.shape;
    const element = (inner as { element?: z.ZodType } | undefined)?.element;
    value = (value as Record<PropertyKey, unknown>)?.[step];
    const next = shape?.[step] ?? element;
    if (!next) return [];
    inner = unwrap(next, value);
  }
  return Object.keys((inner as { shape?: object } | undefined)?.shape ?? {});
}

function unwrap(schema: z.ZodType, value: unknown): z.ZodType | undefined {
  const definition = schema.def as { innerType?: z.ZodType; options?: z.ZodType[]; discriminator?: string };
  if (definition.innerType) return unwrap(definition.innerType, value);
  if (!definition.options) return schema;
  const wanted = (value as Record<string, unknown> | undefined)?.[definition.discriminator ?? ''];
  return definition.options.find((option) => {
    const literal = (option as z.ZodObject).shape?.[definition.discriminator ?? ''] as z.ZodLiteral | undefined;
    return literal?.def.values.includes(wanted as never);
  });
}
