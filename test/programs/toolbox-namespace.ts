import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeApiServer } from './kube-api-server.js';
import { dataContainer, type NdbCluster, sidecarContainer, sqlPod } from './ndb-cluster.js';

export interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What a script may need at most; a synthesized Role has less. */
const generousRules: readonly RoleRule[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'update', 'patch'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update', 'patch', 'delete'] },
];

export interface ToolboxNamespaceOptions {
  /** Rules of the service account's Role. @default everything that a script may need */
  readonly rules?: readonly RoleRule[];
  /** More objects to make, such as the status ConfigMap. */
  readonly objects?: readonly object[];
}

let counter = 0;

/** A namespace of a real API server with the cluster's pods as objects, and the service account of a toolbox. */
export class ToolboxNamespace {
  readonly #accounts = new Map<string, string>();

  private constructor(
    private readonly server: KubeApiServer,
    readonly name: string,
  ) {}

  static async open(
    server: KubeApiServer,
    cluster: Pick<NdbCluster, 'nodes'>,
    { rules = generousRules, objects = [] }: ToolboxNamespaceOptions = {},
  ): Promise<ToolboxNamespace> {
    const namespace = new ToolboxNamespace(server, `rondb-${process.pid}-${++counter}`);
    const { name } = namespace;
    const metadata = { name: 'toolbox', namespace: name };
    const data = cluster.nodes.map(({ pod }) => ({ pod, containers: [dataContainer, sidecarContainer] }));
    await namespace.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'toolbox' },
        subjects: [{ kind: 'ServiceAccount', name: 'toolbox', namespace: name }],
      },
      ...[...data, { pod: sqlPod.name, containers: [sqlPod.container] }].map(({ pod, containers }) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod, namespace: name },
        spec: {
          serviceAccountName: 'toolbox',
          automountServiceAccountToken: false,
          containers: containers.map((container) => ({ name: container, image: 'docker.io/hopsworks/rondb:24.10.17' })),
        },
      })),
      ...objects,
    );
    return namespace;
  }

  /** What is mounted at /var/run/secrets/kubernetes.io/serviceaccount of a pod with this service account. */
  async account(serviceAccount: string): Promise<string> {
    const known = this.#accounts.get(serviceAccount);
    if (known) return known;
    const folder = mkdtempSync(join(tmpdir(), 'toolbox-account-'));
    this.#accounts.set(serviceAccount, folder);
    chmodSync(folder, 0o755);
    const files = {
      token: (await this.kubectl('create', 'token', serviceAccount)).trim(),
      namespace: this.name,
      'ca.crt': readFileSync(join(this.server.folder, 'certificates/apiserver.crt'), 'utf8'),
    };
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    return folder;
  }

  /** Variables that the kubelet gives to every container. */
  get environment(): Record<string, string> {
    const { hostname, port } = new URL(this.server.url);
    return { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  }

  /** Runs kubectl as administrator in the namespace. @throws Error if it fails */
  async kubectl(...parameters: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.server.kubectl(['--namespace', this.name, ...parameters]);
    if (status !== 0) throw new Error(`kubectl ${parameters.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** An object of the namespace, undefined where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what the API sent, field by field
  async get(kind: string, name: string): Promise<any> {
    const text = await this.kubectl('get', kind, name, '--ignore-not-found', '--output=json');
    return text.trim() ? JSON.parse(text) : undefined;
  }

  async apply(...objects: readonly object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const { status, stderr } = await this.server.kubectl(['--namespace', this.name, 'apply', '-f', '-'], list);
    if (status !== 0) throw new Error(`kubectl apply: ${stderr}`);
  }

  /** Removes the tokens; the namespace goes with its server. */
  remove(): void {
    for (const folder of this.#accounts.values()) rmSync(folder, { recursive: true, force: true });
  }
}
