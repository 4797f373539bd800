import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { programPath } from '../programs/find.js';

/** What real Helm makes of values: them, or what it says against them. */
export type HelmAnswer = { readonly values: unknown } | { readonly error: string };

/** A chart in a temporary folder that prints the values it gets, to ask real Helm. */
export class PrintingChart {
  readonly folder = mkdtempSync(join(tmpdir(), 'chartwright-values-'));
  #files = 0;

  /** @param files more files of the chart by path, which may replace Chart.yaml: its subcharts */
  constructor(defaults = '', schema?: string, files: Readonly<Record<string, string>> = {}) {
    mkdirSync(join(this.folder, 'chart/templates'), { recursive: true });
    writeFileSync(join(this.folder, 'chart/Chart.yaml'), 'apiVersion: v2\nname: printing\nversion: 1.0.0\n');
    writeFileSync(join(this.folder, 'chart/values.yaml'), defaults);
    if (schema) writeFileSync(join(this.folder, 'chart/values.schema.json'), schema);
    const template =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  values: {{ toJson .Values | toJson }}\n';
    writeFileSync(join(this.folder, 'chart/templates/values.yaml'), template);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.path, path)), { recursive: true });
      writeFileSync(join(this.path, path), text);
    }
  }

  get path(): string {
    return join(this.folder, 'chart');
  }

  /** Writes a values file and gives its path. */
  file(content: string | Buffer): string {
    const path = join(this.folder, `${this.#files++}.yaml`);
    writeFileSync(path, content);
    return path;
  }

  ask(helm: 'helm3' | 'helm4', files: readonly string[], options: readonly string[] = []): HelmAnswer {
    const words = [
      'template',
      'r',
      this.path,
      '--kube-version',
      '1.30',
      ...files.flatMap((file) => ['-f', file]),
      ...options,
    ];
    const { status, stdout, stderr } = spawnSync(programPath(helm), words, { encoding: 'utf8' });
    if (status !== 0) return { error: stderr };
    const [, json] = /^ {2}values: (".*")$/m.exec(stdout) ?? [];
    return { values: JSON.parse(JSON.parse(json!) as string) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
