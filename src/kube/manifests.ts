import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiObject, type App, Chart, Names, YamlOutputType } from 'cdk8s';
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
    const name = `${construct.kind}.${construct.metadata.name}`.replace(/[^0-9a-zA-Z-_.]/g, '');
    writeFileSync(join(folders.get(construct.chart)!, name + app.outputFileExtension), yamlText(content));
  }
  return true;
}
