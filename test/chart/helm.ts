import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { ChartFiles, Release } from '../../src/chart/index.js';
import { programPath } from '../programs/find.js';

/** The Helm programs that charts are tested with. */
export const helms = ['helm3', 'helm4'] as const;

/** What `helm template` gave: objects, or why it refused. */
export interface Rendered {
  readonly documents: readonly unknown[];
  readonly error: string | undefined;
}

/** Values as a user gives them. */
export interface Given {
  readonly values?: unknown;
  readonly release?: Release;
  /** More arguments, such as `--set a=b`. */
  readonly arguments?: readonly string[];
}

/** A chart's folder on the disk, for as long as a test runs. */
export class ChartOnDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'chart-'));

  constructor(files: ChartFiles) {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    for (const [path, text] of files) {
      mkdirSync(dirname(join(this.folder, 'chart', path)), { recursive: true });
      writeFileSync(join(this.folder, 'chart', path), text);
    }
  }

  template(helm: string, given: Given = {}): Rendered {
    const values = join(this.folder, 'values.json');
    writeFileSync(values, ascii(given.values ?? {}));
    const { name, namespace } = given.release ?? { name: 'release-name', namespace: 'default' };
    try {
      const text = run(helm, [
        'template',
        name,
        join(this.folder, 'chart'),
        '--namespace',
        namespace,
        '--kube-version',
        '1.34.0',
        '--values',
        values,
        ...(given.arguments ?? []),
      ]);
      return { documents: parse(text), error: undefined };
    } catch (error) {
      return { documents: [], error: String((error as { stderr?: unknown }).stderr ?? error) };
    }
  }

  lint(helm: string): string {
    return run(helm, ['lint', '--strict', '--kube-version', '1.34.0', join(this.folder, 'chart')]);
  }
}

/** JSON in ASCII: a raw next-line character would be read as a space, as in every YAML file. */
const ascii = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\ud7ff\ue000-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const run = (helm: string, parameters: readonly string[]): string =>
  execFileSync(programPath(helm), parameters, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 27,
  });

/** Documents as Helm and Kubernetes read them: YAML 1.1, each key once. */
export function parse(text: string): unknown[] {
  return parseAllDocuments(text, { version: '1.1', merge: false, uniqueKeys: true }).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`${document.errors[0]!.message}\n${text}`);
    const value: unknown = document.toJS();
    return value === null ? [] : [value];
  });
}
