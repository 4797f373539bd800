import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { checkObjects } from '../kube/index.js';
import type { Problem } from '../problem/index.js';
import { isYaml, listFiles } from './comparison.js';

/**
 * Checks manifests that were not checked in the app: those of a cdk8s app without constructs of this package.
 *
 * @param fresh folder with the manifests
 * @param shown how that folder will be called, for messages
 */
export function checkOutput(fresh: string, shown: string): Problem[] {
  const problems: Problem[] = [];
  const objects: { object: unknown; source: string }[] = [];
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
        if (object !== null) objects.push({ object, source });
      }
    }
  }
  return problems.length > 0 ? problems : checkObjects(objects);
}
