import { checkResources } from './claims.js';
import { type Fields, isMap, itemsOf, mapOf, textOf } from './fields.js';
import { dnsLabel, environmentName, portName } from './formats.js';
import { checkText } from './metadata.js';
import type { CheckedObject } from './object.js';
import type { Container, PodTemplate } from './pod-template.js';

/**
 * Checks the containers of a pod: names, images, ports, environment, mounts and probes. Equal entries inside one list
 * (two containers, two variables, two mounts of one path) are found by the schema.
 */
export function checkContainers(pod: PodTemplate): void {
  const { object } = pod;
  // Where the pod has a spec without the list, the schema says so.
  const empty = pod.spec['containers'] != null || Object.keys(pod.spec).length === 0;
  if (empty && !pod.containers.some(({ list }) => list === 'containers'))
    missing(object, `${pod.path}.containers`, 'at least one container is required', 'Add a container.');
  checkRestartPolicy(pod);
  const volumes = new Set([...itemsOf(pod.spec['volumes']).map(([, volume]) => volume['name']), ...pod.claims]);
  const listOfName = new Map<string, string>();
  const containerOfPort = new Map<string, string>();
  for (const container of pod.containers) {
    checkIdentity(object, container, listOfName);
    checkPorts(object, container, containerOfPort);
    checkEnvironment(object, container);
    checkMounts(object, container, volumes, 'volumeMounts', 'mountPath');
    checkMounts(object, container, volumes, 'volumeDevices', 'devicePath');
    checkHandlers(object, container);
    checkResources(object, container.fields, container.path);
  }
}

function checkIdentity(
  object: CheckedObject,
  { fields, path, list }: Container,
  listOfName: Map<string, string>,
): void {
  const name = textOf(fields['name']);
  if (name !== undefined) {
    checkText(object, `${path}.name`, name, dnsLabel);
    const other = listOfName.get(name);
    if (other !== undefined && other !== list)
      object.report({
        code: 'duplicate-entry',
        field: `${path}.name`,
        message: `there is a container of this name in ${other} too`,
        got: name,
        hint: 'Rename one of the two.',
      });
    listOfName.set(name, list);
  }
  if (fields['image'] == null || fields['image'] === '')
    missing(object, `${path}.image`, 'is required', 'Add image.');
}

function checkPorts(object: CheckedObject, { fields, path }: Container, containerOfPort: Map<string, string>): void {
  for (const [index, port] of itemsOf(fields['ports'])) {
    const place = `${path}.ports[${index}]`;
    checkPortNumber(object, `${place}.containerPort`, port['containerPort']);
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

function checkEnvironment(object: CheckedObject, { fields, path }: Container): void {
  for (const [index, variable] of itemsOf(fields['env'])) {
    const place = `${path}.env[${index}]`;
    const name = textOf(variable['name']);
    if (name !== undefined) checkText(object, `${place}.name`, name, environmentName);
    if (textOf(variable['value']) !== undefined && variable['valueFrom'] != null)
      object.report({
        code: 'invalid-field',
        field: place,
        message: 'has both value and valueFrom',
        allowed: 'one of the two',
        hint: 'Remove one of the two.',
      });
    if (variable['valueFrom'] != null) checkOneOf(object, `${place}.valueFrom`, variable['valueFrom'], 'source');
  }
  for (const [index, source] of itemsOf(fields['envFrom'])) {
    const { prefix: _, ...sources } = source;
    checkOneOf(object, `${path}.envFrom[${index}]`, sources, 'source');
  }
}

function checkMounts(
  object: CheckedObject,
  { fields, path }: Container,
  volumes: ReadonlySet<unknown>,
  list: string,
  target: string,
): void {
  for (const [index, mount] of itemsOf(fields[list])) {
    const place = `${path}.${list}[${index}]`;
    const name = textOf(mount['name']);
    if (name !== undefined && !volumes.has(name))
      object.report({
        code: 'missing-reference',
        field: `${place}.name`,
        message: 'the pod has no volume of this name',
        got: name,
        allowed: [...volumes].join(', ') || 'the pod has no volumes',
        hint: 'Add the volume, or correct the name.',
      });
    const mountPath = mount[target];
    if (mountPath === '' || (typeof mountPath === 'string' && target === 'mountPath' && mountPath.includes(':')))
      object.report({
        code: 'invalid-field',
        field: `${place}.${target}`,
        message: 'is not a path to mount at',
        got: mountPath,
        allowed: 'a path without ":", such as /var/ngt',
        hint: 'Correct the path.',
      });
  }
}

/** Reports a choice of which not exactly one is taken. */
function checkOneOf(object: CheckedObject, field: string, choices: unknown, noun: string): void {
  if (!isMap(choices)) return;
  const taken = Object.keys(choices).filter((name) => choices[name] != null);
  if (taken.length === 1) return;
  object.report({
    code: taken.length === 0 ? 'missing-field' : 'invalid-field',
    field,
    message: taken.length === 0 ? `has no ${noun}` : `has more than one ${noun}`,
    ...(taken.length === 0 ? {} : { got: taken.join(', ') }),
    allowed: `one ${noun}`,
    hint: taken.length === 0 ? `Add a ${noun}.` : 'Remove all but one.',
  });
}

/** A pod of a Job must end; every other controller's pod runs until it is deleted. */
function checkRestartPolicy({ object, path, spec }: PodTemplate): void {
  if (object.kind === 'Pod' || object.kind === 'PodTemplate') return;
  const allowed = object.group === 'batch' ? ['OnFailure', 'Never'] : ['Always'];
  const policy = textOf(spec['restartPolicy']) ?? 'Always';
  if (allowed.includes(policy)) return;
  object.report({
    code: 'invalid-field',
    field: `${path}.restartPolicy`,
    message: `is not possible for the pods of a ${object.kind}`,
    got: textOf(spec['restartPolicy']) ?? 'nothing, which means Always',
    allowed: allowed.join(', '),
    hint: `Set restartPolicy to ${allowed[0]}.`,
  });
}

const handlerActions = new Set(['exec', 'grpc', 'httpGet', 'sleep', 'tcpSocket']);

const handlers = [
  ['livenessProbe', ''],
  ['readinessProbe', ''],
  ['startupProbe', ''],
  ['lifecycle', '.postStart'],
  ['lifecycle', '.preStop'],
] as const;

function checkHandlers(object: CheckedObject, container: Container): void {
  const { fields, path, list } = container;
  const ports = new Set(itemsOf(fields['ports']).map(([, port]) => port['name']));
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
  for (const action of ['httpGet', 'tcpSocket']) {
    const port = mapOf(handler[action])['port'];
    checkPortNumber(object, `${path}.${action}.port`, port);
    if (typeof port !== 'string' || ports.has(port)) continue;
    object.report({
      code: 'missing-reference',
      field: `${path}.${action}.port`,
      message: 'the container has no port of this name',
      got: port,
      allowed: [...ports].filter((name) => typeof name === 'string').join(', ') || 'the container has no named ports',
      hint: 'Add the port, or correct the name.',
    });
  }
}

function missing(object: CheckedObject, field: string, message: string, hint: string): void {
  object.report({ code: 'missing-field', field, message, hint });
}
