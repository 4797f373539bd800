import { Construct } from 'constructs';
import { addOutputFile, checkProps, isValuesPathTaken, reportProblems } from '../kube/index.js';
import type { Problem } from '../problem/index.js';
import type { ObjectStoreInput, ObjectStoreSettings } from '../store/index.js';
import { cronIntervals, trunc, yamlText } from '../units/index.js';
import { upstreamHead } from './upstream-head.js';
import { type UpstreamSettings, upstreamSchema } from './upstream-settings.js';

/** Props of {@link RonDBUpstreamValues}. */
export interface RonDBUpstreamValuesProps {
  /**
   * What the values are for:
   *
   * - `stream`: our jobs beside the chart, its own backups off;
   * - `sidecar`: our jobs with `way: 'sidecar'`, so the chart’s backups are on, for their `rclone-listener`, on a day that
   *   never comes;
   * - `upstream`: the chart’s own backups, as safe as its values allow.
   */
  readonly purpose: 'stream' | 'sidecar' | 'upstream';
  /** Namespace of the release. */
  readonly namespace: string;
  /** Name of the release. @default "rondb" */
  readonly release?: string | undefined;
  /** Number of node groups, 1 to 21: with more, the chart’s node ids collide. @default 1 */
  readonly numNodeGroups?: number | undefined;
  /** Replicas in each node group, 1 to 3. @default 2 */
  readonly activeDataReplicas?: number | undefined;
  /** Where the backups are kept. The chart knows S3 only. */
  readonly store: ObjectStoreInput;
  /** Identity of the cluster, a UUID: the chart’s own backups get a folder with its start, which no other cluster has. */
  readonly clusterId: string;
  /** Name of the cluster in the store. @default - the namespace */
  readonly clusterName?: string | undefined;
  /** Schedule of the chart’s own backups, with `purpose: 'upstream'`. @default "17 2 * * *" */
  readonly schedule?: string | undefined;
  /** Path of the file below `values/`, without `.values.yaml`. @default - `rondb/<purpose>` */
  readonly path?: string | undefined;
}

/** A date that the calendar does not have: Kubernetes takes the schedule, and nothing ever runs. */
export const neverSchedule = '0 0 31 2 *';

/**
 * A values file for upstream’s own, unmodified chart (rondb-helm). Our backups are objects beside the release; the values
 * make the chart leave them the field, or where its own backups shall run, keep out of the worst.
 *
 * @example
 * ```ts
 * new RonDBUpstreamValues(app, 'rondb-values', {
 *   purpose: 'stream',
 *   namespace: 'rondb',
 *   store: ObjectStore.s3({
 *     bucket: 'rondb-backups', region: 'eu-north-1', credentials: Credentials.secret({ name: 'backup-store' }),
 *   }),
 *   clusterId: '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2',
 * });
 * ```
 */
