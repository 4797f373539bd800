import { isMapNode, type PathParts, startOf, type ValuesMap, type ValuesNode } from '../values/index.js';
import {
  at,
  type FoundObject,
  itemsAt,
  ReleaseCollector,
  type ReleaseSurroundings,
  type ReleaseValues,
  textAt,
  wordAt,
} from './release-reader.js';

/** The release of a HelmRelease of Flux: what it takes from ConfigMaps and Secrets, in their order, under its own values. */
export function helmReleaseValues(found: FoundObject, around: ReleaseSurroundings): ReleaseValues {
  const { object, source } = found;
  const collector = new ReleaseCollector(object, source, around);
  const ownNamespace = textAt(object, ['metadata', 'namespace']);
  for (const { item } of itemsAt(object, ['spec', 'valuesFrom']))
    if (isMapNode(item)) addReference(item, ownNamespace, collector, around);
  const own = at(object, ['spec', 'values']);
  if (isMapNode(own)) collector.add(own);
  for (const { item } of itemsAt(object, ['spec', 'chart', 'spec', 'valuesFiles']))
    collector.skip(`${wordAt(item, [])}: skipped: it is a file inside of the chart.`);
  const target = textAt(object, ['spec', 'targetNamespace']);
  const namespace = target ?? ownNamespace;
  const name = textAt(object, ['metadata', 'name']) ?? '';
  const chart = textAt(object, ['spec', 'chart', 'spec', 'chart']);
  return {
    source,
    values: collector.values,
    root: around.spans.find(object, ['spec', 'values'], 'key') ?? startOf(source),
    release: {
      name: textAt(object, ['spec', 'releaseName']) ?? (target ? `${target}-${name}` : name),
      ...(namespace ? { namespace } : {}),
    },
    ...(chart ? { chart } : {}),
  };
}

/** Values from one entry of a ConfigMap or Secret: all of them, or one, at a path. */
function addReference(
  reference: ValuesMap,
  namespace: string | undefined,
  collector: ReleaseCollector,
  around: ReleaseSurroundings,
): void {
  const [kind, name] = [wordAt(reference, ['kind']), wordAt(reference, ['name'])];
  const key = textAt(reference, ['valuesKey']) ?? 'values.yaml';
  const found = around.find(kind, namespace, name);
  const entry = found && entryOf(found.object, key);
  if (!entry) {
    const what = found ? `has no "${key}"` : 'is not among the files';
    collector.skip(`values from ${kind} ${name}: skipped: it ${what}.`);
    return;
  }
  const targetPath = textAt(reference, ['targetPath']);
  if (targetPath === undefined) {
    collector.addText(entry.text, entry.path, found);
    return;
  }
  // A text in quotes stays a text.
  const [, , quoted] = /^(["'])(.*)\1$/s.exec(entry.text) ?? [];
  const option = quoted === undefined ? '--set' : '--set-string';
  collector.set(option, `${targetPath}=${quoted ?? entry.text}`, entry.path, found);
}

function entryOf(object: ValuesMap, key: string): { text: string; path: PathParts } | undefined {
  const isSecret = object['kind'] === 'Secret';
  for (const field of isSecret ? ['stringData', 'data'] : ['data']) {
    const value: ValuesNode | undefined = at(object, [field, key]);
    if (typeof value !== 'string') continue;
    const isEncoded = isSecret && field === 'data';
    return { text: isEncoded ? Buffer.from(value, 'base64').toString('utf8') : value, path: [field, key] };
  }
  return undefined;
}
