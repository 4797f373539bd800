import { type Fields, itemsOf, mapOf, textOf } from './fields.js';
import { dnsLabel } from './formats.js';
import { checkText } from './metadata.js';
import type { PodTemplate } from './pod-template.js';
import type { References } from './references.js';

/**
 * Checks that everything a pod needs before it can start is there: ConfigMaps and Secrets with their keys (volumes,
 * environment, image pulls), claims, its service account and priority class. What is `optional` needs nothing.
 *
 * @param claims names of the claims that StatefulSets of the set make, without their ordinals, each as `namespace/name`
 */
export function checkPodReferences(pod: PodTemplate, references: References, claims: ReadonlySet<string>): void {
  const { object, path, spec } = pod;
  const check = (field: string, kind: string, name: unknown, key?: unknown) => {
    const text = textOf(name);
    if (text !== undefined) references.check(object, field, { kind, name: text, ...keyOf(key) });
  };

  const account = textOf(spec['serviceAccountName']) ? 'serviceAccountName' : 'serviceAccount';
  check(`${path}.${account}`, 'ServiceAccount', spec[account]);
  const priority = textOf(spec['priorityClassName']);
  if (priority !== undefined)
    references.check(object, `${path}.priorityClassName`, {
      kind: 'PriorityClass',
      group: 'scheduling.k8s.io',
      namespace: '',
      name: priority,
    });
  for (const [index, secret] of itemsOf(spec['imagePullSecrets']))
    check(`${path}.imagePullSecrets[${index}].name`, 'Secret', secret['name']);

  for (const [index, volume] of itemsOf(spec['volumes'])) {
    const place = `${path}.volumes[${index}]`;
    checkVolume(pod, volume, place);
    const claim = textOf(mapOf(volume['persistentVolumeClaim'])['claimName']);
    if (claim !== undefined && !claims.has(`${object.namespace}/${claim.replace(/-\d+$/, '')}`))
      check(`${place}.persistentVolumeClaim.claimName`, 'PersistentVolumeClaim', claim);
    checkFiles(`${place}.configMap`, 'ConfigMap', mapOf(volume['configMap']), 'name', check);
    checkFiles(`${place}.secret`, 'Secret', mapOf(volume['secret']), 'secretName', check);
    for (const [part, source] of itemsOf(mapOf(volume['projected'])['sources'])) {
      const sources = `${place}.projected.sources[${part}]`;
      checkFiles(`${sources}.configMap`, 'ConfigMap', mapOf(source['configMap']), 'name', check);
      checkFiles(`${sources}.secret`, 'Secret', mapOf(source['secret']), 'name', check);
    }
  }
  for (const container of pod.containers) checkEnvironment(container.fields, container.path, check);
}

type Check = (field: string, kind: string, name: unknown, key?: unknown) => void;

function checkEnvironment(container: Fields, path: string, check: Check): void {
  for (const [index, variable] of itemsOf(container['env'])) {
    const from = mapOf(variable['valueFrom']);
    for (const [field, kind] of [
      ['configMapKeyRef', 'ConfigMap'],
      ['secretKeyRef', 'Secret'],
    ] as const) {
      const reference = mapOf(from[field]);
      if (reference['optional'] !== true)
        check(`${path}.env[${index}].valueFrom.${field}`, kind, reference['name'], reference['key']);
    }
  }
  for (const [index, source] of itemsOf(container['envFrom'])) {
    for (const [field, kind] of [
      ['configMapRef', 'ConfigMap'],
      ['secretRef', 'Secret'],
    ] as const) {
      const reference = mapOf(source[field]);
      if (reference['optional'] !== true) check(`${path}.envFrom[${index}].${field}`, kind, reference['name']);
    }
  }
}

/** A ConfigMap or Secret as files: all its keys, or those that `items` names. */
function checkFiles(path: string, kind: string, source: Fields, nameField: string, check: Check): void {
  if (source['optional'] === true) return;
  const items = itemsOf(source['items']);
  if (items.length === 0) check(`${path}.${nameField}`, kind, source[nameField]);
  for (const [index, item] of items) check(`${path}.items[${index}].key`, kind, source[nameField], item['key']);
}

function checkVolume({ object }: PodTemplate, volume: Fields, place: string): void {
  const name = textOf(volume['name']);
  if (name !== undefined) checkText(object, `${place}.name`, name, dnsLabel);
  const sources = Object.keys(volume).filter((field) => field !== 'name' && volume[field] != null);
  if (sources.length > 1)
    object.report({
      code: 'invalid-field',
      field: place,
      message: 'a volume has one source only',
      got: sources.join(', '),
      hint: 'Make a volume for each.',
    });
  const secret = volume['secret'];
  if (secret != null && textOf(mapOf(secret)['secretName']) === undefined)
    object.report({
      code: 'missing-field',
      field: `${place}.secret.secretName`,
      message: 'is required',
      hint: 'Add secretName.',
    });
}

function keyOf(key: unknown): { key?: string } {
  const text = textOf(key);
  return text === undefined ? {} : { key: text };
}
