import { type Fields, isMap, itemsOf, textOf } from './fields.js';
import { dnsLabel, portName } from './formats.js';
import { checkLabels, checkText } from './names.js';
import { type CheckedObject, reportMissing } from './object.js';
import { checkPortNumber } from './ports.js';
import type { PodIndex } from './selector.js';
import { checkSelectsSomething, type Surroundings } from './surroundings.js';

/** Checks the ports of a Service, and that the pods it selects have those it names. */
export function checkService(object: CheckedObject, spec: Fields, surroundings: Surroundings): void {
  const ports = itemsOf(spec['ports']);
  const external = spec['type'] === 'ExternalName';
  if (ports.length === 0 && !external && spec['clusterIP'] !== 'None')
    reportMissing(object, 'spec.ports', 'is required for a Service that is not headless');
  checkServicePorts(object, ports);
  const labels = spec['selector'];
  if (external || !isMap(labels) || Object.keys(labels).length === 0) return;
  checkLabels(object, 'spec.selector', labels);
  const selector = { matchLabels: labels };
  if (!checkSelectsSomething(object, 'spec.selector', selector, surroundings)) return;
  for (const [index, port] of ports) {
    const target = textOf(port['targetPort']);
    if (target !== undefined && !somePodHasPort(object, selector, target, surroundings.pods))
      object.report({
        code: 'missing-reference',
        field: `spec.ports[${index}].targetPort`,
        message: 'no pod that the Service selects has a port of this name',
        got: target,
        hint: 'Name the port in a container, or correct the name.',
      });
  }
}

function checkServicePorts(object: CheckedObject, ports: readonly [number, Fields][]): void {
  const seen = new Set<string>();
  for (const [index, port] of ports) {
    const place = `spec.ports[${index}]`;
    checkPortNumber(object, `${place}.port`, port['port']);
    // Zero is read as the port itself.
    if (port['targetPort'] !== 0) checkPortNumber(object, `${place}.targetPort`, port['targetPort']);
    const target = textOf(port['targetPort']);
    if (target !== undefined) checkText(object, `${place}.targetPort`, target, portName);
    const name = textOf(port['name']);
    if (name !== undefined) checkText(object, `${place}.name`, name, dnsLabel);
    else if (ports.length > 1)
      reportMissing(object, `${place}.name`, 'is required where a Service has more than one port');
    if (name !== undefined && seen.has(name))
      object.report({
        code: 'duplicate-entry',
        field: `${place}.name`,
        message: 'another port of the Service has this name',
        got: name,
        hint: 'Rename one of the two.',
      });
    if (name !== undefined) seen.add(name);
  }
}

function somePodHasPort(object: CheckedObject, selector: Fields, name: string, pods: PodIndex): boolean {
  for (const pod of pods.select(object.namespace, selector))
    for (const { fields } of pod.containers)
      if (itemsOf(fields['ports']).some(([, port]) => port['name'] === name)) return true;
  return false;
}