export class RonDBUpstreamValues extends Construct {
  constructor(scope: Construct, id: string, props: RonDBUpstreamValuesProps) {
    super(scope, id);
    const checked = checkProps(upstreamSchema, props, this.node.path);
    const { settings } = checked;
    if (!settings) {
      reportProblems(this, checked.problems);
      return;
    }
    const path = settings.path ?? `rondb/${settings.purpose}`;
    const problems = checkUpstream(settings, this.node.path);
    if (isValuesPathTaken(this, path))
      problems.push({
        code: 'conflicting-properties',
        severity: 'error',
        where: { construct: this.node.path, property: 'path' },
        message: 'two values files have one path',
        got: path,
        hint: 'Give one of them another path.',
      });
    reportProblems(this, problems);
    if (problems.length > 0) return;
    const name = path.replace(/.*\//, '');
    addOutputFile(this, {
      output: 'values',
      path: `${path}.values.yaml`,
      content: `${upstreamHead(settings, name)}${withAccepted(purposeRisks[settings.purpose], yamlText(upstreamValues(settings)))}`,
    });
  }
}

/** What our own rules warn of and is meant so: the key, the rule, and the reason that `validate` asks for. */
const purposeRisks = {
  stream: undefined,
  sidecar: {
    key: 'schedule',
    rule: 'RONDB047',
    reason: 'our jobs make the backups; this is on for the rclone-listener only',
  },
  upstream: {
    key: 'ttl',
    rule: 'RONDB008',
    reason: "a rule of the bucket deletes; the chart's clean-up takes good backups too",
  },
} as const;

function withAccepted(risk: (typeof purposeRisks)[keyof typeof purposeRisks], values: string): string {
  if (!risk) return values;
  const { key, rule, reason } = risk;
  return values.replace(new RegExp(`^( *)(?=${key}:)`, 'm'), `$1# chartwright-ignore ${rule}: ${reason}\n$1`);
}

function checkUpstream(settings: UpstreamSettings, construct: string): Problem[] {
  const { purpose, store, schedule } = settings;
  const problem = (code: Problem['code'], property: string, message: string, got: string, hint: string): Problem => ({
    code,
    severity: 'error',
    where: { construct, property },
    message,
    got,
    hint,
  });
  const ours = 'Use purpose: "stream" with our jobs, which reach every store.';
  const problems: Problem[] = [];
  if (schedule !== undefined && purpose !== 'upstream')
    problems.push(
      problem('conflicting-properties', 'schedule', 'the chart’s own backups do not run', schedule, 'Take it out.'),
    );
  if (schedule !== undefined && !cronIntervals(schedule))
    problems.push(problem('invalid-property', 'schedule', 'never runs', schedule, 'Give a day that comes.'));
  if (purpose !== 'upstream') return problems;
  if (store.type !== 's3')
    return [...problems, problem('unsupported-store', 'store.type', 'the chart writes to S3 only', store.type, ours)];
  if (store.encryption)
    problems.push(
      problem('unsupported-store', 'store.encryption', 'the chart does not encrypt', store.encryption.type, ours),
    );
  if (store.certificateAuthority)
    problems.push(
      problem(
        'unsupported-store',
        'store.certificateAuthority',
        'the chart has no place for a private certificate authority',
        store.certificateAuthority.type,
        ours,
      ),
    );
  if (store.credentials.type !== 'secret')
    problems.push(
      problem(
        'unsupported-store',
        'store.credentials.type',
        'the data nodes upload there, and run as the default ServiceAccount, which no value annotates',
        store.credentials.type,
        ours,
      ),
    );
  return problems;
}

type Values = Record<string, unknown>;

/** The values; what is not here stays the chart’s default. */
export function upstreamValues(settings: UpstreamSettings): Values {
  const { purpose, numNodeGroups, activeDataReplicas } = settings;
  const clusterSize = { numNodeGroups, activeDataReplicas };
  if (purpose === 'stream') return { clusterSize, backups: { enabled: false } };
  if (purpose === 'sidecar')
    return {
      clusterSize,
      backups: {
        enabled: true,
        schedule: neverSchedule,
        // The chart renders nothing without a bucket. Nobody uses this one: our configuration travels on stdin.
        s3: { bucketName: bucketOf(settings.store) },
        pathPrefix: 'never-used',
        ttl: null,
      },
    };
  return {
    clusterSize,
    backups: {
      enabled: true,
      schedule: settings.schedule ?? '17 2 * * *',
      pathPrefix: ownFolder(settings),
      // Its clean-up takes a whole folder for one old file, and folders of others with it (hazards 27 to 31).
      ttl: null,
      // With a name its job may read and change every ConfigMap of the namespace (hazard 25).
      metadataConfigmapName: null,
      s3: ownStore(settings.store),
    },
    // One ndb_restore for each backed-up node takes a slot, and so do the servers of the set-up (hazard 37).
    rondbConfig: { EmptyApiSlots: Math.max(8, numNodeGroups * activeDataReplicas + 4) },
    timeoutsMinutes: { restoreNativeBackup: 720 },
  };
}

function bucketOf(store: ObjectStoreSettings): string {
  return store.type === 's3' || store.type === 'gcs' ? store.bucket : 'never-used';
}

/** A folder that no other cluster has: with the chart’s default two clusters delete each other’s backups (hazard 28). */
function ownFolder({ store, clusterName, namespace, clusterId }: UpstreamSettings): string {
  const folder = `rondb-helm/${clusterName ?? namespace}-${trunc(clusterId, 8)}`;
  return store.prefix === '' ? folder : `${store.prefix}/${folder}`;
}

function ownStore(store: ObjectStoreSettings): Values {
  if (store.type !== 's3' || store.credentials.type !== 'secret') return {};
  const { name, keys } = store.credentials.secret;
  return {
    bucketName: store.bucket,
    provider: store.provider ?? (store.endpoint ? 'Other' : 'AWS'),
    region: store.region,
    endpoint: store.endpoint ?? null,
    serverSideEncryption: store.serverSideEncryption?.type ?? null,
    keyCredentialsSecret: { name, key: keys.accessKeyId },
    secretCredentialsSecret: { name, key: keys.secretAccessKey },
  };
}
