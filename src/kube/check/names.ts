import { type Fields, fieldPath, mapOf, textOf } from './fields.js';
import { type Format, labelValue, qualifiedName } from './formats.js';
import { type CheckedObject, reportMissing } from './object.js';

/** The most that all annotations of an object may hold, keys and values, in bytes. */
const mostAnnotationBytes = 256 * 1024;

/** Reports a text that is not of a format. */
export function checkText(
  object: CheckedObject,
  field: string,
  text: string,
  format: Format,
  message = 'is not a name that can be used here',
): void {
  if (format.test(text)) return;
  object.report({
    code: 'invalid-name',
    field,
    message,
    got: text.length > 80 ? `${text.slice(0, 77)}… (${text.length} characters)` : text,
    allowed: format.allowed,
    hint: 'Correct it.',
  });
}

/** Checks the `name` of an item of a list; a name that is not there at all is told by the schema. */
export function checkItemName(object: CheckedObject, path: string, item: Fields, format: Format): string | undefined {
  const name = textOf(item['name']);
  if (name !== undefined) checkText(object, `${path}.name`, name, format);
  else if (item['name'] === '') reportMissing(object, `${path}.name`);
  return name;
}

/** Checks keys and values of labels, and of selectors that are maps of labels. */
export function checkLabels(object: CheckedObject, path: string, labels: unknown): void {
  for (const [key, value] of Object.entries(mapOf(labels))) {
    checkText(object, fieldPath(path, key), key, qualifiedName, 'is not the key of a label');
    if (typeof value === 'string')
      checkText(object, fieldPath(path, key), value, labelValue, 'is not the value of a label');
  }
}

/** Checks the keys of annotations and their size together. */
export function checkAnnotations(object: CheckedObject, path: string, annotations: unknown): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(mapOf(annotations))) {
    checkText(object, fieldPath(path, key), key.toLowerCase(), qualifiedName, 'is not the key of an annotation');
    if (typeof value === 'string') bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > mostAnnotationBytes)
    object.report({
      code: 'invalid-field',
      field: path,
      message: 'the annotations are too large together',
      got: `${bytes} bytes`,
      allowed: `at most ${mostAnnotationBytes} bytes`,
      hint: 'Put large content into a ConfigMap.',
    });
}
