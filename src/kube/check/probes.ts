import { type Fields, isMap, itemsOf, mapOf, textOf } from './fields.js';
import { type CheckedObject, reportMissing } from './object.js';
import { checkOneOf } from './one-of.js';
import type { Container } from './pod-template.js';
import { checkPortNumber } from './ports.js';

const handlerActions = new Set(['exec', 'grpc', 'httpGet', 'sleep', 'tcpSocket']);

const handlers = [
  ['livenessProbe', ''],
  ['readinessProbe', ''],
  ['startupProbe', ''],
  ['lifecycle', '.postStart'],
  ['lifecycle', '.preStop'],
] as const;

/** Checks that probes and hooks have one action, with a port of the container, and that the container may have them. */
export function checkHandlers(object: CheckedObject, container: Container): void {
  const { fields, path, list } = container;
  const ports = new Set(itemsOf(fields['ports']).flatMap(([, port]) => textOf(port['name']) ?? []));
  const runsToItsEnd = list === 'initContainers' && fields['restartPolicy'] !== 'Always';
  const refused = new Set<string>();
  for (const [field, part] of handlers) {
    const handler = part === '' ? fields[field] : mapOf(fields[field])[part.slice(1)];
    if (handler != null) {
      const actions = Object.entries(mapOf(handler)).filter(([name]) => handlerActions.has(name));
      checkOneOf(object, `${path}.${field}${part}`, Object.fromEntries(actions), 'action');
      checkHandlerPort(object, `${path}.${field}${part}`, mapOf(handler), ports);
    }
    if (!runsToItsEnd || fields[field] == null || refused.has(field)) continue;
    refused.add(field);
    object.report({
      code: 'invalid-field',
      field: `${path}.${field}`,
      message: 'an init container that runs to its end cannot have this',
      allowed: 'probes and hooks of containers, and of init containers with restartPolicy Always',
      hint: `Remove ${field}, or set restartPolicy to Always to make it a sidecar.`,
    });
  }
}

function checkHandlerPort(object: CheckedObject, path: string, handler: Fields, ports: ReadonlySet<unknown>): void {
  const command = mapOf(handler['exec'])['command'];
  if (isMap(handler['exec']) && (command == null || (Array.isArray(command) && command.length === 0)))
    reportMissing(object, `${path}.exec.command`);
  for (const action of ['httpGet', 'tcpSocket']) {
    const port = mapOf(handler[action])['port'];
    checkPortNumber(object, `${path}.${action}.port`, port);
    if (typeof port !== 'string' || ports.has(port)) continue;
    object.report({
      code: 'missing-reference',
      field: `${path}.${action}.port`,
      message: 'the container has no port of this name',
      got: port,
      allowed: [...ports].join(', ') || 'the container has no named ports',
      hint: 'Add the port, or correct the name.',
    });
  }
}
