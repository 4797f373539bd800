import { isMap, mapOf, textOf } from './fields.js';
import type { CheckedObject } from './object.js';

/** Finds the objects of a set by group, kind, namespace and name; the API version does not count. */
export class Inventory {
  readonly #objects = new Map<string, CheckedObject>();
  readonly #names = new Map<string, string[]>();

  /** Takes in an object, or reports that one like it is already there. An object without a name is left out. */
  add(object: CheckedObject): void {
    if (object.name === '') return;
    const folder = `${object.group}/${object.kind}/${object.namespace}`;
    const key = `${folder}/${object.name}`;
    const first = this.#objects.get(key);
    if (first) {
      object.report({
        code: 'duplicate-object',
        field: 'metadata.name',
        message: `there are two of it; the other one is from ${first.source}`,
        got: object.name,
        hint: 'Give one of the two another name or namespace.',
      });
      return;
    }
    this.#objects.set(key, object);
    const names = this.#names.get(folder);
    if (names) names.push(object.name);
    else this.#names.set(folder, [object.name]);
  }

  find(group: string, kind: string, namespace: string, name: string): CheckedObject | undefined {
    return this.#objects.get(`${group}/${kind}/${namespace}/${name}`);
  }

  /** The names of the objects of one kind in one namespace. */
  names(group: string, kind: string, namespace: string): readonly string[] {
    return this.#names.get(`${group}/${kind}/${namespace}`) ?? [];
  }
}

/**
 * The keys of a ConfigMap or Secret, or undefined where they are not all in the manifest: a service account's token is
 * filled in by the cluster.
 */
export function keysOf(object: CheckedObject): ReadonlySet<string> | undefined {
  if (textOf(object.fields['type']) === 'kubernetes.io/service-account-token') return undefined;
  const parts = ['data', 'binaryData', 'stringData'].map((part) => object.fields[part]).filter(isMap);
  return new Set(parts.flatMap((part) => Object.keys(mapOf(part))));
}
