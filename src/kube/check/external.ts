import { mapOf, textOf } from './fields.js';
import type { CheckedObject } from './object.js';

/**
 * The annotation with which an object says what it refers to that is made elsewhere.
 *
 * Its value is a list of declarations, separated by `;`. Each is `Kind/name`, for a thing in the object's own namespace
 * or of the cluster; `#key,key` behind it lists the keys of a Secret or ConfigMap, and then only those may be referred
 * to. The name `*` stands for every name of that kind; `Pod/*` says that a selector selects pods made elsewhere.
 *
 * @example
 * `Secret/aws-secret#access-key,secret-access-key; PriorityClass/high; ServiceAccount/*`
 */
export const externalAnnotation = 'chartwright.dev/external';

/** A thing that exists without being among the checked objects. */
export interface External {
  /** Kind, such as `Secret`. */
  readonly kind: string;
  /** Name, or `*` for every name. */
  readonly name: string;
  /** Keys of the Secret or ConfigMap that may be referred to. @default - any key */
  readonly keys?: readonly string[];
}

/** The value of {@link externalAnnotation} for some declarations. */
export function printExternal(declarations: readonly External[]): string {
  return declarations
    .map(({ kind, name, keys }) => `${kind}/${name}${keys && keys.length > 0 ? `#${keys.join(',')}` : ''}`)
    .join('; ');
}

const declaration = /^([A-Z][A-Za-z0-9]*)\/([^\s#/]+)(?:#([-._a-zA-Z0-9]+(?:\s*,\s*[-._a-zA-Z0-9]+)*))?$/;

/** The declarations of a text, and the parts of it that are none. */
export function parseExternal(text: string): { declarations: External[]; malformed: string[] } {
  const declarations: External[] = [];
  const malformed: string[] = [];
  for (const part of text.split(';').map((entry) => entry.trim())) {
    if (part === '') continue;
    const match = declaration.exec(part);
    if (!match) malformed.push(part);
    else {
      const keys = match[3]?.split(',').map((key) => key.trim());
      declarations.push({ kind: match[1]!, name: match[2]!, ...(keys ? { keys } : {}) });
    }
  }
  return { declarations, malformed };
}

/** What one object declares in its annotation; parts that cannot be read are reported. */
export function externalsOf(object: CheckedObject): readonly External[] {
  const text = textOf(mapOf(mapOf(object.fields['metadata'])['annotations'])[externalAnnotation]);
  if (text === undefined) return [];
  const { declarations, malformed } = parseExternal(text);
  for (const part of malformed)
    object.report({
      code: 'invalid-field',
      field: `metadata.annotations[${externalAnnotation}]`,
      message: 'is not a declaration of something external',
      got: part,
      allowed:
        'Kind/name or Kind/name#key,key, separated by ";", such as Secret/aws-secret#access-key; PriorityClass/high',
      hint: 'Correct the declaration.',
    });
  return declarations;
}
