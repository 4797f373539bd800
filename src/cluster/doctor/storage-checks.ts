import { bytes } from '../../units/index.js';
import { podNamesOf } from '../attachment.js';
import type { ClaimSpec, KubeObject, StatefulSet } from '../objects.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, skipped, warning } from './check.js';
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

/** How much room a driver says there is in one place. */
interface StorageCapacity extends KubeObject {
  readonly storageClassName: string;
  readonly capacity?: string;
  readonly maximumVolumeSize?: string;
}

/** A claim that is asked for. */
interface Wanted {
  readonly owner: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly spec: ClaimSpec;
  /** The pods that each have one. */
  readonly pods: readonly string[];
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
      for (const { namespace, name, spec, pods } of claimsOf(context)) {
        for (const pod of pods) {
          const claim = `${name}-${pod}`;
          const found = await context.find<Claim>(resources.claims, namespace, claim);
          // The first start makes it.
          if (!found) continue;
          const storage = await classOf(context, found.spec);
          sightings.push(compare(nameOf('PersistentVolumeClaim', namespace, claim), found, spec, storage));
        }
      }
      return sightings;
    },
  },
  {
    id: 'DOC033',
    title: 'the storage has room for the volumes that are still to be made',
    looksAt: 'The CSIStorageCapacity objects of each StorageClass, against the largest claim that is not there yet.',
    why: 'A claim for which there is no room stays pending, and its pod with it.',
    todo: 'Free some room, add storage, or use another class.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { namespace, name, spec, pods } of claimsOf(context)) {
        const asked = spec.resources?.requests?.['storage'];
        const [found, least] = [await classOf(context, spec), amount(asked)];
        let missing = 0;
        for (const pod of pods)
          if (!(await context.find<Claim>(resources.claims, namespace, `${name}-${pod}`))) missing++;
        if (!found || least === undefined || missing === 0) continue;
        const subject = nameOf('StorageClass', undefined, found.metadata.name);
        const all = await context.list<StorageCapacity>(resources.storageCapacities, {});
        const rooms = all
          .filter(({ storageClassName }) => storageClassName === found.metadata.name)
          // What the driver says of one volume counts more than what is left in all.
          .map(({ maximumVolumeSize, capacity }) => maximumVolumeSize ?? capacity)
          .flatMap((text) => amount(text) ?? []);
        const most = rooms.reduce((largest, room) => (room > largest ? room : largest), rooms[0] ?? least);
        if (rooms.length === 0)
          sightings.push(skipped(subject, `${found.provisioner} does not tell how much room it has`));
        else if (most < least) sightings.push(error(subject, `has nowhere room for a volume of ${asked}`));
        else sightings.push(ok(subject, `has room for a volume of ${asked}`));
      }
      return distinct(sightings);
    },
  },
];

function compare(
  subject: string,
  { spec, status }: Claim,
  wanted: ClaimSpec,
  storage: StorageClass | undefined,
): Sighting {
  const asked = wanted.resources?.requests?.['storage'];
  const has = status?.capacity?.['storage'] ?? spec.resources?.requests?.['storage'];
  const missing = (wanted.accessModes ?? []).filter((mode) => !spec.accessModes?.includes(mode));
  if (missing.length > 0) return error(subject, `has not the access mode ${missing.join(', ')}`);
  const [least, most] = [amount(asked), amount(has)];
  if (least !== undefined && most !== undefined && most < least)
    return error(
      subject,
      `has ${has}, and ${asked} is asked for`,
      storage && storage.allowVolumeExpansion !== true
        ? `${storage.metadata.name} cannot expand volumes: replace the claim, pod by pod, with one of another class.`
        : 'Expand the claim: kubectl patch pvc.',
    );
  if (status?.phase !== 'Bound') return warning(subject, `is ${status?.phase ?? 'without a phase'} and not Bound`);
  return ok(subject, `is bound, ${has}`);
}

/** Bytes of a quantity, or undefined for one that is no size. */
const amount = (quantity: string | undefined): number | undefined =>
  quantity !== undefined && /^\d+(\.\d+)?([kMGTP]i?|Ki)?$/.test(quantity) ? bytes(quantity) : undefined;

function claimsOf(context: DoctorContext): Wanted[] {
  return context.objects.flatMap((object) => {
    if (object.kind !== 'StatefulSet') return [];
    const { volumeClaimTemplates = [] } = (object as StatefulSet).spec;
    const pods = podNamesOf(object as StatefulSet);
    const namespace = context.namespaceOf(object);
    return volumeClaimTemplates.map(({ metadata, spec }) => ({
      owner: object,
      namespace,
      name: metadata?.name ?? '',
      spec,
      pods,
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
