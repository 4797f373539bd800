import { checkResources } from './claims.js';
import { itemsOf, textOf } from './fields.js';
import { dnsLabel, environmentName } from './formats.js';
import { checkItemName } from './names.js';
import { type CheckedObject, reportMissing } from './object.js';
import { checkOneOf } from './one-of.js';
import type { Container, PodTemplate } from './pod-template.js';
import { checkPorts } from './ports.js';
import { checkHandlers } from './probes.js';

/**
 * Checks the containers of a pod: names, images, ports, environment, mounts and probes. Equal entries inside one list
 * (two containers, two variables, two mounts of one path) are found by the schema.
 */
export function checkContainers(pod: PodTemplate): void {
  const { object } = pod;
  // Where the pod has a spec without the list, the schema says so.
  const empty = pod.spec['containers'] != null || Object.keys(pod.spec).length === 0;
  if (empty && !pod.containers.some(({ list }) => list === 'containers'))
    reportMissing(object, `${pod.path}.containers`, 'at least one container is required');
  checkRestartPolicy(pod);
  const names = itemsOf(pod.spec['volumes']).flatMap(([, volume]) => textOf(volume['name']) ?? []);
  const volumes = new Set([...names, ...pod.claims]);
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
  const name = checkItemName(object, path, fields, dnsLabel);
  if (name !== undefined) {
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
  if (fields['image'] == null || fields['image'] === '') reportMissing(object, `${path}.image`);
}

function checkEnvironment(object: CheckedObject, { fields, path }: Container): void {
  for (const [index, variable] of itemsOf(fields['env'])) {
    const place = `${path}.env[${index}]`;
    checkItemName(object, place, variable, environmentName);
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
  volumes: ReadonlySet<string>,
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
