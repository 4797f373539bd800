import { itemsOf, textOf } from './fields.js';
import { portName } from './formats.js';
import { checkText } from './names.js';
import type { CheckedObject } from './object.js';
import type { Container } from './pod-template.js';

/** Checks numbers and names of the ports of a container. */
export function checkPorts(
  object: CheckedObject,
  { fields, path }: Container,
  containerOfPort: Map<string, string>,
): void {
  for (const [index, port] of itemsOf(fields['ports'])) {
    const place = `${path}.ports[${index}]`;
    checkPortNumber(object, `${place}.containerPort`, port['containerPort']);
    if (port['hostPort'] !== 0) checkPortNumber(object, `${place}.hostPort`, port['hostPort']);
    const name = textOf(port['name']);
    if (name === undefined) continue;
    checkText(object, `${place}.name`, name, portName);
    const other = containerOfPort.get(name);
    containerOfPort.set(name, path);
    if (other === undefined) continue;
    object.report({
      code: 'duplicate-entry',
      severity: other === path ? 'error' : 'warning',
      field: `${place}.name`,
      message: other === path ? 'another port of the container has this name' : `a port of ${other} has this name too`,
      got: name,
      hint: 'Rename one of the two: Services find a port by its name.',
    });
  }
}

/** Reports a port number that is none. Wrong types are left to the schema. */
export function checkPortNumber(object: CheckedObject, field: string, port: unknown): void {
  if (typeof port !== 'number' || (port >= 1 && port <= 65535)) return;
  object.report({
    code: 'invalid-field',
    field,
    message: 'is not a port',
    got: String(port),
    allowed: 'a whole number from 1 to 65535',
    hint: 'Correct the port.',
  });
}
