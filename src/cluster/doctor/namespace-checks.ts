import type { KubeObject, PodSpec } from '../objects.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, skipped, warning } from './check.js';
import { type DoctorContext, nameOf } from './context.js';
import { dryRunPod } from './dry-run.js';

interface Namespace extends KubeObject {
  readonly status?: { readonly phase?: string };
}

interface Quota extends KubeObject {
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

interface LimitRange extends KubeObject {
  readonly spec: {
    readonly limits: readonly {
      readonly type: string;
      readonly default?: Readonly<Record<string, string>>;
      readonly defaultRequest?: Readonly<Record<string, string>>;
    }[];
  };
}

/** The namespaces of all objects that are looked at. */
const namespacesOf = (context: DoctorContext): string[] => [
  ...new Set([
    ...context.podMakers().map(({ namespace }) => namespace),
    ...context.attachments.map(({ namespace }) => namespace),
  ]),
];

/** Checks of the namespaces that pods are made in. */
export const namespaceChecks: readonly Check[] = [
  {
    id: 'DOC040',
    title: 'namespaces are there',
    looksAt: 'Each namespace, and whether it is being removed.',
    why: 'Nothing can be applied to a namespace that is not there or on its way out.',
    todo: 'Make it: kubectl create namespace.',
    async run(context) {
      return Promise.all(
        namespacesOf(context).map(async (name) => {
          const subject = nameOf('Namespace', undefined, name);
          const found = await context.find<Namespace>(resources.namespaces, undefined, name);
          if (found?.status?.phase === 'Terminating') return error(subject, 'is being removed', 'Wait for its end.');
          if (found) return ok(subject, 'is there');
          return context.comesAlong('Namespace', undefined, name)
            ? ok(subject, 'comes with the objects')
            : error(subject, 'is not there');
        }),
      );
    },
  },
  {
    id: 'DOC041',
    title: 'quotas leave room, and pods say what they need where a quota wants to know',
    looksAt: 'The ResourceQuotas and LimitRanges of each namespace, and the requests of pods.',
    why: 'A quota for CPU or memory refuses pods that name none and get none by default, and a full one refuses the next Job.',
    todo: 'Set resources in the props, give the namespace a LimitRange with defaults, or raise the quota.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const namespace of namespacesOf(context)) {
        const limits = await context.list<LimitRange>(resources.limitRanges, { namespace });
        for (const quota of await context.list<Quota>(resources.quotas, { namespace }))
          sightings.push(...compareQuota(context, namespace, quota, limits));
      }
      return sightings;
    },
  },
  {
    id: 'DOC042',
    title: 'the namespace admits the pods',
    looksAt:
      'A server-side dry run of one pod of each kind: PodSecurity level, quota, limits, ServiceAccount, webhooks.',
    why: 'A controller’s pods are refused out of sight: the CronJob looks well, and no pod is ever made.',
    todo: 'Change what the server names: the pod’s settings, or the namespace’s labels and policies.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const maker of context.podMakers()) {
        const { object, namespace } = maker;
        if (await context.find(resources.namespaces, undefined, namespace))
          sightings.push(await dryRunPod(context, maker));
        else
          sightings.push(
            skipped(nameOf(object.kind, namespace, object.metadata.name), `there is no namespace ${namespace} yet`),
          );
      }
      return sightings;
    },
  },
];

function compareQuota(
  context: DoctorContext,
  namespace: string,
  { metadata, status }: Quota,
  limits: readonly LimitRange[],
): Sighting[] {
  const subject = nameOf('ResourceQuota', namespace, metadata.name);
  const { hard = {}, used = {} } = status ?? {};
  const full = Object.keys(hard).filter(
    (name) => /^(pods|count\/(pods|jobs\.batch))$/.test(name) && used[name] === hard[name],
  );
  if (full.length > 0)
    return [error(subject, full.map((name) => `${name}: ${used[name]} of ${hard[name]} used`).join(', '))];
  const asked = Object.keys(hard).flatMap(
    (name) =>
      /^(requests|limits)\.(cpu|memory)$/.exec(name)?.slice(1) ??
      (/^(cpu|memory)$/.test(name) ? ['requests', name] : []),
  );
  const pairs = asked.flatMap((_, index) => (index % 2 === 0 ? [[asked[index]!, asked[index + 1]!] as const] : []));
  const defaults = (side: string, name: string) =>
    limits.some(({ spec }) =>
      spec.limits.some(
        (one) =>
          one.type === 'Container' && (side === 'limits' ? one.default : (one.defaultRequest ?? one.default))?.[name],
      ),
    );
  const without = context
    .podMakers()
    .filter((maker) => maker.namespace === namespace)
    .flatMap(({ object, template }) => {
      const missing = pairs.filter(([side, name]) => !defaults(side, name) && lacks(template.spec, side, name));
      return missing.length > 0
        ? [
            error(
              subject,
              `wants ${missing.map((pair) => pair.join('.')).join(', ')}, which ${object.kind} ${object.metadata.name} does not name`,
            ),
          ]
        : [];
    });
  const nearly = Object.keys(hard).filter(
    (name) => Number(used[name]) > 0 && Number(used[name]) >= 0.9 * Number(hard[name]),
  );
  if (without.length > 0) return without;
  return [nearly.length > 0 ? warning(subject, `${nearly.join(', ')} nearly used up`) : ok(subject, 'leaves room')];
}

/** Whether a container names no such amount; a limit counts as a request too. */
function lacks({ containers, initContainers = [] }: PodSpec, side: string, name: string): boolean {
  return [...initContainers, ...containers].some(({ resources: { requests, limits } = {} }) =>
    side === 'limits' ? limits?.[name] === undefined : (requests?.[name] ?? limits?.[name]) === undefined,
  );
}
