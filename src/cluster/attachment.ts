import type { Cluster } from './cluster.js';
import { ClusterError } from './cluster-error.js';
import type { ConfigMap, Container, CronJob, Job, KubeObject, PodTemplate, StatefulSet } from './objects.js';
import { type Resource, resources } from './resources.js';

/** What a job of a repository does. */
export type JobKind = 'backup' | 'verify' | 'restore' | 'drill';

/** Marks the Jobs that this command made, so that none of them is ever taken for somebody’s manifest. */
export const runAnnotation = 'chartwright.dev/run';

/**
 * A backup repository as the cluster’s own objects describe it: nothing about it is configured twice. It is read from
 * the pod templates of its jobs, so it is what the next run will use.
 */
export interface Attachment {
  readonly database: 'rondb' | 'vald';
  readonly namespace: string;
  /** Start of its objects’ names, such as `rondb`. */
  readonly name: string;
  /** Name of the cluster’s folder in the store. */
  readonly clusterName: string;
  readonly clusterId: string;
  /** The cluster’s folder, as rclone writes it. */
  readonly storePath: string;
  /** What must be listable. */
  readonly storeRoot: string;
  /** Its CronJobs, and the Job that somebody’s manifest has for restores. */
  readonly backup?: CronJob;
  readonly verify?: CronJob;
  readonly restore?: Job;
  /** Plays a restore on a volume of its own: Vald’s. */
  readonly drill?: CronJob;
  /** The pods that back themselves up: Vald’s agents. */
  readonly agents?: StatefulSet;
  /** A pod that reaches the store: its container’s environment and volumes lead there. */
  readonly pod: PodTemplate;
}

/** Whether an object was made by this package’s constructs. */
export const isOurs = ({ metadata }: Partial<Pick<KubeObject, 'metadata'>>): boolean =>
  metadata?.labels?.['app.kubernetes.io/managed-by'] === 'chartwright';

/** The only container of a job’s pod. */
export const mainContainer = ({ spec }: PodTemplate): Container => spec.containers[0]!;

/** A variable’s value where it is written down, or undefined. */
export const variable = (template: PodTemplate, name: string): string | undefined =>
  mainContainer(template).env?.find((entry) => entry.name === name)?.value;

/** The names of a StatefulSet’s pods, in their order. */
export const podNamesOf = ({ metadata, spec }: StatefulSet): string[] =>
  Array.from({ length: spec.replicas ?? 1 }, (_, index) => `${metadata.name}-${(spec.ordinals?.start ?? 0) + index}`);

const ours = 'app.kubernetes.io/managed-by=chartwright';

/**
 * Finds the repositories of a namespace, or of all.
 *
 * @returns sorted by namespace and name
 */
