import type { ConfigMap, KubeObject, PodTemplate, Secret } from '../objects.js';
import { type Resource, resources } from '../resources.js';
import { type Check, error, ok, type Sighting, warning } from './check.js';
import { containersOf, type DoctorContext, nameOf } from './context.js';

/** A Secret or ConfigMap that pods refer to, with the keys that they need; none for the whole object. */
interface Wanted {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
  readonly keys: Set<string>;
}

/** Checks of what pods refer to and somebody else makes. */
export const referenceChecks: readonly Check[] = [
  {
    id: 'DOC020',
    title: 'Secrets and ConfigMaps are there, with the keys that are needed',
    looksAt: 'Every Secret and ConfigMap that a pod refers to: names of keys only, never a value.',
    why: 'A pod with a missing Secret or key never starts, and a CronJob that forbids overlaps then never runs again.',
    todo: 'Make it as the runbook beside the manifests says.',
    async run(context) {
      const wanted = new Map<string, Wanted>();
      for (const { namespace, template } of context.podMakers())
        for (const [kind, name, keys] of keysOf(template)) {
          const id = nameOf(kind, namespace, name);
          const known = wanted.get(id) ?? { kind, namespace, name, keys: new Set<string>() };
          for (const key of keys) known.keys.add(key);
          wanted.set(id, known);
        }
      return Promise.all([...wanted.entries()].map(([subject, one]) => lookAt(context, subject, one)));
    },
  },
  {
    id: 'DOC021',
    title: 'ServiceAccounts are there, with an identity in the cloud where pods have no Secret for the store',
    looksAt: 'The ServiceAccount of each pod, and its annotations of workload identity.',
    why: 'Without its ServiceAccount no pod is made at all; without the annotation it has no rights in the store.',
    todo: 'Make the ServiceAccount, or give it the annotation of the cloud.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { object, namespace, template } of context.podMakers()) {
        const name = template.spec.serviceAccountName ?? 'default';
        const subject = nameOf('ServiceAccount', namespace, name);
        const account =
          context.given<KubeObject>('ServiceAccount', namespace, name) ??
          (await context.find<KubeObject>(resources.serviceAccounts, namespace, name));
        const identity = Object.keys(account?.metadata.annotations ?? {}).find((key) =>
          /^(eks\.amazonaws\.com\/role-arn|iam\.gke\.io\/gcp-service-account|azure\.workload\.identity\/client-id)$/.test(
            key,
          ),
        );
        if (!account) {
          // Every namespace gets this one by itself.
          if (name !== 'default') sightings.push(error(subject, `is not there, and ${object.metadata.name} needs it`));
        } else if (usesIdentity(template) && identity === undefined)
          sightings.push(
            warning(subject, `has no identity in a cloud, and ${object.metadata.name} has no Secret for the store`),
          );
        else sightings.push(ok(subject, identity === undefined ? 'is there' : `is there, with ${identity}`));
      }
      return distinct(sightings);
    },
  },
  {
    id: 'DOC022',
    title: 'PriorityClasses are there',
    looksAt: 'The PriorityClass of each pod.',
    why: 'A pod with a PriorityClass that is not there is refused.',
    todo: 'Make it, or take it out of the props.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { template } of context.podMakers()) {
        const name = template.spec.priorityClassName;
        if (name === undefined) continue;
        const there =
          context.comesAlong('PriorityClass', undefined, name) ||
          (await context.find(resources.priorityClasses, undefined, name)) !== undefined;
        const subject = nameOf('PriorityClass', undefined, name);
        sightings.push(there ? ok(subject, 'is there') : error(subject, 'is not there'));
      }
      return distinct(sightings);
    },
  },
];

async function lookAt(
  context: DoctorContext,
  subject: string,
  { kind, namespace, name, keys }: Wanted,
): Promise<Sighting> {
  const resource: Resource = kind === 'Secret' ? resources.secrets : resources.configMaps;
  const object =
    context.given<Secret & ConfigMap & { stringData?: object }>(kind, namespace, name) ??
    (await context.find<Secret & ConfigMap & { stringData?: object }>(resource, namespace, name));
  if (!object) return error(subject, 'is not there');
  const there = new Set(Object.keys({ ...object.data, ...object.binaryData, ...object.stringData }));
  const missing = [...keys].filter((key) => !there.has(key));
  if (missing.length > 0) return error(subject, `has no key ${missing.join(', ')}`);
  const empty = [...keys].filter((key) => kind === 'Secret' && object.data?.[key] === '');
  if (empty.length > 0) return error(subject, `its key ${empty.join(', ')} is empty`);
  return ok(subject, keys.size > 0 ? `has ${[...keys].join(', ')}` : 'is there');
}

/** What a pod cannot start without. */
function keysOf(template: PodTemplate): ['Secret' | 'ConfigMap', string, string[]][] {
  const found: ['Secret' | 'ConfigMap', string, string[]][] = [];
  for (const { env = [], envFrom = [] } of containersOf(template)) {
    for (const { valueFrom } of env) {
      const { secretKeyRef: secret, configMapKeyRef: configMap } = valueFrom ?? {};
      if (secret && !secret.optional) found.push(['Secret', secret.name, [secret.key]]);
      if (configMap && !configMap.optional) found.push(['ConfigMap', configMap.name, [configMap.key]]);
    }
    for (const { secretRef, configMapRef } of envFrom) {
      if (secretRef && !secretRef.optional) found.push(['Secret', secretRef.name, []]);
      if (configMapRef && !configMapRef.optional) found.push(['ConfigMap', configMapRef.name, []]);
    }
  }
  for (const { secret, configMap } of template.spec.volumes ?? []) {
    const keys = (secret?.items ?? configMap?.items ?? []).map(({ key }) => key);
    if (secret && !secret.optional) found.push(['Secret', secret.secretName, keys]);
    if (configMap && !configMap.optional) found.push(['ConfigMap', configMap.name, keys]);
  }
  for (const { name } of template.spec.imagePullSecrets ?? []) found.push(['Secret', name, []]);
  return found;
}

/** Whether a container’s rclone takes its rights from where it runs. */
const usesIdentity = (template: PodTemplate): boolean =>
  containersOf(template).some(({ env }) =>
    env?.some(({ name, value }) => /^RCLONE_CONFIG_\w+_ENV_AUTH$/.test(name) && value === 'true'),
  );

/** Several pods share most of what they refer to. */
export function distinct(sightings: readonly Sighting[]): Sighting[] {
  return [...new Map(sightings.map((one) => [`${one.subject} ${one.seen}`, one])).values()];
}
