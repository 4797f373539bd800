import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { reportProblems } from '../kube/index.js';
import { rondbRestore } from '../scripts/index.js';
import { checksum, join, text, trunc, yamlText } from '../units/index.js';
import { checkJob } from './checks.js';
import { restoreEnvironment } from './environment.js';
import { addJobObjects, declareJobExternal } from './job-objects.js';
import { jobName, objectLabels } from './names.js';
import { type JobContext, jobSpec } from './pod.js';
import type { RonDBRestoreJobProps } from './props.generated.js';
import { type RestoreSettings, restoreSchema } from './props-schema.js';
import { addRunbook, restoreRunbook } from './runbook.js';
import { restoreTiming } from './timing.js';

/**
 * A Job that brings a backup back into a RonDB cluster, whole or in part, into the same or another number of data nodes.
 * Nothing reaches the database before every file of the set has been compared with the manifest.
 *
 * Applying it starts nothing: it is suspended unless `run` is true, and with `mode: 'plan'`, the default, a run prints
 * what it would do. A Job cannot be changed, so its name ends with what it does: other props make another Job. It is
 * never removed by itself, since applying its manifest again would then restore again.
 *
 * Wrong props make no objects. What is wrong is said once for the whole app when it is synthesized.
 *
 * @example
 * ```ts
 * new RonDBRestoreJob(chart, 'restore', {
 *   repository: {
 *     cluster: RonDBCluster.fromUpstream({ namespace: 'rondb', numNodeGroups: 2 }),
 *     store: ObjectStore.s3({
 *       bucket: 'rondb-backups', region: 'eu-north-1', credentials: Credentials.secret({ name: 'backup-store' }),
 *     }),
 *     clusterId: '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2',
 *   },
 *   backupId: 'latest',
 *   mode: 'apply',
 *   run: true,
 * });
 * ```
 */
export class RonDBRestoreJob extends Construct {
  /** The props with all defaults filled in, or undefined where they were refused. */
  readonly settings: RestoreSettings | undefined;
  /** Name of the Job and of its objects, or undefined where the props were refused. */
  readonly jobName: string | undefined;

  constructor(scope: Construct, id: string, props: RonDBRestoreJobProps) {
    super(scope, id);
    const { settings, timing, problems } = checkJob(restoreSchema, props, this.node.path, restoreTiming);
    reportProblems(this, problems);
    if (!settings || !timing) return;
    this.settings = settings;
    const { repository } = settings;
    const unnamed: JobContext & { readonly settings: RestoreSettings } = {
      kind: 'restore',
      name: jobName(repository, 'restore'),
      settings,
      timing,
      script: rondbRestore,
      environment: restoreEnvironment(settings, timing),
    };
    const context = { ...unnamed, name: join('-', unnamed.name, settings.id ?? idOf(unnamed)) };
    this.jobName = context.name;
    addJobObjects(this, context);
    const job = new k8s.KubeJob(this, 'job', {
      metadata: {
        name: context.name,
        namespace: repository.cluster.namespace,
        labels: objectLabels(repository, 'restore'),
      },
      spec: { suspend: !settings.run, ...jobSpec(context) },
    });
    declareJobExternal(job, settings, true);
    addRunbook(this, () => restoreRunbook(context));
  }
}

/** The same for the same restore, another one for every other: the Job’s name makes it a Job of its own. */
function idOf(context: JobContext & { readonly settings: RestoreSettings }): string {
  const { backupId } = context.settings;
  const content = trunc(checksum(yamlText(jobSpec(context))), 8);
  return join('-', typeof backupId === 'number' ? text(backupId) : backupId, content);
}
