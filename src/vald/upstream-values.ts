import { ApiObject, App, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { z } from 'zod';
import { addOutputFile, checkObjects, checkProps, isValuesPathTaken, reportProblems } from '../kube/index.js';
import { plainText, textLeaf, yamlText } from '../units/index.js';
import { ValdAgentWithBackup } from './agent.js';
import { repositoryUploader } from './backup-method.js';
import { checkSettings } from './checks.js';
import type { ValdAgentWithBackupProps } from './props.generated.js';
import type { ValdAgentSettings } from './props-schema.js';
import { agentConfigOf, type Manifest, objectsBeside, upstreamValues } from './upstream-agent.js';
import { type UpstreamChartVersions, upstreamCharts } from './upstream-chart.js';
import { checkUpstream } from './upstream-checks.js';
import { objectsHead, type UpstreamHead, valuesHead } from './upstream-head.js';

const ownSchema = z.strictObject({
  chartVersions: z.enum(Object.keys(upstreamCharts) as UpstreamChartVersions[]),
  path: textLeaf({
    pattern: /^(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)*$/,
    allowed: 'a relative path, such as production/vald',
  }).optional(),
  note: plainText('bucket and region are examples').optional(),
});

/** Props of {@link ValdUpstreamValues}: those of the agent, and which charts the values are for. */
export interface ValdUpstreamValuesProps extends ValdAgentWithBackupProps {
  /** Versions of upstream's chart that the values are for. */
  readonly chartVersions: UpstreamChartVersions;
  /**
   * Path of the two files below `values/`, without `.values.yaml` and `.objects.yaml`.
   *
   * @default - `vald/chart-<chartVersions>/<method>`, with `-repository` behind it for that uploader and `-cow` for copy-on-write: `pv`, `s3-cow`, `pv-and-s3-repository-cow` …
   */
  readonly path?: string;
  /**
   * One more paragraph for the head of the values file.
   *
   * @default - none
   */
  readonly note?: string;
}

/**
 * Values files that make upstream's own, unmodified chart install our agent: the same pods as
 * {@link ValdAgentWithBackup} makes for the same props, with a backup that restores. Upstream's settings for object
 * storage do not render from v1.7.11 on and lose data before (facts 0.1 to 0.7), so sidecar and restore come as raw
 * entries of `agent.initContainers`, which the chart passes on.
 *
 * Writes `<path>.values.yaml` and, for what the values refer to, `<path>.objects.yaml`; it makes no manifests. `name`
 * and `version` default to those of the chart versions. Props that the chart has no value for are refused.
 *
 * @example
 * ```ts
 * new ValdUpstreamValues(app, 'vald-values', {
 *   chartVersions: 'v1.7.11-to-v1.8.0',
 *   namespace: 'vald',
 *   backup: BackupMethod.persistentVolume({ volume: { size: '100Gi' } }),
 *   ngt: { dimension: 784 },
 * });
 * ```
 */
export class ValdUpstreamValues extends Construct {
  constructor(scope: Construct, id: string, props: ValdUpstreamValuesProps) {
    super(scope, id);
    const { chartVersions, path, note, ...given } = { ...props };
    const own = checkProps(ownSchema, { chartVersions, path, note }, this.node.path);
    const chart = own.settings && upstreamCharts[own.settings.chartVersions];
    const agentProps = { ...(chart ? { name: chart.agentName, version: chart.to } : {}), ...given };
    const checked = checkSettings(agentProps, this.node.path);
    const problems = [...own.problems, ...checked.problems];
    if (!chart || !checked.settings || problems.some(({ severity }) => severity === 'error')) {
      reportProblems(this, problems);
      return;
    }
    const { settings } = checked;
    const namespace = settings.namespace ?? chartNamespace(this) ?? 'default';
    const manifests = makeManifests({ ...agentProps, namespace });
    problems.push(
      ...checkUpstream(settings, chart, agentConfigOf(manifests, settings).ngt, this.node.path),
      ...checkObjects(manifests.map((object) => ({ object, source: this.node.path }))),
    );
    const file = path ?? `vald/chart-${chartVersions}/${methodName(settings)}`;
    if (isValuesPathTaken(this, file))
      problems.push({
        code: 'conflicting-properties',
        severity: 'error',
        where: { construct: this.node.path, property: 'path' },
        message: 'two values files have one path',
        got: file,
        hint: 'Give one of them another path.',
      });
    reportProblems(this, problems);

    const values = upstreamValues(manifests, settings, chart);
    const head: UpstreamHead = {
      settings,
      namespace,
      chart,
      name: file.replace(/.*\//, ''),
      note,
      initContainers: (values['agent'] as Pick<UpstreamHead, 'initContainers'>).initContainers,
    };
    const objects = objectsBeside(manifests, settings).map((object) => `---\n${yamlText(object)}`);
    this.#write(`${file}.values.yaml`, `${valuesHead(head)}${yamlText(values)}`);
    this.#write(`${file}.objects.yaml`, `${objectsHead(head)}${objects.join('')}`);
  }

  #write(path: string, content: string): void {
    addOutputFile(this, { output: 'values', path, content });
  }
}

/** The agent's manifests, made in an app of their own: in this one they would be written as manifests too. */
function makeManifests(props: ValdAgentWithBackupProps): Manifest[] {
  const chart = new Chart(new App(), 'manifests');
  new ValdAgentWithBackup(chart, 'agent', props);
  return chart.node
    .findAll()
    .filter((construct) => ApiObject.isApiObject(construct))
    .map((object) => (object as ApiObject).toJson());
}

function chartNamespace(construct: Construct): string | undefined {
  return construct.node.scopes.findLast((scope): scope is Chart => Chart.isChart(scope))?.namespace;
}

function methodName({ backup, copyOnWrite }: ValdAgentSettings): string {
  const place = { persistentVolume: 'pv', objectStorage: 's3', both: 'pv-and-s3' }[backup.type];
  const method = repositoryUploader(backup) ? `${place}-repository` : place;
  return `${method}${copyOnWrite ? '-cow' : ''}`;
}
