import { type Fields, isMap, itemsOf, mapOf, textOf } from './fields.js';
import { dnsLabel } from './formats.js';
import { checkItemName } from './names.js';
import { reportMissing } from './object.js';
import type { PodTemplate } from './pod-template.js';
import type { References } from './references.js';

/** Reports a reference without a name, or to a thing or a key that is not there. */
type Check = (field: string, kind: string, name: unknown, key?: unknown) => void;

/**
 * Checks that everything a pod needs before it can start is there: ConfigMaps and Secrets with their keys (volumes,
 * environment, image pulls), claims, its service account and priority class. What is `optional` needs nothing.
 *
 * @param claims names of the claims that StatefulSets of the set make, without their ordinals, each as `namespace/name`
 */
export function checkPodReferences(pod: PodTemplate, references: References, claims: ReadonlySet<string>): void {
  const { object, path, spec } = pod;
  const check: Check = (field, kind, name, key) => {
    const text = textOf(name);
    const textKey = textOf(key);
    if (text !== undefined)
      references.check(object, field, { kind, name: text, ...(textKey === undefined ? {} : { key: textKey }) });
    // A name of the wrong type is told by the schema.
    else if (name == null || name === '') reportMissing(object, field, `the name of the ${kind} is required`);
  };

  const account = textOf(spec['serviceAccountName']) ? 'serviceAccountName' : 'serviceAccount';
  if (textOf(spec[account])) check(`${path}.${account}`, 'ServiceAccount', spec[account]);
  const priority = textOf(spec['priorityClassName']);
  if (priority !== undefined)
    references.check(object, `${path}.priorityClassName`, {
      kind: 'PriorityClass',
      group: 'scheduling.k8s.io',
      namespace: '',
      name: priority,
    });
  for (const [index, secret] of itemsOf(spec['imagePullSecrets']))
    if (textOf(secret['name'])) check(`${path}.imagePullSecrets[${index}].name`, 'Secret', secret['name']);

  for (const [index, volume] of itemsOf(spec['volumes'])) {
    const place = `${path}.volumes[${index}]`;
    checkVolume(pod, volume, place);
    const claim = textOf(mapOf(volume['persistentVolumeClaim'])['claimName']);
    const ordinal = /-\d+$/.exec(claim ?? '');
    if (claim !== undefined && !(ordinal && claims.has(`${object.namespace}/${claim.slice(0, ordinal.index)}`)))
      check(`${place}.persistentVolumeClaim.claimName`, 'PersistentVolumeClaim', claim);
    checkFiles(`${place}.configMap`, 'ConfigMap', volume['configMap'], 'name', check);
    checkFiles(`${place}.secret`, 'Secret', volume['secret'], 'secretName', check);
    for (const [part, source] of itemsOf(mapOf(volume['projected'])['sources'])) {
      const sources = `${place}.projected.sources[${part}]`;
      checkFiles(`${sources}.configMap`, 'ConfigMap', source['configMap'], 'name', check);
      checkFiles(`${sources}.secret`, 'Secret', source['secret'], 'name', check);
    }
  }
  for (const container of pod.containers) checkEnvironment(container.fields, container.path, check);
}

const keyReferences = [
  ['configMapKeyRef', 'ConfigMap'],
  ['secretKeyRef', 'Secret'],
] as const;

const wholeReferences = [
  ['configMapRef', 'ConfigMap'],
  ['secretRef', 'Secret'],
] as const;

function checkEnvironment(container: Fields, path: string, check: Check): void {
  for (const [index, variable] of itemsOf(container['env']))
    for (const [field, kind] of keyReferences) {
      const reference = mapOf(variable['valueFrom'])[field];
      if (isMap(reference) && mustBeThere(reference))
        check(`${path}.env[${index}].valueFrom.${field}`, kind, reference['name'], reference['key']);
    }
  for (const [index, source] of itemsOf(container['envFrom']))
    for (const [field, kind] of wholeReferences) {
      const reference = source[field];
      if (isMap(reference) && mustBeThere(reference))
        check(`${path}.envFrom[${index}].${field}`, kind, reference['name']);
    }
}

/** A ConfigMap or Secret as files: all its keys, or those that `items` names. */
function checkFiles(path: string, kind: string, source: unknown, nameField: string, check: Check): void {
  if (!isMap(source) || !mustBeThere(source, nameField)) return;
  const items = itemsOf(source['items']);
  if (items.length === 0 || !textOf(source[nameField])) check(`${path}.${nameField}`, kind, source[nameField]);
  else for (const [index, item] of items) check(`${path}.items[${index}].key`, kind, source[nameField], item['key']);
}

/** What is optional may be absent, but it must have a name. */
function mustBeThere(reference: Fields, nameField = 'name'): boolean {
  return reference['optional'] !== true || textOf(reference[nameField]) === undefined;
}

function checkVolume({ object }: PodTemplate, volume: Fields, place: string): void {
  checkItemName(object, place, volume, dnsLabel);
  const sources = Object.keys(volume).filter((field) => field !== 'name' && volume[field] != null);
  if (sources.length > 1)
    object.report({
      code: 'invalid-field',
      field: place,
      message: 'a volume has one source only',
      got: sources.join(', '),
      hint: 'Make a volume for each.',
    });
}
