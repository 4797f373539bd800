import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { checkObjects } from '../kube/index.js';
import type { Problem } from '../problem/index.js';
import { isYaml, listFiles } from './comparison.js';

interface ManifestObject {
  readonly object: unknown;
  readonly source: string;
  /** The entry at the top of the output that the object is in. */
  readonly entry: string;
}

/**
 * Checks manifests that were not checked in the app: those of a cdk8s app without constructs of this package.
 *
 * @param fresh folder with the manifests
 * @param shown how that folder will be called, for messages
 */
export function checkOutput(fresh: string, shown: string): Problem[] {
  const problems: Problem[] = [];
  const objects: ManifestObject[] = [];
  for (const path of listFiles(fresh).filter(isYaml)) {
    const source = `${shown}/${path}`;
    const lines = new LineCounter();
    // 1.1, as the API server's own reader: `yes` is true there, and 0644 is octal.
    const documents = parseAllDocuments(readFileSync(join(fresh, path), 'utf8'), {
      version: '1.1',
      lineCounter: lines,
      prettyErrors: false,
    });
    for (const document of documents) {
      const error = document.errors[0];
      if (error) {
        const { line, col } = lines.linePos(error.pos[0]);
        problems.push({
          code: 'unreadable-file',
          severity: 'error',
          where: { file: source, line, column: col },
          message: `not YAML: ${error.message.split('\n', 1)[0]}`,
          hint: 'Correct what the app writes to this file.',
        });
      } else {
        const object: unknown = document.toJS();
        if (object !== null) objects.push({ object, source, entry: path.split('/', 1)[0]! });
      }
    }
  }
  return problems.length > 0 ? problems : objectSets(objects).flatMap((set) => checkObjects(set));
}

/**
 * The sets of objects that are meant for one cluster. Mostly that is everything, and the charts of an app refer to each
 * other's objects. An app that writes one object twice, in two charts, writes them for two clusters: then each entry at
 * the top of the output, which is what a chart becomes, is a set by itself.
 */
function objectSets(objects: readonly ManifestObject[]): (readonly ManifestObject[])[] {
  const entryOf = new Map<string, string>();
  const severalClusters = objects.some(({ object, entry }) => {
    const name = identity(object);
    const first = entryOf.get(name) ?? entry;
    entryOf.set(name, first);
    return first !== entry;
  });
  if (!severalClusters) return [objects];
  const sets = new Map<string, ManifestObject[]>();
  for (const object of objects) sets.set(object.entry, [...(sets.get(object.entry) ?? []), object]);
  return [...sets.values()];
}

function identity(object: unknown): string {
  const { apiVersion, kind, metadata } = object as Record<string, unknown>;
  const { namespace, name } = (metadata ?? {}) as Record<string, unknown>;
  return JSON.stringify([apiVersion, kind, namespace, name]);
}
