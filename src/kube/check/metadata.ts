import { checkClaim } from './claims.js';
import { type Fields, fieldPath, itemsOf, mapOf, textOf, valueAt } from './fields.js';
import {
  dataKey,
  dnsLabel,
  dnsSubdomain,
  type Format,
  pathSegment,
  priorityClassName,
  serviceName,
  shortSubdomain,
  statefulSetName,
} from './formats.js';
import { checkAnnotations, checkLabels, checkText } from './names.js';
import { type CheckedObject, reportMissing } from './object.js';
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
  // The API server looks at the name of a budget only as a part of its URL.
  'policy/PodDisruptionBudget': pathSegment,
  'rbac.authorization.k8s.io/ClusterRole': pathSegment,
  'rbac.authorization.k8s.io/ClusterRoleBinding': pathSegment,
  'rbac.authorization.k8s.io/Role': pathSegment,
  'rbac.authorization.k8s.io/RoleBinding': pathSegment,
  'scheduling.k8s.io/PriorityClass': priorityClassName,
};

/** Checks name, namespace, labels and annotations of an object, and the keys of a ConfigMap or Secret. */
export function checkMetadata(object: CheckedObject): void {
  const metadata = mapOf(object.fields['metadata']);
  checkName(object, metadata);
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
    if (name === undefined) reportMissing(object, `${path}.name`);
    else checkText(object, `${path}.name`, name, dnsLabel);
    checkClaim(object, claim, `spec.volumeClaimTemplates[${index}].spec`);
  }
}

function checkName(object: CheckedObject, metadata: Fields): void {
  const format = names[`${object.group}/${object.kind}`] ?? dnsSubdomain;
  const start = textOf(metadata['generateName']);
  if (object.name !== '') checkText(object, 'metadata.name', object.name, format);
  else if (start !== undefined) checkGeneratedName(object, start, format);
  // A name of the wrong type is told by the schema.
  else if (metadata['name'] == null || metadata['name'] === '') reportMissing(object, 'metadata.name');
}

/** The cluster cuts the start to 58 characters and puts five behind it: so a hyphen may come last. */
function checkGeneratedName(object: CheckedObject, start: string, format: Format): void {
  const whole = start.replace(/-$/, 'a');
  const longest = `${start.slice(0, 58)}xxxxx`;
  checkText(object, 'metadata.generateName', format.test(longest) ? whole : longest, format);
}
