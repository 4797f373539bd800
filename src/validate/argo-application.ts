import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isMapNode, type PathParts, startOf } from '../values/index.js';
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

/**
 * The releases of an Application of Argo CD, one for each source that is a chart. What counts more comes later, as
 * there: value files, then values as a text or, where both are there, as a map, then parameters.
 */
export function applicationReleases(found: FoundObject, around: ReleaseSurroundings): ReleaseValues[] {
  const sources = itemsAt(found.object, ['spec', 'sources']).map(({ path }) => path);
  const paths = sources.length > 0 ? sources : [['spec', 'source']];
  return paths.flatMap((path) => {
    const isChart = textAt(found.object, [...path, 'chart']) !== undefined || at(found.object, [...path, 'helm']);
    return isChart ? [release(found, path, around)] : [];
  });
}

function release(found: FoundObject, path: PathParts, around: ReleaseSurroundings): ReleaseValues {
  const { object, source } = found;
  const helm = [...path, 'helm'];
  const collector = new ReleaseCollector(object, source, around);
  for (const { item } of itemsAt(object, [...helm, 'valueFiles'])) {
    const file = atHand(wordAt(item, []), found, path, collector);
    if (file !== undefined) collector.add(around.readValuesFile(file));
  }
  const map = at(object, [...helm, 'valuesObject']);
  const text = textAt(object, [...helm, 'values']);
  if (isMapNode(map)) collector.add(map);
  else if (text !== undefined) collector.addText(text, [...helm, 'values']);
  for (const isText of [false, true])
    for (const { item, path: parameter } of itemsAt(object, [...helm, 'parameters'])) {
      if (!isMapNode(item) || (item['forceString'] === true) !== isText) continue;
      const option = isText ? '--set-string' : '--set';
      collector.set(option, `${wordAt(item, ['name'])}=${escaped(wordAt(item, ['value']))}`, [...parameter, 'value']);
    }
  for (const { item, path: parameter } of itemsAt(object, [...helm, 'fileParameters'])) {
    const file = atHand(wordAt(item, ['path']), found, path, collector);
    if (file !== undefined) collector.set('--set-file', `${wordAt(item, ['name'])}=${file}`, [...parameter, 'path']);
  }
  const name = textAt(object, [...helm, 'releaseName']) ?? textAt(object, ['metadata', 'name']) ?? '';
  const namespace = textAt(object, ['spec', 'destination', 'namespace']);
  const chart = textAt(object, [...path, 'chart']);
  return {
    source,
    values: collector.values,
    root: around.spans.find(object, helm, 'key') ?? startOf(source),
    release: { name, ...(namespace ? { namespace } : {}) },
    ...(chart ? { chart } : {}),
  };
}

/** A comma in a parameter is a part of it, except in a list. */
const escaped = (value: string): string => (/^\{.*\}$/s.test(value) ? value : value.replaceAll(/(?<!\\),/g, '\\,'));

/**
 * A file that an Application names, where it is in the repository of the Application's own file; never one outside of
 * it, since a finding shows lines of it.
 */
function atHand(
  name: string,
  { object, source }: FoundObject,
  path: PathParts,
  collector: ReleaseCollector,
): string | undefined {
  const skip = (why: string): undefined => {
    if (at(object, [...path, 'helm', 'ignoreMissingValueFiles']) !== true || !why.startsWith('it is not'))
      collector.skip(`${name}: skipped: ${why}.`);
  };
  if (/^[a-z]+:\/\//i.test(name)) return skip('nothing is fetched');
  const root = repositoryOf(source.name);
  const folder = textAt(object, [...path, 'path']);
  const [, rest] = /^(?:\$[^/]+)?\/(.*)$/.exec(name) ?? [];
  if (rest === undefined && folder === undefined) return skip('it is a file inside of the chart');
  const file = rest === undefined ? join(root, folder!, name) : join(root, rest);
  if (!existsSync(file)) return skip('it is not in this repository');
  if (!`${realpathSync(file)}${sep}`.startsWith(`${realpathSync(root)}${sep}`))
    return skip('it is outside of this repository');
  return relative('.', file);
}

/** The folder around a file that git has its own in, or the one that the command runs in. */
function repositoryOf(file: string): string {
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) return resolve('.');
  }
}
