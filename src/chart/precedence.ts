import type { Entry, Tree } from './tree.js';

/**
 * Places at which entries of one map meet that have the same key, and not the usual one wins: of an entry of the author's
 * and one of the user's usually the author's, of two of the user's the later one.
 */
export type Exceptions = ReadonlySet<string>;

/**
 * The place where two entries of a map meet, `one` before `other`.
 *
 * @param place of the map
 * @param name the key that both have; it tells nothing where both are the user's
 */
export function meetingPlace(place: string, name: string, one: Entry['key'], other: Entry['key']): string {
  if (typeof one === 'string') return `${place}/${name} ${idOf(other)}`;
  if (typeof other === 'string') return `${place}/${name} ${one.id}`;
  return `${place}/* ${one.id} ${other.id}`;
}

const idOf = (key: string | Tree): string => (typeof key === 'string' ? key : `${key.id}`);

/** Whether the later of two entries wins where both have a name. */
export function laterWins(
  exceptions: Exceptions,
  place: string,
  name: string,
  one: Entry['key'],
  other: Entry['key'],
): boolean {
  const isUsual = !exceptions.has(meetingPlace(place, name, one, other));
  const usually = typeof one !== 'string' || typeof other === 'string';
  return usually === isUsual;
}

/** Which entries of the same map win over one of them, where they have its key. */
export function strongerThan(entry: Entry, all: readonly Entry[], place: string, exceptions: Exceptions): Entry[] {
  const own = all.findIndex(({ key }) => key === entry.key);
  return all.filter(({ key }, at) => {
    if (at === own || (typeof key === 'string' && typeof entry.key === 'string')) return false;
    const name = typeof key === 'string' ? key : typeof entry.key === 'string' ? entry.key : '';
    return at > own
      ? laterWins(exceptions, place, name, entry.key, key)
      : !laterWins(exceptions, place, name, key, entry.key);
  });
}

/** Whether there are three entries of a map of which each wins over the next: no order of them can be written down. */
export function goesInCircles(all: readonly Entry[], place: string, exceptions: Exceptions): boolean {
  if (exceptions.size === 0 || all.every(({ key }) => typeof key === 'string')) return false;
  const stronger = new Map(all.map((entry) => [entry, new Set(strongerThan(entry, all, place, exceptions))]));
  const users = all.filter(({ key }) => typeof key !== 'string');
  return all.some((one) =>
    users.some(
      (other) =>
        stronger.get(one)!.has(other) &&
        users.some((third) => stronger.get(other)!.has(third) && stronger.get(third)!.has(one)),
    ),
  );
}
