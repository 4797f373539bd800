import { type Attachment, readStatus, type Status } from '../attachment.js';
import type { Cluster, Selection } from '../cluster.js';
import type { Container, CronJob, Job, KubeObject, Pod, PodTemplate, StatefulSet } from '../objects.js';
import { pathOf, type Resource } from '../resources.js';
import type { ExecRequest } from '../transport.js';

/** An object that makes pods, with what they are made of. */
export interface PodMaker {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly template: PodTemplate;
}

/** A kind as the server lists it. */
interface ListedResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** What checks ask: each question reaches the cluster once, whoever asks. */
export class DoctorContext {
  readonly #answers = new Map<string, Promise<unknown>>();

  /**
   * @param objects what is looked at: objects to apply, or those that are there
   * @param applied whether the objects are in the cluster already
   * @param signal ends what waits for something in the cluster
   */
  constructor(
    readonly cluster: Cluster,
    readonly namespace: string,
    readonly objects: readonly KubeObject[],
    readonly attachments: readonly Attachment[],
    readonly applied: boolean,
    readonly now: Date,
    readonly signal: AbortSignal,
  ) {}

  /** The namespace of an object: its own, else the one that the command works in. */
  namespaceOf({ metadata }: KubeObject): string {
    return metadata.namespace ?? this.namespace;
  }

  /** Whether an object comes with those that are looked at. */
  comesAlong(kind: string, namespace: string | undefined, name: string): boolean {
    return this.given(kind, namespace, name) !== undefined;
  }

  /** One of the objects that are looked at. */
  given<Item extends KubeObject>(kind: string, namespace: string | undefined, name: string): Item | undefined {
    return this.objects.find(
      (object) =>
        object.kind === kind &&
        object.metadata.name === name &&
        (namespace === undefined || this.namespaceOf(object) === namespace),
    ) as Item | undefined;
  }

  /** One object, or undefined where there is none. */
  find<Item extends KubeObject>(resource: Resource, namespace: string | undefined, name: string) {
    const place = resource.namespaced ? namespace : undefined;
    return this.#once(`get ${pathOf(resource, place, name)}`, () => this.cluster.find<Item>(resource, place, name));
  }

  /** All objects of a kind in a place. */
  list<Item extends KubeObject>(resource: Resource, selection: Selection) {
    const key = `list ${pathOf(resource, selection.namespace)} ${selection.labelSelector ?? ''}`;
    return this.#once(key, () => this.cluster.list<Item>(resource, selection));
  }

  /** What the last attempts of a repository wrote down. */
  status(attachment: Attachment): Promise<Status> {
    return this.#once(`status ${attachment.namespace}/${attachment.name}`, () => readStatus(this.cluster, attachment));
  }

  /** What a program in a container prints. */
  exec(request: ExecRequest): Promise<string> {
    return this.#once(`exec ${JSON.stringify(request)}`, () => this.cluster.exec(request));
  }

  /** Major and minor version of the server: `1.36`, as numbers. */
  version(): Promise<{ major: number; minor: number; text: string }> {
    return this.#once('version', async () => {
      const { text } = await this.cluster.send({ method: 'GET', path: '/version' }, 'ask for the version');
      const { major, minor, gitVersion } = JSON.parse(text) as { major: string; minor: string; gitVersion: string };
      // Providers write `27+`.
      return { major: Number.parseInt(major, 10), minor: Number.parseInt(minor, 10), text: gitVersion };
    });
  }

  /** Where objects of a kind are in the API, or undefined where the server does not have it. */
  async resource({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): Promise<Resource | undefined> {
    const listed = await this.#once(`resources ${apiVersion}`, async () => {
      const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      const answer = await this.cluster.send({ method: 'GET', path }, `list the kinds of ${apiVersion}`, [404]);
      return answer.status === 404
        ? []
        : ((JSON.parse(answer.text) as { resources?: ListedResource[] }).resources ?? []);
    });
    const found = listed.find((one) => one.kind === kind && !one.name.includes('/'));
    return found && { apiVersion, kind, plural: found.name, namespaced: found.namespaced };
  }

  /** Whether we may do something. */
  may(verb: string, group: string, resource: string, namespace?: string, name?: string): Promise<boolean> {
    return this.#review('SelfSubjectAccessReview', {}, attributes(verb, group, resource, namespace, name));
  }

  /** Whether a ServiceAccount may do something in its namespace. */
  mayAccount(
    account: string,
    verb: string,
    group: string,
    resource: string,
    namespace: string,
    name?: string,
  ): Promise<boolean> {
    const user = { user: `system:serviceaccount:${namespace}:${account}` };
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
    const asked = attributes(verb, group, resource, namespace, name);
    return this.#review('SubjectAccessReview', { ...user, groups }, asked);
  }

  #review(kind: string, who: object, resourceAttributes: object): Promise<boolean> {
    const spec = { ...who, resourceAttributes };
    return this.#once(`may ${JSON.stringify(spec)}`, async () => {
      const apiVersion = 'authorization.k8s.io/v1';
      const path = `/apis/${apiVersion}/${kind.toLowerCase()}s`;
      const { text } = await this.cluster.send(
        { method: 'POST', path, body: { apiVersion, kind, spec } },
        'ask who may do what',
      );
      return (JSON.parse(text) as { status?: { allowed?: boolean } }).status?.allowed === true;
    });
  }

  /** Everything among the objects that makes pods. */
  podMakers(): PodMaker[] {
    return this.objects.flatMap((object) => {
      const template = templateOf(object);
      return template?.spec?.containers ? [{ object, namespace: this.namespaceOf(object), template }] : [];
    });
  }

  #once<Answer>(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const known = this.#answers.get(key) ?? ask();
    this.#answers.set(key, known);
    return known as Promise<Answer>;
  }
}

function attributes(verb: string, group: string, resource: string, namespace?: string, name?: string): object {
  const [plural, subresource] = resource.split('/');
  return {
    verb,
    group,
    resource: plural,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

function templateOf(object: KubeObject): PodTemplate | undefined {
  switch (object.kind) {
    case 'Pod':
      return { metadata: object.metadata, spec: (object as Pod).spec };
    case 'CronJob':
      return (object as CronJob).spec.jobTemplate?.spec?.template;
    case 'Job':
    case 'StatefulSet':
    case 'Deployment':
    case 'DaemonSet':
      return (object as Job | StatefulSet).spec?.template;
    default:
      return undefined;
  }
}

/** All containers of a pod, those that run before the others too. */
export const containersOf = ({ spec }: PodTemplate): Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];

/** How an object is called in reports. */
export const nameOf = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
