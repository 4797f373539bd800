import { bytes } from '../../units/index.js';
import type { ClaimSpec, KubeObject, StatefulSet } from '../objects.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, warning } from './check.js';
import { type DoctorContext, nameOf } from './context.js';
import { distinct } from './reference-checks.js';

interface StorageClass extends KubeObject {
  readonly provisioner: string;
  readonly reclaimPolicy?: string;
  readonly allowVolumeExpansion?: boolean;
}

interface Claim extends KubeObject {
  readonly spec: ClaimSpec;
  readonly status?: { readonly phase?: string; readonly capacity?: Readonly<Record<string, string>> };
}

/** A claim that is asked for. */
interface Wanted {
  readonly owner: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly spec: ClaimSpec;
  readonly replicas: number;
}

const standard = 'storageclass.kubernetes.io/is-default-class';

/** Checks of volumes. */
export const storageChecks: readonly Check[] = [
  {
    id: 'DOC030',
    title: 'storage classes are there',
    looksAt: 'The StorageClass of each claim, or the cluster’s default where a claim names none.',
    why: 'A claim of a class that is not there stays pending, and its pod with it.',
    todo: 'Name a class that the cluster has.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const claim of claimsOf(context)) {
        const found = await classOf(context, claim.spec);
        const name = claim.spec.storageClassName;
        const subject = name ? nameOf('StorageClass', undefined, name) : 'default StorageClass';
        if (found) sightings.push(ok(subject, `is there: ${found.metadata.name}, by ${found.provisioner}`));
        else sightings.push(error(subject, `is not there, and ${claim.owner.metadata.name} asks for it`));
      }
      return distinct(sightings);
    },
  },
  {
    id: 'DOC031',
    title: 'volumes outlive their claims, and can grow',
    looksAt: 'Reclaim policy and expansion of each StorageClass that is used.',
    why: 'With Delete, somebody who removes a claim or a namespace removes the data; a class that cannot expand means a copy when the index has grown.',
    todo: 'Use a class with reclaimPolicy Retain and allowVolumeExpansion.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { spec } of claimsOf(context)) {
        const found = await classOf(context, spec);
        if (!found) continue;
        const subject = nameOf('StorageClass', undefined, found.metadata.name);
        const faults = [
          ...((found.reclaimPolicy ?? 'Delete') === 'Delete' ? ['deletes volumes with their claims'] : []),
          ...(found.allowVolumeExpansion === true ? [] : ['cannot expand volumes']),
        ];
        sightings.push(
          faults.length > 0 ? warning(subject, faults.join(', ')) : ok(subject, 'retains and expands volumes'),
        );
      }
      return distinct(sightings);
    },
  },
  {
    id: 'DOC032',
    title: 'volumes that are there are bound, as large as asked for, and of the right access mode',
    looksAt: 'The claims of each StatefulSet’s pods: phase, capacity and access modes.',
    why: 'A StatefulSet never changes a claim that exists. One made smaller before has no room for the copies of the index that copy-on-write and backups need.',
    todo: 'Expand the claim (kubectl patch pvc), or replace it pod by pod.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { owner, namespace, name, spec, replicas } of claimsOf(context)) {
        for (let ordinal = 0; ordinal < replicas; ordinal++) {
          const claim = `${name}-${owner.metadata.name}-${ordinal}`;
          const found = await context.find<Claim>(resources.claims, namespace, claim);
          // The first start makes it.
          if (found) sightings.push(compare(nameOf('PersistentVolumeClaim', namespace, claim), found, spec));
        }
      }
      return sightings;
    },
  },
];

function compare(subject: string, { spec, status }: Claim, wanted: ClaimSpec): Sighting {
  const asked = wanted.resources?.requests?.['storage'];
  const has = status?.capacity?.['storage'] ?? spec.resources?.requests?.['storage'];
  const missing = (wanted.accessModes ?? []).filter((mode) => !spec.accessModes?.includes(mode));
  if (missing.length > 0) return error(subject, `has not the access mode ${missing.join(', ')}`);
  const [least, most] = [amount(asked), amount(has)];
  if (least !== undefined && most !== undefined && most < least)
    return error(subject, `has ${has}, and ${asked} is asked for`);
  if (status?.phase !== 'Bound') return warning(subject, `is ${status?.phase ?? 'without a phase'} and not Bound`);
  return ok(subject, `is bound, ${has}`);
}

/** Bytes of a quantity, or undefined for one that is no size. */
const amount = (quantity: string | undefined): number | undefined =>
  quantity !== undefined && /^\d+(\.\d+)?([kMGTP]i?|Ki)?$/.test(quantity) ? bytes(quantity) : undefined;

function claimsOf(context: DoctorContext): Wanted[] {
  return context.objects.flatMap((object) => {
    if (object.kind !== 'StatefulSet') return [];
    const { volumeClaimTemplates = [], replicas = 1 } = (object as StatefulSet).spec;
    const namespace = context.namespaceOf(object);
    return volumeClaimTemplates.map(({ metadata, spec }) => ({
      owner: object,
      namespace,
      name: metadata?.name ?? '',
      spec,
      replicas,
    }));
  });
}

async function classOf(
  context: DoctorContext,
  { storageClassName: name }: ClaimSpec,
): Promise<StorageClass | undefined> {
  if (name === '') return undefined;
  if (name !== undefined)
    return (
      context.given<StorageClass>('StorageClass', undefined, name) ??
      (await context.find<StorageClass>(resources.storageClasses, undefined, name))
    );
  const all = await context.list<StorageClass>(resources.storageClasses, {});
  return all.find(({ metadata }) => metadata.annotations?.[standard] === 'true');
}
