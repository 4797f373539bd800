import type { ApiObject } from 'cdk8s';

/** The annotation that declares what an object refers to and somebody else makes. */
export const externalAnnotation = 'chartwright.dev/external';

/** An object that is referred to and that this app does not make. */
export interface ExternalReference {
  readonly kind: string;
  readonly name: string;
  /** Keys it has. @default - any key */
  readonly keys?: readonly string[] | undefined;
}

/**
 * Declares in an annotation what an object refers to and somebody else makes, as `Kind/name#key,key; Kind/name`: the
 * object check takes it as there, and who reads the manifest sees what must exist first.
 */
export function declareExternal(object: ApiObject, references: readonly ExternalReference[]): void {
  const byName = new Map<string, Set<string> | undefined>();
  for (const { kind, name, keys } of references) {
    const id = `${kind}/${name}`;
    const known = byName.has(id) ? byName.get(id) : new Set<string>();
    byName.set(id, keys && known ? new Set([...known, ...keys]) : undefined);
  }
  if (byName.size === 0) return;
  const text = [...byName].map(([id, keys]) => (keys?.size ? `${id}#${[...keys].join(',')}` : id)).join('; ');
  object.metadata.addAnnotation(externalAnnotation, text);
}
