import { checkClaim } from './claims.js';
import { fieldPath, itemsOf, mapOf, textOf, valueAt } from './fields.js';
import {
  dataKey,
  dnsLabel,
  dnsSubdomain,
  type Format,
  labelValue,
  pathSegment,
  priorityClassName,
  qualifiedName,
  serviceName,
  shortSubdomain,
  statefulSetName,
} from './formats.js';
import type { CheckedObject } from './object.js';
import type { PodTemplate } from './pod-template.js';

/** How names must look, where it is not a DNS subdomain. */
const names: Readonly<Record<string, Format>> = {
  '/Namespace': dnsLabel,
  '/Service': serviceName,
  'apiregistration.k8s.io/APIService': pathSegment,
  'apps/StatefulSet': statefulSetName,
  // Eleven characters are put behind a CronJob's name, and a Job's name becomes a label.
  'batch/CronJob': shortSubdomain(52),
  'batch/Job': shortSubdomain(63),
  'certificates.k8s.io/ClusterTrustBundle': pathSegment,
  'rbac.authorization.k8s.io/ClusterRole': pathSegment,
  'rbac.authorization.k8s.io/ClusterRoleBinding': pathSegment,
  'rbac.authorization.k8s.io/Role': pathSegment,
  'rbac.authorization.k8s.io/RoleBinding': pathSegment,
  'scheduling.k8s.io/PriorityClass': priorityClassName,
};

/** The most that all annotations of an object may hold, keys and values, in bytes. */
const mostAnnotationBytes = 256 * 1024;

/** Checks name, namespace, labels and annotations of an object, and the keys of a ConfigMap or Secret. */
export function checkMetadata(object: CheckedObject): void {
  const metadata = mapOf(object.fields['metadata']);
  checkName(object, textOf(metadata['name']), textOf(metadata['generateName']));
  const namespace = textOf(metadata['namespace']);
  if (namespace !== undefined) checkText(object, 'metadata.namespace', namespace, dnsLabel);
  checkLabels(object, 'metadata.labels', metadata['labels']);
  checkAnnotations(object, 'metadata.annotations', metadata['annotations']);
  if (object.group === '' && object.kind === 'PersistentVolumeClaim') checkClaim(object, object.fields, 'spec');
  if (object.group === '' && (object.kind === 'ConfigMap' || object.kind === 'Secret')) {
    for (const part of ['data', 'binaryData', 'stringData'])
      for (const key of Object.keys(mapOf(object.fields[part])))
        checkText(object, fieldPath(part, key), key, dataKey, 'is not a key that it can have');
  }
}

/** Checks labels and annotations of a pod template, and names and labels of a StatefulSet's claim templates. */
export function checkTemplateMetadata(pod: PodTemplate): void {
  const { object } = pod;
  if (pod.metadataPath !== 'metadata') {
    checkLabels(object, `${pod.metadataPath}.labels`, pod.labels);
    checkAnnotations(
      object,
      `${pod.metadataPath}.annotations`,
      mapOf(valueAt(object.fields, pod.metadataPath))['annotations'],
    );
  }
  checkLabels(object, `${pod.path}.nodeSelector`, pod.spec['nodeSelector']);
  if (object.kind !== 'StatefulSet') return;
  for (const [index, claim] of itemsOf(valueAt(object.fields, 'spec.volumeClaimTemplates'))) {
    const path = `spec.volumeClaimTemplates[${index}].metadata`;
    const metadata = mapOf(claim['metadata']);
    checkLabels(object, `${path}.labels`, metadata['labels']);
    checkAnnotations(object, `${path}.annotations`, metadata['annotations']);
    const name = textOf(metadata['name']);
    if (name !== undefined) checkText(object, `${path}.name`, name, dnsLabel);
    else object.report({ code: 'missing-field', field: `${path}.name`, message: 'is required', hint: 'Add name.' });
    checkClaim(object, claim, `spec.volumeClaimTemplates[${index}].spec`);
  }
}

/** Checks keys and values of labels, and of selectors that are maps of labels. */
export function checkLabels(object: CheckedObject, path: string, labels: unknown): void {
  for (const [key, value] of Object.entries(mapOf(labels))) {
    checkText(object, fieldPath(path, key), key, qualifiedName, 'is not the key of a label');
    if (typeof value === 'string')
      checkText(object, fieldPath(path, key), value, labelValue, 'is not the value of a label');
  }
}

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

function checkName(object: CheckedObject, name: string | undefined, generateName: string | undefined): void {
  const format = names[`${object.group}/${object.kind}`] ?? dnsSubdomain;
  if (name !== undefined) checkText(object, 'metadata.name', name, format);
  // The cluster shortens the start where it is too long, and puts characters behind it: a hyphen may come last.
  else if (generateName !== undefined)
    checkText(object, 'metadata.generateName', `${generateName.slice(0, 40).replace(/[-.]$/, '')}x`, format);
  else object.report({ code: 'missing-field', field: 'metadata.name', message: 'is required', hint: 'Add a name.' });
}

function checkAnnotations(object: CheckedObject, path: string, annotations: unknown): void {
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
