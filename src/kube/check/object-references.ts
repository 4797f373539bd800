import { type Fields, isMap, itemsOf, mapOf, textOf } from './fields.js';
import { dnsLabel } from './formats.js';
import { checkLabels, checkText } from './metadata.js';
import type { CheckedObject } from './object.js';
import type { PodTemplate } from './pod-template.js';
import { checkPortNumber } from './ports.js';
import type { References } from './references.js';
import { groupOf } from './schema.js';
import { matches, type PodIndex } from './selector.js';

/** What the rules between objects look things up in. */
export interface Surroundings {
  readonly references: References;
  readonly pods: PodIndex;
}

type Rule = (object: CheckedObject, spec: Fields, surroundings: Surroundings) => void;

const rules: Readonly<Record<string, Rule>> = {
  '/Service': checkService,
  'apps/StatefulSet': checkStatefulSet,
  'autoscaling/HorizontalPodAutoscaler': checkAutoscaler,
  'policy/PodDisruptionBudget': checkBudget,
  'rbac.authorization.k8s.io/ClusterRoleBinding': checkBinding,
  'rbac.authorization.k8s.io/RoleBinding': checkBinding,
};

/** Checks what one object refers to outside its pod. */
export function checkObjectReferences(object: CheckedObject, surroundings: Surroundings): void {
  rules[`${object.group}/${object.kind}`]?.(object, mapOf(object.fields['spec']), surroundings);
}

/** Checks that a workload selects the pods it makes: the API server refuses one that does not. */
export function checkOwnSelector({ object, labels, metadataPath }: PodTemplate): void {
  if (object.group !== 'apps') return;
  const selector = mapOf(object.fields['spec'])['selector'];
  if (!isMap(selector)) return;
  checkLabels(object, 'spec.selector.matchLabels', selector['matchLabels']);
  const empty = [selector['matchLabels'], selector['matchExpressions']].every(
    (part) => Object.keys(part ?? {}).length === 0,
  );
  if (empty)
    object.report({
      code: 'invalid-field',
      field: 'spec.selector',
      message: 'is empty and would select every pod',
      hint: 'Add matchLabels with labels of the template.',
    });
  if (matches(selector, labels)) return;
  object.report({
    code: 'invalid-field',
    field: 'spec.selector',
    message: 'does not select the pods of its own template',
    got: Object.entries(labels)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(', '),
    hint: `Give ${metadataPath}.labels every label of the selector.`,
  });
}

function checkStatefulSet(object: CheckedObject, spec: Fields, { references }: Surroundings): void {
  const service = textOf(spec['serviceName']);
  if (service !== undefined) references.check(object, 'spec.serviceName', { kind: 'Service', name: service });
}

function checkService(object: CheckedObject, spec: Fields, surroundings: Surroundings): void {
  const ports = itemsOf(spec['ports']);
  const external = spec['type'] === 'ExternalName';
  if (ports.length === 0 && !external && spec['clusterIP'] !== 'None')
    object.report({
      code: 'missing-field',
      field: 'spec.ports',
      message: 'is required for a Service that is not headless',
      hint: 'Add a port, or set clusterIP to None.',
    });
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
    checkPortNumber(object, `${place}.targetPort`, port['targetPort']);
    const name = textOf(port['name']);
    if (name !== undefined) checkText(object, `${place}.name`, name, dnsLabel);
    else if (ports.length > 1)
      object.report({
        code: 'missing-field',
        field: `${place}.name`,
        message: 'is required where a Service has more than one port',
        hint: 'Add name.',
      });
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

function checkBudget(object: CheckedObject, spec: Fields, surroundings: Surroundings): void {
  if (!isMap(spec['selector'])) return;
  checkLabels(object, 'spec.selector.matchLabels', spec['selector']['matchLabels']);
  checkSelectsSomething(object, 'spec.selector', spec['selector'], surroundings);
}

/**
 * Whether a selector selects a pod of the set. The API server takes one that does not, and the pods may come from
 * elsewhere: so it is a warning, and `Pod/*` in the external annotation takes it away.
 */
function checkSelectsSomething(
  object: CheckedObject,
  field: string,
  selector: Fields,
  { pods, references }: Surroundings,
): boolean {
  if (!pods.select(object.namespace, selector).next().done) return true;
  if (references.externals(object, 'Pod', '*').length > 0) return false;
  object.report({
    code: 'missing-reference',
    severity: 'warning',
    field,
    message: 'selects no pod that is made here',
    got: Object.entries(mapOf(selector['matchLabels']))
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(', '),
    hint: 'Correct the labels, or declare Pod/* external if the pods are made elsewhere.',
  });
  return false;
}

function checkAutoscaler(object: CheckedObject, spec: Fields, { references }: Surroundings): void {
  const target = mapOf(spec['scaleTargetRef']);
  const kind = textOf(target['kind']);
  const name = textOf(target['name']);
  if (kind === undefined || name === undefined) return;
  const group = groupOf(textOf(target['apiVersion']) ?? '');
  references.check(object, 'spec.scaleTargetRef', { kind, name, group });
}

function checkBinding(object: CheckedObject, _spec: Fields, { references }: Surroundings): void {
  const group = 'rbac.authorization.k8s.io';
  const role = mapOf(object.fields['roleRef']);
  const name = textOf(role['name']);
  if (name !== undefined && role['kind'] === 'ClusterRole')
    references.check(object, 'roleRef', { kind: 'ClusterRole', group, name, namespace: '' });
  else if (name !== undefined && role['kind'] === 'Role')
    references.check(object, 'roleRef', { kind: 'Role', group, name });
  for (const [index, subject] of itemsOf(object.fields['subjects'])) {
    if (subject['kind'] !== 'ServiceAccount') continue;
    const account = textOf(subject['name']);
    // A RoleBinding looks in its own namespace where none is given.
    const namespace = textOf(subject['namespace']) ?? (object.kind === 'RoleBinding' ? object.namespace : undefined);
    if (namespace === undefined)
      object.report({
        code: 'missing-field',
        field: `subjects[${index}].namespace`,
        message: 'is required for a ServiceAccount',
        hint: 'Add namespace.',
      });
    else if (account !== undefined)
      references.check(object, `subjects[${index}]`, { kind: 'ServiceAccount', name: account, namespace });
  }
}
