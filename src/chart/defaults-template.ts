import { goLiteral, goText } from './print-expression.js';
import type { Shape, ShapeOf } from './shape.js';

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The body of a template that fills in what is not in `.Values`: defaults that a null took away, and those below lists,
 * maps, unions and optional objects, which no values.yaml can hold. After it every value is there or means "left out".
 * It changes `.Values` in place, and does nothing the second time.
 */
export function defaultsTemplate(shape: Shape): string[] {
  let depth = 0;

  const fields = (all: ReadonlyMap<string, Shape>, parent: string): string[] =>
    [...all].flatMap(([key, field]) => {
      const code = identifier.test(key) ? `${parent}.${key}` : `(index ${parent} ${goText(key)})`;
      const missing = `kindIs "invalid" ${code}`;
      const inner = below(field, code);
      const literal = 'default' in field ? goLiteral(field.default) : 'dict';
      if (!('default' in field) && (field.kind !== 'object' || field.optional))
        return inner.length > 0 ? [`{{- if not (${missing}) }}`, ...inner, '{{- end }}'] : [];
      return [`{{- if ${missing} }}`, `{{- $_ := set ${parent} ${goText(key)} ${literal} }}`, '{{- end }}', ...inner];
    });

  const below = (inner: Shape, code: string): string[] => {
    switch (inner.kind) {
      case 'object':
        return fields(inner.fields, code);
      case 'union': {
        const members = [...inner.members].map(
          ([name, member]) => [name, fields((member as ShapeOf<'object'>).fields, code)] as const,
        );
        return members.flatMap(([name, lines]) =>
          lines.length > 0
            ? [
                `{{- if eq (toString (index ${code} ${goText(inner.discriminator)})) ${goText(name)} }}`,
                ...lines,
                '{{- end }}',
              ]
            : [],
        );
      }
      case 'list':
        return range(code, inner.element, false);
      case 'record':
        return range(code, inner.element, true);
      case 'any':
        return [`{{- include "PREFIX.plain" ${code} }}`];
      default:
        return [];
    }
  };

  const range = (code: string, element: Shape, isRecord: boolean): string[] => {
    depth++;
    const [key, value] = [`$key${depth}`, `$value${depth}`];
    const inner = below(element, value);
    depth--;
    if (!isRecord) return inner.length > 0 ? [`{{- range ${value} := ${code} }}`, ...inner, '{{- end }}'] : [];
    return [
      `{{- range ${key}, ${value} := ${code} }}`,
      `{{- if kindIs "invalid" ${value} }}`,
      `{{- $_ := unset ${code} ${key} }}`,
      ...(inner.length > 0 ? ['{{- else }}', ...inner] : []),
      '{{- end }}',
      '{{- end }}',
    ];
  };

  return shape.kind === 'object' ? fields(shape.fields, '$.Values') : [];
}

/** Names that every object of JavaScript has: a library that looks for a key finds them without anybody having set it. */
export const objectMembers = Object.getOwnPropertyNames(Object.prototype).join('|');

/**
 * Takes the entries that are null out of an object, on every level, and refuses what cannot be passed on: characters
 * that `toYaml` loses (it goes through JSON, in which they are raw, and gives nothing or a space for them, or a line's
 * end), the key by which YAML merges, and {@link objectMembers}.
 */
export const plainTemplate = `{{- range $key, $value := . }}
{{- if and (kindIs "invalid" $value) (kindIs "map" $) }}
{{- $_ := unset $ $key }}
{{- else }}
{{- $text := kindIs "string" $value | ternary $value "" }}
{{- if or (regexMatch "^(<<|${objectMembers})$" (toString $key)) (regexMatch "[\\\\x7f-\\\\x9f\\\\x{2028}\\\\x{2029}\\\\x{feff}]" (printf "%v%v" $key $text)) }}
{{- fail (printf "%v: a key or a control character that no object may have that is passed on" $key) }}
{{- end }}
{{- if or (kindIs "map" $value) (kindIs "slice" $value) }}
{{- include "PREFIX.plain" $value }}
{{- end }}
{{- end }}
{{- end }}`;

/** What {@link plainTemplate} refuses in texts and keys. */
export const lostCharacters = /[\u007f-\u009f\u2028\u2029\ufeff]/;

/** Keys that it refuses: those of JavaScript's own objects, and the one by which YAML merges. */
export const isLostKey = (key: string): boolean =>
  key === '<<' || Object.hasOwn(Object.prototype, key) || lostCharacters.test(key);
