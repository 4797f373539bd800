import type { Problem } from '../problem/index.js';
import type { ChartObject } from './policy.js';
import { isPlainObject } from './shape.js';

/** Where a chart keeps what {@link upgradeProblems} compares; `ci/` is in no packed chart. */
export const upgradeFile = 'ci/immutable-fields.json';

/** Fields that Kubernetes lets nobody change, by kind. A StatefulSet's are all but a few, a claim's all but its size. */
const immutableFields: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec.selector'],
  DaemonSet: ['spec.selector'],
  ReplicaSet: ['spec.selector'],
  StatefulSet: ['spec.selector', 'spec.serviceName', 'spec.podManagementPolicy', 'spec.volumeClaimTemplates'],
  Job: ['spec.selector', 'spec.template', 'spec.completionMode', 'spec.podFailurePolicy'],
  Service: ['spec.clusterIP'],
  PersistentVolumeClaim: [
    'spec.accessModes',
    'spec.storageClassName',
    'spec.volumeMode',
    'spec.volumeName',
    'spec.selector',
    'spec.dataSource',
  ],
  RoleBinding: ['roleRef'],
  ClusterRoleBinding: ['roleRef'],
  Secret: ['type'],
  StorageClass: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
  PriorityClass: ['value', 'preemptionPolicy'],
  IngressClass: ['spec.controller'],
};

/** Kinds whose objects hold data: a new name is a new and empty one. */
const withData = ['StatefulSet', 'PersistentVolumeClaim'];

/** Labels that are others in each version. */
const versionLabels = ['helm.sh/chart', 'app.kubernetes.io/version'];

/** The immutable fields of objects: value by field, by object. */
export type ImmutableFields = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What a version of a chart gives for its defaults and examples, as far as it cannot be changed later. */
export interface UpgradeRecord {
  readonly chart: string;
  readonly version: string;
  /** By what the values are called: `defaults`, or the name of an example. */
  readonly cases: Readonly<Record<string, { readonly values: unknown; readonly objects: ImmutableFields }>>;
}

/** The immutable fields of objects. Those of hooks are left out: Helm makes them anew. */
export function immutableFieldsOf(objects: readonly unknown[]): ImmutableFields {
  const found: Record<string, Record<string, unknown>> = {};
  for (const object of objects as readonly ChartObject[]) {
    const fields =
      immutableFields[object.kind] ?? (object['immutable'] === true ? ['data', 'stringData', 'binaryData'] : undefined);
    const { name, namespace, annotations } = object.metadata;
    if (!fields || (isPlainObject(annotations) && 'helm.sh/hook' in annotations)) continue;
    found[[object.kind, namespace, name].filter((part) => part !== undefined).join(' ')] = Object.fromEntries(
      fields.flatMap((field) => {
        const value = field
          .split('.')
          .reduce<unknown>((inner, key) => (isPlainObject(inner) ? inner[key] : undefined), object);
        return value === undefined ? [] : [[field, value]];
      }),
    );
  }
  return found;
}

/** Selectors and claims with a label that changes with the version: the next version could not be upgraded to. */
export function versionedFields({ chart, cases }: UpgradeRecord): Problem[] {
  const found = new Map<string, Problem>();
  for (const { objects } of Object.values(cases))
    for (const [object, fields] of Object.entries(objects))
      for (const [field, value] of Object.entries(fields)) {
        // A Job is made anew in each version, or it cannot be upgraded at all, which the comparison says.
        const label = object.startsWith('Job ')
          ? undefined
          : versionLabels.find((one) => JSON.stringify(value).includes(`"${one}":`));
        if (label)
          found.set(`${object} ${field}`, {
            code: 'breaking-upgrade',
            severity: 'error',
            where: { object, field },
            message: `${label} changes with each version of ${chart}, and this field cannot be changed`,
            hint: 'Use labels that stay, such as the selectorLabels of chartNames().',
          });
      }
  return [...found.values()];
}

/**
 * What breaks where a release of the version before is upgraded to this one, for the defaults and for each example that
 * has the same values in both. Errors; warnings where the version says that it breaks: by a new major version, or
 * before 1.0.0 by a new minor one.
 */
export function upgradeProblems(before: UpgradeRecord, after: UpgradeRecord): Problem[] {
  const severity = breaks(before.version, after.version) ? 'warning' : 'error';
  const found = new Map<string, Problem>();
  const add = (
    object: string,
    field: string | undefined,
    name: string,
    message: string,
    got: string | undefined,
    hint: string,
  ) => {
    const where = { object, ...(field === undefined ? {} : { field }) };
    const values = name === 'defaults' ? 'with the defaults' : `with the example ${name}`;
    if (!found.has(`${object} ${field}`))
      found.set(`${object} ${field}`, {
        code: 'breaking-upgrade',
        severity,
        where,
        message: `${message} (${values}, since version ${before.version})`,
        ...(got === undefined ? {} : { got }),
        hint,
      });
  };
  for (const [name, { values, objects }] of Object.entries(before.cases)) {
    const now = after.cases[name];
    if (!now || JSON.stringify(now.values) !== JSON.stringify(values)) continue;
    for (const [object, fields] of Object.entries(objects)) {
      const newFields = now.objects[object];
      if (!newFields) {
        if (withData.includes(object.split(' ')[0]!))
          add(
            object,
            undefined,
            name,
            'is not there any more, and its data would be left behind',
            undefined,
            'Keep its name, or raise the major version and say in the README how to move the data.',
          );
        continue;
      }
      for (const field of new Set([...Object.keys(fields), ...Object.keys(newFields)]))
        if (!isSame(fields[field], newFields[field]))
          add(
            object,
            field,
            name,
            'is another one, and Kubernetes lets nobody change it',
            `${show(newFields[field])}, before ${show(fields[field])}`,
            'Change it back, give the object another name, or raise the major version and say in the README how to upgrade.',
          );
    }
  }
  return [...found.values()];
}

function breaks(before: string, after: string): boolean {
  const [old, now] = [before, after].map((version) => version.split(/[.+-]/).map(Number)) as [number[], number[]];
  return now[0]! > old[0]! || (now[0] === 0 && old[0] === 0 && now[1]! > old[1]!);
}

function isSame(a: unknown, b: unknown): boolean {
  if (!isPlainObject(a) || !isPlainObject(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  }
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => isSame(a[key], b[key]));
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}
