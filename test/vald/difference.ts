import { parse } from 'yaml';

/** One place where two sets of objects differ. */
export interface Difference {
  /** `Kind/name path`, list items by their name. */
  readonly path: string;
  readonly upstream: unknown;
  readonly ours: unknown;
}

interface KubernetesObject {
  kind: string;
  metadata: { name: string };
}

/** Labels that the golden objects leave out. */
const leftOut = /metadata\.labels\.(helm\.sh\/chart|app\.kubernetes\.io\/managed-by)$/;

/** All places where our objects differ from upstream’s, the masked ones and nulls and empty lists set aside. */
export function differences(upstream: readonly KubernetesObject[], ours: readonly KubernetesObject[]): Difference[] {
  const a = flattenAll(upstream);
  const b = flattenAll(ours);
  return [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((path) => !leftOut.test(path) && !(a.get(path) === '<sha256>' && typeof b.get(path) === 'string'))
    .filter((path) => a.get(path) !== b.get(path))
    .map((path) => ({ path, upstream: a.get(path), ours: b.get(path) }));
}

function flattenAll(objects: readonly KubernetesObject[]): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  for (const object of objects) flatten(object, `${object.kind}/${object.metadata.name} `, leaves);
  return leaves;
}

function flatten(value: unknown, path: string, leaves: Map<string, unknown>): void {
  if (value === null || value === undefined) return;
  if (typeof value === 'string' && path.endsWith('data.config.yaml')) {
    flatten(parse(value), path, leaves);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      const id =
        (item as { name?: string; mountPath?: string } | null)?.mountPath ??
        (item as { name?: string } | null)?.name ??
        index;
      flatten(item, `${path}[${id}]`, leaves);
    });
  } else if (typeof value === 'object') {
    if (Object.keys(value).length === 0) leaves.set(path, '{}');
    for (const [key, inner] of Object.entries(value)) {
      // Init containers stand among the containers: a sidecar that moved is one difference, not forty.
      const name = key === 'initContainers' ? 'containers' : key;
      if (name === 'containers')
        for (const container of (inner ?? []) as { name: string }[])
          leaves.set(`${path}.containers[${container.name}] place`, key);
      flatten(inner, path.endsWith(' ') ? `${path}${name}` : `${path}.${name}`, leaves);
    }
  } else {
    leaves.set(path, value);
  }
}
