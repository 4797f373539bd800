import type { KubeObject, Pod, PodTemplate } from '../objects.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, skipped } from './check.js';
import { containersOf, type DoctorContext, nameOf, type PodMaker } from './context.js';
import { rondbJobs } from './database-checks.js';

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

interface NetworkPolicy extends KubeObject {
  readonly spec: {
    readonly podSelector?: Selector;
    readonly policyTypes?: readonly string[];
    readonly egress?: readonly { readonly ports?: readonly Port[] }[];
    readonly ingress?: readonly {
      readonly ports?: readonly Port[];
      readonly from?: readonly {
        readonly podSelector?: Selector;
        readonly namespaceSelector?: Selector;
        readonly ipBlock?: object;
      }[];
    }[];
  };
}

interface Port {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}

/** A way out that a pod needs. */
interface Need {
  readonly what: string;
  readonly ports: readonly number[];
  readonly protocol: string;
}

/** Checks of the network’s policies. */
export const networkChecks: readonly Check[] = [
  {
    id: 'DOC050',
    title: 'network policies let the pods reach names, the store and the API server',
    looksAt:
      'Every NetworkPolicy that selects a pod and limits what goes out, by port; what goes on in it by address is not known here.',
    why: 'A run that does not reach the store ends with exit code 12, hours after it was last looked at.',
    todo: 'Add the port to the policy’s egress, or a policy of its own for these pods.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const maker of context.podMakers().filter(({ template }) => storePort(template) !== undefined))
        sightings.push(await lookAt(context, maker));
      return sightings;
    },
  },
  {
    id: 'DOC051',
    title: 'network policies let RonDB’s data nodes reach its management server',
    looksAt:
      'Every NetworkPolicy that selects the management server’s pod or a data node’s, by port and label. The jobs themselves work by exec, which no policy limits.',
    why: 'The programs ndb_mgm and ndb_restore run in the data nodes’ pods: where these do not reach the management server, a job refuses with 15.',
    todo: 'Let pods with the labels of the data nodes in: rondbService in mgmd and ndbmtd.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { maker, value } of rondbJobs(context)) {
        const { namespace } = maker;
        const subject = nameOf(maker.object.kind, namespace, maker.object.metadata.name);
        const [host = '', port = '1186'] = (value('MANAGEMENT_SERVER') ?? '').split(':');
        const name = host.split('.')[0]!;
        const server = name === '' ? undefined : await context.find<Pod>(resources.pods, namespace, name);
        const nodes: Pod[] = [];
        for (const entry of value('DATA_NODES')!.split(' ')) {
          const node = await context.find<Pod>(resources.pods, namespace, entry.split('=')[1] ?? '');
          if (node) nodes.push(node);
        }
        const [node] = nodes;
        if (!server || !node) {
          sightings.push(
            skipped(subject, `there is no pod ${server ? 'of a data node' : name || 'that it would reach'}`),
          );
          continue;
        }
        const policies = await policiesOf(context, namespace);
        const need = { what: 'the management server', ports: [Number(port)], protocol: 'TCP' };
        const closed = [
          ...blockersOf(policies, server, 'Ingress', (policy) => letsIn(policy, need, node)),
          ...blockersOf(policies, node, 'Egress', (policy) => lets(policy, need)),
        ];
        sightings.push(
          closed.length > 0
            ? error(subject, `${closed.join(', ')} does not let ${node.metadata.name} reach ${name}, port ${port}`)
            : ok(subject, `the data nodes may reach ${name}`),
        );
      }
      return sightings;
    },
  },
];

/** The policies of a namespace as they will be. */
async function policiesOf(context: DoctorContext, namespace: string): Promise<NetworkPolicy[]> {
  const coming = context.objects.filter(
    (one) => one.kind === 'NetworkPolicy' && context.namespaceOf(one) === namespace,
  ) as NetworkPolicy[];
  const there = await context.list<NetworkPolicy>(resources.networkPolicies, { namespace });
  const known = new Set(coming.map(({ metadata }) => metadata.name));
  return [...coming, ...there.filter(({ metadata }) => !known.has(metadata.name))];
}

