import { setTimeout } from 'node:timers/promises';
import type { KubeApiServer, KubeResponse } from '../programs/kube-api-server.js';

/** A Kubernetes object as data, as much of it as is looked at here. */
interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: the fields differ by kind, and the server judges them
  readonly spec?: any;
}

const strictly = 'dryRun=All&fieldValidation=Strict';

/**
 * Fails with one line for each complaint unless a real API server takes every object, without an error and without a
 * warning, in a namespace that enforces PodSecurity `restricted`:
 *
 * - each object is created and server-side applied, both as a strict dry run,
 * - each workload's pod is created as a Pod (dry run): a workload that makes forbidden pods is only warned about,
 * - service accounts and priority classes are made for real, because the admission of pods looks for them (in a cache
 *   that learns of a new priority class a moment later: a pod that comes before is sent again).
 *
 * Objects without a namespace go to `namespace`; the namespaces of the others are made like it.
 */
export async function expectAccepted(
  server: KubeApiServer,
  objects: readonly unknown[],
  namespace: string,
): Promise<void> {
  const all = objects as readonly KubeObject[];
  const cluster = new Cluster(server, namespace);
  for (const name of new Set([namespace, ...all.map((object) => object.metadata.namespace ?? namespace)]))
    await cluster.makeNamespace(name);
  for (const object of all) {
    await cluster.tryToCreate(object);
    await cluster.tryToApply(object);
  }
  for (const object of all)
    if (object.kind === 'ServiceAccount' || object.kind === 'PriorityClass') await cluster.apply(object);
  for (const object of all)
    for (const pod of podsOf(object)) await cluster.tryToCreate(pod, `Pod of ${nameOf(object)}`);
  if (cluster.complaints.length > 0)
    throw new Error(`not accepted by kube-apiserver:\n${cluster.complaints.map((line) => `- ${line}`).join('\n')}`);
}

/** The pod of a workload as its controller would make it, with a StatefulSet's claims as volumes. */
function podsOf({ kind, metadata, spec }: KubeObject): KubeObject[] {
  const template = kind === 'CronJob' ? spec?.jobTemplate?.spec?.template : spec?.template;
  if (!template?.spec?.containers) return [];
  const claims = ((spec.volumeClaimTemplates ?? []) as KubeObject[]).map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${metadata.name}-0` },
  }));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template.metadata,
      name: `${metadata.name}-0`,
      ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
    },
    spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claims] },
  };
  return [pod];
}

function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;
}

/** Requests to one server, with what it complained about. */
class Cluster {
  readonly complaints: string[] = [];
  /** Those made for real. */
  readonly #priorityClasses = new Set<string>();
  readonly #paths = new Map<string, Promise<Map<string, { plural: string; namespaced: boolean }>>>();

  constructor(
    readonly server: KubeApiServer,
    readonly namespace: string,
  ) {}

  /** A namespace that refuses pods that are not `restricted`, with the service account that a controller would make. */
  async makeNamespace(name: string): Promise<void> {
    const labels = Object.fromEntries(
      ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
    );
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } as KubeObject['metadata'] });
    await this.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } });
  }

  async tryToCreate(object: KubeObject, label = nameOf(object)): Promise<void> {
    const path = await this.#folder(object);
    if (path === undefined) return;
    let response = await this.server.request('POST', `${path}?${strictly}`, object);
    const deadline = Date.now() + 30_000;
    while (this.#isAheadOfItsPriorityClass(response) && Date.now() < deadline) {
      await setTimeout(50);
      response = await this.server.request('POST', `${path}?${strictly}`, object);
    }
    // Service accounts and priority classes are there from an earlier call: their dry run is the apply that follows.
    if (response.body?.reason !== 'AlreadyExists') this.#judge(`${label}, created`, response);
  }

  async tryToApply(object: KubeObject): Promise<void> {
    const response = await this.#patch(object, `${strictly}&force=true`);
    if (response) this.#judge(`${nameOf(object)}, applied`, response);
  }

  /** Applies for real. */
  async apply(object: KubeObject): Promise<void> {
    const response = await this.#patch(object, 'force=true');
    if (response && response.status >= 300) this.#judge(`${nameOf(object)}, made`, response);
    else if (object.kind === 'PriorityClass') this.#priorityClasses.add(object.metadata.name);
  }

  #isAheadOfItsPriorityClass({ status, body }: KubeResponse): boolean {
    const missing = /no PriorityClass with name (\S+) was found/.exec(body?.message ?? '')?.[1];
    return status === 403 && missing !== undefined && this.#priorityClasses.has(missing);
  }

  async #patch(object: KubeObject, query: string): Promise<KubeResponse | undefined> {
    const path = await this.#folder(object);
    if (path === undefined) return undefined;
    const url = `${path}/${object.metadata.name}?fieldManager=test&${query}`;
    return this.server.request('PATCH', url, object, 'application/apply-patch+yaml');
  }

  #judge(what: string, { status, body, warnings }: KubeResponse): void {
    if (status >= 300) this.complaints.push(`${what}: ${status} ${body?.message ?? body}`);
    for (const warning of warnings) this.complaints.push(`${what}: warning: ${warning}`);
  }

  /** The URL path of the list that an object belongs to, or undefined and a complaint for a kind that is not served. */
  async #folder({ apiVersion, kind, metadata }: KubeObject): Promise<string | undefined> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    if (!this.#paths.has(root)) this.#paths.set(root, this.#discover(root));
    const found = (await this.#paths.get(root)!).get(kind);
    if (!found) {
      this.complaints.push(`${kind} ${metadata.name}: the server has no ${apiVersion} ${kind}`);
      return undefined;
    }
    return `${root}${found.namespaced ? `/namespaces/${metadata.namespace ?? this.namespace}` : ''}/${found.plural}`;
  }

  async #discover(root: string): Promise<Map<string, { plural: string; namespaced: boolean }>> {
    const { body } = await this.server.request('GET', root);
    const resources = (body?.resources ?? []) as { name: string; kind: string; namespaced: boolean }[];
    return new Map(
      resources
        .filter(({ name }) => !name.includes('/'))
        .map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]),
    );
  }
}
