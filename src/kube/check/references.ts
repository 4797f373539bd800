import { type External, externalAnnotation } from './external.js';
import { type Inventory, keysOf } from './inventory.js';
import type { CheckedObject } from './object.js';
import type { Suggestions } from './suggestions.js';

/** What an object refers to. */
export interface Reference {
  readonly kind: string;
  readonly name: string;
  /** API group of the kind. @default '' (the group of ConfigMap, Secret, Service) */
  readonly group?: string;
  /** Empty for a cluster's object. @default - the namespace of the object that refers */
  readonly namespace?: string;
  /** A key that a Secret or ConfigMap must have. @default - none */
  readonly key?: string;
}

/** Finds what objects refer to: among the objects of the set, in what every cluster has, or declared external. */
export class References {
  readonly #inventory: Inventory;
  readonly #declared = new Map<CheckedObject, readonly External[]>();
  readonly #external: readonly External[];
  readonly #suggestions: Suggestions;

  /** @param external what is external for all objects */
  constructor(inventory: Inventory, external: readonly External[], suggestions: Suggestions) {
    this.#inventory = inventory;
    this.#suggestions = suggestions;
    this.#external = external;
  }

  /** Takes note of what one object declares external. */
  declare(object: CheckedObject, externals: readonly External[]): void {
    if (externals.length > 0) this.#declared.set(object, externals);
  }

  /** The declarations that cover a kind and name for an object. */
  externals(from: CheckedObject, kind: string, name: string): External[] {
    return [...(this.#declared.get(from) ?? []), ...this.#external].filter(
      (external) => external.kind === kind && (external.name === name || external.name === '*'),
    );
  }

  /** Reports, in a field of the object that refers, a thing or a key that is not there. */
  check(from: CheckedObject, field: string, reference: Reference): void {
    const { kind, name, key } = reference;
    const namespace = reference.namespace ?? from.namespace;
    if (isBuiltIn(kind, name, key)) return;
    const externals = this.externals(from, kind, name);
    // Declared without keys: any key may be there.
    if (externals.some((external) => key === undefined || external.keys === undefined)) return;
    const target = this.#inventory.find(reference.group ?? '', kind, namespace, name);
    if (target === undefined && externals.length === 0) {
      this.#reportMissing(from, field, reference, namespace);
      return;
    }
    if (key === undefined) return;
    const keys = target && keysOf(target);
    if (target && (keys === undefined || keys.has(key))) return;
    const declared = externals.flatMap((external) => external.keys ?? []);
    if (declared.includes(key)) return;
    this.#reportMissingKey(from, field, reference, [...(keys ?? []), ...declared], target === undefined);
  }

  #reportMissing(from: CheckedObject, field: string, reference: Reference, namespace: string): void {
    const { kind, name, group = '', key } = reference;
    const names = this.#inventory.names(group, kind, namespace);
    const meant = this.#suggestions.nearest(name, `${group}/${kind}/${namespace}`, names);
    const declaration = `${kind}/${name}${key === undefined ? '' : `#${key}`}`;
    from.report({
      code: 'missing-reference',
      field,
      message: `there is no ${kind} of this name${namespace === '' ? '' : ` in namespace ${namespace}`}`,
      got: name,
      hint: meant
        ? `Did you mean "${meant}"?`
        : `Add it, or declare that it is made elsewhere with the annotation ${externalAnnotation}: ${declaration}.`,
    });
  }

  #reportMissingKey(
    from: CheckedObject,
    field: string,
    { kind, name, key = '' }: Reference,
    keys: readonly string[],
    external: boolean,
  ): void {
    const scope = `${kind} ${from.namespace}/${name} ${from.label}`;
    const meant = this.#suggestions.nearest(key, scope, keys);
    from.report({
      code: 'missing-reference',
      field,
      message: external
        ? `${kind} ${name} is declared external without this key`
        : `${kind} ${name} does not have this key`,
      got: key,
      ...(keys.length <= 20 ? { allowed: keys.join(', ') || 'it has no keys' } : {}),
      hint: meant
        ? `Did you mean "${meant}"?`
        : `Add the key to ${external ? 'the declaration' : `the ${kind}`}, or correct it.`,
    });
  }
}

/** What exists in every namespace or cluster without being made by anybody. */
function isBuiltIn(kind: string, name: string, key: string | undefined): boolean {
  switch (kind) {
    case 'ServiceAccount':
      return name === 'default';
    case 'ConfigMap':
      return name === 'kube-root-ca.crt' && (key === undefined || key === 'ca.crt');
    case 'PriorityClass':
      return name === 'system-cluster-critical' || name === 'system-node-critical';
    case 'ClusterRole':
      return ['cluster-admin', 'admin', 'edit', 'view'].includes(name) || name.startsWith('system:');
    default:
      return false;
  }
}
