import { type Fields, isMap, itemsOf, mapOf, textOf, valueAt } from './fields.js';
import type { CheckedObject } from './object.js';

/** A container of a pod, with its place. */
export interface Container {
  readonly fields: Fields;
  /** Such as `spec.template.spec.containers[0]`. */
  readonly path: string;
  readonly list: 'containers' | 'initContainers' | 'ephemeralContainers';
}

/** A pod that an object is or makes. */
export interface PodTemplate {
  readonly object: CheckedObject;
  /** Path of the pod's metadata, such as `spec.template.metadata`. */
  readonly metadataPath: string;
  /** Path of the pod's spec, such as `spec.template.spec`. */
  readonly path: string;
  readonly labels: Fields;
  readonly spec: Fields;
  readonly containers: readonly Container[];
  /** Names of the volumes that a StatefulSet's claim templates add. */
  readonly claims: readonly string[];
}

/** Where each kind keeps its pod; the empty path is the object itself. */
const templates: Readonly<Record<string, string>> = {
  '/Pod': '',
  '/PodTemplate': 'template',
  '/ReplicationController': 'spec.template',
  'apps/DaemonSet': 'spec.template',
  'apps/Deployment': 'spec.template',
  'apps/ReplicaSet': 'spec.template',
  'apps/StatefulSet': 'spec.template',
  'batch/CronJob': 'spec.jobTemplate.spec.template',
  'batch/Job': 'spec.template',
};

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** The pod of an object, or undefined for an object that has none. */
export function podTemplate(object: CheckedObject): PodTemplate | undefined {
  const place = templates[`${object.group}/${object.kind}`];
  if (place === undefined || !object.schema) return undefined;
  const found = valueAt(object.fields, place);
  // Where only the template is missing, the schema says so, and everything else would follow from that.
  if (found == null && isMap(valueAt(object.fields, place.replace(/\.?template$/, '')))) return undefined;
  const template = mapOf(found);
  const prefix = place === '' ? '' : `${place}.`;
  const spec = mapOf(template['spec']);
  return {
    object,
    metadataPath: `${prefix}metadata`,
    path: `${prefix}spec`,
    labels: mapOf(mapOf(template['metadata'])['labels']),
    spec,
    containers: lists.flatMap((list) =>
      itemsOf(spec[list]).map(([index, fields]) => ({ fields, list, path: `${prefix}spec.${list}[${index}]` })),
    ),
    claims: claimTemplates(object),
  };
}

/** The names of a StatefulSet's claim templates. */
export function claimTemplates(object: CheckedObject): string[] {
  if (object.kind !== 'StatefulSet') return [];
  return itemsOf(valueAt(object.fields, 'spec.volumeClaimTemplates')).flatMap(
    ([, claim]) => textOf(mapOf(claim['metadata'])['name']) ?? [],
  );
}
