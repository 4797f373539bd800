import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as cdk8s from 'cdk8s';
import type { IConstruct } from 'constructs';
import { ProblemsError } from '../problem/index.js';
import { findSharedFiles, writeManifests } from './manifests.js';
import { collectReport, errorsOf, reportProblems, withoutReport } from './report.js';

/** A file that a construct writes beside the manifests: a runbook, a values file. */
export interface OutputFile {
  /** `manifests` is the app’s output folder, `values` the folder for values files. */
  readonly output: 'manifests' | 'values';
  /** Path below that folder, with forward slashes. */
  readonly path: string;
  /** Its text, or what makes it when the app is synthesized: where nothing is written, nothing is made. */
  readonly content: string | (() => string);
}

const outputFiles = new WeakMap<IConstruct, OutputFile[]>();

/**
 * Has a file written when the app of this construct is synthesized by {@link App}. A second text for one path goes
 * behind the first.
 */
export function addOutputFile(scope: IConstruct, file: OutputFile): void {
  const root = scope.node.root;
  const files = outputFiles.get(root) ?? [];
  const same = files.findIndex(({ output, path }) => output === file.output && path === file.path);
  if (same < 0) files.push(file);
  else {
    const first = files[same]!;
    files[same] = { ...file, content: () => `${textOf(first)}\n${textOf(file)}` };
  }
  outputFiles.set(root, files);
}

/**
 * A cdk8s app that checks every object before it writes any, says everything that is wrong at once, and writes
 * runbooks and values files beside the manifests: one folder for each chart, one file for each object.
 *
 * Constructs of this package work in cdk8s’s own `App` too; it checks the same, but writes manifests only.
 *
 * @example
 * ```ts
 * const app = new App();
 * new Chart(app, 'vald');
 * app.synth();
 * ```
 */
export class App extends cdk8s.App {
  readonly #valuesFolder: string;

  /**
   * @param props those of cdk8s’s `App`; `yamlOutputType` is one file for each object by default, in a folder for
   * each chart, and `outdir` is `CDK8S_OUTDIR` or `dist`
   */
  constructor(props: cdk8s.AppProps = {}) {
    super({ yamlOutputType: cdk8s.YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE, ...props });
    this.#valuesFolder = process.env['CHARTWRIGHT_VALUES_OUTDIR'] ?? 'values';
  }

  /**
   * Checks the whole tree and writes it.
   *
   * @throws {@link ProblemsError} with everything that is wrong; nothing is written then
   */
  override synth(): void {
    reportProblems(this, findSharedFiles(this));
    const report = collectReport(this);
    const errors = errorsOf(report);
    if (errors.length > 0) throw new ProblemsError(errors);
    withoutReport(this, () => {
      // Validations of other people’s constructs: where one finds something, cdk8s tells it.
      const valid = this.node.findAll().every((construct) => construct.node.validate().length === 0);
      if (!valid || !writeManifests(this, report.manifests)) super.synth();
    });
    for (const file of outputFiles.get(this) ?? []) {
      const path = join(file.output === 'values' ? this.#valuesFolder : this.outdir, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, textOf(file));
    }
  }
}

const textOf = ({ content }: OutputFile): string => (typeof content === 'string' ? content : content());
