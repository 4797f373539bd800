import { type Fields, isMap, itemsOf, mapOf, textOf } from './fields.js';
import { checkLabels } from './names.js';
import { type CheckedObject, reportMissing } from './object.js';
import type { PodTemplate } from './pod-template.js';
import { groupOf } from './schema.js';
import { matches, printLabels } from './selector.js';
import { checkService } from './services.js';
import { checkSelectsSomething, type Surroundings } from './surroundings.js';

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
    got: printLabels(labels),
    hint: `Give ${metadataPath}.labels every label of the selector.`,
  });
}

function checkStatefulSet(object: CheckedObject, spec: Fields, { references }: Surroundings): void {
  const service = textOf(spec['serviceName']);
  if (service !== undefined) references.check(object, 'spec.serviceName', { kind: 'Service', name: service });
}

function checkBudget(object: CheckedObject, spec: Fields, surroundings: Surroundings): void {
  if (!isMap(spec['selector'])) return;
  checkLabels(object, 'spec.selector.matchLabels', spec['selector']['matchLabels']);
  checkSelectsSomething(object, 'spec.selector', spec['selector'], surroundings);
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
      reportMissing(object, `subjects[${index}].namespace`, 'is required for a ServiceAccount');
    else if (account !== undefined)
      references.check(object, `subjects[${index}]`, { kind: 'ServiceAccount', name: account, namespace });
  }
}
