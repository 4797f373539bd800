import type { ApiObject } from 'cdk8s';
import { type External, externalAnnotation, printExternal } from './check/index.js';
import { isLeftToCluster } from './report.js';

/**
 * Declares in an annotation what an object refers to and somebody else makes: the object check takes it as there, and
 * who reads the manifest sees what must exist first. Keys of one Secret from several declarations are put together.
 */
export function declareExternal(
  object: ApiObject,
  references: readonly (Omit<External, 'keys'> & { readonly keys?: readonly string[] | undefined })[],
): void {
  if (isLeftToCluster(object)) return;
  const merged = new Map<string, External>();
  for (const { kind, name, keys } of references) {
    const id = `${kind}/${name}`;
    const known = merged.get(id);
    // Without keys a declaration stands for any key, and so does what it is put together with.
    const all = keys && (!known || known.keys) ? [...new Set([...(known?.keys ?? []), ...keys])] : undefined;
    merged.set(id, { kind, name, ...(all ? { keys: all } : {}) });
  }
  if (merged.size > 0) object.metadata.addAnnotation(externalAnnotation, printExternal([...merged.values()]));
}
