import type { KubeObject, PodTemplate } from '../objects.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting } from './check.js';
import { containersOf, type DoctorContext, nameOf, type PodMaker } from './context.js';

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
    readonly egress?: readonly {
      readonly ports?: readonly {
        readonly protocol?: string;
        readonly port?: number | string;
        readonly endPort?: number;
      }[];
    }[];
  };
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
];

async function lookAt(context: DoctorContext, { object, namespace, template }: PodMaker): Promise<Sighting> {
  const subject = nameOf(object.kind, namespace, object.metadata.name);
  const labels = template.metadata?.labels ?? {};
  const coming = context.objects.filter(
    (one) => one.kind === 'NetworkPolicy' && context.namespaceOf(one) === namespace,
  ) as NetworkPolicy[];
  const there = await context.list<NetworkPolicy>(resources.networkPolicies, { namespace });
  const known = new Set(coming.map(({ metadata }) => metadata.name));
  const policies = [...coming, ...there.filter(({ metadata }) => !known.has(metadata.name))].filter(
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

const lets = ({ spec }: NetworkPolicy, { ports, protocol }: Need): boolean =>
  (spec.egress ?? []).some(
    (rule) =>
      !rule.ports?.length ||
      rule.ports.some(
        (one) =>
          (one.protocol ?? 'TCP') === protocol &&
          // A named port is one of the other side’s: nobody knows its number here.
          (one.port === undefined ||
            typeof one.port === 'string' ||
            ports.some((port) => port >= Number(one.port) && port <= (one.endPort ?? Number(one.port)))),
      ),
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
