import type { ValuePath } from './effective-values.js';
import type { FleetHit, Release } from './rule.js';

/**
 * Hits for releases that are at one place, each naming the others.
 *
 * @param placeOf a text that is equal where two releases get in each other's way
 * @param path the value that says the place
 * @param what what they share, such as `the same folder as`
 */
export function sharedPlaces(
  releases: readonly Release[],
  placeOf: (release: Release) => string,
  path: ValuePath,
  what: string,
): FleetHit[] {
  const places = new Map<string, Release[]>();
  for (const release of releases) {
    const place = placeOf(release);
    places.set(place, [...(places.get(place) ?? []), release]);
  }
  return [...places.values()]
    .filter((together) => together.length > 1)
    .flatMap((together) =>
      together.map((release) => {
        const others = together.filter((other) => other !== release).map((other) => other.release?.name ?? 'unnamed');
        return { release, path, message: `${what} release ${others.join(', ')}` };
      }),
    );
}
