import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, type App, Chart, Names, YamlOutputType } from 'cdk8s';
import type { Problem } from '../problem/index.js';
import { yamlText } from '../units/index.js';

/** An object of the tree as it was checked. */
export interface Manifest {
  readonly construct: ApiObject;
  readonly content: object;
}

/**
 * Writes the checked objects as cdk8s would, one folder for each chart and one file for each object, or gives false
 * where cdk8s has to do it: another kind of output, or an order between charts, which it puts into the folders' names.
 *
 * Making each object again and writing it with the yaml package is most of what a synthesis costs. A test holds that
 * the files are the same.
 */
export function writeManifests(app: App, manifests: readonly Manifest[]): boolean {
  const constructs = app.node.findAll();
  const inOrder = constructs.some(({ node }) => node.dependencies.length > 0);
  const charts = constructs.filter((construct): construct is Chart => Chart.isChart(construct));
  const nested = charts.some((chart) => chart.node.scope !== app);
  const plain = app.yamlOutputType === YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE;
  if (!plain || inOrder || nested || process.env['CDK8S_RECORD_CONSTRUCT_METADATA'] === 'true') return false;
  const folders = new Map(charts.map((chart) => [chart, join(app.outdir, Names.toDnsLabel(chart))]));
  for (const folder of folders.values()) mkdirSync(folder, { recursive: true });
  for (const { construct, content } of manifests) {
    writeFileSync(join(folders.get(construct.chart)!, fileName(app, construct)), yamlText(content));
  }
  return true;
}

function fileName(app: App, { kind, metadata }: ApiObject): string {
  return `${kind}.${metadata.name}`.replace(/[^0-9a-zA-Z-_.]/g, '') + app.outputFileExtension;
}

/**
 * Finds objects that the cluster tells apart and the output does not: a file is named after kind and name only, so the
 * second of two namespaces would overwrite the first. Nothing is found where the app’s output has no such files.
 */
export function findSharedFiles(app: App): Problem[] {
  if (app.yamlOutputType !== YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE) return [];
  const first = new Map<string, ApiObject>();
  return app.node
    .findAll()
    .filter((construct): construct is ApiObject => ApiObject.isApiObject(construct))
    .flatMap((construct): Problem[] => {
      const file = `${construct.chart.node.path}/${fileName(app, construct)}`;
      const other = first.get(file);
      if (!other) first.set(file, construct);
      if (!other || identity(other) === identity(construct)) return [];
      return [
        {
          code: 'duplicate-file',
          severity: 'error',
          where: { construct: construct.node.path },
          message: `would be written over ${other.node.path}: both are ${fileName(app, construct)} of one chart`,
          got: `namespace ${construct.metadata.namespace ?? '(none)'}, and ${other.metadata.namespace ?? '(none)'} of the other`,
          hint: 'Put one of the two into a chart of its own: each namespace in its own chart is the simplest rule.',
        },
      ];
    });
}

/** Two objects with one identity are told as `duplicate-object`. */
function identity({ apiGroup, metadata }: ApiObject): string {
  return `${apiGroup}/${metadata.namespace ?? ''}`;
}
