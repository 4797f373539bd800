import type { Cluster } from './cluster.js';
import { ClusterError } from './cluster-error.js';
import type { ConfigMap, KeyItem, KubeObject, PodTemplate, Secret } from './objects.js';
import { type Resource, resources } from './resources.js';

/** What a container gets from Kubernetes. Values may be secrets: nothing of it is ever printed. */
export interface PodInputs {
  readonly variables: ReadonlyMap<string, string>;
  /** Content of each file by its path in the container. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** The values that came from Secrets, to be taken out of messages. */
  readonly secrets: readonly string[];
}

/**
 * Reads what the only container of a pod would get to reach a store: rclone’s variables, also those from Secrets and
 * ConfigMaps, and the files that are mounted from them. What else the container gets, such as the database’s password,
 * is not asked for.
 *
 * @throws ClusterError where something is missing or may not be read
 */
export async function readPodInputs(cluster: Cluster, namespace: string, { spec }: PodTemplate): Promise<PodInputs> {
  const container = spec.containers[0]!;
  const source = new KeySource(cluster, namespace);
  const variables = new Map<string, string>();
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (!leadsToStore.test(name)) continue;
    const reference = valueFrom?.secretKeyRef ?? valueFrom?.configMapKeyRef;
    if (reference) {
      const kind = valueFrom?.secretKeyRef ? 'Secret' : 'ConfigMap';
      const content = await source.value(kind, reference.name, reference.key, reference.optional === true);
      if (content) variables.set(name, content.toString('utf8'));
    } else if (value !== undefined) variables.set(name, value);
  }
  const files = new Map<string, Buffer>();
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const { secret, configMap } = spec.volumes?.find((volume) => volume.name === name) ?? {};
    const items: readonly KeyItem[] = secret?.items ?? configMap?.items ?? [];
    // Only single keys are certificates and keys of a store; whole ConfigMaps are scripts.
    for (const { key, path } of items) {
      const kind = secret ? 'Secret' : 'ConfigMap';
      const content = await source.value(kind, secret?.secretName ?? configMap?.name ?? '', key, false);
      if (content) files.set(`${mountPath}/${path}`, content);
    }
  }
  return { variables, files, secrets: source.secrets };
}

/** The variables that rclone reads. */
const leadsToStore = /^(RCLONE_|SSL_CERT_|AWS_|AZURE_|GOOGLE_)/;

/** Keys of Secrets and ConfigMaps, each object read once. */
class KeySource {
  readonly secrets: string[] = [];
  readonly #objects = new Map<string, Promise<KubeObject | undefined>>();

  constructor(
    private readonly cluster: Cluster,
    private readonly namespace: string,
  ) {}

  async value(kind: 'Secret' | 'ConfigMap', name: string, key: string, optional: boolean): Promise<Buffer | undefined> {
    const id = `${kind} ${name}`;
    const resource: Resource = kind === 'Secret' ? resources.secrets : resources.configMaps;
    const asked = this.#objects.get(id) ?? this.cluster.find<KubeObject>(resource, this.namespace, name);
    this.#objects.set(id, asked);
    const object = await asked;
    const content =
      kind === 'Secret' ? decode((object as Secret | undefined)?.data?.[key]) : text(object as ConfigMap, key);
    if (content && kind === 'Secret') this.secrets.push(content.toString('utf8'));
    if (content || optional) return content;
    throw new ClusterError(
      'not-found',
      `${kind} ${this.namespace}/${name}`,
      object ? `has no key ${key}` : 'is not there',
      'Make it as the runbook beside the manifests says.',
    );
  }
}

const decode = (value: string | undefined): Buffer | undefined =>
  value === undefined ? undefined : Buffer.from(value, 'base64');

const text = (object: ConfigMap | undefined, key: string): Buffer | undefined => {
  const plain = object?.data?.[key];
  return plain === undefined ? decode(object?.binaryData?.[key]) : Buffer.from(plain);
};