export async function findAttachments(cluster: Cluster, namespace: string | undefined): Promise<Attachment[]> {
  const list = <Item extends KubeObject>(resource: Resource) =>
    cluster.list<Item>(resource, { namespace, labelSelector: ours });
  const [cronJobs, jobs, sets] = await Promise.all([
    list<CronJob>(resources.cronJobs),
    list<Job>(resources.jobs),
    // Vald’s agents keep upstream’s labels.
    cluster.list<StatefulSet>(resources.statefulSets, { namespace }),
  ]);
  const templates: [JobKind | 'agents', KubeObject, PodTemplate][] = [
    ...sets.map((one): ['agents', StatefulSet, PodTemplate] => ['agents', one, storeContainerOf(one.spec.template)]),
    ...cronJobs.map((one): [JobKind, CronJob, PodTemplate] => {
      const { template } = one.spec.jobTemplate.spec;
      // A drill’s main container asks the restored database, and another one reaches the store.
      return kindOf(one) === 'drill' ? ['drill', one, storeContainerOf(template)] : [kindOf(one), one, template];
    }),
    // What a CronJob or this command made has the same pods as its template, and goes away again.
    ...jobs
      .filter(({ metadata }) => !metadata.annotations?.[runAnnotation] && !metadata.ownerReferences?.length)
      .filter((one) => kindOf(one) === 'restore')
      .map((one): [JobKind, Job, PodTemplate] => ['restore', one, one.spec.template]),
  ];
  const found = new Map<string, Attachment>();
  // What uploads knows most about the repository, the rules of retention too, so it comes last and wins.
  for (const [kind, owner, template] of templates.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))) {
    const read = readAttachment(kind, owner, template);
    if (!read) continue;
    const key = `${read.namespace}/${read.name}`;
    found.set(key, { ...found.get(key), ...read });
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

const order: readonly (JobKind | 'agents')[] = ['drill', 'restore', 'verify', 'agents', 'backup'];

/** The pod as if its only container were the one that reaches the store. */
function storeContainerOf({ metadata, spec }: PodTemplate): PodTemplate {
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  const having = (variable: string) => all.find(({ env }) => env?.some(({ name }) => name === variable));
  // The one that restores reaches the same store as the one that uploads.
  const container = having('KEEP_LAST') ?? having('STORE_PATH') ?? spec.containers[0]!;
  return { ...(metadata ? { metadata } : {}), spec: { ...spec, initContainers: [], containers: [container] } };
}

const kindOf = ({ metadata }: KubeObject): JobKind => metadata.labels?.['app.kubernetes.io/component'] as JobKind;

function readAttachment(kind: JobKind | 'agents', owner: KubeObject, pod: PodTemplate): Attachment | undefined {
  const { namespace = '', labels = {}, name } = owner.metadata;
  const [storePath, clusterId, status] = ['STORE_PATH', 'CLUSTER_ID', 'STATUS_CONFIGMAP'].map((key) =>
    variable(pod, key),
  );
  if (!order.includes(kind) || !storePath || !clusterId) return undefined;
  const rondb = labels['app.kubernetes.io/name'] === 'rondb';
  return {
    database: rondb ? 'rondb' : 'vald',
    namespace,
    // Vald’s jobs have the name of their agents in front; RonDB’s say which repository they belong to.
    name: status === undefined ? name.replace(/-(verify|drill)$/, '') : status.replace(/-backup-status$/, ''),
    clusterName: variable(pod, 'CLUSTER_NAME') ?? labels['app.kubernetes.io/instance'] ?? storePath.split('/').at(-1)!,
    clusterId,
    storePath,
    // With encryption the remote begins below the bucket, and the store’s own remote has another name.
    storeRoot: variable(pod, 'STORE_ROOT') ?? storePath.split('/')[0]!,
    [kind]: owner,
    pod,
  };
}

/**
 * The one repository that a command is about.
 *
 * @param wanted a database, a repository’s name, its cluster’s, or one of its objects’; undefined where there is one only
 * @throws ClusterError where there is none, or several fit
 */
export function chooseAttachment(
  found: readonly Attachment[],
  wanted: string | undefined,
  namespace: string,
): Attachment {
  const names = ({ database, name, clusterName, ...one }: Attachment) =>
    [database, name, clusterName, ...objectsOf(one).map(({ metadata }) => metadata.name)] as string[];
  const fitting = wanted === undefined ? found : found.filter((one) => names(one).includes(wanted));
  if (fitting.length === 1) return fitting[0]!;
  const all = found.map(({ database, name }) => `${name} (${database})`).join(', ');
  if (fitting.length > 1)
    throw new ClusterError(
      'usage',
      `namespace ${namespace}`,
      'there are several repositories',
      'Choose with --database.',
      {
        allowed: all,
      },
    );
  throw new ClusterError(
    'not-found',
    `namespace ${namespace}`,
    wanted === undefined
      ? 'there is no CronJob, Job or StatefulSet here that backs up with chartwright'
      : `there is no backup repository called ${wanted}`,
    found.length > 0 ? 'Choose with --database.' : 'Choose another namespace with -n, or apply the manifests first.',
    found.length > 0 ? { allowed: all } : {},
  );
}

/** The objects of a repository that are in the cluster. */
export const objectsOf = ({
  backup,
  verify,
  restore,
  drill,
  agents,
}: Pick<Attachment, JobKind | 'agents'>): KubeObject[] =>
  [backup, verify, restore, drill, agents].filter((one) => one !== undefined);

/** What the last attempts wrote down, by kind of job; empty where none did. */
export type Status = Readonly<Record<Exclude<JobKind, 'drill'>, Readonly<Record<string, unknown>> | undefined>>;

/** Reads the ConfigMap in which every attempt writes how it ended. What is no JSON there counts as nothing. */
export async function readStatus(cluster: Cluster, { pod, namespace }: Attachment): Promise<Status> {
  const name = variable(pod, 'STATUS_CONFIGMAP');
  const object = name === undefined ? undefined : await cluster.find<ConfigMap>(resources.configMaps, namespace, name);
  const read = (key: keyof Status) => {
    try {
      return JSON.parse(object?.data?.[key] ?? '') as Record<string, unknown>;
    } catch {
      return undefined;
    }
  };
  return { backup: read('backup'), verify: read('verify'), restore: read('restore') };
}