/** The names of the policies that limit a pod’s traffic where none of them opens the way: one is enough to open it. */
function blockersOf(
  policies: readonly NetworkPolicy[],
  { metadata }: Pod,
  direction: 'Ingress' | 'Egress',
  opens: (policy: NetworkPolicy) => boolean,
): string[] {
  const limits = ({ spec }: NetworkPolicy) =>
    // Without a list every policy is one for what comes in.
    direction === 'Egress' ? limitsEgress(spec) : (spec.policyTypes?.includes('Ingress') ?? true);
  const own = policies.filter((one) => limits(one) && selects(one.spec.podSelector ?? {}, metadata.labels ?? {}));
  return own.some(opens) ? [] : own.map((one) => one.metadata.name);
}

/** Whether a policy lets a pod of its own namespace in. What is let in by address or namespace may be that pod. */
const letsIn = ({ spec }: NetworkPolicy, need: Need, { metadata }: Pod): boolean =>
  (spec.ingress ?? []).some(
    ({ ports, from }) =>
      opensPort(ports, need) &&
      (!from?.length ||
        from.some(
          ({ podSelector, namespaceSelector, ipBlock }) =>
            ipBlock !== undefined ||
            (namespaceSelector !== undefined && podSelector === undefined) ||
            selects(podSelector ?? {}, metadata.labels ?? {}),
        )),
  );

async function lookAt(context: DoctorContext, { object, namespace, template }: PodMaker): Promise<Sighting> {
  const subject = nameOf(object.kind, namespace, object.metadata.name);
  const labels = template.metadata?.labels ?? {};
  const policies = (await policiesOf(context, namespace)).filter(
    ({ spec }) => limitsEgress(spec) && selects(spec.podSelector ?? {}, labels),
  );
  if (policies.length === 0) return ok(subject, 'no policy limits what goes out');
  const asksApi = (template.spec as { automountServiceAccountToken?: boolean }).automountServiceAccountToken === true;
  const needs: Need[] = [
    { what: 'names', ports: [53], protocol: 'UDP' },
    { what: 'the store', ports: [storePort(template)!], protocol: 'TCP' },
    ...(asksApi ? [{ what: 'the API server', ports: [443, 6443], protocol: 'TCP' }] : []),
  ];
  const blocked = needs.filter((need) => !policies.some((policy) => lets(policy, need)));
  const names = policies.map(({ metadata }) => metadata.name).join(', ');
  return blocked.length > 0
    ? error(
        subject,
        `${names} does not let out to ${blocked.map(({ what, ports }) => `${what} (port ${ports.join(' or ')})`).join(', ')}`,
      )
    : ok(subject, `${names} lets out what is needed`);
}

const limitsEgress = ({ policyTypes, egress }: NetworkPolicy['spec']): boolean =>
  policyTypes?.includes('Egress') ?? egress !== undefined;

/** The port of a store, from its endpoint; 443 where there is none. Undefined for a pod that reaches no store. */
function storePort(template: PodTemplate): number | undefined {
  const env = containersOf(template).flatMap((container) => container.env ?? []);
  if (!env.some(({ name }) => /^RCLONE_CONFIG_\w+_TYPE$/.test(name))) return undefined;
  const endpoint = env.find(({ name }) => /^RCLONE_CONFIG_\w+_ENDPOINT$/.test(name))?.value ?? '';
  if (!URL.canParse(endpoint)) return 443;
  const { port, protocol } = new URL(endpoint);
  return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
}

const lets = ({ spec }: NetworkPolicy, need: Need): boolean =>
  (spec.egress ?? []).some((rule) => opensPort(rule.ports, need));

const opensPort = (opened: readonly Port[] | undefined, { ports, protocol }: Need): boolean =>
  !opened?.length ||
  opened.some(
    (one) =>
      (one.protocol ?? 'TCP') === protocol &&
      // Which number a named port has is not known here.
      (one.port === undefined ||
        typeof one.port === 'string' ||
        ports.some((port) => port >= Number(one.port) && port <= (one.endPort ?? Number(one.port)))),
  );

function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}
