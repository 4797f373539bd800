import type { Problem } from '../problem/index.js';
import { objectMembers } from './defaults-template.js';
import { patternRules, type Rule, UnsupportedPatternError } from './pattern.js';
import { isRequired, largestWhole, leafRules, type Shape, type ShapeOf } from './shape.js';

/** Keys that maps cannot have: JavaScript sorts whole numbers otherwise than Helm, and its objects have the others. */
export const refusedKeys = `^(0|[1-9][0-9]*|${objectMembers})$`;

/**
 * The chart's values.schema.json: strict on every level, in draft 7, which Helm 3 and Helm 4 take, without references.
 * Null stands for left out wherever something may be left out. At the root `global`, with whatever is in it, and
 * `enabled` are allowed, because Helm gives them to a chart that is a dependency.
 *
 * @param problems what no JSON schema in Helm can check is added here
 */
export function valuesSchema(shape: Shape, chart: string, problems: Problem[]): Rule {
  const refuse = (path: string, message: string, hint: string) => {
    problems.push({
      code: 'invalid-property',
      severity: 'error',
      where: { construct: `chart ${chart}`, property: `values.${path}` },
      message,
      hint,
    });
  };

  const rule = (inner: Shape, path: string): Rule => {
    const own = describe(inner, ruleOf(inner, path));
    return isRequired(inner) ? own : orNull(own);
  };

  const describe = ({ description }: Shape, own: Rule): Rule => (description ? { description, ...own } : own);

  const ruleOf = (inner: Shape, path: string): Rule => {
    switch (inner.kind) {
      case 'object':
        return objectRule(inner.fields, path);
      case 'text':
        return textRule(inner, path);
      case 'number':
        return numberRule(inner);
      case 'boolean':
        return { type: 'boolean' };
      case 'option':
        return { enum: [...inner.options] };
      case 'union':
        return {
          oneOf: [...inner.members].map(([name, member]) => {
            const { properties, ...rest } = objectRule((member as ShapeOf<'object'>).fields, path) as {
              properties: Record<string, Rule>;
            };
            return { ...rest, properties: { ...properties, [inner.discriminator]: { const: name } } };
          }),
        };
      case 'list': {
        const { type: _, items: __, ...limits } = leafRules(inner.schema);
        return { type: 'array', ...limits, items: rule(inner.element, `${path}[]`) };
      }
      case 'record': {
        const keys = keyRule(inner, path);
        return {
          type: 'object',
          propertyNames: { allOf: [{ not: { pattern: refusedKeys } }, ...keys] },
          additionalProperties: orNull(rule(inner.element, `${path}.*`)),
        };
      }
      case 'any':
        return { type: 'object' };
    }
  };

  const objectRule = (fields: ReadonlyMap<string, Shape>, path: string): Rule => {
    const required = [...fields].filter(([, field]) => isRequired(field)).map(([key]) => key);
    return {
      type: 'object',
      additionalProperties: false,
      ...(required.length > 0 ? { required } : {}),
      properties: Object.fromEntries(
        [...fields].map(([key, field]) => [key, rule(field, path ? `${path}.${key}` : key)]),
      ),
    };
  };

  const textRule = (inner: Shape, path: string): Rule => {
    const rules = leafRules(inner.schema) as {
      pattern?: string;
      allOf?: { pattern?: string }[];
      format?: string;
      minLength?: number;
      maxLength?: number;
      enum?: unknown[];
    };
    const patterns = [rules.pattern, ...(rules.allOf ?? []).map(({ pattern }) => pattern)].filter(
      (pattern) => pattern !== undefined,
    );
    if (rules.format && patterns.length === 0)
      refuse(path, `Helm does not check the format "${rules.format}"`, 'Use .regex() with a pattern.');
    const all = patterns.flatMap((pattern) => {
      try {
        return patternRules(pattern);
      } catch (error) {
        if (!(error instanceof UnsupportedPatternError)) throw error;
        refuse(
          path,
          `Go, which checks a chart's values, has no ${error.message.replace(/^an? /, '')}: ${pattern}`,
          'Write the pattern without it; a look-ahead may stand at the start, behind ^.',
        );
        return [];
      }
    });
    return {
      type: 'string',
      ...(rules.minLength === undefined ? {} : { minLength: rules.minLength }),
      ...(rules.maxLength === undefined ? {} : { maxLength: rules.maxLength }),
      ...(all.length === 1 ? all[0] : all.length > 1 ? { allOf: all } : {}),
    };
  };

  const numberRule = (inner: ShapeOf<'number'>): Rule => {
    const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = leafRules(inner.schema);
    const limits = inner.whole
      ? { minimum: minimum ?? -largestWhole, maximum: maximum ?? largestWhole }
      : { minimum, maximum };
    const rules = { type, ...limits, exclusiveMinimum, exclusiveMaximum, multipleOf };
    return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
  };

  const keyRule = (inner: ShapeOf<'record'>, path: string): Rule[] => {
    const { type: _, ...rules } = textRule({ ...inner, schema: inner.key } as Shape, `${path} (key)`);
    return Object.keys(rules).length > 0 ? [rules] : [];
  };

  const { properties, ...root } = objectRule((shape as ShapeOf<'object'>).fields, '') as {
    properties: Record<string, Rule>;
  };
  const { global } = properties;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...root,
    properties: {
      ...properties,
      // Other charts of the same release have values of their own there.
      ...(global ? { global: { ...global, additionalProperties: true } } : {}),
      ...(global ? {} : { global: { type: ['object', 'null'] } }),
      ...(properties['enabled'] ? {} : { enabled: { type: ['boolean', 'null'] } }),
    },
  };
}

/** A rule that null satisfies too. */
function orNull(rule: Rule): Rule {
  const { description, type, enum: options, oneOf, ...rest } = rule as Rule & { enum?: unknown[]; oneOf?: Rule[] };
  const own = description === undefined ? {} : { description };
  if (oneOf) return { ...own, oneOf: [...oneOf.filter(({ type: other }) => other !== 'null'), { type: 'null' }] };
  if (options) return { ...own, enum: options.includes(null) ? options : [...options, null] };
  if (Array.isArray(type) || typeof type !== 'string') return rule;
  return { ...own, type: [type, 'null'], ...rest };
}
